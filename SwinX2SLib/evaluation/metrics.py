"""Metrics of one bone: overlap and identification; distances of surfaces are in `geometry.distances`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_by_id, label_ids


@dataclass(frozen=True)
class OverlapScores:
    """Dice of one case.

    Attributes:
        dice: Dice of each bone that the truth holds, by label id, 0..1.
        invented: ids of bones predicted though their group is annotated and the truth holds none of them.
    """

    dice: dict[int, float]
    invented: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean Dice over the bones that the truth holds; background is never counted."""
        return float(np.mean(list(self.dice.values()))) if self.dice else float("nan")

    def dice_means(self) -> dict[str, float]:
        """Mean Dice of all bones that the truth holds, as "mean", and of each group of which it holds one."""
        means = {"mean": self.mean} if self.dice else {}
        for group in GROUPS:
            values = [self.dice[i] for i in label_ids(group) if i in self.dice]
            if values:
                means[group] = float(np.mean(values))
        return means

    def as_dict(self) -> dict:
        """Return the scores under the bones' names, for JSON."""
        return {
            "mean_foreground_dice": self.mean,
            "groups": {group: dice for group, dice in self.dice_means().items() if group in GROUPS},
            "bones": {label_by_id(i).name: value for i, value in self.dice.items()},
            "invented": [label_by_id(i).name for i in self.invented],
        }


def check_one_shape(prediction: np.ndarray, truth: np.ndarray) -> None:
    """Refuse volumes of different shapes.

    Raises:
        ValueError: the shapes differ.
    """
    if prediction.shape != truth.shape:
        raise ValueError(
            f"The shapes of prediction {prediction.shape} and ground truth {truth.shape} differ; resample "
            "one of them."
        )


def score_overlap(
    prediction: np.ndarray,
    truth: np.ndarray,
    annotated: Sequence[str] = GROUPS,
    ignore_invented_below: int = 1,
) -> OverlapScores:
    """Compare two label volumes on the same grid.

    Args:
        prediction: uint8 labels, any shape.
        truth: uint8 labels of the same shape.
        annotated: groups that the truth draws; bones of other groups are not scored, wherever predicted.
        ignore_invented_below: voxels from which a bone that the truth lacks counts as invented.

    Raises:
        ValueError: the shapes differ.
    """
    check_one_shape(prediction, truth)
    predicted_size = np.bincount(prediction.ravel(), minlength=CLASS_COUNT)
    true_size = np.bincount(truth.ravel(), minlength=CLASS_COUNT)
    common = np.bincount(truth[prediction == truth].ravel(), minlength=CLASS_COUNT)
    ids = [i for group in annotated for i in label_ids(group)]
    dice = {i: 2 * common[i] / (predicted_size[i] + true_size[i]) for i in ids if true_size[i]}
    invented = tuple(i for i in ids if not true_size[i] and predicted_size[i] >= ignore_invented_below)
    return OverlapScores({i: float(value) for i, value in dice.items()}, invented)


IDENTIFIED_WITHIN_MM = 20.0


def identify(
    prediction: Mapping[int, np.ndarray], truth: Mapping[int, np.ndarray]
) -> tuple[dict[int, bool], dict[int, bool]]:
    """Return which bones of one group are identified.

    Args:
        prediction, truth: centres of mass `(3,)` in mm by label id.

    Returns:
        For every true bone, whether it is identified, and whether it is identified and nearest.
    """
    both = [label for label in truth if label in prediction]
    near = dict.fromkeys(truth, False)
    nearest = dict(near)
    for label in both:
        away = {other: float(np.linalg.norm(prediction[label] - truth[other])) for other in both}
        near[label] = away[label] < IDENTIFIED_WITHIN_MM
        nearest[label] = near[label] and away[label] <= min(away.values())
    return near, nearest
