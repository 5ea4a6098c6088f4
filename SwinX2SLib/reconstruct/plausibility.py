"""Plausibility warnings: findings in a reconstruction that are anatomically implausible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from SwinX2SLib.anatomy import Label, label_by_id

# About one and a half times the largest bones of the example data (85, 23, 249 and 441 ml). Their femora (up to
# 248 ml) are all cut off, so the limit of a complete femur is three times that.
LARGEST_ML = {"spine": 130.0, "ribs": 40.0, "sacrum": 370.0, "hip": 660.0, "femur": 800.0}
# From this probability on, a result says that the levels of its vertebrae may be off.
UNCERTAIN_LEVELS = 0.1
# So many bones are named in a warning; of more, the first of them, and how many others there are.
_NAMED = 3


@dataclass(frozen=True)
class FoundBone:
    """Size of a bone and confidence of the network.

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


def plausibility_warnings(labels: np.ndarray, bones: Sequence[FoundBone]) -> list[str]:
    """Return warnings about bones of implausible size, and vertebrae out of order or missing.

    Args:
        labels: uint8 `(X, Y, Z)`, network order.
        bones: result of `found_bones`.
    """
    warnings = []
    large = [bone for bone in bones if bone.volume_ml > LARGEST_ML[_kind(bone.label)]]
    if large:
        sizes = named_few([f"{bone.label.title} ({bone.volume_ml:.0f} ml)" for bone in large])
        warnings.append(f"Implausibly large: {sizes}. Check the pixel size and the views.")
    return warnings + _disorder(labels, [bone.label for bone in bones if bone.label.group == "spine"])


def named_few(titles: Sequence[str]) -> str:
    """Return titles in one line: "T5, T6, T7 and 9 more"."""
    more = len(titles) - _NAMED
    return ", ".join(titles[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def level_warnings(renamed: Sequence[str], shift_odds: Mapping[int, float]) -> list[str]:
    """Return warnings about the names of vertebrae.

    Args:
        renamed: names of those that were elsewhere before the names were made to follow each other.
        shift_odds: probability that all are off, by how many levels.
    """
    warnings, shifted = [], float(sum(shift_odds.values()))
    if shifted > UNCERTAIN_LEVELS:
        warnings.append(
            f"Levels may be off by one (probability {100 * shifted:.0f} %). Count the vertebrae on the radiograph, "
            "or include the sacrum or the skull base in the field of view."
        )
    if renamed:
        titles = named_few([name.removeprefix("vertebrae_") for name in renamed])
        warnings.append(f"Vertebrae renamed so that all follow each other: {titles}.")
    return warnings


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
    """Return warnings about vertebrae that are not in craniocaudal order, and about missing vertebrae."""
    if not vertebrae:
        return []
    warnings = []
    # Axis 2 runs caudally.
    heights = mean_heights(labels)[[vertebra.id for vertebra in vertebrae]]
    swapped = [
        f"{lower.title} above {upper.title}"
        for (upper, upper_height), (lower, lower_height) in pairwise(zip(vertebrae, heights, strict=True))
        if lower_height < upper_height
    ]
    if swapped:
        warnings.append(f"Vertebrae out of order: {named_few(swapped)}.")
    present = [vertebra.id for vertebra in vertebrae]
    missing = [label_by_id(i).title for i in range(present[0], present[-1]) if i not in present]
    if missing:
        warnings.append(f"Missing vertebrae: {named_few(missing)}.")
    return warnings


def _kind(label: Label) -> str:
    return label.name.split("_")[0] if label.group == "pelvis" else label.group
