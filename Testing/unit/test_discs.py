"""The discs of a label volume: the gaps between the bodies of neighbours."""

import numpy as np
import pytest

from SwinX2SLib.skeleton.discs import BODY_STEPS_MM, find_discs

L1, L5, L6, SACRUM = 20, 24, 25, 50


def spine(heights: dict[int, tuple[int, int]]) -> np.ndarray:
    """Bodies 10 wide and 8 deep at given slices, each with a process behind that reaches 3 slices lower."""
    labels = np.zeros((32, 40, 80), np.uint8)
    for label, (start, stop) in heights.items():
        labels[11:21, 10:18, start:stop] = label
        labels[14:18, 18:30, start + 2 : stop + 3] = label
    return labels


def test_a_disc_lies_half_way_between_the_faces_of_its_neighbours():
    (disc,) = find_discs(spine({L1: (10, 20), L1 + 1: (24, 34)}))
    assert (disc.upper, disc.lower) == (L1, L1 + 1)
    # The lowest slice of the upper body is 19, the highest of the lower one 24.
    assert disc.frontal.mean() == 21.5
    assert disc.across.tolist() == list(range(11, 21))
    assert disc.along.tolist() == list(range(10, 18))
    assert set(disc.frontal) == set(disc.lateral) == {21.5}


def test_a_tilted_disc_is_a_slope_from_the_side_and_level_from_the_front():
    labels = np.zeros((32, 40, 80), np.uint8)
    for y in range(10, 34):
        labels[10:20, y, 20 + y // 2 : 30 + y // 2] = L1
        labels[10:20, y, 34 + y // 2 : 44 + y // 2] = L1 + 1
    (disc,) = find_discs(labels)
    slope = np.polyfit(disc.along, disc.lateral, 1)[0]
    assert slope == pytest.approx(0.5, abs=0.05)
    assert np.ptp(disc.frontal) == 0


def test_processes_that_overlap_behind_the_bodies_are_no_disc():
    labels = spine({L1: (10, 20), L1 + 1: (24, 34)})
    (disc,) = find_discs(labels)
    assert disc.along.max() < 18


def test_bones_that_are_far_apart_or_alone_have_no_disc():
    assert find_discs(spine({L1: (10, 20)})) == []
    assert find_discs(spine({L1: (10, 20), L1 + 2: (24, 34)})) == []
    assert find_discs(spine({L1: (10, 20), L1 + 1: (40, 50)})) == []
    assert find_discs(np.zeros((4, 4, 4), np.uint8)) == []


def test_the_last_lumbar_vertebra_stands_on_the_sacrum():
    (disc,) = find_discs(spine({L5: (10, 20), SACRUM: (24, 34)}))
    assert (disc.upper, disc.lower) == (L5, SACRUM)
    discs = find_discs(spine({L5: (10, 20), L6: (24, 34), SACRUM: (38, 48)}))
    assert [(disc.upper, disc.lower) for disc in discs] == [(L5, L6), (L6, SACRUM)]


def test_discs_come_from_above_downwards():
    discs = find_discs(spine({L1: (10, 20), L1 + 1: (24, 34), L1 + 2: (38, 48)}))
    assert [disc.frontal.mean() for disc in discs] == [21.5, 35.5]


def test_atlas_and_axis_have_no_disc():
    assert find_discs(spine({1: (10, 14), 2: (16, 24)})) == []


def test_steps_from_body_to_body_grow_from_the_chest_to_the_loins():
    assert len(BODY_STEPS_MM) == 23
    assert bool((np.diff(BODY_STEPS_MM[5:21]) > 0).all())
