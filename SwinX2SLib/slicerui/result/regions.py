"""Regions of the body as folders of the subject hierarchy: an eye each for spine, ribs, pelvis and femora."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import slicer
import vtk
from slicer.util import VTKObservationMixin

from SwinX2SLib.anatomy import labels
from SwinX2SLib.slicerui.result.confidence import (
    has_confidence,
    is_coloured_by_confidence,
    settle_legend,
)
from SwinX2SLib.slicerui.result.links import (
    OUTLINE,
    RADIOGRAPH_PLANE,
    REGION,
    SURFACE,
    link,
    linked,
    provenance_value,
)

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


def make_regions(result: slicer.vtkMRMLSegmentationNode, parent: int, bones: Iterable[str]) -> dict[str, int]:
    """Add a folder for each region of which there are bones, and return their items by region."""
    items = {}
    for region in dict.fromkeys(group_of(bone) for bone in bones):
        items[region], display = make_folder(TITLES[region], parent)
        link(result, REGION, display, region=region)
    return items


def place_in(item: int, node: slicer.vtkMRMLNode) -> None:
    """Put a node into a folder."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    # Qt plugins make items when nodes appear; without them there is none.
    if existing := hierarchy.GetItemByDataNode(node):
        hierarchy.SetItemParent(existing, item)
    else:
        hierarchy.CreateItem(item, node)


def regions_of(result: slicer.vtkMRMLSegmentationNode) -> dict[str, slicer.vtkMRMLFolderDisplayNode]:
    """Return the display nodes of a result's regions, in the order of the body."""
    found = {provenance_value(display, "region"): display for display in linked(result, REGION)}
    return {region: found[region] for region in TITLES if region in found}


def show_region(result: slicer.vtkMRMLSegmentationNode, region: str, shown: bool) -> None:
    """Show or hide all bones of a region, in 3D, in slices, and on the radiographs.

    Raises:
        KeyError: the result has no such region.
    """
    regions_of(result)[region].SetVisibility(shown)
    sync_visibility(result)


def sync_visibility(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Let every segment be shown where both its region's eye and its own are open."""
    open_regions = {name for name, display in regions_of(result).items() if display.GetVisibility()}
    display = result.GetDisplayNode()
    modified = display.StartModify()
    for model in linked(result, SURFACE):
        bone = provenance_value(model, "bone")
        shown = group_of(bone) in open_regions and bool(model.GetDisplayNode().GetVisibility())
        if (
            result.GetSegmentation().GetSegment(bone) is not None
            and display.GetSegmentVisibility(bone) != shown
        ):
            display.SetSegmentVisibility(bone, shown)
    display.EndModify(modified)
    for outline in linked(result, OUTLINE):
        _show_on_slices(outline, provenance_value(outline, "region") in open_regions)
    settle_legend(result)


def _show_on_slices(outline: slicer.vtkMRMLModelNode, shown: bool) -> None:
    """The folders' eyes are heeded in 3D only."""
    for index in range(1, outline.GetNumberOfDisplayNodes()):
        outline.GetNthDisplayNode(index).SetVisibility2D(shown)


class VisibilityObserver(VTKObservationMixin):
    """Keeps one result's segments in step with the eyes of its folders and bones.

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
        if result is None:
            return
        watched = [
            *regions_of(result).values(),
            *(model.GetDisplayNode() for model in linked(result, SURFACE)),
        ]
        for display in watched:
            self.addObserver(display, vtk.vtkCommand.ModifiedEvent, self._on_modified)
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
        regions={region: bool(node.GetVisibility()) for region, node in regions_of(result).items()},
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
