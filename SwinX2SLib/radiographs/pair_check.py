"""Whether two radiographs show one person and one part of the body, by how their rows agree.

Whatever the direction of parallel rays, a row of a radiograph sums up the same slice of the body (the zeroth moment
of the Radon transform does not depend on the angle). Both radiographs of one person therefore brighten and fade at
the same heights; those of two people, of two parts of the body or of two scales do not. No network takes part, so
the check does not depend on the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from SwinX2SLib.radiographs.radiograph import Radiograph
from SwinX2SLib.radiographs.registration import place_radiograph, trimmed_rows

# Rows in which both radiographs are compared, and the fewest that both must have exposed.
ROWS, FEWEST_ROWS = 160, 48
# Changes of brightness over more rows than the first are how a radiograph was exposed; edges are finer.
_SLOW_BRIGHTNESS, _SLOW_EDGES = 61, 25
# Pairs may be off by so many rows; other scales are tried for what would agree better.
_OFF_ROWS, _OTHER_OFF_ROWS = 3, 12
OTHER_SCALES = (0.75, 0.82, 0.88, 1.14, 1.22, 1.33)
# A row is exposed where a twentieth of it is brighter than this; the ends of what is exposed make no edge.
_EXPOSED, _END_ROWS = 0.05, 6
# Values further from the median than so many standard deviations (letters, implants, borders) count as these.
_LIMIT = 2.5

# Logistic regression of "not one person" on brightness, edges and lead, fitted to 84 simulated pairs of people of the
# training set and of the statistical skeleton, and to pairs of two of these people, of two parts of the body and of
# two scales. 5 % of the 84 exceed the first limit; no real chest pair at a guessed pixel size exceeds the second.
# `Testing/bench/pair_check.py` fits and judges on other people
# (Docs/robustness.md).
CONSTANT, WEIGHTS = 3.11, (-2.38, -7.28, -9.36)
SUSPICIOUS, SEVERE = 0.53, 0.97


@dataclass(frozen=True)
class PairCheck:
    """How the rows of two radiographs agree.

    Attributes:
        brightness: correlation of the rows' brightness, -1..1.
        edges: correlation of what changes from row to row, -1..1.
        scale_lead: by how much the mean of both exceeds that at any other scale of the lateral radiograph.
        other_scale: the scale of the lateral radiograph, of `OTHER_SCALES`, at which its rows agree best.
    """

    brightness: float
    edges: float
    scale_lead: float
    other_scale: float

    @property
    def probability(self) -> float:
        """Probability of radiographs that do not belong together, where half of all pairs do not, 0..1."""
        values = (self.brightness, self.edges, self.scale_lead)
        score = CONSTANT + sum(w * value for w, value in zip(WEIGHTS, values, strict=True))
        return float(1 / (1 + np.exp(-score)))

    @property
    def suspected(self) -> bool:
        """Whether there is a warning."""
        return self.probability >= SUSPICIOUS

    @property
    def severe(self) -> bool:
        """Whether the result must not be relied on."""
        return self.probability >= SEVERE

    def warning(self) -> str:
        """Return a warning with a suggested fix, or "" if nothing is suspected."""
        if not self.suspected:
            return ""
        scale = ""
        if self.scale_lead < 0:
            scale = f" They agree better with the lateral radiograph {self.other_scale:g} times as large."
        return (
            "The rows of the two radiographs do not agree (correlation of brightness "
            f"{self.brightness:.2f}, of edges {self.edges:.2f}): they are not aligned, or may not show one person, "
            f"or not the same part of the body at one scale.{scale} Align them vertically (--lateral-offset-mm), and "
            "check that both files belong to one person, their orientation and the pixel sizes (--spacing-mm)."
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, for the provenance."""
        return {
            "probability": round(self.probability, 4),
            "brightness_correlation": round(self.brightness, 4),
            "edge_correlation": round(self.edges, 4),
            "scale_lead": round(self.scale_lead, 4),
            "severe": self.severe,
            "warning": self.warning(),
        }


def check_same_person(ap: Radiograph, lateral: Radiograph) -> PairCheck | None:
    """Compare the rows of two radiographs whose middles lie at one height.

    Returns:
        How they agree; None where fewer than `FEWEST_ROWS` of `ROWS` rows are exposed in both.
    """
    step_mm = min(ap.size_mm[0], lateral.size_mm[0]) / ROWS
    front, side = (_picture(radiograph, step_mm) for radiograph in (ap, lateral))
    shown = _exposed(front) & _exposed(side)
    both = slice(int(shown.argmax()), ROWS - int(shown[::-1].argmax())) if shown.any() else slice(0, 0)
    if both.stop - both.start < FEWEST_ROWS:
        return None
    first, second = _profiles(front), _profiles(side)
    features = _features(first[:, both])
    brightness, edges = _best(features, _features(second[:, both]), range(-_OFF_ROWS, _OFF_ROWS + 1))
    offsets = range(-_OTHER_OFF_ROWS, _OTHER_OFF_ROWS + 1, 2)
    others = [
        _best(features, _features(_stretched(second, s)[:, both]), offsets).mean() for s in OTHER_SCALES
    ]
    lead = (brightness + edges) / 2 - max(others)
    return PairCheck(float(brightness), float(edges), float(lead), OTHER_SCALES[int(np.argmax(others))])


def _picture(radiograph: Radiograph, step_mm: float) -> np.ndarray:
    """Return a radiograph as `(ROWS, columns)` about its middle."""
    across = max(round(radiograph.size_mm[1] / step_mm), 8)
    return place_radiograph(radiograph, (across, ROWS), step_mm).T


def _exposed(picture: np.ndarray) -> np.ndarray:
    """Return which rows lie within the first and the last exposed one."""
    bright = np.percentile(picture, 95, axis=1) > _EXPOSED
    return np.asarray(np.logical_or.accumulate(bright) & np.logical_or.accumulate(bright[::-1])[::-1])


def _profiles(picture: np.ndarray) -> np.ndarray:
    """Return brightness and edges of the rows, `(2, ROWS)`, without the extremes of each row."""
    return np.stack([trimmed_rows(picture), trimmed_rows(np.gradient(picture, axis=0))])


def _features(profiles: np.ndarray) -> np.ndarray:
    """Return profiles without slow changes, `(2, rows)`, in standard deviations within `_LIMIT`."""
    held = profiles.copy()
    held[:, :_END_ROWS] = held[:, _END_ROWS : _END_ROWS + 1]
    held[:, -_END_ROWS:] = held[:, -_END_ROWS - 1 : -_END_ROWS]
    quick = []
    for line, width in zip(held, (_SLOW_BRIGHTNESS, _SLOW_EDGES), strict=True):
        width = min(width, (len(line) - 1) // 2 * 2 - 1)
        padded = np.pad(line, width // 2, mode="reflect")
        quick.append(line - np.convolve(padded, np.full(width, 1 / width), mode="valid"))
    lines = np.stack(quick)
    lines -= np.median(lines, axis=1, keepdims=True)
    deviation = 1.4826 * np.median(np.abs(lines), axis=1, keepdims=True)
    return np.clip(lines / np.maximum(deviation, 1e-6), -_LIMIT, _LIMIT)


def _stretched(profiles: np.ndarray, scale: float) -> np.ndarray:
    """Return profiles of a radiograph on which everything is larger about its middle."""
    rows = np.arange(profiles.shape[1])
    middle = (len(rows) - 1) / 2
    return np.stack([np.interp((rows - middle) / scale + middle, rows, line) for line in profiles])


def _best(first: np.ndarray, second: np.ndarray, offsets: range) -> np.ndarray:
    """Return the correlations of both features at the offset where their mean is largest, `(2,)`."""
    found = np.stack([_correlations(first, second, offset) for offset in offsets])
    return np.asarray(found[found.mean(axis=1).argmax()])


def _correlations(first: np.ndarray, second: np.ndarray, offset: int) -> np.ndarray:
    """Return the correlation of each feature where both overlap, `(2,)`."""
    start, stop = max(offset, 0), min(first.shape[1], first.shape[1] + offset)
    a, b = first[:, start:stop], second[:, start - offset : stop - offset]
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.maximum(scale, 1e-12))
