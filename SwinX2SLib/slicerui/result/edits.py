"""What is shown of a result after a person has edited its bones: outlines, table, and who made them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import slicer

from SwinX2SLib.anatomy import label_by_id, labels
from SwinX2SLib.drr.overlay import BoneOutline, bone_outlines, edge_agreement
from SwinX2SLib.slicerui.bone_voxels import (
    Digests,
    Layer,
    bone_digests,
    bone_layers,
    bone_segments,
    changed_bones,
    keep_digests,
    kept_digests,
    label_volume,
)
from SwinX2SLib.slicerui.event_loop import process_events
from SwinX2SLib.slicerui.provenance import PREFIX, set_attribute
from SwinX2SLib.slicerui.result.confidence import renew_coloured
from SwinX2SLib.slicerui.result.confidence_table import EditedBone, mark_edited, restore_row
from SwinX2SLib.slicerui.result.links import OUTLINE, linked, provenance_value
from SwinX2SLib.slicerui.result.outlines import draw_outlines
from SwinX2SLib.slicerui.result.radiograph_views import RadiographPlace, kept_picture, kept_places
from SwinX2SLib.slicerui.result.regions import group_of
from SwinX2SLib.slicerui.result.volumes import segment_volumes
from SwinX2SLib.slicerui.segmentation_import import create_closed_surfaces

_SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
COMPUTED, SHOWN = "computed_bones", "shown_bones"
"""Attributes of a result: digests of the bones as the network gave them, and as they are shown."""
EDITED_ON, EDITED_BONES = "edited", "edited_bones"
"""Attributes of a result: when its bones were last found edited, and a JSON list of their names; neither before."""


@dataclass(frozen=True, eq=False)
class EditedView:
    """What follows from edits.

    Attributes:
        digests: of the bones as they are now.
        changed: names of the bones that are not as they are shown.
        on_radiograph: of those that exist, how their outlines lie on the radiographs' edges, 0..1 or None, by role.
        outlines: to be drawn again, by role of the radiograph and region, of all its bones by label id.
    """

    digests: Digests
    changed: list[str]
    on_radiograph: Mapping[str, Mapping[str, float | None]]
    outlines: Mapping[tuple[str, str], Mapping[int, BoneOutline]]


def remember_computed(result: slicer.vtkMRMLSegmentationNode, digests: Digests) -> None:
    """Keep how the bones are when they are first shown."""
    for name in (COMPUTED, SHOWN):
        keep_digests(result, name, digests)


def edited_bones(result: slicer.vtkMRMLSegmentationNode) -> list[str]:
    """Return the names of the bones that are not as the network gave them."""
    return json.loads(provenance_value(result, EDITED_BONES) or "[]")


def take_edits(result: slicer.vtkMRMLSegmentationNode) -> Callable[[], EditedView]:
    """Return a computation of what follows from the edits of a result; for `edit_follower.EditObserver`.

    Raises:
        VoxelsError: the segmentation has no voxels.
    """
    layers, shown = bone_layers(result), kept_digests(result, SHOWN)
    places = kept_places(result)
    pictures = {role: kept_picture(result, role) for role in places}
    # A scene file, other than a bundle, may come without the files of its hidden nodes.
    lost = {
        provenance_value(model, "region") for model in linked(result, OUTLINE) if model.GetPolyData() is None
    }
    return lambda: _view(layers, shown, places, pictures, lost)


def _view(
    layers: Collection[Layer],
    shown: Digests | None,
    places: Mapping[str, RadiographPlace],
    pictures: Mapping[str, np.ndarray | None],
    lost: Collection[str],
) -> EditedView:
    digests = bone_digests(layers)
    # Scenes of earlier versions have no record: the current state counts as shown.
    changed = changed_bones(shown, digests) if shown is not None else []
    regions = {group_of(bone) for bone in changed} | {*lost}
    if not regions:
        return EditedView(digests, [], {}, {})
    drawn = {label.name for label in labels() if label.group in regions} & digests.keys()
    volume = label_volume(layers, drawn) if drawn else None
    found = {role: bone_outlines(*volume, place.camera) if volume else {} for role, place in places.items()}
    outlines = {
        (role, region): {
            label_id: one for label_id, one in ones.items() if label_by_id(label_id).group == region
        }
        for role, ones in found.items()
        for region in regions
    }
    edges = {bone: _edges(bone, places, pictures, found) for bone in changed if bone in digests}
    return EditedView(digests, changed, edges, outlines)


def _edges(
    bone: str,
    places: Mapping[str, RadiographPlace],
    pictures: Mapping[str, np.ndarray | None],
    found: Mapping[str, Mapping[int, BoneOutline]],
) -> dict[str, float | None]:
    label_id = next(label.id for label in labels() if label.name == bone)
    return {
        role: _agreement(pictures[role], place, found[role][label_id])
        for role, place in places.items()
        if label_id in found[role]
    }


def _agreement(picture: np.ndarray | None, place: RadiographPlace, outline: BoneOutline) -> float | None:
    """Return how an outline lies on a radiograph, by its picture in the scene, each pixel the mean of a square of
    them."""
    if picture is None:
        return None
    block = max(1, max(place.camera.shape) // max(picture.shape))
    lines = tuple((line + 0.5) / block - 0.5 for line in outline.lines)
    pixel_mm = (block * place.camera.pixel_mm[0], block * place.camera.pixel_mm[1])
    return edge_agreement(picture.astype(np.float32) / 255, pixel_mm, BoneOutline(lines, outline.inwards))


def show_edits(result: slicer.vtkMRMLSegmentationNode, view: EditedView) -> bool:
    """Let outlines, table and provenance follow edits; surfaces follow by themselves.

    Returns:
        Whether any bone had been edited.
    """
    if kept_digests(result, SHOWN) is None:
        remember_computed(result, view.digests)
    # Scripts that change voxels leave segments without their surfaces.
    segmentation = result.GetSegmentation()
    ids = [
        each for bone, found in bone_segments(segmentation).items() if bone in view.digests for each in found
    ]
    if any(segmentation.GetSegment(each).GetRepresentation(_SURFACE) is None for each in ids):
        create_closed_surfaces(result)
    places = kept_places(result)
    for (role, region), outlines in view.outlines.items():
        for model in linked(result, OUTLINE, radiograph=role, region=region):
            draw_outlines(model, places[role], outlines)
            process_events()
    if not view.changed:
        return False
    renew_coloured(result)
    _show_agreement(result, view)
    return True


def _show_agreement(result: slicer.vtkMRMLSegmentationNode, view: EditedView) -> None:
    """Mark edited bones in table and provenance; bones restored to the computed state are unmarked."""
    edited = changed_bones(kept_digests(result, COMPUTED), view.digests)
    segments = bone_segments(result.GetSegmentation())
    volumes = segment_volumes(
        result, [each for bone in view.on_radiograph for each in segments.get(bone, ())]
    )
    now = {}
    for bone, shares in view.on_radiograph.items():
        parts = [volumes[each] for each in segments.get(bone, ())]
        now[bone] = EditedBone(sum(count for count, _ in parts), sum(ml for _, ml in parts), shares)
    for bone in view.changed:
        if bone in edited:
            mark_edited(result, bone, now.get(bone))
        else:
            restore_row(result, bone)
    keep_digests(result, SHOWN, view.digests)
    if edited:
        set_attribute(result, EDITED_BONES, json.dumps(edited))
        set_attribute(result, EDITED_ON, datetime.now().astimezone().isoformat(timespec="seconds"))
    else:
        for name in (EDITED_BONES, EDITED_ON):
            result.RemoveAttribute(PREFIX + name)
