"""The models as the panel lists them."""

from __future__ import annotations

import html
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui.background_process import (
    BackgroundProcess,
    Ending,
    QtWorkerProcess,
    WorkerListener,
    WorkerProcess,
    worker_python,
)
from SwinX2SLib.slicerui.messages import rows_as_html
from SwinX2SLib.weights.manifest import FOLDER, StoredWeights, cache_folder
from SwinX2SLib.weights.record import WeightsRecord


def fill_model_list(widget: qt.QTableWidget, stored: Sequence[StoredWeights], default: str | None) -> None:
    """List models, one in a row, in the order given.

    Args:
        widget: the table.
        stored: what there is.
        default: name of the recommended one.
    """
    columns = [_("Model"), _("Network"), _("Size"), _("Source"), _("File")]
    widget.setColumnCount(len(columns))
    widget.setHorizontalHeaderLabels(columns)
    widget.setRowCount(len(stored))
    for row, weights in enumerate(stored):
        for column, words in enumerate(_row(weights, default)):
            item = qt.QTableWidgetItem(words)
            item.setToolTip(weights.record.notes)
            item.setFlags(qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled)
            widget.setItem(row, column, item)
    widget.resizeColumnsToContents()


def file_words(weights: StoredWeights) -> str:
    """Return whether the file is there and has its size; the hash takes seconds, so it is for Verify to compare."""
    if not weights.path.is_file():
        return _("MISSING")
    return _("available") if weights.path.stat().st_size == weights.record.bytes else _("WRONG SIZE")


# Of a SHA-256, to tell versions apart by eye; `Verify` compares all of it.
_SHORT_HASH = 12


def about(weights: StoredWeights) -> str:
    """Return what a user wants to know of a model, as HTML."""
    record = weights.record
    people = _("{0} people").format(len(record.training_data)) if record.training_data else ""
    rows = [
        (_("Purpose"), _purpose(record)),
        (_("Created"), record.date),
        (_("Trained on"), people),
        (_("Notes"), record.notes),
    ]
    return f"<b>{html.escape(record.name)}</b><br/>{rows_as_html(rows)}"


def _purpose(record: WeightsRecord) -> str:
    if record.reconstructs_ct:
        return _("CT numbers, for Also reconstruct CT")
    return "" if record.reconstructs else _("helper model, not selectable for reconstruction")


def origin(weights: StoredWeights) -> str:
    """Return where a model comes from and under which licence, as HTML, for those who check it."""
    record = weights.record
    rows = [
        (_("Licence"), record.licence),
        (_("Source"), " ".join((record.source or {}).get(key, "") for key in ("file", "sha256"))),
        ("SHA-256", f"{record.sha256[:_SHORT_HASH]}..."),
        (_("File"), _("{0}, part of SwinX2S").format(record.file) if weights.bundled else str(weights.path)),
    ]
    return rows_as_html(rows)


def _row(weights: StoredWeights, default: str | None) -> tuple[str, ...]:
    record = weights.record
    marks = [_("default")] if record.name == default else []
    marks += [] if record.reconstructs else [_("helper")]
    name = f"{record.name} ({', '.join(marks)})" if marks else record.name
    origin = _("SwinX2S") if weights.bundled else _("imported")
    return name, record.variant, f"{record.bytes / 1e6:.1f} MB", origin, file_words(weights)


_EDITS = ("importPathEdit", "importNameEdit", "importHashEdit", "importLicenceEdit")


@dataclass(frozen=True)
class ImportRequest:
    """A model that is to be imported.

    Attributes:
        path: the checkpoint.
        name: what it is to be called.
        digest: SHA-256 that it must have, "" for any.
        licence: "" where it is not known.
        half: whether it is stored in half precision.
    """

    path: str
    name: str
    digest: str = ""
    licence: str = ""
    half: bool = False

    def faults(self) -> list[Fault]:
        """List what needs no reading of the file."""
        path = Path(self.path)
        if path.is_dir():
            hint = "Choose the checkpoint in it (.pt, .pth, .safetensors)."
            return [Fault("model-is-folder", "This is a folder.", hint, self.path)]
        if not path.is_file():
            return [Fault("model-missing", "The file does not exist.", "Choose it again.", self.path)]
        return []

    def arguments(self) -> list[str]:
        """Return the arguments of the interpreter."""
        given = ["-m", "SwinX2SLib", "weights", "import", self.path, "--name", self.name]
        given += ["--sha256", self.digest] if self.digest else []
        given += ["--licence", self.licence] if self.licence else []
        return given + ["--half"] * self.half


def request_of(ui: Any) -> ImportRequest:
    """Return the import options of the section Models."""
    return ImportRequest(*(getattr(ui, edit).text.strip() for edit in _EDITS), ui.importHalfBox.checked)


def empty_form(ui: Any) -> None:
    """Make the form ready for the next model."""
    for edit in _EDITS:
        getattr(ui, edit).text = ""


def open_models_folder() -> str:
    """Show where imported models lie; return what went wrong, or ""."""
    folder = cache_folder() / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _("The model folder could not be created: {0}").format(error)
    shown = qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(folder)))
    return "" if shown else _("No program is available to open folders. The folder is {0}").format(folder)


_LAST_WORDS = 8
# Prefixes of error lines of the library's command and of pip.
_COMPLAINTS = ("swinx2s: ", "ERROR: ")


class BackgroundCommand(BackgroundProcess):
    """Runs `python -m ...` and listens to it (`WorkerListener`).

    Args:
        report: called with each line of the process.
        finished: called once at the end with success and a message for the user.
        make_process: makes the process.
    """

    def __init__(
        self,
        report: Callable[[str], None],
        finished: Callable[[bool, str], None],
        make_process: Callable[[WorkerListener], WorkerProcess] = QtWorkerProcess,
    ):
        self._report, self._finished, self._make_process = report, finished, make_process
        self._complaints: deque[str] = deque(maxlen=_LAST_WORDS)
        self._last_line = ""

    def start(self, arguments: Sequence[str]) -> None:
        """Start the process.

        Args:
            arguments: of the interpreter, from "-m" on.

        Raises:
            InterpreterError: there is no Python to run it with.
        """
        self._start_process([worker_python(), *arguments], self._make_process)

    def on_line(self, line: str) -> None:
        """Handle standard output of the process."""
        self._last_line = line.strip() or self._last_line
        self._report(line)

    def on_log(self, line: str) -> None:
        """Handle standard error of the process: what went wrong, and pip's warnings."""
        complaint = next((line.removeprefix(each) for each in _COMPLAINTS if line.startswith(each)), "")
        if complaint:
            self._complaints.append(complaint)
        self._report(line)

    def on_ended(self, ending: Ending) -> None:
        """Handle the end of the process."""
        if ending.cancelled:
            self._finished(False, _("Cancelled."))
        elif ending.exit_code == 0:
            self._finished(True, self._last_line)
        else:
            self._finished(False, " ".join(self._complaints) or ending.describe())
