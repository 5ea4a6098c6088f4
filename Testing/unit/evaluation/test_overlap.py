import numpy as np
import pytest

from SwinX2SLib.evaluation import score_overlap


def test_dice_of_two_overlapping_bars_is_what_the_hand_computes():
    truth, prediction = np.zeros(10, np.uint8), np.zeros(10, np.uint8)
    truth[0:4] = 20
    prediction[2:6] = 20
    assert score_overlap(prediction, truth).dice == {20: 2 * 2 / (4 + 4)}


def test_a_missed_bone_scores_zero_and_an_invented_one_is_named():
    truth, prediction = np.zeros(10, np.uint8), np.zeros(10, np.uint8)
    truth[0] = 50
    prediction[5] = 51
    scores = score_overlap(prediction, truth)
    assert scores.dice == {50: 0.0}
    assert scores.invented == (51,)
    assert scores.dice_means() == {"mean": 0.0, "pelvis": 0.0}


def test_bones_of_groups_that_nobody_drew_are_not_scored():
    truth, prediction = np.zeros(10, np.uint8), np.zeros(10, np.uint8)
    truth[0], prediction[0], prediction[5] = 20, 20, 30
    scores = score_overlap(prediction, truth, annotated=("spine",))
    assert scores.dice == {20: 1.0}
    assert scores.invented == ()


def test_empty_volumes_have_no_mean_rather_than_a_perfect_one():
    empty = np.zeros(5, np.uint8)
    assert np.isnan(score_overlap(empty, empty).mean)


def test_different_shapes_are_refused_in_words():
    with pytest.raises(ValueError, match="resample"):
        score_overlap(np.zeros(3, np.uint8), np.zeros(4, np.uint8))
