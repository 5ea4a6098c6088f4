"""The averages of Swin-X2S (Liu et al. 2025), as its published `test.py` makes them, for comparison with its tables.

They differ from ours, mostly in the model's favour:

- Dice: mean over the classes that the truth holds, background included.
- Hausdorff 95: mean over the bones that both volumes hold, of the larger directed 95th percentile.
- Localisation error: mean over the bones that both volumes hold.
- Identification rate: bones found less than 20 mm from the true centre, over the bones that are *predicted* (its
  function is called with prediction and truth exchanged): a missed bone costs nothing, an invented one does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from SwinX2SLib.evaluation.bones import BoneComparison
from SwinX2SLib.evaluation.identification import IDENTIFIED_WITHIN_MM


def paper_averages(bones: Sequence[BoneComparison], voxels: int, bone_voxels: int) -> dict[str, float | None]:
    """Average one case as the paper does; None where nothing is defined.

    Args:
        bones: every bone of either volume.
        voxels: number of voxels of the grid.
        bone_voxels: number of voxels that are bone in either volume.
    """
    backgrounds = [voxels - sum(bone.predicted for bone in bones), voxels - sum(bone.true for bone in bones)]
    dice = [bone.dice for bone in bones if bone.true]
    if backgrounds[1]:
        dice.append(2 * (voxels - bone_voxels) / sum(backgrounds))
    both = [bone for bone in bones if bone.distances is not None]
    errors = [bone.localisation_error_mm for bone in both]
    named = sum(1 for bone in bones if bone.predicted)
    return {
        "dice": _mean(dice),
        "hausdorff95_mm": _mean([bone.distances.directed95_mm for bone in both]),
        "localisation_error_mm": _mean(errors),
        "identification_rate": sum(error < IDENTIFIED_WITHIN_MM for error in errors) / named
        if named
        else None,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
