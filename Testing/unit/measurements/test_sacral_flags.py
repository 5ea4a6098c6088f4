"""What is measured at S1 shares the flags of its endplate; a crooked pelvis is flagged everywhere."""

import numpy as np
import pytest

from SwinX2SLib.measurements.crosschecks import with_flags
from SwinX2SLib.measurements.pelvis import _spot_results
from SwinX2SLib.measurements.pelvis_landmarks import SIDES, SPOTS, HipLandmarks, PelvicFrame
from SwinX2SLib.measurements.results import Landmark, Measurement


def measurements(flags: tuple[str, ...]) -> dict[str, list[Measurement]]:
    place = np.zeros(3)
    endplate = Measurement("sacral_endplate", "pelvis", None, None, "point", (Landmark("centre", place),))
    length = Measurement(
        "centreline_length",
        "spine",
        None,
        80.0,
        "mm",
        (Landmark("vertebrae_L5", place), Landmark("S1", place)),
    )
    slip = Measurement(
        "listhesis_L4_L5", "spine", None, 2.0, "mm", (Landmark("vertebrae_L4_inferior_posterior", place),)
    )
    return {"pelvis": [endplate.flagged(flags)], "spine": [length, slip]}


def test_a_flagged_sacral_endplate_flags_what_ends_there_and_nothing_else():
    length, slip = with_flags(measurements(("It faces aside.",)), {})["spine"]
    assert length.quality == "check"
    assert "It faces aside." in length.reasons
    assert slip.quality == "good"


def test_a_good_sacral_endplate_flags_nothing():
    assert all(one.quality == "good" for one in with_flags(measurements(()), {})["spine"])


@pytest.mark.parametrize(("moved", "quality"), [(2, "good"), (3, "check")])
def test_landmarks_that_define_the_axes_share_the_flag_of_half_of_all(moved, quality):
    """The anterior spines mirror each other in axes that they define, wherever they are."""
    places = {}
    for number, name in enumerate(SPOTS):
        for side, sign in zip(SIDES, (-1, 1), strict=True):
            off = 30.0 if side == "left" and 0 < number <= moved else 0.0
            places[f"{name}_{side}"] = np.array([60.0 * sign, 10.0 * number + off, 0.0])
    expected = dict.fromkeys(places, 0.0)
    found = HipLandmarks(PelvicFrame(np.eye(3), np.zeros(3)), places, expected, expected)
    first = [one for one in _spot_results(found, (), 1.0) if one.name == next(iter(SPOTS))]
    assert {one.quality for one in first} == {quality}
