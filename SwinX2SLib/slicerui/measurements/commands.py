"""`swinx2s measure` and `swinx2s measured-report` on nodes of the scene, in processes of their own."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import qt
import slicer

from SwinX2SLib.io.provenance import FILE as PROVENANCE
from SwinX2SLib.io.provenance import VIEWS
from SwinX2SLib.reconstruct.verdict import KEY
from SwinX2SLib.slicerui.background_process import InterpreterError
from SwinX2SLib.slicerui.bone_voxels import VoxelsError
from SwinX2SLib.slicerui.installer import Installer, InstallError
from SwinX2SLib.slicerui.measurements.nodes import whole_document
from SwinX2SLib.slicerui.models.weights import BackgroundCommand
from SwinX2SLib.slicerui.result.edits import edited_bones
from SwinX2SLib.slicerui.result.links import provenance_value, verdict_of

# Named as in a result, so that the command finds what goes with it.
BONES = "segmentation.seg.nrrd"
# "Measuring region 2 of 5": how far the command is.
_STEP = re.compile(r"region (\d+) of (\d+)")


class SegmentationNotWrittenError(RuntimeError):
    """The segmentation could not be handed to the process; the message states why."""


class SegmentationCommand:
    """A command of the library on a segmentation as it is now; its folder is gone when it has ended.

    Args:
        segmentation: what to work on.
        on_line: called with each line of progress.
        finished: called once at the end with success, a message for the user, and the folder with its files, which is
            deleted afterwards.
    """

    def __init__(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        on_line: Callable[[str], None],
        finished: Callable[[bool, str, Path], None],
    ):
        self._segmentation, self._on_line, self._finished = segmentation, on_line, finished
        self._folder = Path(tempfile.mkdtemp(prefix="SwinX2S-measure-", dir=slicer.app.temporaryPath))
        self._command = BackgroundCommand(self._on_line, self._on_finished)

    @property
    def out(self) -> Path:
        """Folder that the command writes."""
        return self._folder / "out"

    def measure(self) -> None:
        """Start `swinx2s measure`.

        Raises:
            SegmentationNotWrittenError, InterpreterError, OSError: it cannot be started.
        """
        # A user may have added segments of their own.
        options = ["--out", str(self.out), "--ignore-unknown", "--no-page"]
        bones = self._write_bones()
        stated: dict[str, object] = {}
        if (verdict := verdict_of(self._segmentation)) is not None:
            stated[KEY] = verdict.without(edited_bones(self._segmentation)).to_json()
        if views := provenance_value(self._segmentation, VIEWS):
            stated[VIEWS] = json.loads(views)
        if stated:
            (self._folder / PROVENANCE).write_text(json.dumps(stated), encoding="utf-8")
        self._start(["measure", bones, *options])

    def report(self, document: slicer.vtkMRMLTextNode, out: Path) -> None:
        """Start `swinx2s measured-report` into a new folder.

        Raises:
            SegmentationNotWrittenError, InterpreterError, OSError, ValueError: it cannot be started.
        """
        path = self._folder / "measurements.json"
        path.write_text(json.dumps(whole_document(document)), encoding="utf-8")
        title = ["--title", self._segmentation.GetName()]
        self._start(["measured-report", str(path), self._write_bones(), "--out", str(out), *title])

    def cancel(self) -> None:
        """End the process."""
        self._command.cancel()

    def cancel_and_wait(self) -> None:
        """End the process and return when it is gone."""
        self._command.cancel_and_wait()

    def is_running(self) -> bool:
        """Return whether the process is there."""
        return self._command.is_running()

    def _start(self, arguments: Sequence[str]) -> None:
        try:
            self._command.start(["-m", "SwinX2SLib", *arguments])
        except Exception:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _write_bones(self) -> str:
        path, storage = self._folder / BONES, slicer.vtkMRMLSegmentationStorageNode()
        storage.SetFileName(str(path))
        # Read once and deleted: packing it would keep Slicer waiting.
        storage.SetUseCompression(False)
        if not storage.WriteData(self._segmentation) or not path.is_file():
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SegmentationNotWrittenError(
                f"The segmentation could not be written to {self._folder}. Check that it is not empty and "
                "that the disk is not full."
            )
        return str(path)

    def _on_finished(self, went_well: bool, words: str) -> None:
        try:
            self._finished(went_well, words, self.out)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def share_done(line: str) -> float | None:
    """Return the progress in a line, 0..1, or None."""
    found = _STEP.search(line)
    return (int(found[1]) - 1) / int(found[2]) if found else None


_NOT_STARTED = (SegmentationNotWrittenError, VoxelsError, InstallError, InterpreterError, OSError, ValueError)


class MeasuringWork:
    """Starts commands on a segmentation and shows how far they are.

    Args:
        bar: shown while a command runs.
        on_line: called with each line of progress, and why a command could not be started.
        changed: called without arguments when a command has started or ended.
    """

    def __init__(self, bar: qt.QProgressBar, on_line: Callable[[str], None], changed: Callable[[], None]):
        self._bar, self._on_line, self._changed = bar, on_line, changed
        self._command: SegmentationCommand | None = None
        bar.visible = False

    def begin(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        installer: Installer,
        start: Callable[[SegmentationCommand], None],
        finished: Callable[[bool, str, Path], None],
    ) -> None:
        """Start a command, or show why it is not possible.

        Args:
            segmentation: what it works on.
            installer: sees to the packages of the command.
            start: starts it.
            finished: see `SegmentationCommand`.
        """

        def ended(well: bool, words: str, out: Path) -> None:
            self._command = None
            self._bar.visible = False
            finished(well, words, out)
            self._changed()

        try:
            installer.ensure()
            self._command = SegmentationCommand(segmentation, self._on_line, ended)
            start(self._command)
        except _NOT_STARTED as error:
            self._command = None
            self._on_line(f"{error} {getattr(error, 'hint', '')}".strip())
            return
        self._bar.setRange(0, 0)
        self._bar.visible = True
        self._changed()

    def cancel(self) -> None:
        """End the command."""
        if self.is_running():
            self._command.cancel()

    def cancel_and_wait(self) -> None:
        """End the command and return when it is gone."""
        if self._command is not None:
            self._command.cancel_and_wait()

    def is_running(self) -> bool:
        """Return whether a command runs."""
        return self._command is not None and self._command.is_running()

    def _on_line(self, line: str) -> None:
        share = share_done(line)
        if share is not None:
            self._bar.setRange(0, 100)
            self._bar.value = round(100 * share)
        self._on_line(line)
