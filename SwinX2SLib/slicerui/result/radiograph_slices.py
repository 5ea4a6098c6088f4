"""Both radiographs of a result in slice views, with the outlines of the bones on top."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import slicer

from SwinX2SLib.geometry.cameras import view_axes
from SwinX2SLib.slicerui.provenance import set_attribute
from SwinX2SLib.slicerui.result.links import (
    OUTLINE,
    RADIOGRAPH_PICTURE,
    linked,
    provenance_value,
)
from SwinX2SLib.slicerui.result.regions import sync_visibility
from SwinX2SLib.slicerui.slice_views import VIEWS, SliceViews

_LINE_WIDTH = 2


class RadiographsInSlices:
    """Shows the radiographs of one result at a time in slice views, and what was there again afterwards.

    The frontal radiograph goes into the coronal view, the lateral one into the sagittal view, outlines on top.

    Args:
        views: that show them.
        changed: called without arguments when another result, or none, is shown.
    """

    def __init__(self, views: SliceViews, changed: Callable[[], None] = lambda: None):
        self._views, self._changed = views, changed
        self.result: slicer.vtkMRMLSegmentationNode | None = None

    def show(self, result: slicer.vtkMRMLSegmentationNode) -> None:
        """Show the radiographs of a result; where they are shown already, slices stay where they are."""
        found = _view_nodes(result)
        if not found:
            return
        if self.result is not result:
            self._take_away()
            self._views.take(self, self._on_lost)
            self.result = result
        for role, view in found.items():
            show_radiograph_in_slice(result, role, view)
        self._changed()

    def hide(self) -> None:
        """Show what was in the views before."""
        if self.result is None:
            return
        self._take_away()
        self._views.give_back(self)
        self._changed()

    def _on_lost(self) -> None:
        self._take_away()
        self._changed()

    def _take_away(self) -> None:
        result, self.result = self.result, None
        if result is not None and result.GetScene() is not None:
            remove_from_slices(result)


def _view_nodes(result: slicer.vtkMRMLSegmentationNode) -> dict[str, slicer.vtkMRMLSliceNode]:
    """Return the views for the radiographs that the scene holds, by role."""
    found = {}
    for role, (name, _plane) in VIEWS.items():
        view = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}")
        if view is not None and linked(result, RADIOGRAPH_PICTURE, radiograph=role):
            found[role] = view
    return found


def remove_from_slices(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Draw the outlines in no slice view any more."""
    for outline in linked(result, OUTLINE):
        for index, display in reversed([*enumerate(_displays(outline))]):
            if provenance_value(display, _FLAT):
                outline.RemoveNthDisplayNodeID(index)
                slicer.mrmlScene.RemoveNode(display)


_FLAT = "slice"
"""Attribute of the display of an outline in a slice view."""


def show_radiograph_in_slice(
    result: slicer.vtkMRMLSegmentationNode, role: str, view: slicer.vtkMRMLSliceNode
) -> None:
    """Show one radiograph and its outlines in one slice view; one that shows it already is left alone.

    Args:
        result: the segmentation, with a picture of the radiograph.
        role: "ap" or "lateral".
        view: of the scene; it is turned into the radiograph's plane.
    """
    picture, composite = linked(result, RADIOGRAPH_PICTURE, radiograph=role)[0], _composite_of(view)
    if composite is not None and composite.GetBackgroundVolumeID() == picture.GetID():
        return
    bounds = np.zeros(6)
    picture.GetRASBounds(bounds)
    _turn_into_plane(view, role, bounds.reshape(3, 2).mean(axis=1))
    height = bounds[5] - bounds[4]
    across, _, depth = view.GetFieldOfView()
    # Slicer keeps the pixels square when the window's shape is another one.
    view.SetFieldOfView(across / max(view.GetFieldOfView()[1], 1e-6) * height, height, depth)
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
    flat = next((d for d in _displays(outline) if provenance_value(d, _FLAT)), None)
    if flat is None:
        flat = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelDisplayNode")
        flat.Copy(outline.GetDisplayNode())
        set_attribute(flat, _FLAT, "yes")
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
