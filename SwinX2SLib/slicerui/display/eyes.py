"""Follows the eyes of the subject hierarchy's folders and bones, so that segments are shown and hidden with them."""

from __future__ import annotations

from collections.abc import Callable

import slicer
import vtk
from slicer.util import VTKObservationMixin

from SwinX2SLib.slicerui.display.links import SURFACE, linked
from SwinX2SLib.slicerui.display.regions import follow_eyes, regions_of


class EyeFollower(VTKObservationMixin):
    """Keeps one result's segments in step with the eyes of its folders and bones.

    Args:
        changed: told `()` when an eye was opened or closed.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None):
        super().__init__()
        self._changed = changed
        self._result: slicer.vtkMRMLSegmentationNode | None = None

    def follow(self, result: slicer.vtkMRMLSegmentationNode | None) -> None:
        """Follow this result from now on, or none."""
        self.removeObservers()
        self._result = result
        if result is None:
            return
        watched = [
            *regions_of(result).values(),
            *(model.GetDisplayNode() for model in linked(result, SURFACE)),
        ]
        for display in watched:
            self.addObserver(display, vtk.vtkCommand.ModifiedEvent, self._on_modified)
        follow_eyes(result)

    def _on_modified(self, *_event: object) -> None:
        if self._result is not None and self._result.GetScene() is not None:
            follow_eyes(self._result)
            self._changed()
