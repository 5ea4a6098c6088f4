"""Does overlap tell how far off a measurement is? Rank correlation and a line with its band, clustered by person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from SwinX2SLib.evaluation.statistics.intervals import (
    FEWEST_PERSONS,
    LEVEL,
    Estimate,
    clustered_estimate,
)

_RESAMPLES, _FEWEST_DRAWS, _MOST_SAMPLES_DRAWN = 1000, 300, 1_000_000
_SEED = 20252


def spearman(x: Sequence[float], y: Sequence[float], persons: Sequence[str]) -> Estimate:
    """Return Spearman's rank correlation, -1..1, its percentile interval by drawing persons.

    Ranks are made anew in every draw; of very many samples, whose interval is narrow, there are fewer draws.

    Args:
        x, y: values of each sample, finite.
        persons: whom each sample belongs to.
    """
    orders = [np.unique(np.asarray(values, dtype=np.float64), return_inverse=True)[1] for values in (x, y)]
    names, person = np.unique(np.asarray(persons, dtype=str), return_inverse=True)

    def of_draw(drawn: np.ndarray) -> float:
        weights = drawn[person]
        first, second = (_middle_ranks(order, weights) for order in orders)
        return _weighted_correlation(first, second, weights)

    def correlation(drawn: np.ndarray) -> np.ndarray:
        return np.array([of_draw(one) for one in drawn])

    draws = int(np.clip(_MOST_SAMPLES_DRAWN / max(len(person), 1), _FEWEST_DRAWS, _RESAMPLES))
    return clustered_estimate(correlation, len(names), ("percentile",), draws)


def regression_band(
    x: Sequence[float], y: Sequence[float], persons: Sequence[str], at: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None] | None:
    """Return the least-squares line at places, and the ends of its 95 % band by drawing persons.

    Args:
        x, y: values of each sample, finite.
        persons: whom each sample belongs to.
        at: `(P,)` values of x.

    Returns:
        Line `(P,)`, lower and upper end `(P,)`, these None with too few persons; None where no line is defined.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    names, person = np.unique(np.asarray(persons, dtype=str), return_inverse=True)
    if len(x) < 3 or np.ptp(x) == 0:
        return None
    sums = np.stack(
        [np.bincount(person, values, len(names)) for values in (np.ones_like(x), x, y, x * x, x * y)], axis=1
    )
    line = _lines(sums.sum(axis=0)[None], at)[0]
    if len(names) < FEWEST_PERSONS:
        return line, None, None
    draws = np.random.default_rng(_SEED).multinomial(
        len(names), np.full(len(names), 1 / len(names)), _RESAMPLES
    )
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(_lines(draws @ sums, at), [tail, 1 - tail], axis=0)
    return line, low, high


def _lines(sums: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return lines `(D, P)` from sums `(D, 5)` of 1, x, y, xx and xy; NaN where all x are equal."""
    n, x, y, xx, xy = sums.T
    spread = xx - x * x / n
    spread[spread <= 1e-12 * xx] = np.nan
    slope = (xy - x * y / n) / spread
    return ((y - slope * x) / n)[:, None] + slope[:, None] * at


def _middle_ranks(order: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return ranks of samples that count several times; equal values share the middle of their ranks."""
    total = np.bincount(order, weights)
    return (np.cumsum(total) - (total - 1) / 2)[order]


def _weighted_correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    n = weights.sum()
    if n < 3:
        return np.nan
    x, y = x - weights @ x / n, y - weights @ y / n
    spread = (weights @ (x * x)) * (weights @ (y * y))
    return np.nan if spread <= 0 else float(weights @ (x * y) / np.sqrt(spread))
