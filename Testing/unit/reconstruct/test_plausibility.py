"""What cannot be true is said."""

import numpy as np
import pytest

from SwinX2SLib.reconstruct import plausibility

SHAPE, SPACING_MM = (40, 40, 80), 4.0


def spine(first: int = 18, count: int = 5) -> np.ndarray:
    """Vertebrae from the head to the feet, 6 x 6 x 6 voxels of 4 mm: 13.8 ml each."""
    labels = np.zeros(SHAPE, np.uint8)
    for index in range(count):
        labels[17:23, 17:23, 8 + 9 * index : 14 + 9 * index] = first + index
    return labels


def sure(labels: np.ndarray) -> np.ndarray:
    return np.full(labels.shape, 0.1, np.float16)


def doubts(labels: np.ndarray, uncertainty: np.ndarray, spacing_mm: float) -> list[str]:
    bones = plausibility.found_bones(labels, uncertainty, spacing_mm**3 / 1000)
    return plausibility.plausibility_warnings(labels, bones)


def test_a_plausible_spine_raises_no_doubt():
    assert doubts(spine(), sure(spine()), SPACING_MM) == []


def test_nothing_found_raises_no_doubt_of_its_own():
    empty = np.zeros(SHAPE, np.uint8)
    assert doubts(empty, sure(empty), SPACING_MM) == []


def test_a_vertebra_of_half_a_litre_is_told_with_its_volume():
    (said,) = doubts(spine(), sure(spine()), 14.0)  # every vertebra then has 216 * 2.744 ml
    assert "T11 vertebra (593 ml)" in said
    assert "pixel size" in said


def test_vertebrae_that_changed_places_are_told():
    labels = spine()
    labels[labels == 20], labels[labels == 21] = 99, 20
    labels[labels == 99] = 21
    (said,) = doubts(labels, sure(labels), SPACING_MM)
    assert said == "Vertebrae out of order: L2 vertebra above L1 vertebra."


def test_a_gap_in_the_row_is_told():
    labels = np.where(spine() == 20, 0, spine()).astype(np.uint8)
    (said,) = doubts(labels, sure(labels), SPACING_MM)
    assert said == "Missing vertebrae: L1 vertebra."


def test_of_many_bones_three_are_named_and_the_others_counted():
    (said,) = doubts(spine(), sure(spine()), 14.0)
    assert said.count(" ml)") == 3
    assert "and 2 more. Check" in said
    assert plausibility.named_few(["T5", "T6", "T7"]) == "T5, T6, T7"
    assert plausibility.named_few(["T5", "T6", "T7", "T8"]) == "T5, T6, T7 and 1 more"


@pytest.mark.parametrize("order", ["C", "F"])
def test_mean_heights_are_those_of_the_voxels(order):
    labels = np.zeros((7, 5, 9), np.uint8, order=order)
    generator = np.random.default_rng(0)
    labels[generator.integers(0, 7, 60), generator.integers(0, 5, 60), generator.integers(0, 9, 60)] = 3
    labels[2, 2, :4] = 200
    heights = plausibility.mean_heights(labels)
    for label in (3, 200):
        assert heights[label] == pytest.approx(np.argwhere(labels == label)[:, 2].mean())
    assert np.isnan(heights[[0, 1, 255]]).all()
