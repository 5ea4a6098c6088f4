"""The films in Slicer's slice views, in their planes of the patient, with the outlines of the bones on them."""

from __future__ import annotations

import numpy as np
import slicer

from SwinX2SLib.geometry.cameras import view_axes
from SwinX2SLib.slicerui.display.links import FILM_PICTURE, FILM_PLANE, OUTLINE, linked, told_of
from SwinX2SLib.slicerui.display.regions import follow_eyes

# Slicer's coronal view hangs as a frontal film, its sagittal one as a lateral film.
SLICE_VIEWS = {"ap": "Green", "lateral": "Yellow"}
_LINE_WIDTH = 2


def show_films_in_slices(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Put the frontal film into the green slice view and the lateral film into the yellow one, outlines on top."""
    for role, name in SLICE_VIEWS.items():
        view = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}")
        if view is not None and linked(result, FILM_PLANE, film=role):
            show_film_in_slice(result, role, view)


def show_film_in_slice(
    result: slicer.vtkMRMLSegmentationNode, role: str, view: slicer.vtkMRMLSliceNode
) -> None:
    """Show one film and its outlines in one slice view.

    Args:
        result: the segmentation.
        role: "ap" or "lateral".
        view: of the scene; it is turned into the film's plane.
    """
    picture = next(iter(linked(result, FILM_PICTURE, film=role)), None)
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
    for outline in linked(result, OUTLINE, film=role):
        _draw_on(outline, view)
    follow_eyes(result)


def _turn_into_plane(view: slicer.vtkMRMLSliceNode, role: str, centre: np.ndarray) -> None:
    """Let a view hang as its film does: columns to the right, the head up."""
    columns, rows, _ = view_axes(role)
    to_ras = view.GetSliceToRAS()
    for axis, direction in enumerate((columns, -rows, np.cross(columns, -rows), centre)):
        for row in range(3):
            to_ras.SetElement(row, axis, direction[row])
    view.UpdateMatrices()


def _draw_on(outline: slicer.vtkMRMLModelNode, view: slicer.vtkMRMLSliceNode) -> None:
    """Draw an outline in one slice view; in 3D it has a display of its own."""
    flat = next((d for d in _displays(outline) if told_of(d, "slice") == "yes"), None)
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
