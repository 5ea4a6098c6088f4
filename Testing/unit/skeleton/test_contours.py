"""Contours of discs and squares lie where they were drawn; edges are found where brightness falls outwards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.skeleton.contours import INSET_PX, Contours, Edges, View

SPACING_MM = 2.0


def disc(shape, centre, radius):
    away = np.linalg.norm(np.moveaxis(np.indices(shape), 0, -1) - np.array(centre), axis=-1)
    return np.clip(radius - away + 0.5, 0, 1)


def view(*maps, bones=None, pixels=None):
    return View(0, bones or tuple((20 + k,) for k in range(len(maps))), np.stack(maps), pixels)


@settings(max_examples=20, deadline=None)
@given(st.floats(8, 20), st.floats(24, 36), st.floats(24, 36))
def test_the_contour_of_a_disc_is_its_circle_with_outward_normals(radius, across, down):
    found = Contours.of(view(disc((60, 60), (across, down), radius)), SPACING_MM)
    away = found.places - np.array([across, down]) * SPACING_MM
    assert np.linalg.norm(away, axis=1) == pytest.approx(
        np.full(len(away), (radius - INSET_PX) * SPACING_MM), abs=0.6
    )
    assert ((away * found.normals).sum(axis=1) > 0.9 * np.linalg.norm(away, axis=1)).all()
    assert found.lengths_mm.sum() == pytest.approx(2 * np.pi * radius * SPACING_MM, rel=0.05)
    assert found.middles[0] == pytest.approx(np.array([across, down]) * SPACING_MM, abs=0.1)


def test_a_faint_silhouette_keeps_the_area_that_its_probabilities_add_up_to():
    sharp = disc((60, 60), (30, 30), 12)
    faint = Contours.of(view(0.4 * sharp), SPACING_MM)
    assert len(faint.places)
    assert np.linalg.norm(faint.places - 60, axis=1).mean() == pytest.approx(24, abs=2.5)


def test_the_border_of_the_radiograph_is_no_contour():
    cut = Contours.of(view(disc((40, 40), (0, 20), 12)), SPACING_MM)
    assert not cut.whole[0]
    assert cut.places[:, 0].min() > 0
    assert np.linalg.norm(cut.places - [0, 40], axis=1) == pytest.approx(
        np.full(len(cut.places), 24), abs=1.5
    )
    assert Contours.of(view(disc((40, 40), (20, 20), 12)), SPACING_MM).whole[0]


def test_specks_and_bones_that_are_not_there_have_no_contour():
    found = Contours.of(view(disc((40, 40), (20, 20), 1), np.zeros((40, 40))), SPACING_MM)
    assert (len(found.bones), len(found.places)) == (0, 0)


def test_neighbouring_ribs_have_neighbouring_numbers_and_no_rib_of_the_other_side():
    one = disc((40, 40), (20, 20), 9)
    found = Contours.of(view(one, one, one, bones=((36,), (37,), (38,))), SPACING_MM)
    first, last, other_side = found.numbers
    assert last - first == 1
    assert abs(other_side - last) > 1
    assert found.is_rib.all()


@pytest.mark.parametrize("shift_mm", [-5.0, -2.0, 0.0, 3.0])
def test_an_edge_is_found_as_far_away_as_it_was_moved(shift_mm):
    pixels = disc((80, 80), (40, 40), 15 + shift_mm / SPACING_MM)
    angle = np.linspace(0, 2 * np.pi, 30)
    outward = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    places = 80.0 + 15 * SPACING_MM * outward
    edges = Edges.of(view(pixels, pixels=pixels), SPACING_MM)
    distance, trusted = edges.nearest(places, outward, reach_mm=8.0)
    assert distance == pytest.approx(np.full(30, shift_mm), abs=1.1)
    assert (trusted == 1).all()


def test_where_brightness_rises_outwards_there_is_no_edge_of_bone():
    pixels = 1 - disc((80, 80), (40, 40), 15)
    edges = Edges.of(view(pixels, pixels=pixels), SPACING_MM)
    _, trusted = edges.nearest(np.array([[80.0 + 30.0, 80.0]]), np.array([[1.0, 0.0]]), reach_mm=4.0)
    assert trusted[0] == 0


def test_an_even_radiograph_has_no_edges():
    pixels = np.full((50, 50), 0.5)
    edges = Edges.of(view(pixels, pixels=pixels), SPACING_MM)
    _, trusted = edges.nearest(np.array([[40.0, 40.0]]), np.array([[1.0, 0.0]]), reach_mm=8.0)
    assert trusted[0] == 0
