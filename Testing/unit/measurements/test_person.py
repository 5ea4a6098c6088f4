"""A person's published ranges stand beside the values, whichever region they are of."""

import pytest

from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.writing import reference_range


@pytest.mark.parametrize(
    ("structure", "name", "inside", "outside"),
    [
        ("femur_left", "neck_shaft_angle", 127, 90),
        ("pelvis", "pelvic_incidence", 52, 120),
        ("spine", "thoracic_kyphosis", 40, 120),
        ("vertebrae_L3", "canal_length", 17, 60),
        ("rib_right_7", "rib_length", 300, 600),
    ],
)
def test_usual_adults_lie_in_the_published_range(structure, name, inside, outside):
    low, high = reference_range(Measurement(name, structure, None, 1.0, "mm"))
    assert low <= inside <= high
    assert not low <= outside <= high


def test_what_nobody_published_has_no_range():
    for structure, name in (
        ("femur_left", "head_centre"),
        ("spine", "cobb"),
        ("rib_left_1", "rib_curvature"),
    ):
        assert reference_range(Measurement(name, structure, None, None, "point")) is None
