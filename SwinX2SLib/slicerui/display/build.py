"""All that is shown of a result, from the worker's files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.slicerui.breathing import breathe
from SwinX2SLib.slicerui.display.confidence import ConfidenceMap, make_colours, make_surface
from SwinX2SLib.slicerui.display.confidence_table import BoneRow, add_table
from SwinX2SLib.slicerui.display.film_planes import PlacedFilm, add_film_plane, film_distance_mm
from SwinX2SLib.slicerui.display.outlines import add_outlines
from SwinX2SLib.slicerui.display.regions import group_of, make_folder, make_regions, place_in
from SwinX2SLib.slicerui.display.views import frame_result
from SwinX2SLib.slicerui.provenance import set_attribute

if TYPE_CHECKING:
    from SwinX2SLib.geometry.cameras import Camera
    from SwinX2SLib.radiographs import Radiograph
    from SwinX2SLib.report.findings import Findings

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
    from SwinX2SLib.report.findings import read_findings

    findings = read_findings(folder)
    breathe()
    confidence = ConfidenceMap(1 - findings.uncertainty, findings.affine)
    set_attribute(result, REMARKS, json.dumps(findings.warnings(), ensure_ascii=False))
    notes: list[str] = []
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    try:
        hierarchy = scene.GetSubjectHierarchyNode()
        parent = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result))
        top, _ = make_folder(f"{result.GetName()}: regions and films", parent)
        bones = [
            bone.label.name for bone in findings.bones if result.GetSegmentation().GetSegment(bone.label.name)
        ]
        regions = make_regions(result, top, bones)
        colours = make_colours(result)
        for bone in bones:
            place_in(regions[group_of(bone)], make_surface(result, bone, group_of(bone), confidence, colours))
            breathe()
        on_film = _add_films(result, findings, top, regions, notes)
        place_in(top, add_table(result, _rows(findings, on_film)))
    finally:
        scene.EndState(scene.BatchProcessState)
    frame_result(result)
    return notes


def _add_films(
    result: slicer.vtkMRMLSegmentationNode,
    findings: Findings,
    top: int,
    regions: Mapping[str, int],
    notes: list[str],
) -> dict[str, dict[int, float | None]]:
    """Add both films with the outlines on them; return how well each bone (by id) agrees with each film (by role)."""
    from SwinX2SLib.reprojection import each_outline, edge_agreement, result_cameras

    item, agreement = None, {}
    for role, camera in result_cameras(findings.provenance).items():
        try:
            film = _placed_film(findings, role, camera)
        except InputError as error:
            notes.append(f"The {role} film is not shown: {error}")
            continue
        item = item or make_folder("Films", top)[0]
        place_in(item, add_film_plane(result, film))
        breathe()
        outlines = {}
        for label_id, outline in each_outline(findings.labels, findings.affine, camera):
            outlines[label_id] = outline
            breathe()
        for region, folder in regions.items():
            chosen = {
                bone.label.id: outlines[bone.label.id]
                for bone in findings.bones
                if bone.label.group == region
            }
            if chosen:
                place_in(folder, add_outlines(result, film, region, chosen))
                breathe()
        agreement[role] = {}
        for label_id, outline in outlines.items():
            agreement[role][label_id] = edge_agreement(film.pixels, camera.pixel_mm, outline)
            breathe()
    return agreement


def _placed_film(findings: Findings, role: str, camera: Camera) -> PlacedFilm:
    """Read a film again, as the worker did.

    Raises:
        InputError: it cannot be read any more, or is another one.
    """
    from SwinX2SLib.inference.job import Job
    from SwinX2SLib.radiographs import read_radiograph

    told = findings.provenance["inputs"][role]
    job = Job.from_dict(findings.provenance["options"])
    options = {"ap": job.ap_options, "lateral": job.lateral_options}[role]
    film = read_radiograph(told["path"], told["view"], options)
    if film.sha256 != told["sha256"]:
        raise InputError([Fault("film-changed", "It was changed since.", "Reconstruct again.", told["path"])])
    pixels = _part_used(film, told, camera.shape)
    bones = np.argwhere(findings.labels > 0)
    corners = transform_points(findings.affine, np.stack([bones.min(axis=0), bones.max(axis=0)]))
    return PlacedFilm(role, pixels, camera, film_distance_mm(camera, corners))


def _part_used(film: Radiograph, told: Mapping[str, Any], shape: tuple[int, int]) -> np.ndarray:
    """Return the rows of a film that were used: it may have been cut to the heights that the other film shows.

    Raises:
        InputError: the film has not that size any more.
    """
    above_middle = float(told.get("middle_mm") or 0.0) / film.spacing_mm[0]
    first = round((film.pixels.shape[0] - shape[0]) / 2 - above_middle)
    part = film.pixels[max(first, 0) : max(first, 0) + shape[0]]
    if part.shape != shape:
        raise InputError(
            [Fault("film-changed", "Its size is not the one told.", "Reconstruct again.", told["path"])]
        )
    return part


def _rows(findings: Findings, on_film: Mapping[str, Mapping[int, float | None]]) -> list[BoneRow]:
    from SwinX2SLib.report.flags import bone_flags

    voxels = np.bincount(findings.labels.ravel(), minlength=256)
    flags = bone_flags(findings)
    expected = findings.provenance.get("expected_dice") or {}
    return [
        BoneRow(
            bone.label,
            bone.confidence,
            expected.get(bone.label.name),
            bone.volume_ml,
            int(voxels[bone.label.id]),
            {role: shares.get(bone.label.id) for role, shares in on_film.items()},
            flags[bone.label.name],
        )
        for bone in findings.bones
    ]
