"""Radiographs drawn about a straight mean spine."""

import numpy as np
import pytest
import torch

from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM
from SwinX2SLib.skeleton.spine_frame import BESIDE_MM, DEPTH_MM, PIXEL_MM, ROWS, TOP_MM, SpineFrame, drawn_at

SHAPE = (120, 160)
T7 = 14
HEIGHTS_MM = ADULT_SIZE * np.concatenate([[0.0], np.cumsum(BODY_STEPS_MM[:22])])
HEIGHTS_MM -= HEIGHTS_MM[T7 - 2]


def spine(pixel_mm: float, column=lambda height: 60.0, levels=range(4, 24)) -> np.ndarray:
    """Discs of 9 pixels for the vertebrae of a mean person; T7 lies at row 80."""
    seen = np.zeros((54, *SHAPE), np.float32)
    across, down = np.indices(SHAPE)
    for label in levels:
        height = HEIGHTS_MM[label - 2]
        away = np.hypot(across - column(height), down - (80 + height / pixel_mm))
        seen[label - 1] = away < 4.5
    return seen


def row_of(height_mm: float) -> int:
    return round((height_mm - TOP_MM) / PIXEL_MM)


@pytest.mark.parametrize("pixel_mm", [2.6, 4.0])
def test_a_mean_spine_of_any_size_lies_in_the_same_rows(pixel_mm):
    frame = SpineFrame.of(spine(pixel_mm))
    rows = frame.places(BESIDE_MM)[0, :, 1] * SHAPE[1] - 0.5
    for height in (-100.0, 0.0, 150.0):
        assert rows[row_of(height)] == pytest.approx(
            80 + (TOP_MM + PIXEL_MM * row_of(height)) / pixel_mm, abs=0.6
        )
    assert frame.pixels_per_mm == pytest.approx(1 / pixel_mm, rel=0.02)


def test_a_bent_spine_is_drawn_straight():
    bent = spine(3.0, lambda height: 60 + 8 * np.sin(height / 120))
    drawn = drawn_at(torch.from_numpy(bent.max(axis=0))[None], SpineFrame.of(bent).places(DEPTH_MM))[0]
    columns = torch.arange(drawn.shape[0], dtype=torch.float32) @ drawn / drawn.sum(0)
    spine_column = -DEPTH_MM[0] / PIXEL_MM
    shown = [row_of(HEIGHTS_MM[label - 2]) for label in range(8, 20)]
    assert columns[shown].numpy() == pytest.approx(spine_column, abs=1.2)


def test_sides_are_drawn_as_mirror_images():
    frame = SpineFrame.of(spine(3.0))
    picture = torch.zeros(1, *SHAPE)
    picture[0, 60 + 20, 80] = picture[0, 60 - 20, 80] = 1
    left, right = (drawn_at(picture, frame.places(BESIDE_MM, side)) for side in (1, -1))
    assert torch.allclose(left, right, atol=1e-4)
    assert float(left.max()) > 0.5


def test_what_is_drawn_returns_to_its_place():
    bent = spine(2.6, lambda height: 60 + 0.02 * height)
    frame = SpineFrame.of(bent)
    across, down = np.indices(SHAPE)
    blob = torch.from_numpy((np.hypot(across - 95, down - 70) < 8).astype(np.float32))[None]
    back = drawn_at(drawn_at(blob, frame.places(BESIDE_MM)), frame.places_back(BESIDE_MM))[0] > 0.5
    assert 2 * float((back & (blob[0] > 0.5)).sum()) / float(back.sum() + blob.sum()) > 0.93


def test_a_vertebra_far_from_the_others_does_not_move_the_frame():
    right = spine(3.0)
    wrong = right.copy()
    wrong[14] = np.roll(wrong[14], 30, axis=1)
    one, other = (SpineFrame.of(seen).places(BESIDE_MM)[..., 1] * SHAPE[1] for seen in (right, wrong))
    assert np.abs(one - other)[:, 20 : ROWS - 20].max() < 0.7


@pytest.mark.parametrize("levels", [[], [12], [12, 13]])
def test_less_than_three_vertebrae_make_no_frame(levels):
    assert SpineFrame.of(spine(3.0, levels=levels)) is None


def test_a_spine_upside_down_makes_no_frame():
    assert SpineFrame.of(spine(3.0)[..., ::-1]) is None
