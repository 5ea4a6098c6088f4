"""Agreement, correlation and paired comparison, clustered by person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from SwinX2SLib.evaluation.statistics.intervals import (
    FEWEST_PERSONS,
    LEVEL,
    Estimate,
    clustered_estimate,
    mean_estimate,
)

LIMIT = 1.96  # standard deviations: 95 % of normally distributed differences
FEWEST_PAIRS = 3


Numbers = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Agreement:
    """How far predicted values lie from true ones.

    Attributes:
        pairs: values that both have.
        persons: that they belong to.
        bias: mean of prediction minus truth.
        lower, upper: limits of agreement; about 95 % of single differences lie between them.
        sd: standard deviation of single differences, that between and within persons together.
        slope: of the difference over the mean of both: proportional bias where its interval excludes 0.
        absolute: mean absolute difference, the mean over persons.
        median_absolute: median of the absolute differences, or None.
    """

    pairs: int
    persons: int
    bias: Estimate
    lower: Estimate
    upper: Estimate
    sd: float | None
    slope: Estimate
    absolute: Estimate
    median_absolute: float | None


def agreement(
    prediction: Sequence[float],
    truth: Sequence[float],
    persons: Sequence[str],
    differences: Sequence[float] | None = None,
) -> Agreement:
    """Return the agreement of pairs of values.

    With one pair for each person: intervals of the bias by Student's t, of the limits by Bland and Altman 1999
    (standard error `sd sqrt(1/n + 1.96^2 / (2 (n-1)))`). With several: the standard deviation from a one-way analysis
    of variance with unequal counts (Bland and Altman 2007, "true value varies"), intervals by drawing persons.

    Args:
        prediction, truth: values of the pairs, finite, same unit.
        persons: whom each pair belongs to.
        differences: prediction minus truth where that is no plain subtraction (angles that wrap).

    Raises:
        ValueError: the lengths differ.
    """
    if not len(prediction) == len(truth) == len(persons):
        raise ValueError("Prediction, truth and persons must have the same length.")
    predicted, true = np.asarray(prediction, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    difference = predicted - true if differences is None else np.asarray(differences, dtype=np.float64)
    middle = true + difference / 2
    names, person = np.unique(np.asarray(persons, dtype=str), return_inverse=True)
    count = np.bincount(person, minlength=len(names))
    spread = np.bincount(person, np.abs(difference), len(names)) / count if len(names) else np.zeros(0)
    make = _plain if (count == 1).all() else _repeated
    bias, lower, upper, sd, slope = make(difference, middle, person, len(names))
    return Agreement(
        len(difference), len(names), bias, lower, upper, sd, slope, mean_estimate(spread),
        float(np.median(np.abs(difference))) if len(difference) else None,
    )  # fmt: skip


_Parts = tuple[Estimate, Estimate, Estimate, float | None, Estimate]


def _plain(difference: np.ndarray, middle: np.ndarray, person: np.ndarray, persons: int) -> _Parts:
    if persons < FEWEST_PAIRS:
        note = f"No limits of agreement: fewer than {FEWEST_PAIRS} persons." if persons else ""
        none = Estimate(None, persons=persons, note=note)
        rough = Estimate(float(difference.mean()) if persons else None, persons=persons, note=note)
        return rough, none, none, None, none
    sd, quantile = float(difference.std(ddof=1)), float(stats.t.ppf((1 + LEVEL) / 2, persons - 1))
    bias = float(difference.mean())
    of_bias = sd / np.sqrt(persons)
    of_limit = sd * np.sqrt(1 / persons + LIMIT**2 / (2 * (persons - 1)))

    def around(value: float, error: float) -> Estimate:
        return Estimate(value, float(value - quantile * error), float(value + quantile * error), persons, "t")

    return (
        around(bias, of_bias),
        around(bias - LIMIT * sd, of_limit),
        around(bias + LIMIT * sd, of_limit),
        sd,
        _plain_slope(difference, middle, quantile),
    )


def _plain_slope(difference: np.ndarray, middle: np.ndarray, quantile_of_mean: float) -> Estimate:
    persons = len(difference)
    if persons <= FEWEST_PAIRS or np.ptp(middle) == 0:
        return Estimate(None, persons=persons, note="No slope: too few or equal values.")
    if np.ptp(difference) == 0:
        return Estimate(0.0, persons=persons, note="No interval: all differences are equal.")
    fit = stats.linregress(middle, difference)
    quantile = float(stats.t.ppf((1 + LEVEL) / 2, persons - 2))
    slope, error = float(fit.slope), float(fit.stderr)
    return Estimate(slope, slope - quantile * error, slope + quantile * error, persons, "t")


def _repeated(difference: np.ndarray, middle: np.ndarray, person: np.ndarray, persons: int) -> _Parts:
    count = np.bincount(person, minlength=persons)
    centre = difference.mean()
    total = np.bincount(person, difference - centre, persons)
    inner = np.bincount(person, (difference - centre - (total / count)[person]) ** 2, persons)

    def off_centre(drawn: np.ndarray) -> np.ndarray:
        return drawn @ total / (drawn @ count)

    def sd(drawn: np.ndarray) -> np.ndarray:
        people, pairs = drawn.sum(axis=1), drawn @ count
        within = np.where(pairs > people, drawn @ inner / np.maximum(pairs - people, 1), 0.0)
        # Sum over persons of count x (their mean - mean of all)^2.
        spread = drawn @ (total**2 / count) - pairs * off_centre(drawn) ** 2
        usual = (pairs - drawn @ count**2 / pairs) / (people - 1)
        return np.sqrt(np.maximum(spread / (people - 1) - within, 0.0) / usual + within)

    def limit(sign: int) -> Estimate:
        return clustered_estimate(
            lambda drawn: centre + off_centre(drawn) + sign * LIMIT * sd(drawn), persons
        )

    bias = clustered_estimate(lambda drawn: centre + off_centre(drawn), persons)
    slope = clustered_estimate(_slope_of_draw(difference, middle, person, persons), persons)
    whole = float(sd(np.ones((1, persons), dtype=np.intp))[0]) if persons > 1 else None
    return bias, limit(-1), limit(1), whole, slope


def _slope_of_draw(
    difference: np.ndarray, middle: np.ndarray, person: np.ndarray, persons: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from how often each person was drawn to the least-squares slope, from sums over persons."""
    x, y = middle - middle.mean(), difference - difference.mean()
    sums = np.stack(
        [np.bincount(person, values, persons) for values in (np.ones_like(x), x, y, x * x, x * y)], axis=1
    )
    floor = 1e-12 * max(float((middle**2).sum()), np.finfo(float).tiny)

    def slope(drawn: np.ndarray) -> np.ndarray:
        n, of_x, of_y, of_xx, of_xy = (drawn @ sums).T
        spread = of_xx - of_x**2 / n
        return (of_xy - of_x * of_y / n) / np.where(spread > floor, spread, np.nan)

    return slope


_RESAMPLES, _FEWEST_DRAWS, _MOST_SAMPLES_DRAWN = 1000, 300, 1_000_000
_SEED = 20252


def spearman(x: Numbers, y: Numbers, persons: Sequence[str]) -> Estimate:
    """Return Spearman's rank correlation, -1..1, its percentile interval by drawing persons.

    Ranks are made again in every draw; of very many samples, whose interval is narrow, there are fewer draws.

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
    x: Numbers, y: Numbers, persons: Sequence[str], at: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None] | None:
    """Return the least-squares line at places, and the ends of its 95 % band by drawing persons.

    Args:
        x, y: values of each sample, finite.
        persons: whom each sample belongs to.
        at: `(P,)` values of x.

    Returns:
        Line `(P,)`, lower and upper end `(P,)`, these None with too few persons; None where no line is defined.
    """
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    names, person = np.unique(np.asarray(persons, dtype=str), return_inverse=True)
    if len(across) < 3 or np.ptp(across) == 0:
        return None
    terms = (np.ones_like(across), across, up, across * across, across * up)
    sums = np.stack([np.bincount(person, values, len(names)) for values in terms], axis=1)
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


# Of fewer pairs no Wilcoxon signed-rank test can reach 0.05: the smallest two-sided p of n pairs is 2 / 2^n.
FEWEST_PAIRED = 6
RESAMPLES = 4999
_PAIRED_SEED = 20251


@dataclass(frozen=True)
class Comparison:
    """The first model minus the second, on the persons that both have.

    Attributes:
        persons: that both have.
        difference: mean difference.
        rank_biserial: effect size of matched pairs, -1..1: share of the rank sum in which the first has the larger
            value minus the share in which the second has it (Kerby 2014, https://doi.org/10.2466/11.IT.3.1).
        wilcoxon_p: two-sided signed-rank test, zeros by Pratt, or None.
        permutation_p: two-sided test of the mean by exchanging the models within persons, or None.
        note: why there is no test, or "".
    """

    persons: int
    difference: Estimate
    rank_biserial: float | None = None
    wilcoxon_p: float | None = None
    permutation_p: float | None = None
    note: str = ""


def compare(first: Mapping[str, float], second: Mapping[str, float]) -> Comparison:
    """Compare two models.

    Args:
        first, second: value of each person; persons that only one has are left out.
    """
    both = sorted(first.keys() & second.keys())
    differences = np.array([first[person] - second[person] for person in both])
    # Sums of the same numbers in another order differ in their last digit; that is no difference.
    scale = max((max(abs(first[person]), abs(second[person])) for person in both), default=0.0)
    differences[np.abs(differences) <= 1e-12 * scale] = 0.0
    estimate = mean_estimate(differences)
    if len(both) < FEWEST_PAIRED:
        note = f"No test: {len(both)} common persons; at least {FEWEST_PAIRED} are required."
        return Comparison(len(both), estimate, _rank_biserial(differences), note=note)
    if not differences.any():
        return Comparison(len(both), estimate, 0.0, 1.0, 1.0, "Both models have the same values.")
    wilcoxon = stats.wilcoxon(differences, zero_method="pratt")
    exchanged = stats.permutation_test(
        (differences,), _mean, permutation_type="samples", n_resamples=RESAMPLES, vectorized=True,
        rng=np.random.default_rng(_PAIRED_SEED),
    )  # fmt: skip
    return Comparison(
        len(both),
        estimate,
        _rank_biserial(differences),
        float(wilcoxon.pvalue),
        float(min(exchanged.pvalue, 1.0)),
    )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p values corrected for their number, by Holm's step-down procedure (1979); None stays and counts not."""
    corrected: list[float | None] = [None] * len(p_values)
    tested = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    largest = 0.0
    for rank, (p, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * p))
        corrected[place] = largest
    return corrected


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    return values.mean(axis=axis)


def _rank_biserial(differences: np.ndarray) -> float | None:
    unequal = differences[differences != 0]
    if not differences.size:
        return None
    if not unequal.size:
        return 0.0
    ranks = stats.rankdata(np.abs(unequal))
    return float((ranks * np.sign(unequal)).sum() / ranks.sum())
