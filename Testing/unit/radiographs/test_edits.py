"""Crop, turn and flip, and the way back to the stored picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.radiographs import Crop, FilmOptions
from SwinX2SLib.radiographs.transforms import Turn, crop_of_edited, edited, flipped, rotated, stored_of_edited

ROWS, COLS = 7, 11
PICTURE = np.arange(ROWS * COLS).reshape(ROWS, COLS)
turns = st.builds(Turn, st.booleans(), st.booleans(), st.booleans())
ways = st.builds(
    FilmOptions,
    crop=st.sampled_from([None, Crop(2, 1, 6, 4), Crop(10, 20, 50, 70, percent=True)]),
    rotate_deg=st.sampled_from([0, 90, 180, 270]),
    flip=st.sampled_from(["", "h", "v", "hv"]),
)


@given(turns, ways)
def test_every_pixel_that_is_seen_is_found_again_in_the_stored_picture(turn, options):
    seen = edited(PICTURE, turn, options)
    matrix = stored_of_edited(PICTURE.shape, turn, options)
    for row, col in np.ndindex(seen.shape):
        stored_col, stored_row, one = matrix @ [col, row, 1]
        assert one == 1
        assert PICTURE[round(stored_row), round(stored_col)] == seen[row, col]


@given(turns, ways, st.sampled_from([90, 180, 270, -90]))
def test_turning_turns_what_is_seen(turn, options, clockwise):
    before = edited(PICTURE, turn, options)
    assert np.array_equal(
        edited(PICTURE, turn, rotated(options, clockwise)), np.rot90(before, -clockwise // 90)
    )


@given(turns, ways, st.sampled_from(["h", "v"]))
def test_flipping_flips_what_is_seen_and_twice_is_not_at_all(turn, options, axis):
    before = edited(PICTURE, turn, options)
    once = flipped(options, axis)
    assert np.array_equal(edited(PICTURE, turn, once), before[:, ::-1] if axis == "h" else before[::-1])
    assert np.array_equal(edited(PICTURE, turn, flipped(once, axis)), before)


@given(turns, ways, st.data())
def test_a_rectangle_that_is_seen_becomes_the_crop_that_shows_it(turn, options, data):
    seen = edited(PICTURE, turn, options)
    rows, cols = seen.shape
    left, top = data.draw(st.integers(0, cols - 1)), data.draw(st.integers(0, rows - 1))
    right, bottom = data.draw(st.integers(left + 1, cols)), data.draw(st.integers(top + 1, rows))
    crop = crop_of_edited(PICTURE.shape, turn, options, (left, top, right, bottom))
    wanted = seen[top:bottom, left:right]
    shown = edited(PICTURE, turn, FilmOptions(crop=crop, rotate_deg=options.rotate_deg, flip=options.flip))
    if crop is None:
        assert wanted.size == PICTURE.size
    else:
        assert np.array_equal(shown, wanted)


def test_a_rectangle_beside_the_film_is_no_crop_and_one_that_reaches_out_is_cut():
    options, turn = FilmOptions(), Turn()
    assert crop_of_edited(PICTURE.shape, turn, options, (20, 0, 30, 5)) is None
    crop = crop_of_edited(PICTURE.shape, turn, options, (-5, -5, 5, ROWS + 5))
    assert crop.slices(PICTURE.shape) == (slice(0, ROWS), slice(0, 5))


@pytest.mark.parametrize(
    "wrong", [{"magnification": 0.9}, {"magnification": 2.5}, {"magnification": 1.1, "spacing_mm": 1.0}]
)
def test_magnifications_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="magnification"):
        FilmOptions(**wrong)
