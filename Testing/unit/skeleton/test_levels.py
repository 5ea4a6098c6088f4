"""Vertebrae are named as one chain: in order, without gaps, anchored where the column ends, with honest odds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM
from SwinX2SLib.skeleton.levels import UPPER_MM, ColumnEvidence, assign_levels, column_evidence

STEPS = np.array(BODY_STEPS_MM[:23])
HEIGHTS_MM = np.array([*UPPER_MM, *(STEPS[:-1] + STEPS[1:]) / 2])[:24] * ADULT_SIZE


def column(first, last, spacing_mm=2.6, below="border", named=None, size=1.0, seen_discs=True):
    """Evidence of a column from one label to another, and its true borders.

    Args:
        below: "sacrum" below it, or the radiograph's "border" at the middle of the last vertebra.
        named: for each vertebra the label that the network gives; None for the true one, 0 for no name.
    """
    labels = list(range(first, last + 1))
    named = labels if named is None else named
    heights = [round(HEIGHTS_MM[label - 1] * size / spacing_mm) for label in labels]
    if below == "border":
        heights[-1] //= 2
    ends = np.concatenate([[0], np.cumsum(heights)])
    rows = int(ends[-1]) + (30 if below == "sacrum" else 0)
    names, spine, sacrum, discs = np.zeros((rows, 24)), np.zeros(rows), np.zeros(rows), np.full(rows, -3.0)
    for name, start, stop in zip(named, ends[:-1], ends[1:], strict=True):
        spine[start:stop] = 0.95
        if name:
            names[start:stop, name - 1] = 0.8
            names[start:stop, :] += 0.2 / 24
        else:
            names[start:stop] = 1 / 24
    sacrum[ends[-1] :] = 0.95
    if seen_discs:
        for end in ends[1 : -1 if below == "border" else None]:
            discs[max(end - 1, 0) : end + 1] = 3.0
    return ColumnEvidence(names, spine, sacrum, discs), ends


def labels_of(chain):
    return [level.label for level in chain.levels]


@settings(max_examples=15, deadline=None)
@given(st.integers(3, 18), st.integers(5, 12), st.floats(0.85, 1.15))
def test_a_column_that_is_named_rightly_stays_as_it_is(first, count, size):
    last = min(first + count, 23)
    evidence, ends = column(first, last, size=size)
    chain = assign_levels(evidence, 2.6)
    assert labels_of(chain) == list(range(first, last + 1))
    assert np.abs(np.array([level.start for level in chain.levels]) - ends[:-1]).max() <= 2
    assert chain.shift_probability < 0.1


def test_a_column_one_level_off_is_corrected_by_the_sacrum():
    # Ten vertebrae T8 to L5, all called by the name of the one below but the last, which has none.
    true = list(range(15, 25))
    evidence, _ = column(15, 24, below="sacrum", named=[*[min(label + 1, 24) for label in true[:-1]], 24])
    assert labels_of(assign_levels(evidence, 2.6)) == true


def test_a_name_given_twice_and_a_name_left_out_are_put_in_order():
    evidence, _ = column(16, 24, below="sacrum", named=[16, 17, 17, 19, 20, 21, 21, 23, 24])
    assert labels_of(assign_levels(evidence, 2.6)) == list(range(16, 25))


def test_without_any_name_the_sacrum_decides():
    evidence, _ = column(18, 24, below="sacrum", named=[0] * 7)
    chain = assign_levels(evidence, 2.6)
    assert labels_of(chain)[-1] == 24
    assert chain.shift_probability < 0.1


def test_without_names_and_sacrum_the_odds_say_that_levels_are_unsure():
    evidence, _ = column(13, 19, named=[0] * 7)
    assert assign_levels(evidence, 2.6).shift_probability > 0.5


def test_names_that_contradict_each_other_are_uncertain():
    # Half of the column is named one level higher than the other half.
    true = list(range(12, 20))
    evidence, _ = column(12, 19, named=[*[label + 1 for label in true[:4]], *true[4:]])
    chain = assign_levels(evidence, 2.6)
    assert np.diff(labels_of(chain)).tolist() == [1] * (len(chain.levels) - 1)
    assert chain.shift_probability > 0.05


def test_a_pixel_size_that_is_wrong_by_a_third_does_not_matter():
    evidence, _ = column(14, 24, below="sacrum")
    assert labels_of(assign_levels(evidence, 2.6 / 1.33)) == list(range(14, 25))


def test_a_neck_begins_with_c1_below_the_skull():
    evidence, _ = column(1, 8)
    empty = 20
    padded = ColumnEvidence(
        np.concatenate([np.full((empty, 24), 1 / 24), evidence.names]),
        np.concatenate([np.zeros(empty), evidence.spine]),
        np.concatenate([np.zeros(empty), evidence.sacrum]),
        np.concatenate([np.full(empty, -2.0), evidence.discs]),
    )
    chain = assign_levels(padded, 2.6)
    assert labels_of(chain) == list(range(1, 9))
    assert abs(chain.levels[0].start - empty) <= 2


def test_a_picture_without_a_column_has_no_levels():
    nothing = ColumnEvidence(np.full((60, 24), 1 / 24), np.zeros(60), np.zeros(60), np.zeros(60))
    assert assign_levels(nothing, 2.6) is None


def test_a_pelvis_alone_has_no_levels():
    sacrum = ColumnEvidence(np.full((60, 24), 1 / 24), np.zeros(60), np.full(60, 0.9), np.zeros(60))
    assert assign_levels(sacrum, 2.6) is None


def test_the_evidence_of_silhouettes_says_which_level_each_row_shows():
    coronal, sagittal = np.zeros((54, 20, 40)), np.zeros((54, 20, 40))
    for view in (coronal, sagittal):
        view[19, 8:12, 5:20] = 1.0
        view[20, 8:12, 20:35] = 1.0
        view[49, 5:15, 35:] = 1.0
    discs = np.full((20, 40), -3.0)
    discs[8:14, 20] = 4.0
    evidence = column_evidence(coronal, sagittal, (discs, discs))
    assert evidence.names[10].argmax() == 19
    assert evidence.names[30].argmax() == 20
    assert evidence.spine[10] == pytest.approx(1)
    assert evidence.sacrum[38] == pytest.approx(1)
    assert evidence.discs[20] > 0 > evidence.discs[10]
