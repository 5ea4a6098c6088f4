"""One batch: what the command `swinx2s batch` does, in a separate process.

Imported when a batch starts: the protocol comes with packages that are installed before the first run.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import qt
from slicer.i18n import tr as _

from SwinX2SLib.errors import SOME_FAILED, Fault
from SwinX2SLib.reconstruct.batch.run import clear_leftovers
from SwinX2SLib.reconstruct.batch.summary import decode_case
from SwinX2SLib.reconstruct.protocol import Progress, Result, decode
from SwinX2SLib.slicerui.background_process import (
    BackgroundProcess,
    Ending,
    WorkerListener,
    WorkerProcess,
    worker_python,
)
from SwinX2SLib.slicerui.messages import panel_wording

_LAST_WORDS = 60
_SAYS = "swinx2s: "


@dataclass(frozen=True)
class BatchRequest:
    """What to do.

    Attributes:
        source: table or folder of radiographs.
        out: folder of the results.
        spacing_mm: of radiographs without a value in the table; None takes the value of the header.
        model, device: as of `inference.Job`.
        measure: whether every case is measured, too.
        check: only read all radiographs.
    """

    source: Path
    out: Path
    spacing_mm: float | None = None
    model: str = "default"
    device: str = "auto"
    measure: bool = False
    check: bool = False

    def faults(self) -> list[Fault]:
        """List what is wrong with the places, which a scene may have kept for long."""
        faults = []
        if not self.source.exists():
            hint = "Choose the table or the folder again."
            faults.append(
                Fault("batch-source-missing", "The radiographs do not exist.", hint, str(self.source))
            )
        if problem := _why_unwritable(self.out):
            hint = "Choose another folder for the results."
            faults.append(
                Fault("batch-out-unwritable", f"The folder is not writable ({problem}).", hint, str(self.out))
            )
        return faults

    def arguments(self) -> list[str]:
        """Return the arguments of the command `swinx2s`."""
        given = ["batch", str(self.source), "--out", str(self.out), "--json"]
        given += ["--model", self.model, "--device", self.device]
        if self.spacing_mm is not None:
            given += ["--spacing-mm", repr(self.spacing_mm)]
        return given + ["--measure"] * self.measure + ["--check"] * self.check


def _why_unwritable(folder: Path) -> str:
    """Return why nothing can be written into a folder, which need not be there yet; "" where it can."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    try:
        # The only question that every file system answers truly.
        with tempfile.TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def batch_command(request: BatchRequest) -> list[str]:
    """Return the command of a batch.

    Raises:
        InterpreterError: there is no Python for it.
    """
    # Not the parent that the process sees: inside Slicer that is a launcher, which outlives Slicer.
    return [worker_python(), "-m", "SwinX2SLib", *request.arguments(), "--parent", str(os.getpid())]


class BatchObserver(Protocol):
    """Who watches a batch."""

    def on_progress(self, fraction: float, message: str) -> None:
        """See how far it is, 0..1."""

    def on_case(self, case: Mapping[str, Any]) -> None:
        """See how a case ended: the fields of `reconstruct.batch.summary.CaseOutcome`."""

    def on_ended(self, well: bool, words: str) -> None:
        """Called once at the end with success and a message for the user."""


class BatchRun(BackgroundProcess):
    """A batch under way; listens to its process and notifies the observer. Cancelled, it keeps what is finished."""

    def __init__(self, request: BatchRequest, observer: BatchObserver):
        self.request, self._observer = request, observer
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._summary = ""

    def start(self, make_process: Callable[[WorkerListener], WorkerProcess]) -> None:
        """Start the process.

        Raises:
            InterpreterError: there is no Python for it.
        """
        self._start_process(batch_command(self.request), make_process)

    def on_line(self, line: str) -> None:
        """Handle standard output of the process."""
        event = decode(line)
        if isinstance(event, Progress):
            self._observer.on_progress(event.fraction, event.message)
        elif isinstance(event, Result):
            self._summary = " ".join(event.notes)
        elif (case := decode_case(line)) is not None:
            self._observer.on_case(case)

    def on_log(self, line: str) -> None:
        """Handle standard error of the process."""
        self._last_words.append(line)

    def on_ended(self, ending: Ending) -> None:
        """Handle the end of the process; what it was writing is taken away."""
        try:
            if self.request.out.is_dir():
                clear_leftovers(self.request.out)
        except OSError:
            # The folder went away or may not be written; a batch that goes on takes them away first.
            logging.exception("SwinX2S: incomplete files of a stopped batch could not be removed")
        if ending.cancelled:
            self._observer.on_ended(False, self._reason)
        elif ending.exit_code in (0, SOME_FAILED):
            self._observer.on_ended(True, self._summary)
        else:
            self._observer.on_ended(False, self._why(ending))

    def _why(self, ending: Ending) -> str:
        errors = [line.removeprefix(_SAYS) for line in self._last_words if line.startswith(_SAYS)]
        text = "\n".join(errors) or f"{ending.describe()} {' '.join(self._last_words)[-300:]}"
        return panel_wording(text.strip()).replace(" with --out", "")


_FAILED_COLOUR = (198, 40, 40)


class CaseList:
    """Table widget with the reported cases."""

    def __init__(self, widget: qt.QTableWidget):
        self._widget = widget
        self._rows: dict[str, int] = {}
        self._cases: list[Mapping[str, Any]] = []
        self.clear()

    def clear(self) -> None:
        """Remove all cases."""
        self._rows, self._cases = {}, []
        columns = [_("Case"), _("Status"), _("Bones"), _("Expected Dice"), _("Time"), _("Remarks")]
        self._widget.setColumnCount(len(columns))
        self._widget.setHorizontalHeaderLabels(columns)
        self._widget.setRowCount(0)

    def take(self, case: Mapping[str, Any]) -> None:
        """Add a case or update its status."""
        name = str(case["case"])
        if name not in self._rows:
            self._rows[name] = len(self._cases)
            self._cases.append(case)
            self._widget.setRowCount(len(self._cases))
        row = self._rows[name]
        self._cases[row] = case
        for column, words in enumerate(_words(case)):
            item = qt.QTableWidgetItem(words)
            item.setToolTip(words)
            if case["status"] == "failed":
                item.setForeground(qt.QBrush(qt.QColor(*_FAILED_COLOUR)))
            self._widget.setItem(row, column, item)

    def fit(self) -> None:
        """Make the columns as wide as their content."""
        self._widget.resizeColumnsToContents()

    def folder_in(self, row: int) -> str:
        """Return the folder of the result in a row, or "" where there is none."""
        return str(self._cases[row].get("folder") or "") if 0 <= row < len(self._cases) else ""


def _status(case: Mapping[str, Any]) -> str:
    """Return the status of a case, in the language of the application."""
    words = {"done": _("done"), "failed": _("failed"), "ready": _("ready")}
    return words.get(str(case["status"]), str(case["status"]))


def _words(case: Mapping[str, Any]) -> list[str]:
    failure = case.get("failure") or {}
    remarks = failure.get("message") or " ".join(case.get("warnings") or ())
    dice, seconds = case.get("expected_dice"), case.get("seconds")
    return [
        str(case["case"]),
        _status(case),
        "" if case.get("bones") is None else str(case["bones"]),
        "" if dice is None else f"{100 * dice:.0f} %",
        "" if seconds is None else f"{seconds:.0f} s",
        " ".join(str(remarks).split()),
    ]
