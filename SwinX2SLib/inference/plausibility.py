"""Frank words about a reconstruction: what in it cannot be true, whatever the network believes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import Label, label_by_id

# About one and a half times the largest bone of the people in the example data (85, 23, 249 and 441 ml); their femora
# are all cut, whole ones have up to about 600 ml.
LARGEST_ML = {"spine": 130.0, "ribs": 40.0, "sacrum": 370.0, "hip": 660.0, "femur": 800.0}
LOW_CONFIDENCE = 0.6


def doubts(labels: np.ndarray, uncertainty: np.ndarray, spacing_mm: float) -> list[str]:
    """Return sentences about bones of impossible size, vertebrae out of order, and a network that mostly guesses.

    Args:
        labels: uint8 `(X, Y, Z)`, network order.
        uncertainty: `(X, Y, Z)`, 1 minus the probability of the label given.
        spacing_mm: of the isotropic grid.
    """
    voxels = np.bincount(labels.ravel(), minlength=256)
    found = [label_by_id(int(i)) for i in np.flatnonzero(voxels[1:]) + 1]
    volume_ml = {label.id: voxels[label.id] * spacing_mm**3 / 1000 for label in found}
    unsure = np.bincount(labels.ravel(), weights=uncertainty.astype(np.float64).ravel(), minlength=256)
    doubtful = [label for label in found if 1 - unsure[label.id] / voxels[label.id] < LOW_CONFIDENCE]
    said = []
    if found and 2 * len(doubtful) > len(found):
        said.append(
            f"Do not rely on this reconstruction: the network is unsure of {len(doubtful)} of its {len(found)} bones."
        )
    if large := [label for label in found if volume_ml[label.id] > LARGEST_ML[_kind(label)]]:
        told = ", ".join(f"{label.title} ({volume_ml[label.id]:.0f} ml)" for label in large)
        said.append(f"Larger than such a bone can be: {told}. Check the spacing and the views.")
    return said + _disorder(labels, [label for label in found if label.group == "spine"])


def _disorder(labels: np.ndarray, vertebrae: list[Label]) -> list[str]:
    """Tell vertebrae that do not follow one another from the head to the feet, and gaps in their row."""
    if not vertebrae:
        return []
    said = []
    heights = [centre[2] for centre in ndimage.center_of_mass(labels > 0, labels, [v.id for v in vertebrae])]
    # Axis 2 runs to the feet.
    swapped = [
        f"{lower.title} above {upper.title}"
        for (upper, upper_height), (lower, lower_height) in pairwise(zip(vertebrae, heights, strict=True))
        if lower_height < upper_height
    ]
    if swapped:
        said.append(f"Out of order: {', '.join(swapped)}.")
    present = [vertebra.id for vertebra in vertebrae]
    missing = [label_by_id(i).title for i in range(present[0], present[-1]) if i not in present]
    if missing:
        said.append(f"Missing in the row of vertebrae: {', '.join(missing)}.")
    return said


def _kind(label: Label) -> str:
    return label.name.split("_")[0] if label.group == "pelvis" else label.group
