"""Contrast that specks, letters and shutters do not move."""

import numpy as np
import pytest

from SwinX2SLib.radiographs.normalise import normalise


def correlation(first, second) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_specks_and_letters_do_not_move_the_contrast(radiograph_values):
    clean = normalise(radiograph_values, True).pixels
    marked = radiograph_values.astype(np.float64)
    marked[8:14, 10:18] = 65535
    marked.ravel()[np.random.default_rng(0).integers(0, marked.size, 60)] = 65535
    radiograph = normalise(marked, True).pixels
    unmarked = marked != 65535
    assert np.abs(radiograph - clean)[unmarked].max() < 0.1


@pytest.mark.parametrize("value", [20000.0, -15000.0])
def test_a_large_burnt_in_label_does_not_narrow_the_contrast(radiograph_values, value):
    """It covers 1.7 % of the radiograph, more than the percentiles leave out."""
    labelled = radiograph_values.astype(np.float64)
    rows, cols = labelled.shape
    labelled[5 : 5 + rows // 10, 5 : 5 + cols // 6] = value
    clean, radiograph = normalise(radiograph_values, True).pixels, normalise(labelled, True).pixels
    unmarked = labelled != value
    assert np.abs(radiograph - clean)[unmarked].max() < 0.1


@pytest.mark.parametrize("tilted", [False, True])
def test_a_white_shutter_that_is_round_or_tilted_becomes_air(radiograph_values, tilted):
    shuttered = radiograph_values.astype(np.float64)
    down, across = np.mgrid[-1 : 1 : shuttered.shape[0] * 1j, -1 : 1 : shuttered.shape[1] * 1j]
    if tilted:
        covered = (np.abs(down + 0.1 * across) > 0.8) | (np.abs(across - 0.1 * down) > 0.8)
    else:
        covered = down**2 + across**2 > 1
    shuttered[covered] = 6000.0
    result = normalise(shuttered, True)
    assert result.pixels[covered].mean() < 0.02
    assert any("round or tilted shutter" in note for note in result.notes)
    clean = normalise(np.where(covered, radiograph_values.min(), radiograph_values), True).pixels
    assert np.abs(result.pixels - clean)[~covered].max() < 0.15


@pytest.mark.parametrize("border", [0.0, 6000.0])
def test_black_and_white_shutters_become_air_and_do_not_move_the_contrast(radiograph_values, border):
    shuttered = radiograph_values.astype(np.float64)
    shuttered[:25] = shuttered[:, :30] = shuttered[:, -12:] = border
    result = normalise(shuttered, True)
    inside = (slice(25, None), slice(30, -12))
    assert result.pixels[:25].max() == 0
    assert result.pixels[:, :30].max() == 0
    np.testing.assert_allclose(
        result.pixels[inside], normalise(radiograph_values[inside], True).pixels, atol=1e-5
    )
    told = [note for note in result.notes if "25 px top, 30 px left, 12 px right" in note]
    assert len(told) == len(result.notes) == (border > 0)


def test_a_white_shutter_with_scatter_is_cut_at_its_sharp_step(radiograph_values):
    shuttered = radiograph_values.astype(np.float64)
    shuttered[:, :20] = (
        4000 - np.linspace(0, 300, 200)[:, None] + np.random.default_rng(0).normal(0, 30, (200, 20))
    )
    result = normalise(shuttered, True)
    assert result.pixels[:, :20].max() == 0
    assert result.pixels[:, 70:90].mean() > 0.6


@pytest.mark.parametrize("air", [400.0, 430.0])
def test_black_air_round_the_body_is_no_note(radiograph_values, air):
    """The air may be flat, as a detector saturates, and lies within the noise of the radiograph's darkest part."""
    body = radiograph_values.astype(np.float64)
    body[:, :40] = body[:, -25:] = air
    result = normalise(body, True)
    assert result.notes == ()
    assert result.pixels[:, :40].max() == 0


def test_a_gray_shutter_is_told_with_its_side(radiograph_values):
    shuttered = radiograph_values.astype(np.float64)
    shuttered[-20:] = 1500.0
    (note,) = normalise(shuttered, True).notes
    assert note.endswith("20 px bottom.")


def test_a_bright_abdomen_below_dark_lungs_is_no_shutter():
    rows, cols = np.mgrid[:300, :240]
    dome = 180 + 60 * ((cols - 120) / 120.0) ** 2
    values = np.where(rows > dome, 3000.0, 800.0) + np.random.default_rng(1).normal(0, 60, rows.shape)
    radiograph = normalise(values, True).pixels
    assert radiograph[260:].mean() > 0.8


def test_bone_is_bright_whichever_way_the_detector_counts(radiograph_values):
    np.testing.assert_allclose(
        normalise(radiograph_values, True).pixels,
        normalise(4095.0 - radiograph_values, False).pixels,
        atol=1e-4,
    )


def test_an_image_that_is_all_border_yields_nothing():
    assert normalise(np.full((100, 100), 7.0), True) is None


def test_published_radiographs_keep_their_contrast(shared_data):
    from PIL import Image

    # Specks as published: values that wrapped around 255.
    values = np.asarray(
        Image.open(shared_data / "anatomy" / "volumes" / "x2s_s0561" / "coronal.png"), np.float64
    )
    assert correlation(normalise(values, True).pixels, values) > 0.99
