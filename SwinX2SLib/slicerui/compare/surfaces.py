"""Surfaces of the reconstruction in the colours of their distance from the CT, with a legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from SwinX2SLib.slicerui.compare.choices import Distance
from SwinX2SLib.slicerui.provenance import PREFIX

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.surfaces import ComparedSurface


SIGNED, ABSOLUTE = "Signed distance from CT (mm)", "Distance from CT (mm)"
ARRAYS = {Distance.SIGNED: SIGNED, Distance.ABSOLUTE: ABSOLUTE}
RANGE = "range_mm"
"""Attribute of a coloured model: from minus this to this, or from 0 to this, the colours run [mm]."""

INVENTED_COLOUR, MISSED_COLOUR, CT_COLOUR = (0.48, 0.25, 0.63), (0.84, 0.16, 0.51), (0.89, 0.84, 0.75)
_CT_OPACITY = 0.35
# Dark blue (inside) over pale to dark red (outside), and pale to dark: distinguishable with any colour vision.
_DIVERGING = (
    (5, 48, 97),
    (67, 147, 195),
    (209, 229, 240),
    (247, 247, 247),
    (253, 219, 199),
    (214, 96, 77),
    (103, 0, 31),
)
_SEQUENTIAL = ((255, 255, 229), (254, 217, 118), (253, 141, 60), (227, 26, 28), (84, 0, 20))
_STEPS = 256
_RANGES_MM = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0)
_TITLE_SIZE, _LABEL_SIZE = 14, 12


def range_mm(surfaces: Sequence[ComparedSurface]) -> float:
    """Return a round distance that 95 % of all points lie within."""
    distances = [np.abs(each.distance_mm) for each in surfaces if each.distance_mm is not None]
    if not distances:
        return _RANGES_MM[0]
    reach = float(np.percentile(np.concatenate(distances), 95))
    return next((each for each in _RANGES_MM if each >= reach), _RANGES_MM[-1])


def distance_model(
    title: str,
    surface: ComparedSurface,
    reach_mm: float,
    colours: dict[Distance, slicer.vtkMRMLColorTableNode],
) -> slicer.vtkMRMLModelNode:
    """Add a bone of the reconstruction in the colours of its distance; one without a counterpart in one colour."""
    model = plain_model(title, surface, INVENTED_COLOUR)
    if surface.distance_mm is None:
        return model
    data = model.GetPolyData().GetPointData()
    for name, values in ((SIGNED, surface.distance_mm), (ABSOLUTE, np.abs(surface.distance_mm))):
        array = numpy_to_vtk(np.ascontiguousarray(values, dtype=np.float32), deep=True)
        array.SetName(name)
        data.AddArray(array)
    model.SetAttribute(PREFIX + RANGE, repr(reach_mm))
    for distance, node in colours.items():
        model.SetNodeReferenceID(f"{PREFIX}{distance.value}_colours", node.GetID())
    colour_model(model, Distance.SIGNED)
    return model


def colour_model(model: slicer.vtkMRMLModelNode, distance: Distance) -> None:
    """Let the colours of a model show the signed or the absolute distance; a model without distances stays."""
    stored = model.GetAttribute(PREFIX + RANGE)
    colours = model.GetNodeReference(f"{PREFIX}{distance.value}_colours")
    if stored is None or colours is None:
        return
    reach, display = float(stored), model.GetDisplayNode()
    display.SetActiveScalar(ARRAYS[distance], vtk.vtkAssignAttribute.POINT_DATA)
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(-reach if distance is Distance.SIGNED else 0.0, reach)
    display.SetAndObserveColorNodeID(colours.GetID())
    display.SetScalarVisibility(True)


def plain_model(title: str, surface: ComparedSurface, colour: Sequence[float]) -> slicer.vtkMRMLModelNode:
    """Add a bone in one colour."""
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", title)
    model.SetAndObservePolyData(_polydata(surface))
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetColor(*colour)
    display.SetVisibility2D(False)
    return model


def ct_model(title: str, surface: ComparedSurface, is_missed: bool) -> slicer.vtkMRMLModelNode:
    """Add a bone of the CT: what the reconstruction misses is seen at once, the others when they are asked for."""
    model = plain_model(title, surface, MISSED_COLOUR if is_missed else CT_COLOUR)
    if not is_missed:
        model.GetDisplayNode().SetOpacity(_CT_OPACITY)
        model.GetDisplayNode().SetVisibility(False)
    return model


def make_colours(reach_mm: float) -> dict[Distance, slicer.vtkMRMLColorTableNode]:
    """Add the colours of both kinds of distance to the scene."""
    return {
        Distance.SIGNED: _colour_table("Signed distance colours", _DIVERGING, -reach_mm, reach_mm),
        Distance.ABSOLUTE: _colour_table("Distance colours", _SEQUENTIAL, 0.0, reach_mm),
    }


def add_legend(model: slicer.vtkMRMLModelNode) -> slicer.vtkMRMLColorLegendDisplayNode:
    """Add the legend of the colours; it stands beside one model and holds for all."""
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(model)
    legend.SetLabelFormat("%.1f")
    legend.GetTitleTextProperty().SetFontSize(_TITLE_SIZE)
    legend.GetLabelTextProperty().SetFontSize(_LABEL_SIZE)
    legend.SetNumberOfLabels(5)
    legend.SetMaxNumberOfColors(_STEPS)
    return legend


def show_in_legend(legend: slicer.vtkMRMLColorLegendDisplayNode, distance: Distance) -> None:
    """Set the title of the colour legend."""
    # Slicer writes long titles over the bones.
    words = {Distance.SIGNED: "± mm", Distance.ABSOLUTE: "mm"}
    legend.SetTitleText(words[distance])


def _colour_table(
    name: str, anchors: Sequence[Sequence[int]], low: float, high: float
) -> slicer.vtkMRMLColorTableNode:
    colours = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", name)
    colours.SetTypeToUser()
    colours.SetHideFromEditors(True)
    colours.SetNumberOfColors(_STEPS)
    for step, (place, colour) in enumerate(_between(anchors)):
        colours.SetColor(step, f"{low + (high - low) * place:.1f} mm", *colour, 1.0)
    colours.GetLookupTable().SetTableRange(low, high)
    return colours


def _between(anchors: Sequence[Sequence[int]]) -> Iterator[tuple[float, np.ndarray]]:
    points = np.array(anchors) / 255
    for place in np.linspace(0, 1, _STEPS):
        at = place * (len(points) - 1)
        yield place, np.array([np.interp(at, np.arange(len(points)), channel) for channel in points.T])


def _polydata(surface: ComparedSurface) -> vtk.vtkPolyData:
    # Not at import: the panel loads before any package is installed.
    from SwinX2SLib.geometry.surfaces import Surface
    from SwinX2SLib.geometry.vtk_arrays import polydata_of

    normals = vtk.vtkPolyDataNormals()
    normals.SetInputData(polydata_of(Surface(surface.vertices, surface.faces)))
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()
