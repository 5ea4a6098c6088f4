"""Findings of a result folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import CLASS_COUNT, Label
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.components import connected_components
from SwinX2SLib.geometry.frames import reorient, voxel_spacing_mm
from SwinX2SLib.io.provenance import FILE, is_frontal_only, read_provenance
from SwinX2SLib.io.volumes import read_three_axes
from SwinX2SLib.reconstruct.plausibility import (
    LARGEST_ML,
    FoundBone,
    found_bones,
    mean_heights,
    named_few,
    plausibility_warnings,
)
from SwinX2SLib.reconstruct.verdict import KEY, REJECT, Verdict

_FILES = ("labels.nii.gz", "uncertainty.nii.gz", FILE)
_BONE_FILES = ("labels.nii.gz", "segmentation.seg.nrrd")


@dataclass(frozen=True)
class Bone:
    """One bone of a result.

    Attributes:
        label: which bone.
        volume_ml: of its voxels.
        confidence: mean probability that the network gave to the label in these voxels, 0..1.
        cut: whether it reaches the edge of what both radiographs show.
    """

    label: Label
    volume_ml: float
    confidence: float
    cut: bool


@dataclass(frozen=True)
class Findings:
    """One result.

    Attributes:
        labels: uint8 `(X, Y, Z)`, network order.
        affine: 4x4, index -> RAS mm.
        bones: in the order of their ids.
        provenance: content of `provenance.json`.
        plausibility: plausibility warnings.
        uncertainty: `(X, Y, Z)`, network order, 1 minus the probability of the label given.
    """

    labels: np.ndarray
    affine: np.ndarray
    bones: tuple[Bone, ...]
    provenance: dict
    plausibility: tuple[str, ...] = ()
    uncertainty: np.ndarray | None = None

    @property
    def verdict(self) -> Verdict | None:
        """How far the result is to be relied on; None where its files do not say."""
        return Verdict.from_json(self.provenance.get(KEY))

    def warnings(self) -> list[str]:
        """Return all warnings about the result but for its verdict, the most severe first."""
        # Results of other programs have no checks.
        checks = [self.provenance.get(key) or {} for key in ("orientation_check", "pair_check")]
        warnings = [check["warning"] for check in checks if check.get("warning")]
        warnings += self.provenance.get("remarks") or []
        warnings += self.plausibility
        warnings += [
            f"{'Frontal' if view == 'ap' else 'Lateral'} radiograph: {note}"
            for view, radiograph in self.provenance.get("inputs", {}).items()
            for note in radiograph.get("notes", ())
        ]
        if not self.bones:
            warnings.append(
                "No bone was found. Check that bone is bright and that the views and the pixel size are "
                "correct."
            )
        if cut := [bone.label.title for bone in self.bones if bone.cut]:
            warnings.append(
                f"Cut off by the edge of the radiographs (volumes are too small): {named_few(cut)}."
            )
        return warnings


def _sizes(views: Sequence[str]) -> tuple[str, ...]:
    """Return the entries of a provenance that say how large radiographs are."""
    sizes = ("pixels.rows", "pixels.columns", "spacing_mm.row", "spacing_mm.column")
    return tuple(f"inputs.{view}.{size}" for view in views for size in sizes)


def read_findings(folder: Path, required: Sequence[str] = ()) -> Findings:
    """Read the files of a result.

    Args:
        folder: of the result.
        required: entries of its provenance that are needed beyond the radiographs' sizes.

    Raises:
        InputError: files are missing, unreadable or inconsistent; every problem is listed.
    """
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        hint = "Use a folder written by `swinx2s reconstruct --out`."
        raise InputError(
            [Fault("result-missing", f"There is no {name}.", hint, str(folder)) for name in missing]
        )
    views = ("ap",) if is_frontal_only(folder) else ("ap", "lateral")
    provenance = read_provenance(folder / FILE, (*_sizes(views), *required))
    sizes = {view: _radiograph_size_mm(provenance["inputs"][view]) for view in views}
    try:
        values, stored = read_three_axes(folder / "labels.nii.gz")
        spread, spread_stored = read_three_axes(folder / "uncertainty.nii.gz")
    except InputError as error:
        faults = [
            replace(fault, kind="result-unreadable", hint="Reconstruct again.") for fault in error.faults
        ]
        raise InputError(faults) from error
    except (OSError, ValueError, TypeError) as error:
        fault = Fault(
            "result-unreadable", f"The result cannot be read ({error}).", "Reconstruct again.", str(folder)
        )
        raise InputError([fault]) from error
    if not (values.min() >= 0 and values.max() < CLASS_COUNT and np.isfinite(spread).all()):
        message = "Labels or uncertainty have values that no result has."
        raise InputError([Fault("result-unreadable", message, "Reconstruct again.", str(folder))])
    labels, affine = reorient(values.astype(np.uint8), stored)
    uncertainty, _ = reorient(spread.astype(np.float32), spread_stored)
    if values.shape != spread.shape or not np.allclose(stored, spread_stored, atol=1e-3):
        message = "Labels and uncertainty have different grids."
        raise InputError([Fault("result-mixed", message, "Reconstruct again.", str(folder))])
    found = found_bones(labels, uncertainty, float(np.prod(voxel_spacing_mm(affine))) / 1000)
    warnings = plausibility_warnings(labels, found)
    return Findings(
        labels, affine, _bones(labels, found, affine, sizes), provenance, tuple(warnings), uncertainty
    )


def recorded_verdict(path: Path) -> Verdict | None:
    """Return the verdict on the result that a segmentation belongs to; None where nothing is known of it.

    Args:
        path: folder of a result, its bones, or anything else.
    """
    folder = path if path.is_dir() else path.parent
    is_result = path.is_dir() or path.name in _BONE_FILES
    if not is_result or not (folder / FILE).is_file():
        return None
    try:
        return Verdict.from_json(read_provenance(folder / FILE).get(KEY))
    except InputError:
        return Verdict(REJECT, {}, reason="Its record cannot be read.")


def _bones(
    labels: np.ndarray,
    found: Sequence[FoundBone],
    affine: np.ndarray,
    radiograph_sizes_mm: dict[str, tuple[float, float]],
) -> tuple[Bone, ...]:
    first, last = _seen_voxels(labels.shape, voxel_spacing_mm(affine), radiograph_sizes_mm)
    boxes = ndimage.find_objects(labels)
    bones = []
    for bone in found:
        start, stop = ([getattr(part, end) for part in boxes[bone.label.id - 1]] for end in ("start", "stop"))
        cut = bool((start <= first).any() or (stop >= last).any())
        bones.append(Bone(bone.label, bone.volume_ml, bone.confidence, cut))
    return tuple(bones)


def _seen_voxels(
    shape: tuple[int, ...], spacing: np.ndarray, radiograph_sizes_mm: dict[str, tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first voxels, and those after the last, that the radiographs show; they lie in the grid's
    middle."""
    ap = radiograph_sizes_mm["ap"]
    # Without a lateral radiograph nothing ends in depth.
    lateral = radiograph_sizes_mm.get("lateral", (ap[0], np.inf))
    size = np.array([ap[1], lateral[1], min(ap[0], lateral[0])]) / spacing
    middle = np.array(shape) / 2
    first, last = np.ceil(middle - size / 2), np.floor(middle + size / 2)
    return np.maximum(first, 0), np.minimum(last, shape)


def _radiograph_size_mm(radiograph: dict) -> tuple[float, float]:
    """Return height and width of a radiograph of the provenance."""
    pixels, spacing = radiograph["pixels"], radiograph["spacing_mm"]
    return pixels["rows"] * spacing["row"], pixels["columns"] * spacing["column"]


# A bone in pieces: its largest piece holds less than this share.
_WHOLE = 0.9


def bone_flags(findings: Findings) -> dict[str, list[str]]:
    """Return sentences by the bones' names; an empty list for a bone without remark."""
    swapped = _out_of_order(findings)
    boxes = ndimage.find_objects(findings.labels)
    return {
        bone.label.name: _flags(bone)
        + (["Out of order in the sequence of vertebrae."] if bone.label.id in swapped else [])
        + _pieces(findings.labels[boxes[bone.label.id - 1]] == bone.label.id)
        for bone in findings.bones
    }


def _flags(bone: Bone) -> list[str]:
    kind = bone.label.name.split("_")[0] if bone.label.group == "pelvis" else bone.label.group
    remarks = (
        (bone.volume_ml > LARGEST_ML[kind], "Implausibly large."),
        (bone.cut, "Cut off by the edge of the radiographs."),
    )
    return [words for holds, words in remarks if holds]


def _pieces(mask: np.ndarray) -> list[str]:
    pieces = connected_components(mask)
    return [] if pieces.largest_fraction >= _WHOLE else [f"{pieces.count} components."]


def _out_of_order(findings: Findings) -> set[int]:
    """Return the ids of vertebrae that stand above the one that they should follow, and of those."""
    vertebrae = [bone.label.id for bone in findings.bones if bone.label.group == "spine"]
    if len(vertebrae) < 2:
        return set()
    # Axis 2 of the network's order runs to the feet.
    heights = mean_heights(findings.labels)[vertebrae]
    wrong = np.flatnonzero(np.diff(heights) < 0)
    return {vertebrae[place] for first in wrong for place in (first, first + 1)}
