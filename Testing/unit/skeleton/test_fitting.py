"""Bones that were moved are found again by their films."""

import pytest
import torch

from SwinX2SLib.skeleton.projections import Films, edges, fit, piece_likeness, shadows

SHAPE, SPACING_MM = (48, 48, 72), 2.5
PELVIS_SHAPE, PELVIS_SPACING_MM = (100, 72, 84), 3.0


@pytest.fixture(scope="module")
def lumbar_films(lumbar, fill, film) -> Films:
    return film(fill(lumbar(true=True), SHAPE, SPACING_MM), SPACING_MM)


def test_vertebrae_that_were_shifted_turned_and_grown_are_found_again(lumbar, lumbar_films, distance_mm):
    true, found = lumbar(true=True), lumbar()
    assert distance_mm(found, true) > 4.5
    fit(found, lumbar_films)
    assert distance_mm(found, true) < 2.0, "less than a pixel, of corners and tips too"
    at, truly_at = (placement.transforms()[2].detach() for placement in (found, true))
    assert float((at - truly_at).norm(dim=1).max()) < 1.7


def test_fitting_makes_every_piece_more_like_the_films(lumbar, lumbar_films):
    found = lumbar()
    before = piece_likeness(found, lumbar_films)
    fit(found, lumbar_films, steps=30)
    after = piece_likeness(found, lumbar_films)
    assert len(after) == 4
    assert all(b > a + 0.02 for a, b in zip(before, after, strict=True))


def test_a_pelvis_that_was_shifted_turned_grown_and_changed_is_found_again(pelvis, fill, film, distance_mm):
    true = pelvis(turn=0.1)
    films = film(fill(true, PELVIS_SHAPE, PELVIS_SPACING_MM), PELVIS_SPACING_MM)
    found = pelvis()
    assert distance_mm(found, true) > 10
    fit(found, films)
    assert distance_mm(found, true) < PELVIS_SPACING_MM, "a pixel"
    turn = found.transforms()[0][0].detach().T @ true.transforms()[0][0].detach()
    assert float(turn.trace()) > 1 + 2 * 0.9994, "two degrees"


def test_pieces_are_like_their_own_films_and_unlike_their_negative(lumbar, lumbar_films):
    true = lumbar(true=True)
    alike = piece_likeness(true, lumbar_films)
    assert min(alike) > 0.6
    negative = Films(-lumbar_films.coronal, -lumbar_films.sagittal, SPACING_MM)
    assert piece_likeness(true, negative) == pytest.approx([-one for one in alike], abs=1e-4)


def test_a_piece_that_lies_beside_its_shadow_is_less_like_the_films_than_its_neighbours(lumbar, lumbar_films):
    moved = lumbar(true=True)
    with torch.no_grad():
        moved.shift[1, :2] += 3.0
    alike, before = piece_likeness(moved, lumbar_films), piece_likeness(lumbar(true=True), lumbar_films)
    assert alike[1] < before[1] - 0.2
    assert alike[3] == pytest.approx(before[3], abs=0.1)


def test_where_there_are_only_even_films_the_pieces_stay(lumbar, distance_mm):
    found, even = lumbar(), Films(torch.full((48, 72), 3.0), torch.full((48, 72), 3.0), SPACING_MM)
    fit(found, even, steps=15)
    assert distance_mm(found, lumbar()) < 5.0, "two pixels"
    assert max(map(abs, piece_likeness(found, even))) < 0.3


def test_shadows_of_both_views_are_of_the_films_shape_and_may_be_descended(lumbar, lumbar_films):
    found = lumbar()
    wanted = [(axis, edges(film)) for axis, film in lumbar_films.views()]
    views = shadows(found, wanted, SPACING_MM)
    for film, edge, where in views:
        assert film.shape == edge.shape == where.shape == (48, 72)
    (views[0][0] * views[0][1]).sum().backward()
    assert bool((found.shift.grad[:, [0, 2]] != 0).all())
    assert not found.shift.grad[:, 1].any(), "a frontal film does not show depth"
