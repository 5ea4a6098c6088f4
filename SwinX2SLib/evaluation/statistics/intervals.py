"""Bootstrap intervals over persons.

Persons are drawn with replacement, each with everything that was measured on them. BCa intervals: Efron, Better
bootstrap confidence intervals, 1987; where their correction is undefined, percentile intervals, and the estimate says
so. Bootstrap intervals of few persons are too narrow, those of a handful are fiction: below `FEWEST_PERSONS` there is
none, below `FEW_PERSONS` the estimate carries a note.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

FEWEST_PERSONS, FEW_PERSONS = 5, 20
LEVEL = 0.95
RESAMPLES = 2000
METHODS = ("BCa", "percentile")
_BATCH = 500  # draws at a time: thousands of persons need little memory
_SEED = 20250  # the same cohort gives the same page


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % confidence interval.

    Attributes:
        value: or None when nobody has it.
        low, high: ends of the interval, or None when there is none.
        persons: number of persons that it rests on.
        method: "BCa bootstrap", "percentile bootstrap", "t"..., or "" without an interval.
        note: why there is no interval, or why it is to be read with care; a sentence, or "".
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    persons: int = 0
    method: str = ""
    note: str = ""

    @property
    def has_interval(self) -> bool:
        """Whether both ends are known."""
        return self.low is not None and self.high is not None

    def excludes(self, value: float) -> bool:
        """Whether there is an interval and the value lies outside."""
        return self.low is not None and self.high is not None and not self.low <= value <= self.high


def mean_estimate(values: Sequence[float] | np.ndarray) -> Estimate:
    """Return the mean with its interval.

    Args:
        values: one for each person, finite.
    """
    each = np.asarray(values, dtype=np.float64)
    if each.size and np.ptp(each) == 0:
        return Estimate(float(each[0]), persons=each.size, note=_same_note(each.size))
    mean = float(each.mean()) if each.size else None
    return _estimate(mean, each, lambda drawn, axis: drawn.mean(axis=axis))


def clustered_estimate(
    statistic: Callable[[np.ndarray], np.ndarray],
    persons: int,
    methods: Sequence[str] = METHODS,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Return a statistic of data in clusters with its interval.

    Args:
        statistic: from how often each person was drawn, int `(D, persons)`, to its value in each draw, `(D,)`; NaN
            where a draw defines none.
        persons: number of persons.
        methods: of the interval, the first that is defined; see `METHODS`.
        resamples: number of draws.
    """

    def drawn(indices: np.ndarray, axis: int) -> np.ndarray:
        rows = np.moveaxis(indices, axis, -1).reshape(-1, indices.shape[axis])
        offsets = persons * np.arange(len(rows))[:, None]
        counts = np.bincount((rows + offsets).ravel(), minlength=persons * len(rows))
        return statistic(counts.reshape(-1, persons)).reshape(np.delete(indices.shape, axis))

    with np.errstate(all="ignore"):
        whole = float(statistic(np.ones((1, persons), dtype=np.intp))[0]) if persons else np.nan
    if not np.isfinite(whole):
        return Estimate(None, persons=persons)
    return _estimate(whole, np.arange(persons), drawn, methods, resamples)


def _estimate(
    value: float | None,
    data: np.ndarray,
    statistic: Callable,
    methods: Sequence[str] = METHODS,
    resamples: int = RESAMPLES,
) -> Estimate:
    persons = data.size
    if persons < FEWEST_PERSONS:
        note = f"No interval: {_count(persons)}; at least {FEWEST_PERSONS} are required." if persons else ""
        return Estimate(value, persons=persons, note=note)
    note = f"Only {_count(persons)}: the interval is unreliable." if persons < FEW_PERSONS else ""
    for method in methods:
        low, high = _ends(data, statistic, method, resamples)
        if np.isfinite([low, high]).all():
            if low == high:
                return Estimate(value, persons=persons, note=_same_note(persons))
            return Estimate(value, low, high, persons, f"{method} bootstrap", note)
    return Estimate(value, persons=persons, note="No interval: the value is undefined for some resamples.")


def _ends(data: np.ndarray, statistic: Callable, method: str, resamples: int) -> tuple[float, float]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # An undefined correction is answered by the caller, not by a warning.
        warnings.simplefilter("ignore")
        result = stats.bootstrap(
            (data,), statistic, n_resamples=resamples, batch=_BATCH, vectorized=True,
            confidence_level=LEVEL, method=method, rng=np.random.default_rng(_SEED),
        )  # fmt: skip
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def _same_note(persons: int) -> str:
    return "No interval: all persons have the same value." if persons > 1 else "No interval: 1 person."


def _count(persons: int) -> str:
    return "1 person" if persons == 1 else f"{persons} persons"
