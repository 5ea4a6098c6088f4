"""Export of a segmentation in the scene: by Slicer where it knows the format, otherwise by the command
`swinx2s export` in a separate process."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import slicer

from SwinX2SLib.errors import Fault, OutputError
from SwinX2SLib.io.atomic_output import atomic_result, output_faults
from SwinX2SLib.slicerui.background_process import (
    BackgroundProcess,
    Ending,
    WorkerListener,
    WorkerProcess,
    worker_python,
)
from SwinX2SLib.slicerui.event_loop import run_in_thread
from SwinX2SLib.slicerui.provenance import PREFIX
from SwinX2SLib.slicerui.radiographs import dicom_file
from SwinX2SLib.slicerui.result.links import provenance_value
from SwinX2SLib.slicerui.result.slicer_formats import (
    SLICER_FORMATS,
    ExportError,
    write_segmentation_file,
    write_slicer_formats,
)

_LAST_WORDS = 5
# PS3.10, 7.1: after a preamble.
_DICOM_MARK, _DICOM_MARK_AT = b"DICM", 128
_RADIOGRAPH_OPTIONS = {"ap": "--ap-radiograph", "lateral": "--lateral-radiograph"}


def needs_packages(formats: Sequence[str]) -> bool:
    """Return whether formats among these are written by the command."""
    return any(name not in SLICER_FORMATS for name in formats)


def format_hindrances(result: slicer.vtkMRMLSegmentationNode) -> dict[str, str]:
    """Return why formats cannot be written of a result, by format; those that can be are left out."""
    # Loading the exporters for the first time takes a while.
    faults = run_in_thread(_package_faults)
    if not faults and not _dicom_radiographs(result):
        return {"dicomseg": "Neither radiograph is a DICOM file; patient and study are unknown."}
    return {"dicomseg": " ".join(str(fault) for fault in faults)} if faults else {}


def _package_faults() -> list[Fault]:
    from SwinX2SLib.export.dicom_radiographs import dicom_package_faults

    return dicom_package_faults()


class SegmentationExport(BackgroundProcess):
    """One export; hears its process (`WorkerListener`). Either all files are written or none.

    Args:
        result: the segmentation, as it is now, edits and all.
        formats: names of `export.formats.FORMATS`; those of `SLICER_FORMATS` are written at once.
        parent: an existing folder; the export gets a new one in it.
        say: called with each line of progress.
        finished: called once at the end with success and a message for the user.
    """

    def __init__(
        self,
        result: slicer.vtkMRMLSegmentationNode,
        formats: Sequence[str],
        parent: Path,
        say: Callable[[str], None],
        finished: Callable[[bool, str], None],
    ):
        self.out = _unused_folder(parent, result.GetName())
        if faults := output_faults(self.out, (), overwrite=False):
            raise ExportError(" ".join(str(fault) for fault in faults))
        self._say, self._finished = say, finished
        self._folder = Path(tempfile.mkdtemp(prefix="SwinX2S-export-", dir=slicer.app.temporaryPath))
        self._written = self._folder / "written"
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        try:
            self._written.mkdir()
            write_slicer_formats(result, [name for name in formats if name in SLICER_FORMATS], self._written)
            others = [name for name in formats if name not in SLICER_FORMATS]
            self._command = self._prepare(result, others) if others else None
        except Exception:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def start(self, make_process: Callable[[WorkerListener], WorkerProcess]) -> None:
        """Start the process, where one is needed."""
        if self._command is None:
            self.on_ended(Ending(0))
        else:
            self._start_process(self._command, make_process)

    def on_line(self, line: str) -> None:
        """Handle standard output of the process."""
        self._say(line)

    def on_log(self, line: str) -> None:
        """Handle standard error of the process: progress, and at last what went wrong."""
        self._last_words.append(line)
        self._say(line)

    def on_ended(self, ending: Ending) -> None:
        """Handle the end of the process: what Slicer wrote comes to its files."""
        try:
            if ending.exit_code == 0 and not ending.cancelled:
                self._publish()
            words = self._words_at(ending)
        except (OSError, OutputError) as error:
            words = str(error)
            ending = Ending(1)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._finished(ending.exit_code == 0, words)

    def _publish(self) -> None:
        if self._command is not None:
            shutil.copytree(self._written, self.out, dirs_exist_ok=True)
            return
        with atomic_result(self.out, (), overwrite=False, what="export") as folder:
            shutil.copytree(self._written, folder, dirs_exist_ok=True)

    def _words_at(self, ending: Ending) -> str:
        if ending.cancelled:
            return "Cancelled; nothing was written."
        if ending.exit_code == 0:
            return f"Exported to {self.out}."
        words = [line.removeprefix("swinx2s: ") for line in self._last_words if line.startswith("swinx2s: ")]
        return " ".join(words) or ending.describe()

    def _prepare(self, result: slicer.vtkMRMLSegmentationNode, formats: Sequence[str]) -> list[str]:
        """Write the segmentation for the process and return its command."""
        path = self._folder / "bones.seg.nrrd"
        if not write_segmentation_file(result, path):
            raise ExportError(
                f"The segmentation could not be written to {self._folder}. Check the free disk space."
            )
        command = [worker_python(), "-m", "SwinX2SLib", "export", str(path), "--out", str(self.out)]
        # A user may have added segments of their own.
        command += ["--format", ",".join(formats), "--title", result.GetName(), "--ignore-unknown"]
        for role, radiograph in _dicom_radiographs(result).items():
            command += [_RADIOGRAPH_OPTIONS[role], str(radiograph)]
        return command


def _dicom_radiographs(result: slicer.vtkMRMLSegmentationNode) -> dict[str, Path]:
    files = {role: _dicom_radiograph(result, role) for role in _RADIOGRAPH_OPTIONS}
    return {role: path for role, path in files.items() if path is not None}


def _dicom_radiograph(result: slicer.vtkMRMLSegmentationNode, role: str) -> Path | None:
    """Return the DICOM file of a radiograph: of its node, or of a result that was opened from a folder."""
    node = result.GetNodeReference(PREFIX + role)
    if node is not None:
        return dicom_file(node)
    path = Path(provenance_value(result, f"{role}_file"))
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        stream.seek(_DICOM_MARK_AT)
        return path if stream.read(len(_DICOM_MARK)) == _DICOM_MARK else None


def _unused_folder(parent: Path, name: str) -> Path:
    stem = re.sub(r"[^\w .-]+", "_", name).strip(" .") or "bones"
    numbered = (parent / (stem if number == 1 else f"{stem} {number}") for number in range(1, 1000))
    return next(path for path in numbered if not path.exists())
