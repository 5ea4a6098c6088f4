"""Loose pieces."""

import numpy as np

from SwinX2SLib.reconstruct.label_assignment import remove_small_components


def volume() -> np.ndarray:
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[1:6, 1:6, 1:6] = 7  # 125 voxels
    labels[10:13, 10:13, 10:13] = 7  # 27
    labels[18, 18, 18] = 7  # 1
    labels[15:17, 1:3, 1:3] = 9  # 8, of another bone
    return labels


def test_pieces_below_the_share_of_their_own_bones_largest_piece_go():
    cleaned, removed = remove_small_components(volume(), 0.1)
    assert removed == 1
    assert cleaned[18, 18, 18] == 0
    assert np.count_nonzero(cleaned == 7) == 152
    assert np.count_nonzero(cleaned == 9) == 8


def test_a_share_of_one_keeps_only_the_largest_piece_and_zero_keeps_all():
    assert remove_small_components(volume(), 1.0)[1] == 28
    cleaned, removed = remove_small_components(volume(), 0.0)
    assert removed == 0
    np.testing.assert_array_equal(cleaned, volume())


def test_voxels_that_touch_at_a_corner_are_one_piece_and_the_input_stays_as_it_was():
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[1:4, 1:4, 1:4] = labels[4, 4, 4] = 3
    before = labels.copy()
    assert remove_small_components(labels, 1.0)[1] == 0
    np.testing.assert_array_equal(labels, before)


def test_an_empty_volume_stays_empty():
    assert remove_small_components(np.zeros((4, 4, 4), np.uint8), 0.5)[1] == 0
