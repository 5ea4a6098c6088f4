"""The slice views that show radiographs: whoever uses them gives them back as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import slicer
import vtk

from SwinX2SLib.slicerui.radiographs import ROLES

# Slicer's names of the view nodes that show a coronal and a sagittal plane: the planes of the radiographs.
VIEWS = {"ap": ("Green", "Coronal"), "lateral": ("Yellow", "Sagittal")}


@dataclass(frozen=True)
class SliceView:
    """What a slice view shows, to bring it back.

    Attributes:
        view, composite: nodes of the view.
        background, foreground: ids of its volumes, or None.
        to_ras: its `SliceToRAS`.
        field_of_view: mm.
    """

    view: slicer.vtkMRMLSliceNode
    composite: slicer.vtkMRMLSliceCompositeNode
    background: str | None
    foreground: str | None
    to_ras: vtk.vtkMatrix4x4
    field_of_view: tuple[float, float, float]

    @classmethod
    def of(cls, role: str) -> SliceView | None:
        """Return what the view of a radiograph's plane shows; None where the scene has no such view."""
        name = VIEWS[role][0]
        view = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}")
        composite = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")
        if view is None or composite is None:
            return None
        to_ras = vtk.vtkMatrix4x4()
        to_ras.DeepCopy(view.GetSliceToRAS())
        volumes = composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()
        return cls(view, composite, *volumes, to_ras, view.GetFieldOfView())

    def bring_back(self) -> None:
        """Show it again, as far as its nodes are still there."""
        if self.view.GetScene() is None or self.composite.GetScene() is None:
            return
        background, foreground = (
            volume if volume and slicer.mrmlScene.GetNodeByID(volume) else None
            for volume in (self.background, self.foreground)
        )
        self.composite.SetBackgroundVolumeID(background)
        self.composite.SetForegroundVolumeID(foreground)
        self.view.GetSliceToRAS().DeepCopy(self.to_ras)
        self.view.SetFieldOfView(*self.field_of_view)
        self.view.UpdateMatrices()


class SliceViews:
    """Lends the views to one user at a time; what they showed before the first one comes back after the last."""

    def __init__(self):
        self._before: list[SliceView] = []
        self._user: object = None
        self._lost: Callable[[], None] | None = None

    def take(self, user: object, lost: Callable[[], None]) -> None:
        """Use the views from now on; they are still as they were.

        Args:
            user: who uses them.
            lost: called when somebody else takes them.
        """
        if self._user is user:
            return
        if self._user is None:
            self._before = [view for view in map(SliceView.of, ROLES) if view is not None]
        before, self._lost, self._user = self._lost, lost, user
        if before is not None:
            before()

    def give_back(self, user: object) -> None:
        """Let the views show what they showed before; nothing happens where somebody else uses them."""
        if self._user is not user:
            return
        for view in self._before:
            view.bring_back()
        self._before, self._user, self._lost = [], None, None
