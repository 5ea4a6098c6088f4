"""Things to drag on the radiographs: a line over a marker, two points of the body, a frame to keep.

All are markups that stand on a radiograph from the start, so nothing has to be placed with a mode of the mouse.
They are never saved with the scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import slicer

from SwinX2SLib.radiographs import Crop, RadiographOptions
from SwinX2SLib.radiographs.transforms import crop_of_edited, rectangle_of_crop
from SwinX2SLib.slicerui.inputs.examination import SeenRadiograph, of_percent
from SwinX2SLib.slicerui.inputs.preview import RadiographPlane
from SwinX2SLib.slicerui.slice_views import VIEWS

if TYPE_CHECKING:
    pass


# Deep enough that a frame is seen in the radiograph's view.
_FRAME_DEPTH_MM = 10.0


class RadiographTool:
    """One markup on one radiograph."""

    def __init__(self, class_name: str, name: str, role: str):
        self._id = ""
        node = slicer.mrmlScene.AddNewNodeByClass(class_name, name)
        node.SetSaveWithScene(False)
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetSaveWithScene(False)
        display.AddViewNodeID(f"vtkMRMLSliceNode{VIEWS[role][0]}")
        self._id = node.GetID()
        self._start: np.ndarray | None = None

    @property
    def moved(self) -> bool:
        """Whether the user has done anything to it."""
        return self.node is not None and not np.allclose(self._places(), self._start)

    def _places(self) -> np.ndarray:
        return np.array(_points(self.node))

    @property
    def node(self) -> slicer.vtkMRMLMarkupsNode | None:
        """The markup; None where the user removed it."""
        return slicer.mrmlScene.GetNodeByID(self._id)

    def remove(self) -> None:
        """Take it out of the scene."""
        if self.node is not None:
            slicer.mrmlScene.RemoveNode(self.node)


class MarkerLine(RadiographTool):
    """A line over a marker of known length."""

    def __init__(self, plane: RadiographPlane):
        super().__init__("vtkMRMLMarkupsLineNode", "Marker", plane.role)
        rows, cols = plane.shape
        for column in (0.4 * cols, 0.6 * cols):
            self.node.AddControlPoint(*plane.ras(column, rows / 2))
        self._start = self._places()

    def pixels(self, plane: RadiographPlane) -> float:
        """Return the length of the line in pixels of the radiograph; 0 where it is no line any more."""
        points = _points(self.node)
        if len(points) != 2:
            return 0.0
        first, second = (plane.pixel(point) for point in points)
        return float(np.linalg.norm(first - second))


class BodyPoints(RadiographTool):
    """Two points of the body, to be set on both radiographs."""

    def __init__(self, plane: RadiographPlane, letter: str):
        super().__init__("vtkMRMLMarkupsFiducialNode", "Heights", plane.role)
        rows, cols = plane.shape
        for number, row in ((1, 0.3 * rows), (2, 0.7 * rows)):
            self.node.AddControlPoint(*plane.ras(cols / 2, row), f"{letter}{number}")
        self._start = self._places()

    def heights_mm(self, plane: RadiographPlane) -> list[float]:
        """Return how far the points lie above the middle of the radiograph [mm], first point first."""
        return [float(point[2] - plane.middle_mm) for point in _points(self.node)]


class CropFrame(RadiographTool):
    """A frame around what is to be kept.

    Args:
        plane: of the whole radiograph.
        seen: the whole radiograph.
        options: options of the radiograph; the frame starts around its crop.
    """

    def __init__(self, plane: RadiographPlane, seen: SeenRadiograph, options: RadiographOptions):
        super().__init__("vtkMRMLMarkupsROINode", "Crop", plane.role)
        in_percent = of_percent(options, seen.scene_radiograph.shape)
        left, top, right, bottom = rectangle_of_crop(
            seen.scene_radiograph.decoded.values.shape, seen.turn, in_percent
        )
        corners = np.array([plane.ras(left - 0.5, top - 0.5), plane.ras(right - 0.5, bottom - 0.5)])
        self.node.SetCenter(*corners.mean(axis=0))
        self.node.SetSize(*np.maximum(np.abs(corners[1] - corners[0]), _FRAME_DEPTH_MM))
        self._start = self._places()
        display = self.node.GetDisplayNode()
        display.SetFillVisibility(False)
        display.SetHandlesInteractive(True)
        display.SetTranslationHandleVisibility(True)
        display.SetScaleHandleVisibility(True)
        display.SetRotationHandleVisibility(False)

    def _places(self) -> np.ndarray:
        bounds = np.zeros(6)
        self.node.GetBounds(bounds)
        return bounds

    def crop(self, plane: RadiographPlane, seen: SeenRadiograph) -> Crop | None:
        """Return the crop that leaves what is inside; None for the whole radiograph."""
        bounds = self._places()
        corners = np.array([plane.pixel(bounds[[0, 2, 4]]), plane.pixel(bounds[[1, 3, 5]])]) + 0.5
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        options = RadiographOptions(rotate_deg=seen.choice.options.rotate_deg, flip=seen.choice.options.flip)
        shape = seen.scene_radiograph.decoded.values.shape
        return crop_of_edited(shape, seen.turn, options, (left, top, right, bottom))


def _points(node: slicer.vtkMRMLMarkupsNode | None) -> Sequence[np.ndarray]:
    if node is None:
        return []
    return [
        np.array(node.GetNthControlPointPositionWorld(index))
        for index in range(node.GetNumberOfControlPoints())
    ]
