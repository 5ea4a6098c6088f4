"""How sure the network was: along the bones' surfaces, in colours, with a legend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from SwinX2SLib.slicerui.result.links import (
    CONFIDENCE_COLOURS,
    CONFIDENCE_MAP,
    LEGEND,
    SURFACE,
    link,
    linked,
    provenance_value,
)

SCALARS = "Confidence"  # percent
# Dark to light as confidence grows, for the colour-blind and in print too: a map in the manner of viridis.
_ANCHORS = np.array([(70, 10, 90), (60, 80, 140), (30, 145, 140), (95, 200, 95), (253, 230, 40)]) / 255
_STEPS = 256
_TITLE_SIZE, _LABEL_SIZE = 14, 12


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
    """Add the map to the scene, in whole percent: bones that are edited later take their colours from it."""
    percent = np.rint(100 * confidence.values).astype(np.uint8)
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"{result.GetName()}: {SCALARS}")
    image, matrix = vtk.vtkImageData(), vtk.vtkMatrix4x4()
    image.SetDimensions(percent.shape)
    # VTK's first axis runs fastest.
    image.GetPointData().SetScalars(numpy_to_vtk(percent.ravel(order="F"), deep=True))
    for row, values in enumerate(confidence.affine):
        for column, value in enumerate(values):
            matrix.SetElement(row, column, value)
    volume.SetIJKToRASMatrix(matrix)
    volume.SetAndObserveImageData(image)
    volume.SetHideFromEditors(True)
    link(result, CONFIDENCE_MAP, volume)
    return volume


def kept_confidence(result: slicer.vtkMRMLSegmentationNode) -> ConfidenceMap | None:
    """Return the map that the scene holds, or None."""
    for volume in linked(result, CONFIDENCE_MAP):
        image, matrix = volume.GetImageData(), vtk.vtkMatrix4x4()
        volume.GetIJKToRASMatrix(matrix)
        values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions(), order="F")
        affine = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
        return ConfidenceMap(values.astype(np.float32) / 100, affine)
    return None


def make_surface(
    result: slicer.vtkMRMLSegmentationNode,
    bone: str,
    region: str,
    confidence: ConfidenceMap | None,
    colours: slicer.vtkMRMLColorTableNode,
) -> slicer.vtkMRMLModelNode:
    """Add the model of one bone, with its confidence at every point; visible, but not rendered yet."""
    segment = result.GetSegmentation().GetSegment(bone)
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", segment.GetName())
    model.SetAndObservePolyData(_coloured_surface(segment, confidence))
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetColor(segment.GetColor())
    display.SetVisibility2D(False)
    display.SetVisibility3D(False)
    display.SetActiveScalarName(SCALARS)
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(0.0, 100.0)
    display.SetAndObserveColorNodeID(colours.GetID())
    display.SetScalarVisibility(confidence is not None)
    link(result, SURFACE, model, bone=bone, region=region)
    return model


def renew_surface(
    result: slicer.vtkMRMLSegmentationNode,
    model: slicer.vtkMRMLModelNode,
    confidence: ConfidenceMap | None,
) -> None:
    """Let the model of a bone show it as it is now; one that was removed shows nothing."""
    segment = result.GetSegmentation().GetSegment(provenance_value(model, "bone"))
    model.SetAndObservePolyData(_coloured_surface(segment, confidence) if segment else vtk.vtkPolyData())


def _coloured_surface(segment: slicer.vtkSegment, confidence: ConfidenceMap | None) -> vtk.vtkPolyData:
    source = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    surface = vtk.vtkPolyData()
    if (found := segment.GetRepresentation(source)) is not None:
        surface.ShallowCopy(found)
    if confidence is not None and surface.GetNumberOfPoints():
        scalars = numpy_to_vtk(100 * confidence.at(vtk_to_numpy(surface.GetPoints().GetData())), deep=True)
        scalars.SetName(SCALARS)
        surface.GetPointData().AddArray(scalars)
    return surface


def make_colours(result: slicer.vtkMRMLSegmentationNode) -> slicer.vtkMRMLColorTableNode:
    """Add the colours of confidence to the scene."""
    colours = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", f"{SCALARS} colours")
    colours.SetTypeToUser()
    colours.SetHideFromEditors(True)
    colours.SetNumberOfColors(_STEPS)
    places = np.linspace(0, len(_ANCHORS) - 1, _STEPS)
    channels = [np.interp(places, np.arange(len(_ANCHORS)), anchor) for anchor in _ANCHORS.T]
    for step, colour in enumerate(zip(*channels, strict=True)):
        colours.SetColor(step, f"{step / (_STEPS - 1):.0%}", *colour, 1.0)
    colours.GetLookupTable().SetTableRange(0.0, 100.0)
    link(result, CONFIDENCE_COLOURS, colours)
    return colours


def colour_by_confidence(result: slicer.vtkMRMLSegmentationNode, wanted: bool) -> None:
    """Draw the bones in the colours of confidence, with a legend, or in their own."""
    result.GetDisplayNode().SetVisibility3D(not wanted)
    for model in linked(result, SURFACE):
        model.GetDisplayNode().SetVisibility3D(wanted)
    settle_legend(result)


def is_coloured_by_confidence(result: slicer.vtkMRMLSegmentationNode) -> bool:
    """Return whether the bones are drawn in the colours of confidence."""
    return any(model.GetDisplayNode().GetVisibility3D() for model in linked(result, SURFACE))


def has_confidence(result: slicer.vtkMRMLSegmentationNode) -> bool:
    """Return whether the result came with a map of confidence."""
    return any(model.GetPolyData().GetPointData().HasArray(SCALARS) for model in linked(result, SURFACE))


def settle_legend(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Show the legend while bones are coloured by confidence: it belongs to a bone, and is hidden with it."""
    wanted = is_coloured_by_confidence(result)
    shown = [model for model in linked(result, SURFACE) if _is_open(result, model)]
    legends = linked(result, LEGEND)
    if wanted and not legends:
        legends = [_new_legend(result, model) for model in _first_of_each_region(result)]
    seen = (
        next((legend for legend in legends if legend.GetDisplayableNode() in shown), None) if wanted else None
    )
    for legend in legends:
        legend.SetVisibility(legend is seen)


def _is_open(result: slicer.vtkMRMLSegmentationNode, model: slicer.vtkMRMLModelNode) -> bool:
    bone = provenance_value(model, "bone")
    is_there = result.GetSegmentation().GetSegment(bone) is not None
    return is_there and bool(result.GetDisplayNode().GetSegmentVisibility(bone))


def _first_of_each_region(result: slicer.vtkMRMLSegmentationNode) -> list[slicer.vtkMRMLModelNode]:
    first: dict[str, slicer.vtkMRMLModelNode] = {}
    for model in linked(result, SURFACE):
        first.setdefault(provenance_value(model, "region"), model)
    return list(first.values())


def _new_legend(
    result: slicer.vtkMRMLSegmentationNode, model: slicer.vtkMRMLModelNode
) -> slicer.vtkMRMLColorLegendDisplayNode:
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(model)
    # Slicer writes long titles over the bones.
    legend.SetTitleText("confidence (%)")
    legend.SetLabelFormat("%.0f")
    legend.GetTitleTextProperty().SetFontSize(_TITLE_SIZE)
    legend.GetLabelTextProperty().SetFontSize(_LABEL_SIZE)
    legend.SetNumberOfLabels(6)
    legend.SetMaxNumberOfColors(_STEPS)
    link(result, LEGEND, legend)
    return legend
