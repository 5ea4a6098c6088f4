"""One batch: what the command `swinx2s batch` does, in a process of its own.

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
        spacing_mm: of radiographs that the table says nothing of; None takes what the radiographs say.
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

    def on_case(self, told: Mapping[str, Any]) -> None:
        """See how a case ended: the fields of `reconstruct.batch.summary.CaseOutcome`."""

    def on_ended(self, well: bool, words: str) -> None:
        """See, once and last, whether all went through, and what to tell the user."""


class BatchRun(BackgroundProcess):
    """A batch under way; hears its process and tells the observer. Cancelled, it keeps what is finished."""

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
        """Hear the process's standard output."""
        event = decode(line)
        if isinstance(event, Progress):
            self._observer.on_progress(event.fraction, event.message)
        elif isinstance(event, Result):
            self._summary = " ".join(event.notes)
        elif (told := decode_case(line)) is not None:
            self._observer.on_case(told)

    def on_log(self, line: str) -> None:
        """Hear the process's standard error."""
        self._last_words.append(line)

    def on_ended(self, ending: Ending) -> None:
        """Hear that the process has ended; what it was writing is taken away."""
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
        told = [line.removeprefix(_SAYS) for line in self._last_words if line.startswith(_SAYS)]
        text = "\n".join(told) or f"{ending.describe()} {' '.join(self._last_words)[-300:]}"
        return panel_wording(text.strip()).replace(" with --out", "")


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
