"""Give vertebrae the names of one consistent chain of levels (`skeleton.levels`). Arrays in network order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.reconstruct.plausibility import UNCERTAIN_LEVELS
from SwinX2SLib.skeleton.levels import LEVELS, Level, LevelChain, assign_levels, column_evidence

VERTEBRAE = slice(1, LEVELS + 1)
_AXIS = 2  # atlas and axis have no body between two discs
# A vertebra with less probability in all [voxels] has no place of its own.
LEAST_MASS = 20.0
# A vertebra with so much of its probability in its own rows stays: its processes reach into those of its neighbours.
OWN_SHARE = 0.4
# Borders between renamed vertebrae are soft over about so many rows.
BORDER_ROWS = 1.0


@dataclass(frozen=True)
class LevelAssignment:
    """Which vertebrae were renamed, and how sure the names are.

    Attributes:
        renamed: labels of vertebrae that were elsewhere, or nowhere, before.
        shift_odds: probability that all names are off, by how many levels.
        levels: rows of each vertebra, from above downwards; empty where names are uncertain.
    """

    renamed: tuple[int, ...] = ()
    shift_odds: Mapping[int, float] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()

    def heights_mm(self, spacing_mm: float) -> dict[int, float]:
        """Return the middle of each vertebral body between two discs along the body axis, from the first row."""
        return {
            level.label: (level.start + level.stop - 1) / 2 * spacing_mm
            for level in self.levels[1:-1]
            if level.label > _AXIS
        }


@torch.inference_mode()
def name_levels(
    probability: Tensor, discs: tuple[np.ndarray, np.ndarray], spacing_mm: float
) -> LevelAssignment:
    """Rename vertebrae so that their names follow each other without gaps or repetitions.

    Args:
        probability: of the classes, `(55, X, Y, Z)`; changed in place.
        discs: log-odds that a disc lies there, `(X, Z)` and `(Y, Z)`.
        spacing_mm: of the voxels.
    """
    coronal, sagittal = (probability[1:].amax(dim=axis).float().cpu().numpy() for axis in (2, 1))
    chain = assign_levels(column_evidence(coronal, sagittal, discs), spacing_mm)
    if chain is None:
        return LevelAssignment()
    misplaced = tuple(level.label for level in chain.levels if not _in_place(probability[level.label], level))
    if chain.shift_probability > UNCERTAIN_LEVELS:
        # Where names are uncertain in any case, those of the network stay.
        return LevelAssignment((), chain.shift_odds)
    if misplaced:
        _rename(probability, chain, misplaced)
    return LevelAssignment(misplaced, chain.shift_odds, chain.levels)


def _in_place(bone: Tensor, level: Level) -> bool:
    """Whether a good part of a vertebra's probability lies in the rows of its level."""
    rows = bone.sum(dim=(0, 1), dtype=torch.float32)
    own = rows[max(level.start - 1, 0) : level.stop + 1].sum()
    return bool(own >= max(LEAST_MASS, OWN_SHARE * float(rows.sum())))


def _rename(probability: Tensor, chain: LevelChain, misplaced: tuple[int, ...]) -> None:
    """Give the rows of misplaced vertebrae to them, and take these rows from all others."""
    column = probability[VERTEBRAE].sum(dim=0, dtype=torch.float32).clamp(max=1)
    rows = torch.arange(column.shape[-1], device=column.device) + 0.5
    given = torch.zeros(column.shape[-1], device=column.device)
    windows = {}
    for level in chain.levels:
        if level.label in misplaced:
            rise, fall = (rows - level.start) / BORDER_ROWS, (level.stop - rows) / BORDER_ROWS
            windows[level.label] = torch.sigmoid(2 * rise) * torch.sigmoid(2 * fall)
            given = torch.maximum(given, windows[level.label])
    shown = {level.label for level in chain.levels}
    for label in range(1, LEVELS + 1):
        if label in windows:
            probability[label] = (column * windows[label]).to(probability.dtype)
        elif label in shown:
            probability[label] *= (1 - given).to(probability.dtype)
        else:
            probability[label] = 0
