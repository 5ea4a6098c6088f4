"""What a measurement says: a value, the geometry it rests on, and how far to trust it. All places in RAS mm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

Quality = Literal["good", "check", "absent"]


class NotFoundError(ValueError):
    """A part of a bone is not there or not clear; the message is a sentence for the report."""


@dataclass(frozen=True, eq=False)
class Landmark:
    """A named place.

    Attributes:
        name: machine name, `asis_left`.
        position_ras_mm: `(3,)`.
    """

    name: str
    position_ras_mm: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "position_ras_mm", _vector(self.position_ras_mm))

    def to_dict(self) -> dict:
        """Return plain values, ready for JSON."""
        return {"name": self.name, "position_ras_mm": self.position_ras_mm.tolist()}


@dataclass(frozen=True, eq=False)
class Axis:
    """A line through a point.

    Attributes:
        name: machine name, `neck_axis_left`.
        point_ras_mm: `(3,)`.
        direction_ras: `(3,)`; made a unit vector here.
    """

    name: str
    point_ras_mm: np.ndarray
    direction_ras: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_ras_mm", _vector(self.point_ras_mm))
        object.__setattr__(self, "direction_ras", _unit(self.direction_ras))

    def to_dict(self) -> dict:
        """Return plain values, ready for JSON."""
        return {
            "name": self.name,
            "point_ras_mm": self.point_ras_mm.tolist(),
            "direction_ras": self.direction_ras.tolist(),
        }


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through a point.

    Attributes:
        name: machine name, `sacral_endplate`.
        point_ras_mm: `(3,)`.
        normal_ras: `(3,)`; made a unit vector here.
    """

    name: str
    point_ras_mm: np.ndarray
    normal_ras: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_ras_mm", _vector(self.point_ras_mm))
        object.__setattr__(self, "normal_ras", _unit(self.normal_ras))

    def to_dict(self) -> dict:
        """Return plain values, ready for JSON."""
        return {
            "name": self.name,
            "point_ras_mm": self.point_ras_mm.tolist(),
            "normal_ras": self.normal_ras.tolist(),
        }


@dataclass(frozen=True, eq=False)
class Curve:
    """An open line of points.

    Attributes:
        name: machine name, `rib_left_7_centreline`.
        points_ras_mm: `(N, 3)`.
    """

    name: str
    points_ras_mm: np.ndarray

    def __post_init__(self) -> None:
        points = np.array(self.points_ras_mm, dtype=np.float64).reshape(-1, 3)
        if not np.isfinite(points).all():
            raise ValueError(f"The curve {self.name} has points that are not finite.")
        points.setflags(write=False)
        object.__setattr__(self, "points_ras_mm", points)

    def to_dict(self) -> dict:
        """Return plain values, ready for JSON."""
        return {"name": self.name, "points_ras_mm": self.points_ras_mm.tolist()}


@dataclass(frozen=True, eq=False)
class Measurement:
    """One result.

    `quality` says how far to trust it: "good"; "check", a number that a person must look at, with reasons; "absent",
    no number, with reasons. A place (`unit` "point") has landmarks and no value.

    Attributes:
        name: machine name, `neck_shaft_angle`.
        structure: label name of the bone, or of the group when it spans several: `femur_left`, `pelvis`, `spine`.
        side: "left", "right" or None.
        value: in `unit`, or None.
        unit: "mm", "deg", "mm3", "point", "1"...
        landmarks, axes, planes, curves: the geometry that the value rests on.
        quality: "good", "check" or "absent".
        reasons: why it is not "good", sentences a person can read.
        interval: lower and upper end of the value; of a place, 0 and the distance [mm] from the landmark within which
            the true place lies. Nine of ten are in it. None where it is unknown.

    Examples:
        >>> from SwinX2SLib import Measurement
        >>> angle = Measurement("neck_shaft_angle", "femur_left", "left", 127.3, "deg")
        >>> angle.is_present, angle.quality, f"{angle.value:.1f} {angle.unit}"
        (True, 'good', '127.3 deg')
    """

    name: str
    structure: str
    side: str | None
    value: float | None
    unit: str
    landmarks: tuple[Landmark, ...] = ()
    axes: tuple[Axis, ...] = ()
    planes: tuple[Plane, ...] = ()
    curves: tuple[Curve, ...] = ()
    quality: Quality = "good"
    reasons: tuple[str, ...] = field(default=())
    interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.value is not None and not np.isfinite(self.value):
            raise ValueError(f"{self.name} of {self.structure} is {self.value}, not a number.")
        if self.quality == "absent" and self.value is not None:
            raise ValueError(f"{self.name} of {self.structure} is absent and cannot have a value.")
        if (self.quality == "good") == bool(self.reasons):
            raise ValueError(f"{self.name} of {self.structure}: reasons go with check and absent only.")
        if self.value is not None:
            object.__setattr__(self, "value", float(self.value))

    @property
    def is_present(self) -> bool:
        """Whether there is something measured."""
        return self.quality != "absent"

    def landmark(self, name: str) -> np.ndarray:
        """Return the position `(3,)` RAS mm of a landmark.

        Raises:
            KeyError: the measurement has no such landmark.
        """
        for landmark in self.landmarks:
            if landmark.name == name:
                return landmark.position_ras_mm
        raise KeyError(f"{self.name} of {self.structure} has no landmark {name!r}.")

    def flagged(self, reasons: Iterable[str]) -> Measurement:
        """Return the measurement with further reasons for a look; without reasons, or absent, it stays as it is."""
        new = tuple(reason for reason in dict.fromkeys(reasons) if reason not in self.reasons)
        if not new or not self.is_present:
            return self
        return replace(self, quality="check", reasons=self.reasons + new)

    def to_dict(self) -> dict:
        """Return plain values, ready for JSON."""
        return {
            "name": self.name,
            "structure": self.structure,
            "side": self.side,
            "value": self.value,
            "unit": self.unit,
            "quality": self.quality,
            "reasons": list(self.reasons),
            "interval": None if self.interval is None else [float(end) for end in self.interval],
            "landmarks": [item.to_dict() for item in self.landmarks],
            "axes": [item.to_dict() for item in self.axes],
            "planes": [item.to_dict() for item in self.planes],
            "curves": [item.to_dict() for item in self.curves],
        }


def absent(name: str, structure: str, side: str | None, unit: str, *reasons: str) -> Measurement:
    """Return a measurement that could not be made, with the reasons."""
    return Measurement(name, structure, side, None, unit, quality="absent", reasons=tuple(reasons))


def _vector(values: np.ndarray) -> np.ndarray:
    vector = np.array(values, dtype=np.float64).reshape(3)
    if not np.isfinite(vector).all():
        raise ValueError(f"A place or direction has to be finite, not {vector}.")
    vector.setflags(write=False)
    return vector


def _unit(values: np.ndarray) -> np.ndarray:
    vector = _vector(values)
    length = np.linalg.norm(vector)
    if length == 0:
        raise ValueError("A direction needs a length.")
    unit = vector / length
    unit.setflags(write=False)
    return unit
