"""Which of two films is the frontal one."""

import pytest

from SwinX2SLib.radiographs.view_recognition import FilmHints, Grounds, recognise, view_of


@pytest.mark.parametrize(
    ("hints", "view", "grounds"),
    [
        (FilmHints(view_position="PA"), "frontal", Grounds.VIEW_POSITION),
        (FilmHints(view_position=" ll "), "lateral", Grounds.VIEW_POSITION),
        (FilmHints(view_position="RLD"), "frontal", Grounds.VIEW_POSITION),
        (FilmHints(orientation=("L", "F")), "frontal", Grounds.ORIENTATION),
        (FilmHints(orientation=("H", "P")), "lateral", Grounds.ORIENTATION),
        (FilmHints(orientation=("L", "P")), "", Grounds.NOTHING),
        (FilmHints(names=("Spine LAT standing",)), "lateral", Grounds.NAME),
        (FilmHints(names=("ThoraxAP_2",)), "frontal", Grounds.NAME),
        (FilmHints(names=("flat panel", "apex")), "", Grounds.NOTHING),
        (FilmHints(names=("AP and lateral",)), "", Grounds.NOTHING),
    ],
)
def test_a_film_tells_its_view_by_header_and_name(hints, view, grounds):
    assert view_of(hints) == (view, grounds)


def test_what_one_film_states_tells_the_other():
    found = recognise(FilmHints(), FilmHints(view_position="AP"))
    assert (found.frontal, found.is_certain) == (1, True)
    found = recognise(FilmHints(names=("lateral",)), FilmHints())
    assert (found.frontal, found.is_certain) == (1, True)


def test_a_header_beats_a_name():
    found = recognise(FilmHints(names=("ap",)), FilmHints(view_position="PA", names=("ap",)))
    assert (found.frontal, found.grounds) == (1, Grounds.VIEW_POSITION)


def test_two_films_of_one_view_are_for_the_user_to_tell():
    found = recognise(FilmHints(view_position="PA"), FilmHints(view_position="AP"))
    assert found.frontal is None
    assert "Both films are called frontal" in found.reason


def test_shape_is_a_guess_that_needs_a_question():
    wide, narrow = FilmHints(width_mm=400, height_mm=430), FilmHints(width_mm=250, height_mm=430)
    found = recognise(narrow, wide)
    assert (found.frontal, found.is_certain) == (1, False)
    assert recognise(wide, wide).frontal is None
    assert recognise(FilmHints(), FilmHints()).frontal is None
