"""The cases of a batch as the panel lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

_FAILED_COLOUR = (198, 40, 40)


class CaseList:
    """Keeps a table widget in step with the cases that have been told of."""

    def __init__(self, widget: qt.QTableWidget):
        self._widget = widget
        self._rows: dict[str, int] = {}
        self._told: list[Mapping[str, Any]] = []
        self.clear()

    def clear(self) -> None:
        """Forget all cases."""
        self._rows, self._told = {}, []
        columns = [_("Case"), _("Status"), _("Bones"), _("Expected Dice"), _("Time"), _("Remarks")]
        self._widget.setColumnCount(len(columns))
        self._widget.setHorizontalHeaderLabels(columns)
        self._widget.setRowCount(0)

    def take(self, told: Mapping[str, Any]) -> None:
        """List a case, or show anew how it stands."""
        name = str(told["case"])
        if name not in self._rows:
            self._rows[name] = len(self._told)
            self._told.append(told)
            self._widget.setRowCount(len(self._told))
        row = self._rows[name]
        self._told[row] = told
        for column, words in enumerate(_words(told)):
            item = qt.QTableWidgetItem(words)
            item.setToolTip(words)
            if told["status"] == "failed":
                item.setForeground(qt.QBrush(qt.QColor(*_FAILED_COLOUR)))
            self._widget.setItem(row, column, item)

    def fit(self) -> None:
        """Make the columns as wide as what stands in them."""
        self._widget.resizeColumnsToContents()

    def folder_in(self, row: int) -> str:
        """Return the folder of the result in a row, or "" where there is none."""
        return str(self._told[row].get("folder") or "") if 0 <= row < len(self._told) else ""


def _status(told: Mapping[str, Any]) -> str:
    """Return how a case stands, in the language of the application."""
    words = {"done": _("done"), "failed": _("failed"), "ready": _("ready")}
    return words.get(str(told["status"]), str(told["status"]))


def _words(told: Mapping[str, Any]) -> list[str]:
    failure = told.get("failure") or {}
    remarks = failure.get("message") or " ".join(told.get("doubts") or ())
    dice, seconds = told.get("expected_dice"), told.get("seconds")
    return [
        str(told["case"]),
        _status(told),
        "" if told.get("bones") is None else str(told["bones"]),
        "" if dice is None else f"{100 * dice:.0f} %",
        "" if seconds is None else f"{seconds:.0f} s",
        " ".join(str(remarks).split()),
    ]
