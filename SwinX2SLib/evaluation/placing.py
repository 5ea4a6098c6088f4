"""Where a prediction is compared: as its file places it, or moved onto the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from SwinX2SLib.evaluation.alignment import align_surfaces
from SwinX2SLib.evaluation.bones import label_centres_mm
from SwinX2SLib.evaluation.case import Placing
from SwinX2SLib.evaluation.resampling import centre_shift_mm
from SwinX2SLib.evaluation.surfaces import label_surfaces
from SwinX2SLib.measurements.reading.volume import LabelVolume


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


def _words(placing: Placing, align: str) -> str:
    shift = ", ".join(f"{each:.1f}" for each in placing.shift_mm)
    turn = f" and turned by {placing.turn_deg:.1f} degrees" if placing.turn_deg else ""
    words = f"The prediction was moved by ({shift}) mm (right, anterior, superior){turn} {_WHY[align]}."
    if placing.after_mm is None:
        return words
    return (
        f"{words} The surfaces of matching bones lie {placing.after_mm:.1f} mm apart on average; before they lay "
        f"{placing.before_mm:.1f} mm apart."
    )
