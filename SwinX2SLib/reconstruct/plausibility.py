"""Plausibility warnings: findings in a reconstruction that are anatomically implausible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from SwinX2SLib.anatomy import Label, label_by_id

# About one and a half times the largest bones of the example data (85, 23, 249 and 441 ml). Their femora (up to
# 248 ml) are all cut off, so the limit of a complete femur is three times that.
LARGEST_ML = {"spine": 130.0, "ribs": 40.0, "sacrum": 370.0, "hip": 660.0, "femur": 800.0}
LOW_CONFIDENCE = 0.6
# From this probability on, a result says that the levels of its vertebrae may be off.
UNCERTAIN_LEVELS = 0.1


UNRELIABLE = "Do not rely on this reconstruction"


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
    """Return warnings about bones of implausible size, vertebrae out of order or missing, and low confidence.

    Args:
        labels: uint8 `(X, Y, Z)`, network order.
        bones: result of `found_bones`.
    """
    warnings = []
    # Ribs are uncertain in most results, and say little of the other bones.
    ribs = [bone for bone in bones if bone.label.group == "ribs"]
    others = [bone for bone in bones if bone.label.group != "ribs"]
    counted = others or ribs
    uncertain = _uncertain(counted)
    if 2 * uncertain > len(counted):
        warnings.append(
            f"{UNRELIABLE}: the network has low confidence in {uncertain} of {len(counted)} bones."
        )
    if others and 2 * _uncertain(ribs) > len(ribs):
        warnings.append(
            f"Ribs are for orientation only: low confidence in {_uncertain(ribs)} of {len(ribs)} ribs."
        )
    large = [bone for bone in bones if bone.volume_ml > LARGEST_ML[_kind(bone.label)]]
    if large:
        sizes = ", ".join(f"{bone.label.title} ({bone.volume_ml:.0f} ml)" for bone in large)
        warnings.append(f"Implausibly large: {sizes}. Check the pixel size and the views.")
    return warnings + _disorder(labels, [bone.label for bone in bones if bone.label.group == "spine"])


def _uncertain(bones: Sequence[FoundBone]) -> int:
    """Return how many bones the network has low confidence in."""
    return sum(bone.confidence < LOW_CONFIDENCE for bone in bones)


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
        titles = ", ".join(name.removeprefix("vertebrae_") for name in renamed)
        warnings.append(f"Vertebrae renamed so that all follow each other: {titles}.")
    return warnings


def pair_warnings(check: Mapping[str, Any] | None) -> list[str]:
    """Return the warning that two radiographs may not belong together, if there is one.

    Args:
        check: `pair_check` of the provenance; None if the pair was not checked.
    """
    warning = str((check or {}).get("warning") or "")
    if warning and (check or {}).get("severe"):
        return [f"{UNRELIABLE}: {warning[0].lower()}{warning[1:]}"]
    return [warning] if warning else []


def unreliable_reason(warnings: Sequence[str]) -> str:
    """Return the warning that the whole result must not be relied on, or ""."""
    return next((warning for warning in warnings if warning.startswith(UNRELIABLE)), "")


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
        warnings.append(f"Vertebrae out of order: {', '.join(swapped)}.")
    present = [vertebra.id for vertebra in vertebrae]
    missing = [label_by_id(i).title for i in range(present[0], present[-1]) if i not in present]
    if missing:
        warnings.append(f"Missing vertebrae: {', '.join(missing)}.")
    return warnings


def _kind(label: Label) -> str:
    return label.name.split("_")[0] if label.group == "pelvis" else label.group
