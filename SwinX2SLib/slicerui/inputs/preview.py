"""Both radiographs in Slicer's slice views as they will be used: upright, cropped, bone bright, in their patient
planes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import slicer

from SwinX2SLib.slicerui.radiographs import ROLE_WORDS, ROLES
from SwinX2SLib.slicerui.slice_views import VIEWS

if TYPE_CHECKING:
    from SwinX2SLib.slicerui.inputs.examination import Examination

# RAS directions in which columns and rows of a radiograph in display orientation run, and the direction across the
# radiograph.
_DIRECTIONS = {
    "ap": np.array([[-1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]]),
    "lateral": np.array([[0, -1.0, 0], [0, 0, -1.0], [1.0, 0, 0]]),
}
# Deep enough to be seen in whatever slice of a person is shown.
_THICKNESS_MM = 400.0


@dataclass(frozen=True)
class RadiographPlane:
    """A radiograph of `(rows, cols)` pixels in the patient.

    Attributes:
        role: "ap" or "lateral".
        shape: rows and columns.
        pixel_mm: height and width of a pixel; 1 mm if unknown, so that it can be seen and calibrated.
        middle_mm: height of the radiograph's middle, RAS.
    """

    role: str
    shape: tuple[int, int]
    pixel_mm: tuple[float, float]
    middle_mm: float

    def ijk_to_ras(self) -> np.ndarray:
        """Return the 4x4 matrix (column, row, slice) -> RAS mm of a volume of one slice."""
        row_mm, col_mm = self.pixel_mm
        matrix = np.eye(4)
        matrix[:3, :3] = (_DIRECTIONS[self.role] * [[col_mm], [row_mm], [_THICKNESS_MM]]).T
        rows, cols = self.shape
        matrix[:3, 3] = -matrix[:3, :2] @ [(cols - 1) / 2, (rows - 1) / 2] + [0, 0, self.middle_mm]
        return matrix

    def ras(self, column: float, row: float) -> np.ndarray:
        """Return where a pixel is, RAS mm."""
        return (self.ijk_to_ras() @ [column, row, 0, 1])[:3]

    def pixel(self, ras: np.ndarray) -> np.ndarray:
        """Return column and row under a place."""
        return (np.linalg.inv(self.ijk_to_ras()) @ [*ras, 1.0])[:2]

    def size_mm(self) -> np.ndarray:
        """Return the extent along R, A and S; none across the radiograph."""
        rows, cols = self.shape
        row_mm, col_mm = self.pixel_mm
        return np.abs(_DIRECTIONS[self.role][:2].T @ [cols * col_mm, rows * row_mm])


def radiograph_planes(examination: Examination) -> dict[str, RadiographPlane]:
    """Return the positions of the radiographs, by role."""
    planes = {}
    for role, seen in examination.radiographs.items():
        known = all(math.isfinite(length) for length in seen.radiograph.spacing_mm)
        scale = seen.scene_radiograph.shape[0] / seen.scene_radiograph.decoded.values.shape[0]
        pixel_mm = seen.radiograph.spacing_mm if known else (scale, scale)
        middle_mm = 0.0 - examination.middles_mm.get(role, 0.0)
        planes[role] = RadiographPlane(role, seen.radiograph.pixels.shape, pixel_mm, middle_mm)
    return planes


LAYOUT_ID = 6157
_VIEW = (
    '<view class="vtkMRMLSliceNode" singletontag="{name}"><property name="orientation" action="default">'
    '{plane}</property><property name="viewlabel" action="default">{name[0]}</property></view>'
)
_LAYOUT = (
    '<layout type="horizontal" split="true"><item splitSize="340">{ap}</item><item splitSize="300">{lateral}</item>'
    '<item splitSize="360"><view class="vtkMRMLViewNode" singletontag="1"/></item></layout>'
)


class RadiographPreview:
    """Volumes that show the radiographs; created on demand and never saved."""

    def __init__(self):
        self._ids: dict[str, str] = {}
        # The pixels themselves are kept: an id alone may be given to others.
        self._shown: dict[str, tuple[np.ndarray, RadiographPlane]] = {}

    def show(self, examination: Examination) -> dict[str, RadiographPlane]:
        """Bring the preview up to date and return the positions of the radiographs."""
        planes = radiograph_planes(examination)
        for role in ROLES:
            if role in planes:
                self._show(planes[role], examination.radiographs[role].radiograph.pixels)
            else:
                self._remove(role)
        return planes

    def node(self, role: str) -> slicer.vtkMRMLScalarVolumeNode | None:
        """Return the volume that shows a radiograph, if it is shown."""
        node_id = self._ids.get(role)
        return slicer.mrmlScene.GetNodeByID(node_id) if node_id else None

    def hide(self) -> None:
        """Take the radiographs out of the scene."""
        for role in ROLES:
            self._remove(role)

    def _show(self, plane: RadiographPlane, pixels: np.ndarray) -> None:
        node = self.node(plane.role)
        shown, place = self._shown.get(plane.role, (None, None))
        if node is not None and shown is pixels and place == plane:
            return
        if node is None:
            node = slicer.mrmlScene.AddNewNodeByClass(
                "vtkMRMLScalarVolumeNode", f"SwinX2S {ROLE_WORDS[plane.role]} radiograph as used"
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
    """Show a radiograph in the slice view of its plane.

    Args:
        role: "ap" or "lateral".
        node: the radiograph.
        fit: whether the view moves to show all of it.
    """
    name, plane = VIEWS[role]
    slice_node = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}")
    composite = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")
    if slice_node is None or composite is None:
        # No such view in this scene; the radiograph is there for any other.
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
