"""Both radiographs of a result in slice views, with the outlines of the bones on top."""

from __future__ import annotations

import numpy as np
import slicer

from SwinX2SLib.geometry.cameras import view_axes
from SwinX2SLib.slicerui.result.links import (
    OUTLINE,
    RADIOGRAPH_PICTURE,
    RADIOGRAPH_PLANE,
    linked,
    provenance_value,
)
from SwinX2SLib.slicerui.result.regions import sync_visibility

# Slicer's coronal view has the orientation of a frontal radiograph, its sagittal view that of a lateral radiograph.
SLICE_VIEWS = {"ap": "Green", "lateral": "Yellow"}
_LINE_WIDTH = 2


def show_radiographs_in_slices(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Put the frontal radiograph into the green slice view and the lateral radiograph into the yellow one, outlines
    on top."""
    for role, name in SLICE_VIEWS.items():
        view = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}")
        if view is not None and linked(result, RADIOGRAPH_PLANE, radiograph=role):
            show_radiograph_in_slice(result, role, view)


def show_radiograph_in_slice(
    result: slicer.vtkMRMLSegmentationNode, role: str, view: slicer.vtkMRMLSliceNode
) -> None:
    """Show one radiograph and its outlines in one slice view.

    Args:
        result: the segmentation.
        role: "ap" or "lateral".
        view: of the scene; it is turned into the radiograph's plane.
    """
    picture = next(iter(linked(result, RADIOGRAPH_PICTURE, radiograph=role)), None)
    if picture is None:
        # Somebody took it out of the scene.
        return
    bounds = np.zeros(6)
    picture.GetRASBounds(bounds)
    _turn_into_plane(view, role, bounds.reshape(3, 2).mean(axis=1))
    height = bounds[5] - bounds[4]
    across, _, depth = view.GetFieldOfView()
    # Slicer keeps the pixels square when the window's shape is another one.
    view.SetFieldOfView(across / max(view.GetFieldOfView()[1], 1e-6) * height, height, depth)
    composite = _composite_of(view)
    if composite is not None:
        composite.SetBackgroundVolumeID(picture.GetID())
        composite.SetForegroundVolumeID(None)
    for outline in linked(result, OUTLINE, radiograph=role):
        _draw_on(outline, view)
    sync_visibility(result)


def _turn_into_plane(view: slicer.vtkMRMLSliceNode, role: str, centre: np.ndarray) -> None:
    """Orient a view like its radiograph: columns to the right, the head up."""
    columns, rows, _ = view_axes(role)
    to_ras = view.GetSliceToRAS()
    for axis, direction in enumerate((columns, -rows, np.cross(columns, -rows), centre)):
        for row in range(3):
            to_ras.SetElement(row, axis, direction[row])
    view.UpdateMatrices()


def _draw_on(outline: slicer.vtkMRMLModelNode, view: slicer.vtkMRMLSliceNode) -> None:
    """Draw an outline in one slice view; in 3D it has a display of its own."""
    flat = next((d for d in _displays(outline) if provenance_value(d, "slice") == "yes"), None)
    if flat is None:
        flat = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelDisplayNode")
        flat.Copy(outline.GetDisplayNode())
        flat.SetAttribute("SwinX2S.slice", "yes")
        outline.AddAndObserveDisplayNodeID(flat.GetID())
    flat.SetVisibility3D(False)
    flat.SetVisibility2D(True)
    flat.SetSliceDisplayModeToProjection()
    flat.SetSliceIntersectionThickness(_LINE_WIDTH)
    flat.SetViewNodeIDs([view.GetID()])


def _displays(model: slicer.vtkMRMLModelNode) -> list[slicer.vtkMRMLModelDisplayNode]:
    return [model.GetNthDisplayNode(index) for index in range(model.GetNumberOfDisplayNodes())]


def _composite_of(view: slicer.vtkMRMLSliceNode) -> slicer.vtkMRMLSliceCompositeNode | None:
    nodes = slicer.mrmlScene.GetNodesByClass("vtkMRMLSliceCompositeNode")
    nodes.UnRegister(None)
    found = (nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems()))
    return next((node for node in found if node.GetLayoutName() == view.GetLayoutName()), None)
