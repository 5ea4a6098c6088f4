"""Radiographs of two people, of two scales or upside down are noticed; those of one person are not."""

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.radiographs.pair_check import FEWEST_ROWS, ROWS, check_same_person

SHAPE, SPACING_MM = (60, 50, 240), 2.0


def radiographs(seed: int) -> tuple[Radiograph, Radiograph]:
    """Parallel projections of a random body, each exposed in its own way."""
    rng = np.random.default_rng(seed)
    body = ndimage.gaussian_filter(rng.random(SHAPE), (6, 6, 2.5))
    body = np.clip(body - body.mean(), 0, None) * np.hanning(SHAPE[0])[:, None, None]
    front, side = body.sum(axis=1).T, body.sum(axis=0).T
    return _radiograph(front, "ap"), _radiograph(np.sqrt(side), "lateral")


def _radiograph(picture: np.ndarray, view: str) -> Radiograph:
    pixels = (0.2 + 0.8 * picture / picture.max()).astype(np.float32)
    return Radiograph(pixels, (SPACING_MM, SPACING_MM), "computed", view)


def changed(radiograph: Radiograph, pixels: np.ndarray) -> Radiograph:
    return dataclasses.replace(radiograph, pixels=np.ascontiguousarray(pixels, dtype=np.float32))


@pytest.mark.parametrize("seed", range(5))
def test_one_person_raises_no_doubt_and_two_do(seed):
    (ap, lateral), (_, other) = radiographs(seed), radiographs(seed + 100)
    check = check_same_person(ap, lateral)
    assert check.brightness > 0.8
    assert not check.suspected
    assert check.warning() == ""
    strange = check_same_person(ap, other)
    assert strange.suspected
    assert "may not show one person" in strange.warning()
    assert "--lateral-offset-mm" in strange.warning()


@pytest.mark.parametrize("seed", range(3))
def test_a_lateral_radiograph_upside_down_or_at_another_height_is_noticed(seed):
    ap, lateral = radiographs(seed)
    assert check_same_person(ap, changed(lateral, lateral.pixels[::-1])).suspected
    assert check_same_person(ap, changed(lateral, np.roll(lateral.pixels, 20, axis=0))).suspected


def test_another_scale_is_noticed_and_stated():
    ap, lateral = radiographs(1)
    smaller = ndimage.zoom(lateral.pixels, (1 / 1.22, 1), order=1)
    rows = (SHAPE[2] - len(smaller)) // 2
    padded = np.pad(smaller, ((rows, SHAPE[2] - len(smaller) - rows), (0, 0)), mode="reflect")
    check = check_same_person(ap, changed(lateral, padded))
    assert check.suspected
    assert check.other_scale == 1.22
    assert "1.22 times as large" in check.warning()


def test_pixels_of_another_size_and_collimated_borders_change_little():
    ap, lateral = radiographs(2)
    finer = dataclasses.replace(
        changed(lateral, np.repeat(lateral.pixels, 2, axis=0)), spacing_mm=(SPACING_MM / 2, SPACING_MM)
    )
    shuttered = ap.pixels.copy()
    shuttered[:25] = shuttered[-10:] = 0
    plain, other = check_same_person(ap, lateral), check_same_person(changed(ap, shuttered), finer)
    assert other.brightness == pytest.approx(plain.brightness, abs=0.1)
    assert not other.suspected


def test_a_marker_in_one_radiograph_changes_little():
    ap, lateral = radiographs(3)
    marked = lateral.pixels.copy()
    marked[30:50, 2:5] = 1.0
    assert not check_same_person(ap, changed(lateral, marked)).suspected


def test_of_radiographs_that_share_few_exposed_rows_nothing_is_stated():
    ap, lateral = radiographs(4)
    dark = ap.pixels.copy()
    dark[int((FEWEST_ROWS - 4) / ROWS * SHAPE[2]) :] = 0
    assert check_same_person(changed(ap, dark), lateral) is None
