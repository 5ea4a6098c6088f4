"""Intervals hold the values of further segmentations, and drawn volumes follow the map they come from."""

import numpy as np
import pytest

from SwinX2SLib.measurements.label_sampling import REACH_MM, interval_of, sampled_labels, with_intervals
from SwinX2SLib.measurements.results import Measurement, absent


def length(value, side="left", name="neck_length"):
    return Measurement(name, f"femur_{side}", side, value, "mm")


def test_few_values_give_their_range_and_many_their_percentiles():
    assert interval_of([3.0, 1.0, 2.0]) == (1.0, 3.0)
    assert interval_of(range(101)) == (5.0, 95.0)
    assert interval_of([1.0]) is None


def test_each_value_gets_the_interval_of_its_own_kind_and_side():
    own = [
        length(50.0),
        length(60.0, "right"),
        absent("anteversion", "femur_left", "left", "deg", "No knee."),
    ]
    samples = [[length(50.0 + shift), length(60.0 - 2 * shift, "right")] for shift in (-1, 0, 2)]
    left, right, missing = with_intervals(own, samples)
    assert left.interval == (49.0, 52.0)
    assert right.interval == (56.0, 62.0)
    assert left.quality == "good"
    assert missing.interval is None


def test_values_that_samples_do_not_show_are_to_be_checked():
    outside, rare = with_intervals(
        [length(50.0), length(10.0, name="offset")],
        [[length(60.0)], [length(61.0)], [length(62.0), length(10.0, name="offset")]],
    )
    assert outside.quality == "check"
    assert "outside" in outside.reasons[0]
    assert rare.reasons == ("Present in only 1 of 3 samples.",)


def ball(radius):
    x, y, z = np.mgrid[:40, :40, :40] - 19.5
    return (np.sqrt(x**2 + y**2 + z**2) <= radius).astype(np.uint8) * 54


def test_a_certain_map_draws_the_segmentation_itself():
    labels = ball(10)
    for drawn in sampled_labels(labels, np.eye(4), np.zeros(labels.shape), 3, seed=1):
        assert np.array_equal(drawn, labels)


@pytest.mark.parametrize("level", [0.2, 0.5])
def test_voxels_belong_to_their_bone_as_often_as_the_map_says(level):
    labels, spacing = ball(10), np.diag((2.0, 2.0, 2.0, 1.0))
    uncertainty = np.full(labels.shape, level)
    drawn = np.stack(list(sampled_labels(labels, spacing, uncertainty, 40, seed=3))) == 54
    inside = labels == 54
    assert drawn[:, inside].mean() == pytest.approx(1 - level, abs=0.05)
    x, y, z = np.mgrid[:40, :40, :40] - 19.5
    outside = 2 * (np.sqrt(x**2 + y**2 + z**2) - 10)
    assert drawn[:, (outside > 2) & (outside < REACH_MM - 2)].mean() == pytest.approx(level, abs=0.05)
    assert not drawn[:, outside > REACH_MM + 4].any()


def test_drawn_volumes_are_the_same_for_the_same_seed():
    labels = ball(6)
    uncertainty = np.full(labels.shape, 0.3)
    first, again, other = (
        next(sampled_labels(labels, np.eye(4), uncertainty, 1, seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
