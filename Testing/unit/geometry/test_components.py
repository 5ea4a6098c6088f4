"""Connected components by hand."""

import numpy as np

from SwinX2SLib.geometry.components import connected_components, remove_small_components


def test_corners_connect_unless_faces_are_asked_for():
    mask = np.zeros((4, 4, 4), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = mask[3, 3, 3] = mask[3, 3, 2] = True
    whole, faces = connected_components(mask), connected_components(mask, faces_only=True)
    assert whole.count == 2
    assert sorted(faces.sizes) == [1, 1, 2]
    assert faces.mask(faces.largest).sum() == 2
    assert faces.boxes[faces.largest - 1] == (slice(3, 4), slice(3, 4), slice(2, 4))
    assert faces.largest_fraction == 0.5


def test_parts_of_the_largest_choose_components():
    row = np.array([1, 1, 1, 1, 0, 1, 1, 0, 1], bool)
    found = connected_components(row)
    assert found.sizes.tolist() == [4, 2, 1]
    assert found.at_least(0.5).tolist() == [1, 2]
    assert found.mask(found.at_least(0.5)).sum() == 6
    assert found.mask([]).sum() == 0


def test_an_empty_mask_has_none():
    found = connected_components(np.zeros((3, 3), bool))
    assert (found.count, found.largest, found.largest_fraction, found.boxes) == (0, 0, 1.0, [])
    assert found.at_least(0.5).size == 0


def test_small_components_become_background_label_by_label():
    labels = np.array([[5, 5, 5, 5, 0, 5, 0, 9, 0, 5, 5]], np.uint8)
    cleaned, removed = remove_small_components(labels, 0.5)
    assert cleaned.tolist() == [[5, 5, 5, 5, 0, 0, 0, 9, 0, 5, 5]]
    assert removed == 1
    kept, none = remove_small_components(labels, 0.0)
    assert none == 0
    np.testing.assert_array_equal(kept, labels)
    assert remove_small_components(labels, 1.0)[1] == 3
