"""The places of all measurements of a person, each once: what several measurements rest on is moved for all of them.

The centre of a femoral head gives its radius, the neck's axis and the hip axis; the upper endplate of L1 gives the
lordosis and a wedge. Two places are the same when they have the same coordinates. What follows from other places (the
foot of an offset, the hip axis) is no place of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from SwinX2SLib.geometry.polylines import along_mm, bent
from SwinX2SLib.measurements.from_landmarks import HEAD_SURFACE, Key, companions, key_of
from SwinX2SLib.measurements.results import Axis, Curve, Landmark, Measurement, Plane

_FOLLOWING = ("offset_foot", "neck_foot", "neck_shaft_point", "vertebral_end", "front_end")
# Axes with a direction of their own, and half of the length [mm] at whose ends a person can take them.
_OWN_AXES = {"shaft_axis": 60.0, "spinous_axis": 0.0, "vertebra_front": 0.0}
_AXIS_LENGTH_MM = 30.0
_FOLLOWING_PLANES = ("anterior_pelvic_plane",)
_HANDLE_STEP_MM = 25.0
_LEAST_HANDLES, _MOST_HANDLES = 3, 16
_UPWARDS = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Binding:
    """On which places a measurement rests; None stands for what follows from others.

    Attributes:
        landmarks: key of the place, for each landmark.
        axes: keys of both ends, for each axis; the second is None where the direction follows.
        planes: key of the plane, for each plane.
        curves: key of the line, for each curve.
    """

    landmarks: tuple[str | None, ...]
    axes: tuple[tuple[str, str | None] | None, ...]
    planes: tuple[str | None, ...]
    curves: tuple[str | None, ...]


@dataclass(frozen=True, eq=False)
class BentLine:
    """A line that is bent by handles.

    Attributes:
        points_ras_mm: `(N, 3)` as computed.
        handles: `(M,)` indices of the points at which it can be taken.
        places: keys of these.
    """

    points_ras_mm: np.ndarray
    handles: np.ndarray
    places: tuple[str, ...]


@dataclass(eq=False)
class SharedGeometry:
    """See the module.

    Attributes:
        places: RAS mm `(3,)` by key, `femur_left/head_centre_left`, as computed.
        normals: of planes, unit `(3,)` by key, as computed.
        origins: key of the place at which a plane is held, by the plane's key.
        lines: by key.
        bindings: by measurement.
        measurements: with the places that a person needs beside those that were stored.
    """

    places: dict[str, np.ndarray] = field(default_factory=dict)
    normals: dict[str, np.ndarray] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    lines: dict[str, BentLine] = field(default_factory=dict)
    bindings: dict[Key, Binding] = field(default_factory=dict)
    measurements: dict[Key, Measurement] = field(default_factory=dict)

    def own_keys(self, key: Key) -> set[str]:
        """Return the places and planes on which a measurement rests, without those of its companions."""
        binding = self.bindings[key]
        found = {place for place in binding.landmarks if place}
        found |= {end for ends in binding.axes if ends for end in ends if end}
        found |= {plane for plane in binding.planes if plane}
        found |= {self.origins[plane] for plane in binding.planes if plane}
        return found | {place for line in binding.curves if line for place in self.lines[line].places}

    def keys(self, key: Key) -> set[str]:
        """Return all places and planes on which a measurement rests."""
        others = (other for other in companions(self.measurements[key]) if other in self.bindings)
        return self.own_keys(key).union(*(self.own_keys(other) for other in others))

    def placed(
        self, key: Key, places: Mapping[str, np.ndarray], normals: Mapping[str, np.ndarray]
    ) -> Measurement:
        """Return a measurement with its places where they are now; its value is not looked at."""
        found, binding = self.measurements[key], self.bindings[key]
        landmarks = tuple(
            mark if place is None else Landmark(mark.name, places[place])
            for mark, place in zip(found.landmarks, binding.landmarks, strict=True)
        )
        planes = tuple(
            plane if known is None else Plane(plane.name, places[self.origins[known]], normals[known])
            for plane, known in zip(found.planes, binding.planes, strict=True)
        )
        axes = tuple(_axis(axis, ends, places) for axis, ends in zip(found.axes, binding.axes, strict=True))
        curves = tuple(
            curve if line is None else Curve(curve.name, self._bent(line, places))
            for curve, line in zip(found.curves, binding.curves, strict=True)
        )
        return replace(found, landmarks=landmarks, axes=axes, planes=planes, curves=curves)

    def _bent(self, key: str, places: Mapping[str, np.ndarray]) -> np.ndarray:
        line = self.lines[key]
        moved = np.array([places[place] - self.places[place] for place in line.places])
        return bent(line.points_ras_mm, line.handles, moved) if moved.any() else line.points_ras_mm


def shared_geometry(measurements: Iterable[Measurement]) -> SharedGeometry:
    """Return the places of all measurements that are there."""
    builder = _Builder()
    for measurement in measurements:
        if measurement.is_present:
            builder.add(_with_surface(measurement))
    return builder.geometry


def _with_surface(found: Measurement) -> Measurement:
    """Return the radius of a head with a place on its surface: a centre alone cannot be moved to another radius."""
    if found.name != "head_radius" or found.value is None:
        return found
    top = found.landmarks[0].position_ras_mm + found.value * _UPWARDS
    return replace(found, landmarks=(*found.landmarks, Landmark(f"{HEAD_SURFACE}_{found.side}", top)))


def _axis(axis: Axis, ends: tuple[str, str | None] | None, places: Mapping[str, np.ndarray]) -> Axis:
    if ends is None:
        return axis
    start = places[ends[0]]
    if ends[1] is None:
        return Axis(axis.name, start, axis.direction_ras)
    way = places[ends[1]] - start
    point = start + way / 2 if _half_length(axis) else start
    # Both ends in one place say nothing; the rules tell so where it matters.
    return Axis(axis.name, point, way if np.linalg.norm(way) > 1e-6 else axis.direction_ras)


def _half_length(axis: Axis) -> float:
    return next(half for start, half in _OWN_AXES.items() if axis.name.startswith(start))


class _Builder:
    def __init__(self) -> None:
        self.geometry = SharedGeometry()
        self._by_position: dict[tuple[float, ...], str] = {}
        self._by_plane: dict[tuple[float, ...], str] = {}

    def add(self, found: Measurement) -> None:
        where, curves = found.structure, []
        for curve in found.curves:
            # The spine's line follows from the middles of its vertebrae.
            curves.append(self._line(where, curve) if where != "spine" else None)
        landmarks = [
            None if mark.name in _FOLLOWING else self._place(where, mark.name, mark.position_ras_mm)
            for mark in found.landmarks
        ]
        planes = [
            None if plane.name in _FOLLOWING_PLANES else self._plane(where, plane) for plane in found.planes
        ]
        axes = [self._axis(where, axis) for axis in found.axes]
        key = key_of(found)
        self.geometry.bindings[key] = Binding(tuple(landmarks), tuple(axes), tuple(planes), tuple(curves))
        self.geometry.measurements[key] = found

    def _place(self, structure: str, name: str, position: np.ndarray) -> str:
        known = tuple(np.round(position, 6) + 0.0)
        key = self._by_position.get(known)
        if key is None:
            key = self._free(f"{structure}/{name}", self.geometry.places)
            self._by_position[known] = key
            self.geometry.places[key] = np.array(position)
        return key

    def _plane(self, structure: str, plane: Plane) -> str:
        known = tuple(np.round([*plane.point_ras_mm, *plane.normal_ras], 6) + 0.0)
        key = self._by_plane.get(known)
        if key is None:
            key = self._free(f"{structure}/{plane.name}", self.geometry.normals)
            self._by_plane[known] = key
            self.geometry.normals[key] = np.array(plane.normal_ras)
            self.geometry.origins[key] = self._place(structure, f"{plane.name}_centre", plane.point_ras_mm)
        return key

    def _axis(self, structure: str, axis: Axis) -> tuple[str, str | None] | None:
        if axis.name.startswith("neck_axis"):
            return self._place(structure, axis.name, axis.point_ras_mm), None
        if not axis.name.startswith(tuple(_OWN_AXES)):
            return None
        half = _half_length(axis)
        reach = (half or _AXIS_LENGTH_MM) * axis.direction_ras
        start = self._place(structure, f"{axis.name}_start", axis.point_ras_mm - (reach if half else 0.0))
        return start, self._place(structure, f"{axis.name}_end", axis.point_ras_mm + reach)

    def _line(self, structure: str, curve: Curve) -> str:
        key, points = f"{structure}/{curve.name}", curve.points_ras_mm
        if key in self.geometry.lines:
            return key
        along = along_mm(points)
        count = int(np.clip(round(along[-1] / _HANDLE_STEP_MM) + 1, _LEAST_HANDLES, _MOST_HANDLES))
        handles = np.unique(np.searchsorted(along, np.linspace(0, along[-1], count)).clip(0, len(points) - 1))
        places = tuple(
            self._place(structure, f"{curve.name}_{number}", points[index])
            for number, index in enumerate(handles, 1)
        )
        self.geometry.lines[key] = BentLine(points, handles, places)
        return key

    @staticmethod
    def _free(key: str, taken: Mapping[str, object]) -> str:
        return (
            key
            if key not in taken
            else next(f"{key}_{number}" for number in range(2, 10_000) if f"{key}_{number}" not in taken)
        )
