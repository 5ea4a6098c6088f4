"""Scores of bones, groups and the foreground, computed by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from SwinX2SLib.evaluation import CaseEvaluation, evaluate_volumes
from SwinX2SLib.evaluation.metrics import identify

ALL = range(1, 55)
L1, L2, LEFT_RIB, SACRUM, HIP = 20, 21, 28, 50, 51


def evaluated(prediction: dict, truth: dict, spacing_mm: float = 2.0, **options):
    """Evaluate boxes `{label: (start, stop)}` along the first axis of 40 x 4 x 4 voxels."""
    volumes = []
    for boxes in (prediction, truth):
        volume = np.zeros((40, 4, 4), np.uint8)
        for label, (start, stop) in boxes.items():
            volume[start:stop] = label
        volumes.append(volume)
    return evaluate_volumes(
        *volumes, np.diag([spacing_mm] * 3 + [1.0]), options.pop("labels", ALL), **options
    )


def test_half_an_overlap_by_hand():
    found = evaluated({L1: (2, 6)}, {L1: (4, 8)}).labels["vertebrae_L1"]
    assert found.status == "both"
    assert (found.dice, found.iou) == (0.5, pytest.approx(1 / 3))
    assert found.localisation_error_mm == pytest.approx(4.0)
    assert found.hausdorff_mm == pytest.approx(4.0)
    assert found.prediction_ml == found.truth_ml == pytest.approx(4 * 16 * 8 / 1000)
    assert (found.group, found.label, found.identified, found.nearest) == ("spine", L1, True, True)


def test_a_missed_bone_counts_nothing_in_overlap_and_has_no_distance():
    result = evaluated({L1: (0, 4)}, {L1: (0, 4), L2: (8, 12)})
    lost = result.labels["vertebrae_L2"]
    assert (lost.status, lost.dice, lost.iou, lost.nsd) == ("missed", 0.0, 0.0, {"1.0": 0.0, "2.0": 0.0})
    assert lost.hausdorff95_mm is lost.assd_mm is lost.localisation_error_mm is None
    assert (lost.identified, lost.nearest) == (False, False)
    spine = result.groups["spine"]
    assert (spine.dice, spine.hausdorff95_mm, spine.labels) == (0.5, 0.0, 2)
    assert (spine.identification_rate, spine.missed, spine.invented) == (0.5, ("vertebrae_L2",), ())


def test_an_invented_bone_is_told_and_averaged_nowhere():
    result = evaluated({L1: (0, 4), L2: (8, 12)}, {L1: (0, 4)})
    extra = result.labels["vertebrae_L2"]
    assert extra.status == "invented"
    assert extra.dice is extra.identified is extra.hausdorff95_mm is None
    assert set(extra.nsd.values()) == {None}
    assert result.foreground.dice == 1.0
    assert result.foreground.invented == ("vertebrae_L2",)


def test_both_empty_is_undefined_rather_than_perfect():
    result = evaluated({}, {})
    assert result.labels == result.groups == {}
    foreground = result.foreground
    assert foreground.dice is foreground.identification_rate is foreground.assd_mm is None
    assert foreground.nsd == {"1.0": None, "2.0": None}
    assert result.paper == {
        "dice": 1.0,  # the background, which the paper counts
        "hausdorff95_mm": None,
        "localisation_error_mm": None,
        "identification_rate": None,
    }


def test_an_empty_prediction_misses_everything():
    result = evaluated({}, {L1: (0, 4), HIP: (8, 12)})
    assert result.foreground.dice == result.foreground.identification_rate == 0.0
    assert result.foreground.missed == ("vertebrae_L1", "hip_right")
    assert result.foreground.hausdorff95_mm is None


def test_labels_that_are_not_compared_are_not_scored():
    result = evaluated({L1: (0, 4), HIP: (8, 12)}, {L1: (0, 4), SACRUM: (8, 12)}, labels=[L1, L2])
    assert list(result.labels) == ["vertebrae_L1"]
    assert result.paper["dice"] == 1.0


def test_groups_average_their_own_bones():
    result = evaluated({L1: (0, 4), SACRUM: (10, 14)}, {L1: (2, 6), SACRUM: (10, 14), HIP: (20, 24)})
    assert result.groups["spine"].dice == 0.5
    assert result.groups["pelvis"].dice == 0.5
    assert result.foreground.dice == pytest.approx(0.5)
    assert list(result.groups) == ["spine", "pelvis"]


def test_the_averages_of_the_paper_by_hand():
    """Dice: of L1, of the missed L2, and of the background; rate: of the bones predicted."""
    prediction, truth = {L1: (0, 8), HIP: (30, 34)}, {L1: (0, 4), L2: (10, 14)}
    result = evaluated(prediction, truth)
    background = 2 * (40 - 8 - 4 - 4) / ((40 - 12) + (40 - 8))
    assert result.paper["dice"] == pytest.approx((2 * 4 / 12 + 0 + background) / 3)
    assert result.paper["identification_rate"] == 0.5  # of L1 and the invented hip
    assert result.foreground.identification_rate == 0.5  # of L1 and the missed L2
    only = result.labels["vertebrae_L1"]
    assert result.paper["localisation_error_mm"] == only.localisation_error_mm == pytest.approx(4.0)
    assert result.paper["hausdorff95_mm"] >= only.hausdorff95_mm


def test_voxels_outside_the_given_part_of_the_grid_are_background():
    whole = evaluated({L1: (2, 6)}, {L1: (4, 8)})
    prediction, truth = np.zeros((2, 6, 4, 4), np.uint8)
    prediction[0:4], truth[2:6] = L1, L1
    part = evaluate_volumes(prediction, truth, np.diag([2.0, 2, 2, 1]), ALL, voxels=40 * 16)
    assert part.paper == pytest.approx(whole.paper)
    assert part.foreground == whole.foreground


def test_identification_needs_twenty_millimetres_and_verse_also_the_nearest():
    truth = {L1: np.array([0.0, 0, 0]), L2: np.array([0.0, 0, 25])}
    assert identify({L1: np.array([0, 0, 19.99])}, truth)[0] == {L1: True, L2: False}
    assert identify({L1: np.array([0, 0, 20.0])}, truth)[0][L1] is False
    shifted = {L1: np.array([0.0, 0, 15]), L2: np.array([0.0, 0, 26])}
    near, nearest = identify(shifted, truth)
    assert near == {L1: True, L2: True}
    assert nearest == {L1: False, L2: True}  # L1's centre lies nearer to L2


def test_shapes_that_differ_are_refused_in_words():
    with pytest.raises(ValueError, match="resample"):
        evaluate_volumes(np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3, 4), np.uint8), np.eye(4), ALL)


volumes = arrays(np.uint8, (6, 5, 4), elements=st.sampled_from([0, L1, L2, HIP]))


@given(prediction=volumes, truth=volumes)
def test_bounds_and_exchange_of_both_volumes(prediction, truth):
    there = evaluate_volumes(prediction, truth, np.diag([1, 2, 3, 1.0]), ALL)
    back = evaluate_volumes(truth, prediction, np.diag([1, 2, 3, 1.0]), ALL)
    assert set(there.labels) == set(back.labels)
    for name, one in there.labels.items():
        other = back.labels[name]
        assert {"both": "both", "missed": "invented", "invented": "missed"}[one.status] == other.status
        if one.status == "both":
            assert one.dice == other.dice
            assert one.iou == pytest.approx(one.dice / (2 - one.dice))
            assert one.hausdorff95_mm == pytest.approx(other.hausdorff95_mm)
            assert one.assd_mm <= one.hausdorff_mm
    perfect = evaluate_volumes(truth, truth, np.diag([1, 2, 3, 1.0]), ALL).foreground
    if truth.any():
        assert (perfect.dice, perfect.hausdorff_mm, perfect.identification_rate) == (1.0, 0.0, 1.0)


@given(prediction=volumes, truth=volumes)
def test_the_document_is_json_without_nan_and_comes_back(prediction, truth):
    compared = evaluate_volumes(prediction, truth, np.eye(4), ALL)
    case = CaseEvaluation("c", "p", "t", "swinx2s", (1.0, 1.0, 1.0), ("spine",), **vars(compared))
    text = json.dumps(case.as_dict(), allow_nan=False)
    assert CaseEvaluation.from_dict(json.loads(text)) == case


def test_damaged_documents_are_refused_in_words():
    compared = evaluated({L1: (0, 4)}, {L1: (0, 4)})
    whole = CaseEvaluation("c", "p", "t", "swinx2s", (1.0, 1.0, 1.0), ("spine",), **vars(compared)).as_dict()
    assert CaseEvaluation.from_dict({**whole, "of a newer version": 1}).case == "c"
    with pytest.raises(ValueError, match="swinx2s-evaluation/1"):
        CaseEvaluation.from_dict({**whole, "schema": "other"})
    for key in ("labels", "foreground", "truth"):
        with pytest.raises(ValueError, match="incomplete"):
            CaseEvaluation.from_dict({name: value for name, value in whole.items() if name != key})
