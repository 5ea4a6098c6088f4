"""The one command that the section Measurements runs at a time, and its progress bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import qt
import slicer

from SwinX2SLib.slicerui.bone_voxels import VoxelsError
from SwinX2SLib.slicerui.installer import Installer, InstallError
from SwinX2SLib.slicerui.interpreter import InterpreterError
from SwinX2SLib.slicerui.measuring.commands import (
    SegmentationCommand,
    SegmentationNotWrittenError,
    share_done,
)

_NOT_STARTED = (SegmentationNotWrittenError, VoxelsError, InstallError, InterpreterError, OSError, ValueError)


class MeasuringWork:
    """Starts commands on a segmentation and shows how far they are.

    Args:
        bar: shown while a command runs.
        say: told lines of progress, and why a command could not be started.
        changed: told `()` when a command has started or ended.
    """

    def __init__(self, bar: qt.QProgressBar, say: Callable[[str], None], changed: Callable[[], None]):
        self._bar, self._say, self._changed = bar, say, changed
        self._command: SegmentationCommand | None = None
        bar.visible = False

    def begin(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        installer: Installer,
        start: Callable[[SegmentationCommand], None],
        finished: Callable[[bool, str, Path], None],
    ) -> None:
        """Start a command, or say why it cannot be.

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
            self._say(f"{error} {getattr(error, 'hint', '')}".strip())
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
        self._say(line)
