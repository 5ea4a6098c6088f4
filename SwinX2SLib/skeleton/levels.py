"""Which vertebra lies where along the body axis: one order-preserving assignment for the whole column.

A network that names vertebrae one by one gives one name to two neighbours, leaves a name out, or is one level off in
a run. Here the column is cut into consecutive levels: each follows the one above, is as tall as in people, has its
borders at discs, and bears the name that its silhouettes give it. A hidden semi-Markov model (Yu 2010, Artificial
Intelligence 174:215) finds the best chain exactly, and the best ones that end one level higher or lower, whose odds
say whether levels may be off by one.

Rows run along axis 2 of network order, superior -> inferior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM, SACRUM

LEVELS = 24  # C1 to L5
_L5 = LEVELS - 1
# Heights of C1 and C2 (with the dens) in the same scans [mm].
UPPER_MM = (14.0, 22.0)
# Person and pixel size: log of their product's deviation, and the sizes tried.
SIZE_SD, SIZES = 0.25, np.exp(np.linspace(-0.72, 0.72, 13))
# Deviation of the log of a level's height, next to the size; heights tried, relative to the usual one.
HEIGHT_SD, TALLEST = 0.10, 1.5
# Names count as so much evidence a level, however many rows it has.
NAMES_WEIGHT, NAME_ERROR = 0.7, 0.02
# A network that is one level off is so in the whole column: what that costs, in all.
OFFSETS = {0: 0.0, -1: 8.0, 1: 8.0}
ROW_WEIGHT, ROW_ERROR = 0.5, 0.05
# How much a sacrum in its rows speaks against L5, relative to other levels.
L5_IN_SACRUM = 0.5
DISC_WEIGHT = 0.8
# What a disc in the midst of a level costs, for each row and log-odds; its margins are this share of its height.
PASSED_DISC, MARGIN = 0.15, 0.25
# Rows with less of a spine, or of a sacrum, are beyond its ends.
SPINE_SEEN, SACRUM_SEEN = 0.35, 0.5
# Odds of single chains are overconfident: their logs are divided by this.
TEMPERATURE = 1.7


@dataclass(frozen=True, eq=False)
class ColumnEvidence:
    """What radiographs and network say about every row.

    Attributes:
        names: `(Z, 24)`, share of each level among the vertebrae seen, 0..1.
        spine: `(Z,)`, how probable a vertebra is.
        sacrum: `(Z,)`, the same of the sacrum.
        discs: `(Z,)`, log-odds that a disc lies there.
    """

    names: np.ndarray
    spine: np.ndarray
    sacrum: np.ndarray
    discs: np.ndarray

    def rows(self, shown: slice) -> ColumnEvidence:
        """Return the evidence of a part of the rows."""
        return ColumnEvidence(self.names[shown], self.spine[shown], self.sacrum[shown], self.discs[shown])

    def renamed(self, offset: int) -> ColumnEvidence:
        """Return the evidence of a network all of whose names were too low by so many levels."""
        names = np.zeros_like(self.names)
        names[:, max(-offset, 0) : LEVELS - max(offset, 0)] = self.names[
            :, max(offset, 0) : LEVELS - max(-offset, 0)
        ]
        return ColumnEvidence(names, self.spine, self.sacrum, self.discs)


@dataclass(frozen=True)
class Level:
    """One vertebra's rows.

    Attributes:
        label: its label, 1..24.
        start, stop: rows, the second one exclusive.
    """

    label: int
    start: int
    stop: int


@dataclass(frozen=True)
class LevelChain:
    """The assignment.

    Attributes:
        levels: from above downwards.
        shift_odds: probability that the lowest vertebra is another one, by how many levels, without 0.
        size: of the person relative to an adult of middle height, at the stated pixel size.
    """

    levels: tuple[Level, ...]
    shift_odds: dict[int, float]
    size: float

    @property
    def shift_probability(self) -> float:
        """Probability that the names are shifted."""
        return float(sum(self.shift_odds.values()))


def column_evidence(
    coronal: np.ndarray, sagittal: np.ndarray, discs: tuple[np.ndarray, np.ndarray]
) -> ColumnEvidence:
    """Return the evidence of silhouettes and discs.

    Args:
        coronal: `(54, X, Z)`, how probable it is that a ray meets each bone.
        sagittal: `(54, Y, Z)`.
        discs: log-odds of discs, `(X, Z)` and `(Y, Z)`.
    """
    views = [view[:LEVELS].astype(np.float64) for view in (coronal, sagittal)]
    mass = views[0].sum(axis=1) + views[1].sum(axis=1)
    columns = [view.sum(axis=0).clip(0, 1) for view in views]
    return ColumnEvidence(
        names=(mass / np.maximum(mass.sum(axis=0), 1e-3)).T,
        spine=(columns[0].max(axis=0) + columns[1].max(axis=0)) / 2,
        sacrum=(coronal[SACRUM - 1].max(axis=0) + sagittal[SACRUM - 1].max(axis=0)).astype(np.float64) / 2,
        discs=_disc_rows(discs[0], columns[0]) + _disc_rows(discs[1], columns[1]),
    )


# A disc is as wide as so many pixels at least; its log-odds are trusted no further than this.
_DISC_PIXELS, _SUREST, _NO_DISC = 6, 5.0, -2.0


def _disc_rows(log_odds: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return for each row the mean of the largest log-odds within the column of vertebrae."""
    # Discs may lie in a gap between two vertebrae.
    inside = np.where(
        maximum_filter1d(column, 3, axis=1) > 0.22, np.clip(log_odds, -_SUREST, _SUREST), -np.inf
    )
    largest = np.sort(inside, axis=0)[::-1][:_DISC_PIXELS]
    seen = np.isfinite(largest)
    mean = np.where(seen, largest, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.where(seen.sum(axis=0) >= _DISC_PIXELS // 2, mean, _NO_DISC)


def assign_levels(evidence: ColumnEvidence, spacing_mm: float) -> LevelChain | None:
    """Return the best chain of levels; None where no column is seen.

    Args:
        evidence: of the rows.
        spacing_mm: height of a row; it may be wrong by a third.
    """
    seen = np.flatnonzero((evidence.spine > SPINE_SEEN) | (evidence.sacrum > SACRUM_SEEN))
    if len(seen) < 2 or not (evidence.spine > SPINE_SEEN).any():
        return None
    shown = slice(int(seen[0]), int(seen[-1]) + 1)
    searches = [
        _Search(evidence.rows(shown).renamed(offset), size, spacing_mm, cost)
        for offset, cost in OFFSETS.items()
        for size in SIZES
    ]
    ends = {
        last: max(((search.end(last), search) for search in searches), key=lambda one: one[0])
        for last in range(LEVELS)
    }
    best = max(ends, key=lambda last: ends[last][0])
    score, search = ends[best]
    if not np.isfinite(score):
        return None
    levels = tuple(Level(v + 1, a + shown.start, b + shown.start) for v, a, b in search.path(best))
    logs = np.array([ends[last][0] - score for last in range(LEVELS)]) / TEMPERATURE
    share = np.exp(logs) / np.exp(logs).sum()
    odds = {last - best: float(share[last]) for last in range(LEVELS) if last != best and share[last] > 1e-3}
    return LevelChain(levels, odds, float(search.size))


class _Search:
    """The best chains for one size of the person, by dynamic programming.

    Args:
        evidence: of the rows from the first to the last one with a bone.
        size: of the person.
        spacing_mm: height of a row.
        cost: of the assumptions about the evidence.
    """

    def __init__(self, evidence: ColumnEvidence, size: float, spacing_mm: float, cost: float):
        self.size, self.rows = size, len(evidence.spine)
        steps = np.array(BODY_STEPS_MM[:23])
        usual = np.array([*UPPER_MM, *(steps[:-1] + steps[1:]) / 2])[:LEVELS]
        adult = usual * ADULT_SIZE / spacing_mm
        self.usual = adult * size
        self.discs = np.append(DISC_WEIGHT * evidence.discs, 0.0)
        self.passed = _summed(np.maximum(evidence.discs, 0))
        floored = np.log((1 - NAME_ERROR) * evidence.names + NAME_ERROR)
        self.names = NAMES_WEIGHT * _summed(floored) / adult
        not_sacrum = _weighed(1 - 0.9 * evidence.sacrum.clip(0, 1))
        self.column = _summed(_weighed(evidence.spine) + not_sacrum)
        # L5 dips between the wings of the sacrum: both are seen in its rows.
        self.lowest = _summed(_weighed(evidence.spine) + L5_IN_SACRUM * not_sacrum)
        self.above = _summed(_weighed(1 - evidence.spine.clip(0, 1)) + not_sacrum)
        self.sacrum = _summed(_weighed(evidence.sacrum) + _weighed(1 - evidence.spine.clip(0, 1)))
        self.prior = -0.5 * (np.log(size) / SIZE_SD) ** 2 - cost
        self.score = np.full((LEVELS, self.rows + 1), -np.inf)
        self.height = np.zeros((LEVELS, self.rows + 1), dtype=int)
        self.first = np.zeros((LEVELS, self.rows + 1), dtype=bool)
        for level in range(LEVELS):
            self._fill(level)

    def _heights(self, level: int) -> np.ndarray:
        return np.arange(1, min(int(np.ceil(TALLEST * self.usual[level])), self.rows) + 1)

    def _strain(self, level: int, heights: np.ndarray, cut: bool = False) -> np.ndarray:
        strain = -0.5 * (np.log(heights / self.usual[level]) / HEIGHT_SD) ** 2
        return np.where(heights <= self.usual[level], 0.0, strain) if cut else strain

    def _within(self, level: int, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Return what rows say for a level from `start` to `stop`."""
        names = self.names[stop, level] - self.names[start, level]
        column = self.lowest if level == _L5 else self.column
        margin = max(1, round(MARGIN * self.usual[level]))
        low, high = np.minimum(start + margin, self.rows), np.maximum(stop - margin, 0)
        passed = np.maximum(self.passed[high] - self.passed[low], 0)
        return names + column[stop] - column[start] - PASSED_DISC * passed

    def _fill(self, level: int) -> None:
        """Set the best score of chains whose last level ends at each row."""
        heights, stops = self._heights(level), np.arange(1, self.rows + 1)
        starts = stops - heights[:, None]
        valid, start = starts >= 0, np.maximum(starts, 0)
        whole, cut = (self._strain(level, heights, cut)[:, None] for cut in (False, True))
        begun = np.where(start == 0, cut, whole + self.above[start] if level == 0 else -np.inf)
        followed = (
            self.score[level - 1, start] + self.discs[start] + whole
            if level
            else np.full_like(begun, -np.inf)
        )
        total = np.maximum(begun, followed) + self._within(level, start, np.broadcast_to(stops, start.shape))
        total = np.where(valid, total, -np.inf)
        chosen = total.argmax(axis=0)
        columns = np.arange(self.rows)
        self.score[level, 1:] = total[chosen, columns]
        self.height[level, 1:] = heights[chosen]
        self.first[level, 1:] = (begun >= followed)[chosen, columns]

    def _cut_below(self, level: int) -> tuple[float, int]:
        """Return the score of the best chain whose last level the lower border cuts, and its height there."""
        heights = self._heights(level)
        start = self.rows - heights
        strain = self._strain(level, heights, cut=True)
        before = self.score[level - 1, start] + self.discs[start] if level else np.full(len(start), -np.inf)
        begun = np.where(start == 0, 0.0, self.above[start] if level == 0 else -np.inf)
        total = (
            np.maximum(before, begun) + strain + self._within(level, start, np.full(len(start), self.rows))
        )
        best = int(total.argmax())
        return float(total[best]), int(heights[best])

    def end(self, last: int) -> float:
        """Return the score of the best chain that ends with a level."""
        ends = [self._cut_below(last)[0]]
        if last == _L5:
            ends.append(float(self._on_sacrum().max()))
        return max(ends) + self.prior

    def _on_sacrum(self) -> np.ndarray:
        """Return the scores of chains whose L5 ends at each row, with the sacrum from there on."""
        rest = self.sacrum[-1] - self.sacrum
        total = self.score[_L5] + self.discs + rest
        total[-1] = -np.inf
        return total

    def path(self, last: int) -> list[tuple[int, int, int]]:
        """Return level, first row and last row (exclusive) of the best chain that ends with a level."""
        cut, height = self._cut_below(last)
        found, level, stop = [], last, self.rows
        if last == _L5 and self._on_sacrum().max() >= cut:
            stop = int(self._on_sacrum().argmax())
        else:
            found.append((last, stop - height, stop))
            stop -= height
            begun = 0.0 if stop == 0 else self.above[stop] if last == 0 else -np.inf
            if last == 0 or begun >= self.score[last - 1, stop] + self.discs[stop]:
                return found
            level -= 1
        while level >= 0:
            height = int(self.height[level, stop])
            found.append((level, stop - height, stop))
            if self.first[level, stop]:
                break
            stop -= height
            level -= 1
        return found[::-1]


def _summed(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros((1, *rows.shape[1:])), np.cumsum(rows, axis=0)])


def _weighed(probability: np.ndarray) -> np.ndarray:
    return ROW_WEIGHT * np.log(ROW_ERROR + (1 - ROW_ERROR) * probability.clip(0, 1))
