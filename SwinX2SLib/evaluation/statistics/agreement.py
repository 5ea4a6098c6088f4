"""Agreement of measured with true values (Bland and Altman 1986, 1999, 2007)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from SwinX2SLib.evaluation.statistics.intervals import LEVEL, Estimate, clustered_estimate, mean_estimate

LIMIT = 1.96  # standard deviations: 95 % of normally distributed differences
FEWEST_PAIRS = 3


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
        raise ValueError("Prediction, truth and persons have to be of the same length.")
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
        bias = Estimate(float(difference.mean()) if persons else None, persons=persons, note=note)
        return bias, none, none, None, none
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
