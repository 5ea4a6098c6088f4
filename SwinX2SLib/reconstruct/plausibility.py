"""Frank words about a reconstruction: what in it cannot be true, whatever the network believes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from SwinX2SLib.anatomy import Label, label_by_id

# About one and a half times the largest bone of the people in the example data (85, 23, 249 and 441 ml); their femora
# (up to 248 ml) are all cut, so a whole one is allowed three times that.
LARGEST_ML = {"spine": 130.0, "ribs": 40.0, "sacrum": 370.0, "hip": 660.0, "femur": 800.0}
LOW_CONFIDENCE = 0.6


@dataclass(frozen=True)
class FoundBone:
    """Size of a found bone and how sure the network is of it.

    Attributes:
        label: which bone.
        volume_ml: of its voxels.
        confidence: mean probability that the network gave to the label in these voxels, 0..1.
    """

    label: Label
    volume_ml: float
    confidence: float


def found_bones(labels: np.ndarray, uncertainty: np.ndarray, voxel_ml: float) -> list[FoundBone]:
    """Return the bones of a label volume in the order of their ids.

    Args:
        labels: uint8 `(X, Y, Z)`.
        uncertainty: `(X, Y, Z)`, 1 minus the probability of the label given.
        voxel_ml: volume of a voxel.
    """
    voxels = np.bincount(labels.ravel(), minlength=256)
    unsure = np.bincount(labels.ravel(), weights=uncertainty.astype(np.float64).ravel(), minlength=256)
    return [
        FoundBone(label_by_id(int(i)), float(voxels[i] * voxel_ml), float(1 - unsure[i] / voxels[i]))
        for i in np.flatnonzero(voxels[1:]) + 1
    ]


def doubts(labels: np.ndarray, bones: Sequence[FoundBone]) -> list[str]:
    """Return sentences about bones of impossible size, vertebrae out of order, and a network that mostly guesses.

    Args:
        labels: uint8 `(X, Y, Z)`, network order.
        bones: as `found_bones` gives them.
    """
    said = []
    doubtful = sum(bone.confidence < LOW_CONFIDENCE for bone in bones)
    if 2 * doubtful > len(bones):
        said.append(
            f"Do not rely on this reconstruction: the network has low confidence in {doubtful} of "
            f"{len(bones)} bones."
        )
    large = [bone for bone in bones if bone.volume_ml > LARGEST_ML[_kind(bone.label)]]
    if large:
        told = ", ".join(f"{bone.label.title} ({bone.volume_ml:.0f} ml)" for bone in large)
        said.append(f"Implausibly large: {told}. Check the pixel size and the views.")
    return said + _disorder(labels, [bone.label for bone in bones if bone.label.group == "spine"])


def mean_heights(labels: np.ndarray) -> np.ndarray:
    """Return the mean index along axis 2 of the voxels of every label, `(256,)`; NaN where a label is absent.

    Args:
        labels: uint8 `(X, Y, Z)`.
    """
    places = np.nonzero(labels)
    values = labels[places]
    counts = np.bincount(values, minlength=256)
    sums = np.bincount(values, weights=places[2], minlength=256)
    return np.divide(sums, counts, out=np.full(256, np.nan), where=counts > 0)


def _disorder(labels: np.ndarray, vertebrae: list[Label]) -> list[str]:
    """Tell vertebrae that do not follow one another from the head to the feet, and gaps in their row."""
    if not vertebrae:
        return []
    said = []
    # Axis 2 runs to the feet.
    heights = mean_heights(labels)[[vertebra.id for vertebra in vertebrae]]
    swapped = [
        f"{lower.title} above {upper.title}"
        for (upper, upper_height), (lower, lower_height) in pairwise(zip(vertebrae, heights, strict=True))
        if lower_height < upper_height
    ]
    if swapped:
        said.append(f"Vertebrae out of order: {', '.join(swapped)}.")
    present = [vertebra.id for vertebra in vertebrae]
    missing = [label_by_id(i).title for i in range(present[0], present[-1]) if i not in present]
    if missing:
        said.append(f"Missing vertebrae: {', '.join(missing)}.")
    return said


def _kind(label: Label) -> str:
    return label.name.split("_")[0] if label.group == "pelvis" else label.group
