"""Bringing two radiographs of a drawn person to the same heights."""

from dataclasses import replace

import numpy as np
import pytest

from SwinX2SLib.radiographs import Radiograph, RadiographOptions, read_pair
from SwinX2SLib.radiographs.checks import check_pair
from SwinX2SLib.radiographs.registration import automatic_shift, match_heights, shift_of_points


@pytest.fixture(scope="module")
def pair():
    """A spine of unequal vertebrae, seen from the front and, narrower, from the side: 1 mm pixels."""
    generator = np.random.default_rng(3)
    heights = np.cumsum(generator.uniform(22, 38, 12))
    row = np.arange(400)[:, np.newaxis]
    discs = sum(np.exp(-(((row - height) / 3) ** 2)) * generator.uniform(0.4, 1.0) for height in heights)
    radiographs = []
    for view, columns, noise in (("ap", 240, 1), ("lateral", 180, 2)):
        column = np.linspace(-1, 1, columns)[np.newaxis]
        body = np.exp(-(column**2) * 2) * (1 - 0.6 * discs)
        picture = body + np.random.default_rng(noise).normal(0, 0.03, body.shape)
        radiographs.append(Radiograph(np.clip(picture, 0, 1).astype(np.float32), (1.0, 1.0), "drawn", view))
    return radiographs


def cut(radiograph: Radiograph, top: int, bottom: int) -> tuple[Radiograph, float]:
    """A radiograph without its upper and lower rows, and how far it has to be moved up to be in its place again."""
    rows = radiograph.pixels.shape[0]
    return replace(radiograph, pixels=radiograph.pixels[top : rows - bottom]), (bottom - top) / 2


@pytest.mark.parametrize(("top", "bottom"), [(0, 0), (60, 0), (0, 60), (40, 90)])
def test_the_automatic_shift_finds_what_was_cut_off(pair, top, bottom):
    ap, whole = pair
    lateral, moved = cut(whole, top, bottom)
    found = automatic_shift(ap, lateral)
    assert found.is_sure
    assert found.shift_mm == pytest.approx(moved, abs=1.0)


def test_radiographs_of_nothing_in_common_are_not_matched_and_it_is_told(pair):
    generator = np.random.default_rng(8)
    strange = replace(pair[1], pixels=generator.random((400, 180)).astype(np.float32))
    ap, lateral, faults = match_heights(pair[0], strange, "auto")
    assert [fault.kind for fault in faults] == ["heights-unsure"]
    assert (ap, lateral) == (pair[0], strange)


def test_matched_radiographs_show_the_same_rows_of_the_body(pair):
    ap, whole = pair
    lateral, moved = cut(whole, 120, 0)
    assert [fault.kind for fault in check_pair(ap, lateral)] == ["heights-disagree"]
    first, second, faults = match_heights(ap, lateral, moved)
    assert faults == check_pair(first, second) == []
    assert first.pixels.shape[0] == second.pixels.shape[0] == 280
    assert np.array_equal(first.pixels, ap.pixels[120:])
    assert np.array_equal(second.pixels, lateral.pixels)
    assert (first.middle_mm, second.middle_mm) == (-60.0, 0.0)
    assert any("280 mm" in note for note in first.notes)


def test_pixels_of_different_size_are_matched_in_millimetres(pair):
    ap, lateral = pair
    coarse = replace(lateral, pixels=lateral.pixels[::2], spacing_mm=(2.0, 2.0))
    first, second, faults = match_heights(ap, coarse, 50.0)
    assert faults == []
    assert first.size_mm[0] == pytest.approx(second.size_mm[0], abs=2.0)
    assert np.array_equal(first.pixels, ap.pixels[:350])
    assert np.array_equal(second.pixels, coarse.pixels[25:])


def test_a_shift_beyond_the_radiographs_is_told(pair):
    _, _, faults = match_heights(*pair, 390.0)
    assert [fault.kind for fault in faults] == ["heights-apart"]


def test_without_a_shift_radiographs_stay_as_they_are(pair):
    assert match_heights(*pair, None) == (*pair, [])


def test_two_pairs_of_points_give_shift_and_scale():
    match = shift_of_points([100.0, -50.0], [80.0, -70.0])
    assert (match.shift_mm, match.scale) == (20.0, 1.0)
    assert match.scales_agree
    # The same two points in the other order on the lateral radiograph are other points.
    assert not shift_of_points([100.0, -50.0], [-70.0, 80.0]).scales_agree
    assert shift_of_points([100.0, 0.0], [50.0, -30.0]).scale == pytest.approx(1.25)
    with pytest.raises(ValueError, match="30 mm"):
        shift_of_points([100.0, 100.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="Two points"):
        shift_of_points([100.0], [1.0])


def test_published_pairs_are_matched_to_a_millimetre_after_a_quarter_was_cut_off(shared_data):
    folder = shared_data / "anatomy" / "volumes" / "x2s_s0561"
    options = RadiographOptions(2.0), RadiographOptions(2.0, flip="h")
    ap, whole = read_pair(folder / "coronal.png", folder / "sagittal.png", *options)
    lateral, _ = cut(whole, whole.pixels.shape[0] // 4, 0)
    found = automatic_shift(ap, lateral)
    assert found.is_sure
    assert found.shift_mm == pytest.approx(-(whole.pixels.shape[0] // 4) * 2.0 / 2, abs=1.0)
