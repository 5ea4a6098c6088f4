"""Which of two radiographs is the frontal one."""

import pytest

from SwinX2SLib.radiographs.view_recognition import Grounds, RadiographHints, recognise, view_of


@pytest.mark.parametrize(
    ("hints", "view", "grounds"),
    [
        (RadiographHints(view_position="PA"), "frontal", Grounds.VIEW_POSITION),
        (RadiographHints(view_position=" ll "), "lateral", Grounds.VIEW_POSITION),
        (RadiographHints(view_position="RLD"), "frontal", Grounds.VIEW_POSITION),
        (RadiographHints(orientation=("L", "F")), "frontal", Grounds.ORIENTATION),
        (RadiographHints(orientation=("H", "P")), "lateral", Grounds.ORIENTATION),
        (RadiographHints(orientation=("L", "P")), "", Grounds.NOTHING),
        (RadiographHints(names=("Spine LAT standing",)), "lateral", Grounds.NAME),
        (RadiographHints(names=("ThoraxAP_2",)), "frontal", Grounds.NAME),
        (RadiographHints(names=("flat panel", "apex")), "", Grounds.NOTHING),
        (RadiographHints(names=("AP and lateral",)), "", Grounds.NOTHING),
    ],
)
def test_a_radiograph_tells_its_view_by_header_and_name(hints, view, grounds):
    assert view_of(hints) == (view, grounds)


def test_what_one_radiograph_states_tells_the_other():
    found = recognise(RadiographHints(), RadiographHints(view_position="AP"))
    assert (found.frontal, found.is_certain) == (1, True)
    found = recognise(RadiographHints(names=("lateral",)), RadiographHints())
    assert (found.frontal, found.is_certain) == (1, True)


def test_a_header_beats_a_name():
    found = recognise(RadiographHints(names=("ap",)), RadiographHints(view_position="PA", names=("ap",)))
    assert (found.frontal, found.grounds) == (1, Grounds.VIEW_POSITION)


def test_two_radiographs_of_one_view_are_for_the_user_to_tell():
    found = recognise(RadiographHints(view_position="PA"), RadiographHints(view_position="AP"))
    assert found.frontal is None
    assert "Both radiographs are identified as frontal" in found.reason


def test_shape_is_a_guess_that_needs_a_question():
    wide, narrow = RadiographHints(width_mm=400, height_mm=430), RadiographHints(width_mm=250, height_mm=430)
    found = recognise(narrow, wide)
    assert (found.frontal, found.is_certain) == (1, False)
    assert recognise(wide, wide).frontal is None
    assert recognise(RadiographHints(), RadiographHints()).frontal is None
