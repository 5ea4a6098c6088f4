"""Both films in Slicer's slice views as they will be used: upright, cropped, bone bright, in their patient planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import slicer

from SwinX2SLib.slicerui.inputs.planes import FilmPlane, film_planes
from SwinX2SLib.slicerui.inputs.roles import ROLE_WORDS, ROLES

if TYPE_CHECKING:
    from SwinX2SLib.slicerui.inputs.examination import Examination

# Slicer's names of the view nodes that show a coronal and a sagittal plane.
VIEWS = {"ap": ("Green", "Coronal"), "lateral": ("Yellow", "Sagittal")}
LAYOUT_ID = 6157
_VIEW = (
    '<view class="vtkMRMLSliceNode" singletontag="{name}"><property name="orientation" action="default">'
    '{plane}</property><property name="viewlabel" action="default">{name[0]}</property></view>'
)
_LAYOUT = (
    '<layout type="horizontal" split="true"><item splitSize="340">{ap}</item><item splitSize="300">{lateral}</item>'
    '<item splitSize="360"><view class="vtkMRMLViewNode" singletontag="1"/></item></layout>'
)


class FilmPreview:
    """Volumes that show the films; made when wanted, never saved, gone when not."""

    def __init__(self):
        self._ids: dict[str, str] = {}
        # The pixels themselves are kept: an id alone may be given to others.
        self._shown: dict[str, tuple[np.ndarray, FilmPlane]] = {}

    def show(self, examination: Examination) -> dict[str, FilmPlane]:
        """Bring the preview up to date and return where the films stand."""
        planes = film_planes(examination)
        for role in ROLES:
            if role in planes:
                self._show(planes[role], examination.films[role].film.pixels)
            else:
                self._remove(role)
        return planes

    def node(self, role: str) -> slicer.vtkMRMLScalarVolumeNode | None:
        """Return the volume that shows a film, if it is shown."""
        node_id = self._ids.get(role)
        return slicer.mrmlScene.GetNodeByID(node_id) if node_id else None

    def hide(self) -> None:
        """Take the films out of the scene."""
        for role in ROLES:
            self._remove(role)

    def _show(self, plane: FilmPlane, pixels: np.ndarray) -> None:
        node = self.node(plane.role)
        shown, place = self._shown.get(plane.role, (None, None))
        if node is not None and shown is pixels and place == plane:
            return
        if node is None:
            node = slicer.mrmlScene.AddNewNodeByClass(
                "vtkMRMLScalarVolumeNode", f"SwinX2S {ROLE_WORDS[plane.role]} film as used"
            )
            node.SetSaveWithScene(False)
            node.SetHideFromEditors(True)
            self._ids[plane.role] = node.GetID()
        node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(plane.ijk_to_ras()))
        slicer.util.updateVolumeFromArray(node, np.ascontiguousarray(pixels[np.newaxis]))
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetSaveWithScene(False)
        display.SetAutoWindowLevel(False)
        display.SetWindowLevel(1.0, 0.5)
        self._shown[plane.role] = pixels, plane
        put_in_view(plane.role, node, fit=place != plane)

    def _remove(self, role: str) -> None:
        node = self.node(role)
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)
        self._ids.pop(role, None)
        self._shown.pop(role, None)


def put_in_view(role: str, node: slicer.vtkMRMLScalarVolumeNode, fit: bool) -> None:
    """Show a film in the slice view of its plane.

    Args:
        role: "ap" or "lateral".
        node: the film.
        fit: whether the view moves to show all of it.
    """
    name, plane = VIEWS[role]
    slice_node = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}")
    composite = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")
    if slice_node is None or composite is None:
        # No such view in this scene; the film is there for any other.
        return
    composite.SetBackgroundVolumeID(node.GetID())
    slice_node.SetOrientation(plane)
    logic = slicer.app.applicationLogic().GetSliceLogic(slice_node)
    if fit and logic is not None:
        logic.FitSliceToBackground()
        slice_node.SetSliceOffset(0.0)


def show_layout() -> int:
    """Show coronal, sagittal and 3D view side by side; return the layout that was there."""
    node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    before = node.GetViewArrangement()
    views = {role: _VIEW.format(name=name, plane=plane) for role, (name, plane) in VIEWS.items()}
    if not node.IsLayoutDescription(LAYOUT_ID):
        node.AddLayoutDescription(LAYOUT_ID, _LAYOUT.format(**views))
    slicer.app.layoutManager().setLayout(LAYOUT_ID)
    return before


def leave_layout(before: int) -> None:
    """Go back to an earlier layout, unless the user has chosen another one since."""
    node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    if node.GetViewArrangement() == LAYOUT_ID:
        slicer.app.layoutManager().setLayout(before)
