import json

import nibabel as nib
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
    assert scores.group_means() == {"pelvis": 0.0}


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


def test_published_scores_are_reproduced(shared_data):
    published = json.loads((shared_data / "reference" / "published_case_scores.json").read_text())["cases"]
    compared = 0
    for case, methods in published.items():
        truth = np.asarray(nib.load(shared_data / "anatomy" / "volumes" / case / "labels.nii.gz").dataobj)
        for method, scores in methods.items():
            path = shared_data / "reference" / "predictions" / case / f"{method}.nii.gz"
            if not path.exists() or tuple(scores["grid"]) != truth.shape:
                continue
            prediction = np.asarray(nib.load(path).dataobj).astype(np.uint8)
            assert 100 * score_overlap(prediction, truth.astype(np.uint8)).mean == pytest.approx(
                scores["dice_percent"], abs=0.05
            )
            compared += 1
    assert compared >= 6
