"""Values that no person has are withheld, with what was found."""

import pytest

from SwinX2SLib.measurements.quality_flags import FEMUR, PELVIS, POSSIBLE, withheld_if_impossible
from SwinX2SLib.measurements.results import Measurement


@pytest.mark.parametrize(
    ("name", "value", "withheld"),
    [
        ("neck_shaft_angle", 23.8, True),
        ("neck_shaft_angle", 127.0, False),
        ("canal_length", 5.8, True),
        ("canal_length", 16.0, False),
        ("pelvic_incidence", 150.0, True),
        ("femoral_length", 5.0, False),
    ],
)
def test_impossible_values_are_absent_and_say_what_was_found(name, value, withheld):
    given = Measurement(name, "femur_left", "left", value, "deg")
    found = withheld_if_impossible(given)
    assert found.is_present == (not withheld)
    if withheld:
        assert (found.name, found.structure, found.side, found.value) == (name, "femur_left", "left", None)
        assert f"{value:.1f}" in found.reasons[0]
    else:
        assert found is given


def test_what_is_usual_is_possible():
    for name, usual in (FEMUR | PELVIS).items():
        if name in POSSIBLE:
            lower, upper = POSSIBLE[name]
            assert lower < usual.lower < usual.upper < upper
