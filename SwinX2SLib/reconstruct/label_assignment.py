"""From probabilities to labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.anatomy import CLASS_COUNT

# A bone that promises less overlap than this is not shown: it is most probably not there.
LEAST_EXPECTED_DICE = 0.1
# Probabilities below this take no part in the choice.
NEGLIGIBLE = 1e-3
# No probability exceeds its threshold by a larger factor.
_BEFORE_OTHERS = 2 / NEGLIGIBLE


Part = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class BonePart:
    """A bone's probability in the part of the volume that holds it; there is none elsewhere.

    Attributes:
        label: of the bone.
        part: of the volume `(X, Y, Z)`.
        probability: in that part, any precision.
        solid: bool, the voxels that are shown, where the bone's shape is known; None where its probability decides.
    """

    label: int
    part: Part
    probability: Tensor
    solid: Tensor | None = None


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
    """Choose the labels of a whole volume.

    Args:
        probability: `(K, X, Y, Z)`, any precision; class 0 is the background.
    """
    shape = (probability.shape[1], probability.shape[2], probability.shape[3])
    whole = (slice(None), slice(None), slice(None))
    return assign_parts(
        shape, [BonePart(bone, whole, probability[bone]) for bone in range(1, len(probability))]
    )


def assign_parts(shape: tuple[int, int, int], bones: Sequence[BonePart]) -> LabelAssignment:
    """Choose the labels of bones of which each lies in its own part of the volume.

    A voxel goes to the bone whose threshold its probability exceeds by the largest factor; bones of known shape come
    before the others, and among themselves the most probable first.

    Args:
        shape: `(X, Y, Z)`.
        bones: of which none occurs twice.
    """
    device = bones[0].probability.device if bones else torch.device("cpu")
    labels = torch.zeros(shape, dtype=torch.uint8, device=device)
    best, occupied, taken = (torch.zeros(shape, device=device) for _ in range(3))
    best += 1
    promised = np.zeros(CLASS_COUNT, dtype=np.float32)
    for bone in bones:
        probability = bone.probability.float()
        occupied[bone.part] += probability
        if bone.solid is None:
            threshold, expected = best_threshold(probability)
            if expected < LEAST_EXPECTED_DICE:
                continue
            factor = probability / threshold
        else:
            expected = expected_dice(bone.solid, probability)
            factor = bone.solid * (_BEFORE_OTHERS + probability)
        promised[bone.label] = expected
        won = factor >= best[bone.part]
        labels[bone.part][won] = bone.label
        best[bone.part][won] = factor[won]
        taken[bone.part][won] = probability[won]
    certainty = torch.where(labels > 0, taken, (1 - occupied).clamp(min=0))
    return LabelAssignment(labels.cpu().numpy(), (1 - certainty).half().cpu().numpy(), promised)


def expected_dice(solid: Tensor, probability: Tensor) -> float:
    """Return the overlap that the voxels of a bone promise.

    Args:
        solid: bool, its voxels.
        probability: that they are, of the same shape.
    """
    total = solid.sum() + probability.sum(dtype=torch.float32)
    return float(2 * probability[solid].sum(dtype=torch.float32) / total.clamp(min=1))


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
