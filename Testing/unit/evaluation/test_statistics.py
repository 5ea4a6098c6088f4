"""Statistics against values worked out by hand, and against what they promise."""

import numpy as np
import pytest
from scipy import stats

from SwinX2SLib.evaluation.statistics import (
    agreement,
    clustered_estimate,
    compare,
    holm,
    mean_estimate,
    regression_band,
    spearman,
)
from SwinX2SLib.evaluation.statistics.intervals import FEW_PERSONS, FEWEST_PERSONS

rng = np.random.default_rng


def people(count: int) -> list[str]:
    return [f"person {index}" for index in range(count)]


# -- intervals


def test_an_interval_of_a_mean_covers_the_truth_as_often_as_it_says():
    # An exponential distribution is as skewed as surface distances are.
    draws = rng(1).exponential(scale=4.0, size=(300, 40))
    covered = [e.low <= 4.0 <= e.high for e in map(mean_estimate, draws)]
    assert 0.90 <= np.mean(covered) <= 0.98


def test_an_interval_of_repeated_values_covers_the_truth_only_when_persons_are_drawn():
    covered, ignoring = [], []
    for seed in range(80):
        source = rng(seed)
        own = source.normal(0, 1, 25)
        values = own[:, None] + source.normal(0, 0.2, (25, 12))
        totals = values.sum(axis=1)
        estimate = clustered_estimate(lambda drawn, t=totals: drawn @ t / (12 * drawn.sum(axis=1)), 25)
        covered.append(estimate.low <= 0 <= estimate.high)
        alone = mean_estimate(values.ravel())
        ignoring.append(alone.low <= 0 <= alone.high)
    assert np.mean(covered) >= 0.88
    assert np.mean(ignoring) <= 0.6


def test_the_mean_is_the_mean_and_lies_inside():
    values = rng(2).uniform(0, 1, 30)
    estimate = mean_estimate(values)
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.low < estimate.value < estimate.high
    assert estimate.persons == 30
    assert estimate.method == "BCa bootstrap"
    assert estimate.note == ""


def test_the_same_values_give_the_same_interval():
    values = rng(3).uniform(0, 1, 30)
    assert mean_estimate(values) == mean_estimate(values)


@pytest.mark.parametrize("count", range(FEWEST_PERSONS))
def test_a_handful_of_persons_has_no_interval(count):
    estimate = mean_estimate(rng(4).uniform(0, 1, count))
    assert not estimate.has_interval
    assert (estimate.value is None) == (count == 0)
    assert estimate.persons == count


def test_few_persons_have_an_interval_with_a_warning():
    assert "unreliable" in mean_estimate(rng(5).uniform(0, 1, FEW_PERSONS - 1)).note
    assert mean_estimate(rng(5).uniform(0, 1, FEW_PERSONS)).note == ""


def test_equal_values_have_no_interval_of_false_certainty():
    estimate = mean_estimate(np.zeros(50))
    assert estimate.value == 0
    assert not estimate.has_interval
    assert "same value" in estimate.note


def test_a_statistic_that_some_draws_do_not_define_has_no_interval():
    def only_with_the_first(drawn):
        return np.where(drawn[:, 0] > 0, 1.0, np.nan)

    estimate = clustered_estimate(only_with_the_first, 10)
    assert estimate.value == 1.0
    assert not estimate.has_interval


# -- paired tests


def test_holm_by_hand():
    # Sorted: 0.005 * 4, 0.01 * 3, 0.03 * 2, 0.04 * 1 raised to the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_leaves_out_what_was_not_tested_and_never_passes_one():
    assert holm([None, 0.9, 0.6, None]) == [None, pytest.approx(1.0), pytest.approx(1.0), None]
    assert holm([]) == []


def test_six_persons_all_better_have_the_smallest_p_of_six():
    first = {person: 0.5 + 0.01 * index for index, person in enumerate(people(6))}
    second = {person: value - 0.1 - 0.02 * index for index, (person, value) in enumerate(first.items())}
    result = compare(first, second)
    assert result.persons == 6
    assert result.difference.value == pytest.approx(0.15)
    assert result.wilcoxon_p == pytest.approx(2 / 2**6)
    assert result.permutation_p == pytest.approx(2 / 2**6)
    assert result.rank_biserial == 1.0


def test_the_effect_size_by_hand():
    # Ranks of |d| = 1, 2, 3, 4; the one of rank 2 is negative: (1 + 3 + 4 - 2) / 10.
    differences = [1.0, -2.0, 3.0, 4.0]
    first = dict(zip(people(4), differences, strict=True))
    assert compare(first, dict.fromkeys(first, 0.0)).rank_biserial == pytest.approx(0.6)


def test_only_persons_that_both_have_are_compared():
    first, second = dict.fromkeys(people(10), 1.0), dict.fromkeys(people(30)[4:], 0.5)
    first["person 5"] = 2.0
    assert compare(first, second).persons == 6


def test_too_few_pairs_are_not_tested():
    values = dict.fromkeys(people(5), 1.0)
    result = compare(values, dict.fromkeys(values, 0.2))
    assert result.wilcoxon_p is None
    assert result.permutation_p is None
    assert "at least 6" in result.note
    assert compare({}, {}).difference.value is None


def test_equal_models_are_not_different():
    values = dict(zip(people(20), rng(6).uniform(0, 1, 20), strict=True))
    result = compare(values, dict(values))
    assert (result.wilcoxon_p, result.permutation_p, result.rank_biserial) == (1.0, 1.0, 0.0)


def test_rounding_is_no_difference():
    first = dict.fromkeys(people(12), 0.1 + 0.2)
    assert compare(first, dict.fromkeys(first, 0.3)).wilcoxon_p == 1.0


def test_tests_of_equal_models_reject_as_rarely_as_they_say():
    rejected = np.zeros(2)
    for seed in range(60):
        pairs = rng(seed).normal(size=(2, 15))
        result = compare(*(dict(zip(people(15), side, strict=True)) for side in pairs))
        rejected += [result.wilcoxon_p < 0.05, result.permutation_p < 0.05]
    assert (rejected / 60 <= 0.13).all()


# -- agreement


def test_bland_altman_by_hand():
    # Differences 1, 2, 3, 4, 5: mean 3, variance 2.5.
    truth = np.array([10.0, 20, 30, 40, 50])
    result = agreement(truth + np.arange(1, 6), truth, people(5))
    sd, t = np.sqrt(2.5), stats.t.ppf(0.975, 4)
    assert result.bias.value == pytest.approx(3)
    assert result.bias.high == pytest.approx(3 + t * sd / np.sqrt(5))
    assert result.sd == pytest.approx(sd)
    assert result.lower.value == pytest.approx(3 - 1.96 * sd)
    error = sd * np.sqrt(1 / 5 + 1.96**2 / 8)
    assert (result.upper.low, result.upper.high) == pytest.approx(
        (3 + 1.96 * sd - t * error, 3 + 1.96 * sd + t * error)
    )
    assert result.absolute.value == pytest.approx(3)
    assert result.median_absolute == pytest.approx(3)
    assert result.slope.excludes(0)


def test_repeated_values_by_hand():
    # Three persons with differences (0, 2), (4, 6), (8, 10): within 2, between-persons mean square 32, usual count 2,
    # so the variance of a single difference is (32 - 2) / 2 + 2 = 17.
    difference = np.array([0.0, 2, 4, 6, 8, 10])
    truth = np.arange(6.0)
    result = agreement(truth + difference, truth, ["a", "a", "b", "b", "c", "c"])
    assert result.bias.value == pytest.approx(5)
    assert result.sd == pytest.approx(np.sqrt(17))
    assert result.upper.value == pytest.approx(5 + 1.96 * np.sqrt(17))
    assert (result.pairs, result.persons) == (6, 3)
    assert not result.upper.has_interval


def test_limits_of_repeated_values_are_those_of_single_ones_when_persons_repeat_nothing_of_themselves():
    source = rng(7)
    difference = source.normal(1, 2, 4000)
    result = agreement(difference, np.zeros(4000), [f"{index // 20}" for index in range(4000)])
    assert result.upper.value == pytest.approx(1 + 1.96 * 2, abs=0.15)
    assert result.upper.low < 1 + 1.96 * 2 < result.upper.high


@pytest.mark.parametrize("each", [1, 2])
def test_a_proportional_bias_is_found_and_a_constant_one_is_as_rarely_as_promised(each):
    persons = [f"{index // each}" for index in range(40)]
    mistaken = 0
    for seed in range(30):
        truth, noise = rng(seed).uniform(100, 150, 40), rng(100 + seed).normal(0, 0.5, 40)
        assert agreement(truth * 1.1 + noise, truth, persons).slope.excludes(0)
        mistaken += agreement(truth + 5 + noise, truth, persons).slope.excludes(0)
    assert mistaken <= 5


def test_angles_that_wrap_bring_their_own_differences():
    result = agreement([179, -178, 2], [-179, 180, 0], people(3), differences=[-2, 2, 2])
    assert result.bias.value == pytest.approx(2 / 3)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_agreement_of_next_to_nothing_has_no_limits(count):
    result = agreement([1.0] * count, [0.5] * count, people(count))
    assert result.pairs == count
    assert result.lower.value is None
    assert result.bias.value == (0.5 if count else None)


@pytest.mark.parametrize("each", [1, 2])
def test_equal_differences_have_no_proportional_bias(each):
    truth = np.arange(12.0)
    result = agreement(truth + 3, truth, [f"{index // each}" for index in range(12)])
    assert result.slope.value == pytest.approx(0, abs=1e-12)
    assert not result.slope.excludes(0)
    assert result.bias.value == 3


def test_agreement_needs_as_many_truths_as_predictions():
    with pytest.raises(ValueError, match="same length"):
        agreement([1.0], [1.0, 2.0], people(2))


# -- correlation


def test_the_rank_correlation_is_scipys():
    x, y = rng(10).integers(0, 9, (2, 50))
    assert spearman(x, y, people(50)).value == pytest.approx(stats.spearmanr(x, y).statistic)


def test_drawing_a_person_twice_counts_their_samples_twice():
    from SwinX2SLib.evaluation.statistics.comparisons import _middle_ranks

    order = np.array([0, 1, 1, 2])
    weights = np.array([2, 1, 1, 1])
    assert _middle_ranks(order, weights).tolist() == [1.5, 3.5, 3.5, 5.0]


def test_an_interval_of_a_correlation_covers_the_truth():
    truth, covered = 6 / np.pi * np.arcsin(0.5 / 2), []
    for seed in range(30):
        x, y = rng(seed).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 40).T
        estimate = spearman(x, y, people(40))
        covered.append(estimate.low <= truth <= estimate.high)
    assert np.mean(covered) >= 0.8


def test_constant_values_have_no_correlation_and_no_line():
    assert spearman(np.ones(20), np.arange(20.0), people(20)).value is None
    assert regression_band(np.ones(20), np.arange(20.0), people(20), np.linspace(0, 1, 3)) is None


def test_the_line_of_exact_values_has_no_width():
    x = np.linspace(0, 1, 12)
    line, low, high = regression_band(x, 2 - 3 * x, people(12), np.array([0.0, 0.5]))
    assert line == pytest.approx([2, 0.5])
    assert low == pytest.approx(line)
    assert high == pytest.approx(line)


def test_the_band_is_that_of_ordinary_regression_for_independent_samples():
    x = rng(11).uniform(0, 1, 400)
    y = 1 + 2 * x + rng(12).normal(0, 1, 400)
    _, low, high = regression_band(x, y, people(400), np.array([0.5]))
    assert high[0] - low[0] == pytest.approx(2 * 1.96 / np.sqrt(400), rel=0.15)
    assert regression_band(x[:4], y[:4], people(4), np.array([0.5]))[1] is None
