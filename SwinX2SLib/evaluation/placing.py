"""Where a prediction is compared: as its file places it, or moved onto the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.alignment import align_surfaces
from SwinX2SLib.evaluation.bones import label_centres_mm
from SwinX2SLib.evaluation.case import Placing
from SwinX2SLib.evaluation.resampling import centre_shift_mm
from SwinX2SLib.evaluation.surfaces import label_surfaces
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.measurements.reading.volume import LabelVolume

# Part of the predicted bone outside the truth's volume from which a reader is told.
_TOLD_OUTSIDE = 0.01


def place_prediction(
    prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int], align: str
) -> tuple[LabelVolume, Placing | None, list[str]]:
    """Move a prediction as asked.

    Args:
        prediction, truth: label volumes; neither is changed.
        labels: ids that are compared.
        align: see `EvaluationOptions.align`.

    Returns:
        The prediction where it is compared, how it was moved (None when it was not), and what to tell of that.
    """
    if align == "none":
        return prediction, None, []
    placing = _ALIGNERS[align](prediction, truth, labels)
    if placing is None:
        return prediction, None, ["No bone is in both volumes; the prediction was not moved."]
    moved = replace(prediction, affine=np.array(placing.matrix) @ prediction.affine)
    return moved, placing, [_words(placing, align)]


def outside_notes(
    prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int], path: Path
) -> list[str]:
    """Return what to tell of predicted bone outside the truth's volume, which is not scored.

    Args:
        prediction: where it is compared.
        truth: whose volume counts.
        labels: ids that are compared.
        path: of the prediction.

    Raises:
        InputError: all of it lies outside.
    """
    bone, inside = _voxels_inside(prediction, truth, labels)
    if not bone:
        groups = "" if not prediction.labels.any() else " of the groups compared"
        return [f"The prediction holds no bone{groups}."]
    if not inside:
        message = "No predicted bone lies inside the truth's volume: the files place them apart."
        hint = "Check that both belong to one person; --align centres or bones lays them together."
        raise InputError([Fault("no-overlap", message, hint, str(path))])
    outside = 1 - inside / bone
    if outside < _TOLD_OUTSIDE:
        return []
    return [f"{100 * outside:.0f} % of the predicted bone lies outside the truth's volume and is not scored."]


def _voxels_inside(prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int]) -> tuple[int, int]:
    """Count the voxels of predicted bone, and those of them whose centres lie in a voxel of the truth's grid."""
    to_truth = np.linalg.inv(truth.affine) @ prediction.affine
    ends = np.array(truth.labels.shape) - 0.5
    kept = np.zeros(256, dtype=bool)
    kept[list(labels)] = True
    bone = inside = 0
    # A slab at a time, for the largest volumes.
    for index, slab in enumerate(prediction.labels):
        voxels = np.argwhere(kept[slab])
        places = transform_points(to_truth, np.insert(voxels, 0, index, axis=1))
        bone += len(voxels)
        inside += int(np.count_nonzero(np.all((places >= -0.5) & (places < ends), axis=1)))
    return bone, inside


def _by_centres(prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int]) -> Placing:
    return _shifted(
        centre_shift_mm(prediction.affine, prediction.labels.shape, truth.affine, truth.labels.shape)
    )


def _by_bones(prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int]) -> Placing | None:
    found = label_centres_mm(prediction.labels, prediction.affine, labels)
    true = label_centres_mm(truth.labels, truth.affine, labels)
    ways = [true[label] - found[label] for label in true if label in found]
    return _shifted(np.median(ways, axis=0)) if ways else None


def _rigidly(prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int]) -> Placing | None:
    found = align_surfaces(*(label_surfaces(volume, labels) for volume in (prediction, truth)))
    if found is None:
        return None
    return Placing(
        tuple(tuple(row) for row in found.matrix.tolist()),
        tuple(found.shift_mm.tolist()),
        found.turn_deg,
        found.before_mm,
        found.after_mm,
    )


def _shifted(shift_mm: np.ndarray) -> Placing:
    matrix = np.eye(4)
    matrix[:3, 3] = shift_mm
    return Placing(tuple(tuple(row) for row in matrix.tolist()), tuple(np.asarray(shift_mm).tolist()))


_ALIGNERS = {"centres": _by_centres, "bones": _by_bones, "rigid": _rigidly}
_WHY = {
    "centres": "so that the centres of both grids coincide",
    "bones": "by the median way from its bones to the true ones; errors of place are what remains",
    "rigid": "so that its bones lie on the true ones; a shift or turn that all bones share is not scored",
}


# Reconstructions of one person from two films come within a few millimetres.
_FAR_MM = 8.0


def _words(placing: Placing, align: str) -> str:
    shift = ", ".join(f"{each:.1f}" for each in placing.shift_mm)
    turn = f" and turned by {placing.turn_deg:.1f} degrees" if placing.turn_deg else ""
    words = f"The prediction was moved by ({shift}) mm (right, anterior, superior){turn} {_WHY[align]}."
    if placing.after_mm is None:
        return words
    told = (
        f"{words} The surfaces of matching bones lie {placing.after_mm:.1f} mm apart on average; before they lay "
        f"{placing.before_mm:.1f} mm apart."
    )
    if placing.after_mm > _FAR_MM:
        told += " That is far: check that both are one person, and that the bones are named alike."
    return told
