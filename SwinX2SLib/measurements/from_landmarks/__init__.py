"""Values from the places that they rest on, by the definitions that the measurements of bones follow.

A person may have moved a landmark, turned a plane or bent a line: what depends on it is computed here, from these
places alone, without the bone. For places that nobody moved the result is what was measured.
"""

from __future__ import annotations

from SwinX2SLib.measurements.from_landmarks import femur, pelvis, spine
from SwinX2SLib.measurements.from_landmarks.common import Key, Others, Rule, UndefinedValueError, key_of
from SwinX2SLib.measurements.from_landmarks.femur import HEAD_SURFACE
from SwinX2SLib.measurements.results import Measurement

__all__ = [
    "HEAD_SURFACE",
    "Key",
    "Others",
    "UndefinedValueError",
    "can_be_settled",
    "companions",
    "key_of",
    "value_from_landmarks",
]

_RULES = {**femur.RULES, **pelvis.RULES, **spine.RULES}
# Of these there may be several, with the levels in their names.
_FAMILIES = {"listhesis_": spine.listhesis, "cobb_angle": spine.cobb}


def can_be_settled(measurement: Measurement) -> bool:
    """Return whether this is a measurement whose value follows from its places."""
    return measurement.unit == "point" or _rule(measurement) is not None


def companions(measurement: Measurement) -> list[Key]:
    """Return the measurements whose places this one needs beside its own."""
    structure, name, side = key_of(measurement)
    if name == "anteversion":
        return [(structure, "femoral_length", side)]
    if name == "sacral_slope":
        return [(structure, "inter_asis_width", None)]
    if name in ("wedge_angle", "spinous_process_angle"):
        plates = [(structure, f"{which}_endplate", None) for which in ("superior", "inferior")]
        return [(structure, "axial_rotation", None), *plates]
    return []


def value_from_landmarks(measurement: Measurement, others: Others) -> Measurement:
    """Return a measurement with its value, and the places that follow from others, computed from its places.

    Args:
        measurement: with its places where they are now.
        others: see `Others`, with their places where they are now.

    Raises:
        UndefinedValueError: the places give no value (a line without length, a pelvis on its side).
        KeyError: there is no rule for this measurement, or one of its `companions` is missing.
    """
    if measurement.unit == "point":
        return femur.placed(measurement)
    rule = _rule(measurement)
    if rule is None:
        raise KeyError(f"There is no rule for {measurement.name} of {measurement.structure}.")
    return rule(measurement, others)


def _rule(measurement: Measurement) -> Rule | None:
    name = measurement.name
    for prefix, rule in _FAMILIES.items():
        if name.startswith(prefix):
            return rule
    return _RULES.get(name)
