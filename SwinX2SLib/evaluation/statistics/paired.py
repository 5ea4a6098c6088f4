"""Two models on the same persons: is one better, by how much, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from SwinX2SLib.evaluation.statistics.intervals import Estimate, mean_estimate

# Of fewer pairs no Wilcoxon signed-rank test can reach 0.05: the smallest two-sided p of n pairs is 2 / 2^n.
FEWEST_PAIRS = 6
RESAMPLES = 4999
_SEED = 20251


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
    if len(both) < FEWEST_PAIRS:
        note = f"No test: {len(both)} persons in common, at least {FEWEST_PAIRS} are needed."
        return Comparison(len(both), estimate, _rank_biserial(differences), note=note)
    if not differences.any():
        return Comparison(len(both), estimate, 0.0, 1.0, 1.0, "Both models have the same values.")
    wilcoxon = stats.wilcoxon(differences, zero_method="pratt")
    exchanged = stats.permutation_test(
        (differences,), _mean, permutation_type="samples", n_resamples=RESAMPLES, vectorized=True,
        rng=np.random.default_rng(_SEED),
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
