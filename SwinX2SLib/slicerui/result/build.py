"""All that is shown of a result, from the worker's files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.slicerui.bone_voxels import bone_digests, bone_layers
from SwinX2SLib.slicerui.event_loop import process_events, run_in_thread
from SwinX2SLib.slicerui.provenance import set_attribute
from SwinX2SLib.slicerui.result.confidence import ConfidenceMap, keep_confidence
from SwinX2SLib.slicerui.result.confidence_table import BoneRow, add_table
from SwinX2SLib.slicerui.result.edits import remember_computed
from SwinX2SLib.slicerui.result.links import RADIOGRAPH_PICTURE, linked
from SwinX2SLib.slicerui.result.outlines import add_outlines
from SwinX2SLib.slicerui.result.radiograph_views import (
    PlacedRadiograph,
    RadiographPlace,
    add_radiograph_plane,
    radiograph_distance_mm,
)
from SwinX2SLib.slicerui.result.regions import TITLES, make_folder, place_in
from SwinX2SLib.slicerui.result.synthetic_ct import add_synthetic_ct, read_synthetic_ct
from SwinX2SLib.slicerui.result.views import frame_result

if TYPE_CHECKING:
    from SwinX2SLib.drr.overlay import BoneOutline
    from SwinX2SLib.geometry.cameras import Camera
    from SwinX2SLib.radiographs import Radiograph
    from SwinX2SLib.report.findings import Findings


@dataclass(frozen=True, eq=False)
class PreparedRadiograph:
    """A radiograph with the bones on it.

    Attributes:
        radiograph: in display orientation, and its position.
        outlines: of the bones on it, by label id.
        agreement: how well each of them lies on the radiograph's edges, 0..1 or None, by label id.
    """

    radiograph: PlacedRadiograph
    outlines: Mapping[int, BoneOutline]
    agreement: Mapping[int, float | None]


@dataclass(frozen=True, eq=False)
class PreparedResult:
    """A result, ready to be shown.

    Attributes:
        findings: what the worker wrote.
        radiographs: by role; one that cannot be read any more is left out.
        rows: of the table of bones.
        notes: what cannot be shown and why, in sentences.
        ct: CT numbers [HU] and their affine; None where there are none.
    """

    findings: Findings
    radiographs: Mapping[str, PreparedRadiograph]
    rows: list[BoneRow]
    notes: list[str] = field(default_factory=list)
    ct: tuple[np.ndarray, np.ndarray] | None = None


def prepare_result(folder: Path) -> PreparedResult:
    """Read a worker's folder and compute all that is shown of it.

    Raises:
        InputError: the folder is no whole result.
    """
    from SwinX2SLib.drr.overlay import result_cameras
    from SwinX2SLib.report.findings import read_findings

    findings = read_findings(folder)
    notes: list[str] = []
    radiographs = {}
    for role, camera in result_cameras(findings.provenance).items():
        try:
            radiographs[role] = _prepare_radiograph(findings, role, camera)
        # The stated X-ray source may be inside the patient.
        except (InputError, ValueError) as error:
            notes.append(f"The {role} radiograph is not shown: {error}")
    ct = None
    try:
        ct = read_synthetic_ct(folder)
    except InputError as error:
        notes.append(f"The CT is not shown: {error}")
    return PreparedResult(findings, radiographs, _rows(findings, radiographs), notes, ct)


def _prepare_radiograph(findings: Findings, role: str, camera: Camera) -> PreparedRadiograph:
    from SwinX2SLib.drr.overlay import bone_outlines, edge_agreement

    radiograph = _placed_radiograph(findings, role, camera)
    outlines = bone_outlines(findings.labels, findings.affine, camera)
    agreement = {
        label_id: edge_agreement(radiograph.pixels, camera.pixel_mm, outline)
        for label_id, outline in outlines.items()
    }
    return PreparedRadiograph(radiograph, outlines, agreement)


def _placed_radiograph(findings: Findings, role: str, camera: Camera) -> PlacedRadiograph:
    """Read a radiograph again, as the worker did.

    Raises:
        InputError: it cannot be read any more, or is another one.
    """
    from SwinX2SLib.radiographs import read_radiograph
    from SwinX2SLib.reconstruct.job import Job

    stated = findings.provenance["inputs"][role]
    job = Job.from_dict(findings.provenance["options"])
    options = {"ap": job.ap_options, "lateral": job.lateral_options}[role]
    radiograph = read_radiograph(stated["path"], stated["view"], options)
    if radiograph.sha256 != stated["sha256"]:
        raise InputError(
            [
                Fault(
                    "radiograph-changed",
                    "It was changed after the reconstruction.",
                    "Reconstruct again.",
                    stated["path"],
                )
            ]
        )
    pixels = _part_used(radiograph, stated, camera.shape)
    bones = np.argwhere(findings.labels > 0)
    corners = transform_points(findings.affine, np.stack([bones.min(axis=0), bones.max(axis=0)]))
    return PlacedRadiograph(role, pixels, camera, radiograph_distance_mm(camera, corners))


def _part_used(radiograph: Radiograph, stated: Mapping[str, Any], shape: tuple[int, int]) -> np.ndarray:
    """Return the rows of a radiograph that were used: it may have been cut to the heights that the other radiograph
    shows.

    Raises:
        InputError: the radiograph has not that size any more.
    """
    above_middle = float(stated.get("middle_mm") or 0.0) / radiograph.spacing_mm[0]
    first = round((radiograph.pixels.shape[0] - shape[0]) / 2 - above_middle)
    part = radiograph.pixels[max(first, 0) : max(first, 0) + shape[0]]
    if part.shape != shape:
        raise InputError(
            [
                Fault(
                    "radiograph-changed",
                    "Its size differs from the recorded one.",
                    "Reconstruct again.",
                    stated["path"],
                )
            ]
        )
    return part


def _rows(findings: Findings, radiographs: Mapping[str, PreparedRadiograph]) -> list[BoneRow]:
    from SwinX2SLib.report.findings import bone_flags

    voxels = np.bincount(findings.labels.ravel(), minlength=256)
    flags = bone_flags(findings)
    verdicts = {} if findings.verdict is None else findings.verdict.bones
    return [
        BoneRow(
            bone.label,
            bone.confidence,
            verdicts[bone.label.name].short if bone.label.name in verdicts else "",
            bone.volume_ml,
            int(voxels[bone.label.id]),
            {role: radiograph.agreement.get(bone.label.id) for role, radiograph in radiographs.items()},
            flags[bone.label.name],
        )
        for bone in findings.bones
    ]


REMARKS = "remarks"
"""Attribute of a result: a JSON list of sentences that its reader must know."""


def show_result(result: slicer.vtkMRMLSegmentationNode, folder: Path) -> list[str]:
    """Add to the scene what belongs to a segmentation: radiographs, outlines, confidence and the table of bones.

    Args:
        result: the segmentation, in its place in the subject hierarchy.
        folder: that the worker wrote.

    Returns:
        What could not be shown and why, in sentences.

    Raises:
        InputError: the folder is no whole result.
    """
    layers = bone_layers(result)
    prepared, digests = run_in_thread(lambda: (prepare_result(folder), bone_digests(layers)))
    if result.GetScene() is None:
        return ["The segmentation was removed before radiographs and regions were shown."]
    findings = prepared.findings
    remember_computed(result, digests)
    set_attribute(result, REMARKS, json.dumps(findings.warnings(), ensure_ascii=False))
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    try:
        hierarchy = scene.GetSubjectHierarchyNode()
        parent = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result))
        top, _ = make_folder(f"{result.GetName()}: radiographs", parent)
        keep_confidence(result, ConfidenceMap(1 - findings.uncertainty, findings.affine))
        _add_radiographs(result, prepared, top)
        place_in(top, add_table(result, prepared.rows))
        if prepared.ct is not None:
            place_in(top, add_synthetic_ct(result, *prepared.ct))
    finally:
        scene.EndState(scene.BatchProcessState)
    frame_result(result)
    return prepared.notes


def _add_radiographs(result: slicer.vtkMRMLSegmentationNode, prepared: PreparedResult, top: int) -> None:
    """Add both radiographs with the outlines on them."""
    for ready in prepared.radiographs.values():
        model = add_radiograph_plane(result, ready.radiograph)
        place = RadiographPlace(ready.radiograph.role, ready.radiograph.camera, ready.radiograph.distance_mm)
        place_in(top, model)
        for picture in linked(result, RADIOGRAPH_PICTURE, radiograph=ready.radiograph.role):
            place_in(top, picture)
        process_events()
        for region in TITLES:
            chosen = {
                bone.label.id: ready.outlines[bone.label.id]
                for bone in prepared.findings.bones
                if bone.label.group == region
            }
            if chosen:
                place_in(top, add_outlines(result, place, region, chosen))
                process_events()
