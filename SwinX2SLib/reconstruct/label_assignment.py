"""From probabilities to labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# A bone that promises less overlap than this is not shown: it is most probably not there.
LEAST_EXPECTED_DICE = 0.1
# Probabilities below this take no part in the choice.
NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class LabelAssignment:
    """What is shown.

    Attributes:
        labels: uint8 `(X, Y, Z)`.
        uncertainty: float16 `(X, Y, Z)`, 1 minus the (mean) probability of the label taken.
        expected_dice: float32 `(K,)`; the overlap that each class's own threshold promises, 0 for what is not shown.
    """

    labels: np.ndarray
    uncertainty: np.ndarray
    expected_dice: np.ndarray


def assign_labels(probability: Tensor) -> LabelAssignment:
    """Choose the labels.

    A voxel goes to the bone whose threshold its probability exceeds by the largest factor.

    Args:
        probability: `(K, X, Y, Z)`, any precision; class 0 is the background.
    """
    classes, *shape = probability.shape
    labels = torch.zeros(shape, dtype=torch.uint8, device=probability.device)
    best = torch.ones(shape, dtype=torch.float32, device=probability.device)
    promised = torch.zeros(classes)
    for bone in range(1, classes):
        threshold, expected = best_threshold(probability[bone])
        if expected < LEAST_EXPECTED_DICE:
            continue
        promised[bone] = expected
        factor = probability[bone].float() / threshold
        won = factor >= best
        labels[won] = bone
        best = torch.where(won, factor, best)
    taken = probability.gather(0, labels.long()[None])[0]
    uncertainty = (1 - taken.float()).half()
    return LabelAssignment(labels.cpu().numpy(), uncertainty.cpu().numpy(), promised.numpy())


def best_threshold(probability: Tensor) -> tuple[float, float]:
    """Return the threshold of a bone's probability with the highest expected Dice, and that Dice.

    Args:
        probability: of the bone in each voxel, any shape.

    Returns:
        Threshold and expected Dice; 1 and 0 where the bone is nowhere.
    """
    total = probability.sum(dtype=torch.float32)
    likely = probability[probability > NEGLIGIBLE].float().sort(descending=True).values
    if len(likely) == 0:
        return 1.0, 0.0
    counts = torch.arange(1, len(likely) + 1, device=likely.device)
    dice = 2 * likely.cumsum(0) / (counts + total)
    chosen = int(dice.argmax())
    return float(likely[chosen]), float(dice[chosen])
