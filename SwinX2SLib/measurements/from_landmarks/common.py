"""What the rules share: who else is needed, and simple geometry that says when it is undefined."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from SwinX2SLib.measurements.results import Axis, Landmark, Measurement

Key = tuple[str, str, str | None]
Others = Mapping[Key, Measurement]
"""All measurements of the person by `key_of`; some values rest on places that another measurement names."""
Rule = Callable[[Measurement, Others], Measurement]


class UndefinedValueError(ValueError):
    """The places give no value; the message is a sentence."""


def key_of(measurement: Measurement) -> Key:
    """Return what tells a measurement from all others of the person."""
    return measurement.structure, measurement.name, measurement.side


def starting(found: Measurement, start: str) -> np.ndarray:
    """Return the position `(3,)` of the landmark whose name begins so."""
    return next(mark.position_ras_mm for mark in found.landmarks if mark.name.startswith(start))


def axis_starting(found: Measurement, start: str) -> Axis:
    """Return the axis whose name begins so."""
    return next(axis for axis in found.axes if axis.name.startswith(start))


def with_places(landmarks: tuple[Landmark, ...], **places: np.ndarray) -> tuple[Landmark, ...]:
    """Return landmarks, those named at their new places."""
    return tuple(
        Landmark(mark.name, places[mark.name]) if mark.name in places else mark for mark in landmarks
    )


def unit_or_fail(vector: np.ndarray) -> np.ndarray:
    """Return a vector `(3,)` with length one.

    Raises:
        UndefinedValueError: it has no length.
    """
    length = np.linalg.norm(vector)
    if length < 1e-6:
        raise UndefinedValueError("Two landmarks coincide; no direction is defined.")
    return vector / length


def orthogonalise(vector: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return the unit vector of the part of `vector` that is square to the unit vector `axis`."""
    return unit_or_fail(vector - axis * (vector @ axis))


def distance_mm(one: np.ndarray, other: np.ndarray) -> float:
    """Return how far two places lie apart."""
    return float(np.linalg.norm(one - other))


def angle_deg(one: np.ndarray, other: np.ndarray) -> float:
    """Return the angle between two unit vectors."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)))
