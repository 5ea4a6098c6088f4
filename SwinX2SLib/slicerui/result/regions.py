"""Regions of the body: spine, ribs, pelvis and femora are shown and hidden by the visibility of their segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import slicer
import vtk
from slicer.util import VTKObservationMixin

from SwinX2SLib.anatomy import labels
from SwinX2SLib.slicerui.bone_voxels import bone_segments
from SwinX2SLib.slicerui.result.confidence import (
    has_confidence,
    is_coloured_by_confidence,
    sync_coloured,
)
from SwinX2SLib.slicerui.result.links import OUTLINE, RADIOGRAPH_PLANE, linked, provenance_value

TITLES = {"spine": "Spine", "ribs": "Ribs", "pelvis": "Pelvis", "femur": "Femora"}
_GROUP = {label.name: label.group for label in labels()}


def group_of(bone: str) -> str:
    """Return the region of a bone's stable name."""
    return _GROUP[bone]


def make_folder(name: str, parent: int) -> tuple[int, slicer.vtkMRMLFolderDisplayNode]:
    """Add a folder to the subject hierarchy; its visibility applies to its content.

    Returns:
        Its item, and the display node that the eye switches.
    """
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    item = hierarchy.CreateFolderItem(parent, name)
    display = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLFolderDisplayNode", name)
    display.SetVisibility(True)
    hierarchy.SetItemDataNode(item, display)
    return item, display


def place_in(item: int, node: slicer.vtkMRMLNode) -> None:
    """Put a node into a folder."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    # Qt plugins make items when nodes appear; without them there is none.
    if existing := hierarchy.GetItemByDataNode(node):
        hierarchy.SetItemParent(existing, item)
    else:
        hierarchy.CreateItem(item, node)


def bones_of(result: slicer.vtkMRMLSegmentationNode, region: str) -> list[str]:
    """Return the segments of a region's bones; a user's own segments belong to none."""
    bones = bone_segments(result.GetSegmentation())
    return [segment for bone, segments in bones.items() if _GROUP[bone] == region for segment in segments]


def regions_of(result: slicer.vtkMRMLSegmentationNode) -> dict[str, bool]:
    """Return the regions of which there are bones, in the order of the body, and whether any bone is shown."""
    display = result.GetDisplayNode()
    bones = {region: bones_of(result, region) for region in TITLES} if display is not None else {}
    return {
        region: any(display.GetSegmentVisibility(bone) for bone in found)
        for region, found in bones.items()
        if found
    }


def show_region(result: slicer.vtkMRMLSegmentationNode, region: str, shown: bool) -> None:
    """Show or hide all bones of a region, in 3D, in slices, and on the radiographs."""
    display = result.GetDisplayNode()
    # One refresh of all views, not one for each bone.
    modified = display.StartModify()
    for bone in bones_of(result, region):
        display.SetSegmentVisibility(bone, shown)
    display.EndModify(modified)
    sync_visibility(result)


def sync_visibility(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Show the outlines, and the colours of confidence, of the bones that are shown."""
    regions = regions_of(result)
    for outline in linked(result, OUTLINE):
        shown = regions.get(provenance_value(outline, "region"), False)
        # The first display is that of 3D views; its visibility as a whole is the switch of the radiograph.
        outline.GetNthDisplayNode(0).SetVisibility3D(shown)
        for index in range(1, outline.GetNumberOfDisplayNodes()):
            outline.GetNthDisplayNode(index).SetVisibility2D(shown)
    sync_coloured(result)


class VisibilityObserver(VTKObservationMixin):
    """Keeps what belongs to the bones of one result in step with the visibility of its segments.

    Args:
        changed: called without arguments when the visibility changes.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None):
        super().__init__()
        self._changed = changed
        self._result: slicer.vtkMRMLSegmentationNode | None = None

    def follow(self, result: slicer.vtkMRMLSegmentationNode | None) -> None:
        """Follow this result from now on, or none."""
        self.removeObservers()
        self._result = result
        if result is None or result.GetDisplayNode() is None:
            return
        self.addObserver(result.GetDisplayNode(), vtk.vtkCommand.ModifiedEvent, self._on_modified)
        sync_visibility(result)

    def _on_modified(self, *_event: object) -> None:
        if self._result is not None and self._result.GetScene() is not None:
            sync_visibility(self._result)
            self._changed()


RADIOGRAPH_ROLES = ("ap", "lateral")


@dataclass(frozen=True)
class DisplayState:
    """What a panel shows of a result.

    Attributes:
        regions: whether each region of the result is shown.
        radiographs: whether each radiograph of the result is shown in 3D.
        outlines: whether the outlines on each radiograph are shown.
        opacity: of the radiographs, 0..1.
        can_show_confidence: whether there is a map of confidence.
        by_confidence: whether the bones have its colours.
    """

    regions: dict[str, bool]
    radiographs: dict[str, bool]
    outlines: dict[str, bool]
    opacity: float
    can_show_confidence: bool
    by_confidence: bool


def display_state(result: slicer.vtkMRMLSegmentationNode | None) -> DisplayState:
    """Return how a result is shown; nothing at all for None."""
    if result is None:
        return DisplayState({}, {}, {}, 1.0, False, False)
    planes = {role: linked(result, RADIOGRAPH_PLANE, radiograph=role) for role in RADIOGRAPH_ROLES}
    outlines = {role: linked(result, OUTLINE, radiograph=role) for role in RADIOGRAPH_ROLES}
    return DisplayState(
        regions=regions_of(result),
        radiographs={role: bool(found[0].GetDisplayVisibility()) for role, found in planes.items() if found},
        outlines={
            role: any(model.GetDisplayVisibility() for model in found)
            for role, found in outlines.items()
            if found
        },
        opacity=next((found[0].GetDisplayNode().GetOpacity() for found in planes.values() if found), 1.0),
        can_show_confidence=has_confidence(result),
        by_confidence=is_coloured_by_confidence(result),
    )
