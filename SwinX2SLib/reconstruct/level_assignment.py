"""Give vertebrae the names and heights of one consistent chain of levels (`skeleton.levels`), and all bones theirs.

Silhouettes are `(54, W, H)`, in network order: rows run along the last axis, superior -> inferior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.ndimage import shift
from torch import Tensor, nn

from SwinX2SLib.models.bone_names import BoneNameNet
from SwinX2SLib.models.silhouettes import standardise
from SwinX2SLib.skeleton.levels import LEVELS, Level, assign_levels, column_evidence
from SwinX2SLib.skeleton.spine_frame import BESIDE_MM, DEPTH_MM, SIDES, SpineFrame, drawn_about, drawn_at

_AXIS = 2  # atlas and axis have no body between two discs
# A silhouette with less probability in all [pixels] has no place of its own.
LEAST_MASS = 8.0
# A silhouette with so much of its probability in its own rows stays: processes reach into those of the neighbours.
OWN_SHARE = 0.4
# Borders between renamed vertebrae are soft over about so many rows.
BORDER_ROWS = 1.0
# Silhouettes follow the discs so far [pixels]; rows where a vertebra is less probable say nothing of its height.
FURTHEST_PX, LEAST_SEEN = 6.0, 0.3
# Log-odds of discs are trusted no further than this.
SUREST = 5.0


@dataclass(frozen=True)
class LevelAssignment:
    """Which vertebrae were renamed, and how sure the names are.

    Attributes:
        renamed: labels of vertebrae that were elsewhere, or nowhere, before.
        shift_odds: probability that all names are off, by how many levels.
        levels: rows of each vertebra, from above downwards; empty where no column is seen.
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
def disc_log_odds(network: nn.Module, coronal: Tensor, sagittal: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-odds that the middle of a disc lies at each pixel, `(X, Z)` and `(Y, Z)`.

    Args:
        network: a `SpineDiscNet` in evaluation mode, on the radiographs' device.
        coronal: frontal radiographs `(1, N, X, Z)`.
        sagittal: lateral radiographs `(1, N, Y, Z)`.
    """
    frontal, lateral = (
        network(radiograph[:, :1], is_lateral)[0].float().clamp(-SUREST, SUREST).cpu().numpy()
        for radiograph, is_lateral in ((coronal, False), (sagittal, True))
    )
    return frontal, lateral


def name_levels(
    silhouettes: tuple[np.ndarray, np.ndarray], discs: tuple[np.ndarray, np.ndarray], spacing_mm: float
) -> LevelAssignment:
    """Rename vertebrae so that their names follow each other without gaps or repetitions, and move them to the discs.

    Args:
        silhouettes: frontal and lateral ones; changed in place.
        discs: log-odds that a disc lies there, `(X, Z)` and `(Y, Z)`.
        spacing_mm: of the pixels.
    """
    chain = assign_levels(column_evidence(*silhouettes, discs), spacing_mm)
    if chain is None:
        return LevelAssignment()
    misplaced = {label for view in silhouettes for label in _rename(view, chain.levels)}
    return LevelAssignment(tuple(sorted(misplaced)), chain.shift_odds, chain.levels)


def _rename(view: np.ndarray, levels: Sequence[Level]) -> list[int]:
    """Give vertebrae that have no place of their own in a radiograph the rows of their levels, and move the others.

    Args:
        view: silhouettes; changed in place.
        levels: of the chain.

    Returns:
        The labels of those without a place.
    """
    before, rows = view[:LEVELS].copy(), view.shape[2]
    column = before.sum(axis=0).clip(0, 1)
    windows = {
        level.label: _window(level, rows) for level in levels if not _in_place(before[level.label - 1], level)
    }
    free = 1 - np.max(list(windows.values()), axis=0) if windows else np.ones(rows)
    kept = before * (free > 0.5)
    view[:LEVELS] = 0
    for level in levels:
        if level.label in windows:
            view[level.label - 1] = column * windows[level.label]
        else:
            way = (0, _way_to(kept, column, level))
            view[level.label - 1] = shift(kept[level.label - 1], way, order=1)
    return list(windows)


def _in_place(bone: np.ndarray, level: Level) -> bool:
    """Whether a good part of a silhouette `(W, H)` lies in the rows of its level."""
    rows = bone.sum(axis=0)
    own = rows[max(level.start - 1, 0) : level.stop + 1].sum()
    return bool(own >= max(LEAST_MASS, OWN_SHARE * rows.sum()))


def _way_to(column: np.ndarray, any_level: np.ndarray, level: Level) -> float:
    """Return how many rows a vertebra lies too high by the chain; 0 where its rows are not to be told.

    Args:
        column: silhouettes of all levels `(24, W, H)`.
        any_level: their sum `(W, H)`.
        level: rows of the vertebra.
    """
    if level.label <= _AXIS:
        return 0.0
    seen = column.sum(axis=1)
    named = (seen.argmax(axis=0) + 1 == level.label) & (seen[level.label - 1] > 0)
    rows = np.flatnonzero(named & (any_level.max(axis=0) > LEAST_SEEN))
    if len(rows) < 3:
        return 0.0
    way = (level.start + level.stop) / 2 - (rows.min() + rows.max() + 1) / 2
    return float(np.clip(way, -FURTHEST_PX, FURTHEST_PX))


def _window(level: Level, rows: int) -> np.ndarray:
    """Return how much each row belongs to a level, `(rows,)`."""
    middle = np.arange(rows) + 0.5
    rise, fall = (middle - level.start) / BORDER_ROWS, (level.stop - middle) / BORDER_ROWS
    return 1 / (1 + np.exp(-2 * rise)) / (1 + np.exp(-2 * fall))


@torch.inference_mode()
def name_bones(
    silhouettes: tuple[np.ndarray, np.ndarray], radiographs: tuple[Tensor, Tensor], network: BoneNameNet
) -> None:
    """Replace silhouettes by those that the network sees about the spine, where there is a spine.

    From the side, left and right bones of a name are one silhouette; each has its share of the probability.

    Args:
        silhouettes: frontal and lateral ones, of named vertebrae; changed in place.
        radiographs: of the same fields, `(1, 1, X, Z)` and `(1, 1, Y, Z)`, on the network's device.
        network: in evaluation mode.
    """
    frames = [SpineFrame.of(view) for view in silhouettes]
    if all(frame is None for frame in frames):
        return
    frontal, lateral = (standardise(radiograph)[0] for radiograph in radiographs)
    sides = torch.cat([drawn_about(frames[0], frontal, BESIDE_MM, side) for _, side in SIDES])
    beside, deep = network(sides[None], drawn_about(frames[1], lateral, DEPTH_MM)[None])
    if frames[0] is not None:
        places = [frames[0].places_back(BESIDE_MM, side) for _, side in SIDES]
        _replace(silhouettes[0], [_put_back(*pair) for pair in zip(beside[0], places, strict=True)])
    if frames[1] is not None:
        either, shown = _put_back(deep[0], frames[1].places_back(DEPTH_MM))
        paired = np.array(SIDES[0][0]) != np.array(SIDES[1][0])
        either[paired] = 1 - np.sqrt(1 - either[paired])
        _replace(silhouettes[1], [(either, shown)] * 2)


def _put_back(logits: Tensor, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities `(N, W, H)` of a radiograph from logits `(N, C, R)` of the drawn one, and how far each
    pixel was drawn, 0..1, `(W, H)`; probabilities are 0 where it was not."""
    drawn = torch.cat([logits.float().sigmoid(), torch.ones_like(logits[:1], dtype=torch.float32)])
    found = drawn_at(drawn, places).clamp(0, 1).cpu().numpy()
    return found[:-1], found[-1]


def _replace(view: np.ndarray, sides: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
    """Replace silhouettes `(54, W, H)`, in the rows that were drawn, by those of both sides and by their mean in the
    middle."""
    found, shown = np.zeros_like(view), np.zeros_like(view)
    for (bones, _), (probability, share) in zip(SIDES, sides, strict=True):
        found[bones] += probability
        shown[bones] += share
    drawn = (shown.max(axis=0) > 0.5).any(axis=0)
    named = sorted({bone for bones, _ in SIDES for bone in bones})
    rows = np.ix_(named, np.arange(view.shape[1]), np.flatnonzero(drawn))
    view[rows] = (found / np.maximum(shown, 1))[rows]
