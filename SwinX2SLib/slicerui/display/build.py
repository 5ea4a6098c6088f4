"""All that is shown of a result, from the worker's files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import slicer

from SwinX2SLib.slicerui.bone_voxels import bone_digests, bone_layers
from SwinX2SLib.slicerui.breathing import beside, breathe
from SwinX2SLib.slicerui.display.confidence import (
    ConfidenceMap,
    keep_confidence,
    make_colours,
    make_surface,
)
from SwinX2SLib.slicerui.display.confidence_table import add_table
from SwinX2SLib.slicerui.display.film_places import FilmPlace, keep_place
from SwinX2SLib.slicerui.display.film_planes import add_film_plane
from SwinX2SLib.slicerui.display.follow_edits import remember_computed
from SwinX2SLib.slicerui.display.links import FILM_PICTURE, linked
from SwinX2SLib.slicerui.display.outlines import add_outlines
from SwinX2SLib.slicerui.display.prepared import PreparedFilm, PreparedResult, prepare_result
from SwinX2SLib.slicerui.display.regions import group_of, make_folder, make_regions, place_in
from SwinX2SLib.slicerui.display.views import frame_result
from SwinX2SLib.slicerui.provenance import set_attribute

REMARKS = "remarks"
"""Attribute of a result: a JSON list of sentences that its reader must know."""


def show_result(result: slicer.vtkMRMLSegmentationNode, folder: Path) -> list[str]:
    """Add to the scene what belongs to a segmentation: regions, surfaces, films, outlines and the table of bones.

    Args:
        result: the segmentation, in its place in the subject hierarchy.
        folder: that the worker wrote.

    Returns:
        What could not be shown and why, in sentences.

    Raises:
        InputError: the folder is no whole result.
    """
    layers = bone_layers(result)
    prepared, digests = beside(lambda: (prepare_result(folder), bone_digests(layers)))
    if result.GetScene() is None:
        return ["The bones were taken out of the scene before films and regions were shown."]
    findings = prepared.findings
    remember_computed(result, digests)
    set_attribute(result, REMARKS, json.dumps(findings.warnings(), ensure_ascii=False))
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    try:
        hierarchy = scene.GetSubjectHierarchyNode()
        parent = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result))
        top, _ = make_folder(f"{result.GetName()}: regions and films", parent)
        regions = _add_bones(result, prepared, top)
        _add_films(result, prepared, top, regions)
        place_in(top, add_table(result, prepared.rows))
    finally:
        scene.EndState(scene.BatchProcessState)
    frame_result(result)
    return prepared.notes


def _add_bones(
    result: slicer.vtkMRMLSegmentationNode, prepared: PreparedResult, top: int
) -> Mapping[str, int]:
    """Add the surfaces of the bones, in folders; return the folders' items by region."""
    findings = prepared.findings
    confidence = ConfidenceMap(1 - findings.uncertainty, findings.affine)
    bones = [
        bone.label.name for bone in findings.bones if result.GetSegmentation().GetSegment(bone.label.name)
    ]
    regions = make_regions(result, top, bones)
    colours = make_colours(result)
    for bone in bones:
        place_in(regions[group_of(bone)], make_surface(result, bone, group_of(bone), confidence, colours))
        breathe()
    place_in(top, keep_confidence(result, confidence))
    return regions


def _add_films(
    result: slicer.vtkMRMLSegmentationNode, prepared: PreparedResult, top: int, regions: Mapping[str, int]
) -> None:
    """Add both films with the outlines on them."""
    item = make_folder("Films", top)[0] if prepared.films else None
    for ready in prepared.films.values():
        model = add_film_plane(result, ready.film)
        place = FilmPlace(ready.film.role, ready.film.camera, ready.film.distance_mm)
        keep_place(model, place)
        place_in(item, model)
        for picture in linked(result, FILM_PICTURE, film=ready.film.role):
            place_in(item, picture)
        breathe()
        _add_outlines(result, ready, place, prepared, regions)


def _add_outlines(
    result: slicer.vtkMRMLSegmentationNode,
    ready: PreparedFilm,
    place: FilmPlace,
    prepared: PreparedResult,
    regions: Mapping[str, int],
) -> None:
    for region, folder in regions.items():
        chosen = {
            bone.label.id: ready.outlines[bone.label.id]
            for bone in prepared.findings.bones
            if bone.label.group == region
        }
        if chosen:
            place_in(folder, add_outlines(result, place, region, chosen))
            breathe()
