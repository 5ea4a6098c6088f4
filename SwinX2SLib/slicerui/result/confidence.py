"""How sure the network was: along the bones' surfaces, in colours, with a legend."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from SwinX2SLib.slicerui.provenance import set_attribute
from SwinX2SLib.slicerui.result.links import (
    COLOURED_BONES,
    CONFIDENCE_COLOURS,
    CONFIDENCE_MAP,
    LEGEND,
    add_hidden_node,
    link,
    linked,
    provenance_value,
    remove_node,
)
from SwinX2SLib.slicerui.segmentation_import import create_closed_surfaces

SCALARS = "Confidence"  # percent
# Dark to light as confidence grows, for the colour-blind and in print too: a map in the manner of viridis.
_ANCHORS = np.array([(70, 10, 90), (60, 80, 140), (30, 145, 140), (95, 200, 95), (253, 230, 40)]) / 255
_STEPS = 256
_TITLE_SIZE, _LABEL_SIZE = 14, 12
_SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()


@dataclass(frozen=True, eq=False)
class ConfidenceMap:
    """Probability of the label that was given.

    Attributes:
        values: float32 `(I, J, K)`, 0..1.
        affine: 4x4, index -> RAS mm.
    """

    values: np.ndarray
    affine: np.ndarray

    def at(self, points_ras_mm: np.ndarray) -> np.ndarray:
        """Return the confidence `(N,)` float32 at points `(N, 3)`."""
        from scipy import ndimage

        inverse = np.linalg.inv(self.affine)
        index = points_ras_mm @ inverse[:3, :3].T + inverse[:3, 3]
        return ndimage.map_coordinates(self.values, index.T, order=1, mode="nearest").astype(np.float32)


def keep_confidence(
    result: slicer.vtkMRMLSegmentationNode, confidence: ConfidenceMap
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add the map to the scene, in whole percent."""
    percent = np.rint(100 * confidence.values).astype(np.uint8)
    volume = add_hidden_node("vtkMRMLScalarVolumeNode", f"{result.GetName()}: {SCALARS}")
    image, matrix = vtk.vtkImageData(), vtk.vtkMatrix4x4()
    image.SetDimensions(percent.shape)
    # VTK's first axis runs fastest.
    image.GetPointData().SetScalars(numpy_to_vtk(percent.ravel(order="F"), deep=True))
    for row, values in enumerate(confidence.affine):
        for column, value in enumerate(values):
            matrix.SetElement(row, column, value)
    volume.SetIJKToRASMatrix(matrix)
    volume.SetAndObserveImageData(image)
    link(result, CONFIDENCE_MAP, volume)
    return volume


def kept_confidence(result: slicer.vtkMRMLSegmentationNode) -> ConfidenceMap | None:
    """Return the map that the scene holds, or None."""
    for volume in linked(result, CONFIDENCE_MAP):
        image, matrix = volume.GetImageData(), vtk.vtkMatrix4x4()
        if image is None:
            # A scene that was saved without the files of its hidden nodes.
            continue
        volume.GetIJKToRASMatrix(matrix)
        values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions(), order="F")
        affine = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
        return ConfidenceMap(values.astype(np.float32) / 100, affine)
    return None


def has_confidence(result: slicer.vtkMRMLSegmentationNode) -> bool:
    """Return whether there is a map of confidence."""
    return any(volume.GetImageData() is not None for volume in linked(result, CONFIDENCE_MAP))


def is_coloured_by_confidence(result: slicer.vtkMRMLSegmentationNode) -> bool:
    """Return whether the bones are drawn in the colours of confidence."""
    return bool(linked(result, COLOURED_BONES))


def colour_by_confidence(result: slicer.vtkMRMLSegmentationNode, wanted: bool) -> None:
    """Draw the bones in the colours of confidence, with a legend, or in their own.

    A segmentation's surfaces have one colour each: while this is wanted, one hidden model of all bones is drawn in
    their place.
    """
    if wanted == is_coloured_by_confidence(result):
        return
    if wanted:
        _add_coloured(result)
    else:
        for role in (LEGEND, COLOURED_BONES, CONFIDENCE_COLOURS):
            for node in linked(result, role):
                remove_node(node)
    result.GetDisplayNode().SetVisibility3D(not wanted)


def renew_coloured(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Let the coloured model, if there is one, show the bones as they are now; without a map they get their own
    colours back."""
    confidence = kept_confidence(result)
    for model in linked(result, COLOURED_BONES):
        if confidence is None:
            colour_by_confidence(result, False)
            return
        bones = _shown_bones(result)
        model.SetAndObservePolyData(_coloured_surface(result, bones, confidence))
        set_attribute(model, _BONES, json.dumps(bones))
        for legend in linked(result, LEGEND):
            legend.SetVisibility(bool(bones))


def sync_coloured(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Let the coloured model, if there is one, show the bones that are visible."""
    for model in linked(result, COLOURED_BONES):
        if json.loads(provenance_value(model, _BONES) or "null") != _shown_bones(result):
            renew_coloured(result)
        shown = bool(result.GetDisplayNode().GetVisibility())
        if bool(model.GetDisplayVisibility()) != shown:
            model.SetDisplayVisibility(shown)


_BONES = "bones"
"""Attribute of the coloured model: a JSON list of the segments that it shows."""


def _shown_bones(result: slicer.vtkMRMLSegmentationNode) -> list[str]:
    ids, display = vtk.vtkStringArray(), result.GetDisplayNode()
    display.GetVisibleSegmentIDs(ids)
    found = (ids.GetValue(index) for index in range(ids.GetNumberOfValues()))
    return [bone for bone in found if display.GetSegmentVisibility3D(bone)]


def _add_coloured(result: slicer.vtkMRMLSegmentationNode) -> None:
    model = add_hidden_node("vtkMRMLModelNode", f"{result.GetName()}: {SCALARS.lower()}")
    model.SetSelectable(False)
    model.SetAndObserveTransformNodeID(result.GetTransformNodeID())
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetVisibility2D(False)
    display.SetActiveScalarName(SCALARS)
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(0.0, 100.0)
    display.SetAndObserveColorNodeID(_make_colours(result).GetID())
    display.SetScalarVisibility(True)
    link(result, COLOURED_BONES, model)
    _add_legend(result, model)
    renew_coloured(result)


def _coloured_surface(
    result: slicer.vtkMRMLSegmentationNode, bones: Sequence[str], confidence: ConfidenceMap
) -> vtk.vtkPolyData:
    """Return the surfaces of some bones as one, with the confidence at every point."""
    segments = [result.GetSegmentation().GetSegment(bone) for bone in bones]
    if any(segment.GetRepresentation(_SURFACE) is None for segment in segments):
        create_closed_surfaces(result)
    joined = vtk.vtkAppendPolyData()
    for segment in segments:
        if (surface := segment.GetRepresentation(_SURFACE)) is not None:
            joined.AddInputData(surface)
    if not joined.GetNumberOfInputConnections(0):
        return vtk.vtkPolyData()
    joined.Update()
    surface = joined.GetOutput()
    if surface.GetNumberOfPoints():
        scalars = numpy_to_vtk(100 * confidence.at(vtk_to_numpy(surface.GetPoints().GetData())), deep=True)
        scalars.SetName(SCALARS)
        surface.GetPointData().AddArray(scalars)
    return surface


def _make_colours(result: slicer.vtkMRMLSegmentationNode) -> slicer.vtkMRMLColorTableNode:
    colours = add_hidden_node("vtkMRMLColorTableNode", f"{SCALARS} colours")
    colours.SetTypeToUser()
    colours.SetNumberOfColors(_STEPS)
    places = np.linspace(0, len(_ANCHORS) - 1, _STEPS)
    channels = [np.interp(places, np.arange(len(_ANCHORS)), anchor) for anchor in _ANCHORS.T]
    for step, colour in enumerate(zip(*channels, strict=True)):
        colours.SetColor(step, f"{step / (_STEPS - 1):.0%}", *colour, 1.0)
    colours.GetLookupTable().SetTableRange(0.0, 100.0)
    link(result, CONFIDENCE_COLOURS, colours)
    return colours


def _add_legend(result: slicer.vtkMRMLSegmentationNode, model: slicer.vtkMRMLModelNode) -> None:
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(model)
    # Slicer writes long titles over the bones.
    legend.SetTitleText("confidence (%)")
    legend.SetLabelFormat("%.0f")
    legend.GetTitleTextProperty().SetFontSize(_TITLE_SIZE)
    legend.GetLabelTextProperty().SetFontSize(_LABEL_SIZE)
    legend.SetNumberOfLabels(6)
    legend.SetMaxNumberOfColors(_STEPS)
    link(result, LEGEND, legend)
