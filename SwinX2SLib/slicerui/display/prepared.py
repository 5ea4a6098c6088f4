"""What is computed of a worker's files before anything of it is shown; it touches neither Qt nor the scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.slicerui.display.confidence_table import BoneRow
from SwinX2SLib.slicerui.display.film_planes import PlacedFilm, film_distance_mm

if TYPE_CHECKING:
    from SwinX2SLib.geometry.cameras import Camera
    from SwinX2SLib.radiographs import Radiograph
    from SwinX2SLib.report.findings import Findings
    from SwinX2SLib.reprojection import BoneOutline


@dataclass(frozen=True, eq=False)
class PreparedFilm:
    """A film with the bones on it.

    Attributes:
        film: as it hangs, and where it stands.
        outlines: of the bones on it, by label id.
        agreement: how well each of them lies on the film's edges, 0..1 or None, by label id.
    """

    film: PlacedFilm
    outlines: Mapping[int, BoneOutline]
    agreement: Mapping[int, float | None]


@dataclass(frozen=True, eq=False)
class PreparedResult:
    """A result, ready to be shown.

    Attributes:
        findings: what the worker wrote.
        films: by role; one that cannot be read any more is left out.
        rows: of the table of bones.
        notes: what cannot be shown and why, in sentences.
    """

    findings: Findings
    films: Mapping[str, PreparedFilm]
    rows: list[BoneRow]
    notes: list[str] = field(default_factory=list)


def prepare_result(folder: Path) -> PreparedResult:
    """Read a worker's folder and compute all that is shown of it.

    Raises:
        InputError: the folder is no whole result.
    """
    from SwinX2SLib.report.findings import read_findings
    from SwinX2SLib.reprojection import result_cameras

    findings = read_findings(folder)
    notes: list[str] = []
    films = {}
    for role, camera in result_cameras(findings.provenance).items():
        try:
            films[role] = _prepare_film(findings, role, camera)
        # A tube may be told to have stood inside the patient.
        except (InputError, ValueError) as error:
            notes.append(f"The {role} film is not shown: {error}")
    return PreparedResult(findings, films, _rows(findings, films), notes)


def _prepare_film(findings: Findings, role: str, camera: Camera) -> PreparedFilm:
    from SwinX2SLib.reprojection import bone_outlines, edge_agreement

    film = _placed_film(findings, role, camera)
    outlines = bone_outlines(findings.labels, findings.affine, camera)
    agreement = {
        label_id: edge_agreement(film.pixels, camera.pixel_mm, outline)
        for label_id, outline in outlines.items()
    }
    return PreparedFilm(film, outlines, agreement)


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


def _rows(findings: Findings, films: Mapping[str, PreparedFilm]) -> list[BoneRow]:
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
            {role: film.agreement.get(bone.label.id) for role, film in films.items()},
            flags[bone.label.name],
        )
        for bone in findings.bones
    ]
