"""Outlines of the bones on both radiographs: does the result explain what the radiographs show?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.drr.overlay import BoneOutline, detector_points
from SwinX2SLib.geometry.cameras import view_axes
from SwinX2SLib.slicerui.result.links import OUTLINE, add_hidden_node, link, linked
from SwinX2SLib.slicerui.result.radiograph_views import TITLES, RadiographPlace

# In front of the radiograph, or both would flicker through each other.
_LIFT_MM = 1.5
_WIDTH = 2
_COLOURS = "Colour"
_DARKEST = 110  # colours are lifted to this brightness, or they would vanish on a radiograph


def add_outlines(
    result: slicer.vtkMRMLSegmentationNode,
    place: RadiographPlace,
    region: str,
    outlines: Mapping[int, BoneOutline],
) -> slicer.vtkMRMLModelNode:
    """Add the outlines of a region's bones on one radiograph, each in its bone's colour.

    Args:
        result: the segmentation.
        place: of the radiograph on which they lie.
        region: of the bones.
        outlines: by label id.
    """
    model = add_hidden_node("vtkMRMLModelNode", f"Outlines on the {TITLES[place.role].lower()}")
    draw_outlines(model, place, outlines)
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetActiveScalar(_COLOURS, vtk.vtkAssignAttribute.POINT_DATA)
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseDirectMapping)
    display.SetScalarRange(0, 255)
    display.SetScalarVisibility(True)
    display.SetLighting(False)
    display.SetLineWidth(_WIDTH)
    display.SetVisibility2D(False)
    model.SetSelectable(False)
    link(result, OUTLINE, model, radiograph=place.role, region=region)
    return model


def draw_outlines(
    model: slicer.vtkMRMLModelNode, place: RadiographPlace, outlines: Mapping[int, BoneOutline]
) -> None:
    """Let a model hold these outlines, in place of what it held."""
    lines = [(label_id, line) for label_id, outline in outlines.items() for line in outline.lines]
    model.SetAndObservePolyData(_polylines(place, lines) if lines else vtk.vtkPolyData())


def show_outlines(result: slicer.vtkMRMLSegmentationNode, role: str, shown: bool) -> None:
    """Show or hide the outlines on a radiograph."""
    for model in linked(result, OUTLINE, radiograph=role):
        model.SetDisplayVisibility(shown)


def _polylines(place: RadiographPlace, lines: Sequence[tuple[int, np.ndarray]]) -> vtk.vtkPolyData:
    lift = _LIFT_MM * view_axes(place.camera.view)[2]
    points = np.concatenate(
        [detector_points(place.camera, line, place.distance_mm) - lift for _, line in lines]
    )
    counts = np.array([len(line) for _, line in lines])
    drawn, places, cells = vtk.vtkPolyData(), vtk.vtkPoints(), vtk.vtkCellArray()
    places.SetData(numpy_to_vtk(points.astype(np.float32), deep=True))
    cells.SetData(
        numpy_to_vtkIdTypeArray(np.insert(np.cumsum(counts), 0, 0), deep=True),
        numpy_to_vtkIdTypeArray(np.arange(len(points)), deep=True),
    )
    drawn.SetPoints(places)
    drawn.SetLines(cells)
    # On the points: slice views colour no cells.
    each = np.array([_bright_colour(label_id) for label_id, _ in lines], np.uint8)
    colours = numpy_to_vtk(np.repeat(each, counts, axis=0), deep=True)
    colours.SetName(_COLOURS)
    drawn.GetPointData().SetScalars(colours)
    return drawn


def _bright_colour(label_id: int) -> np.ndarray:
    colour = np.array(label_by_id(label_id).colour, dtype=np.float64)
    brightness = colour @ (0.30, 0.59, 0.11)
    if brightness < _DARKEST:
        colour += (255 - colour) * (_DARKEST - brightness) / (255 - brightness)
    return np.rint(colour)
