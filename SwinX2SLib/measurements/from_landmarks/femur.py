"""Femora: head, neck, shaft, version and length from their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from SwinX2SLib.measurements.from_landmarks.common import (
    Others,
    Rule,
    UndefinedValueError,
    angle_deg,
    axis_starting,
    distance_mm,
    orthogonalise,
    starting,
    unit_or_fail,
    with_places,
)
from SwinX2SLib.measurements.results import Axis, Measurement

HEAD_SURFACE = "head_surface"
"""Begin of the name of a place on the femoral head's surface, which with its centre gives the radius."""


def placed(found: Measurement) -> Measurement:
    """Return a named place with what follows from it: the neck's axis."""
    axes = tuple(
        _neck_axis(found, axis) if axis.name.startswith("neck_axis") else axis for axis in found.axes
    )
    return replace(found, axes=axes)


def _head_radius(found: Measurement, _others: Others) -> Measurement:
    centre, surface = (starting(found, start) for start in ("head_centre", HEAD_SURFACE))
    return replace(found, value=distance_mm(centre, surface))


def _neck_axis(found: Measurement, axis: Axis) -> Axis:
    return Axis(
        axis.name, axis.point_ras_mm, unit_or_fail(starting(found, "head_centre") - axis.point_ras_mm)
    )


def _neck_and_shaft(found: Measurement) -> tuple[Axis, Axis]:
    neck, shaft = (axis_starting(found, start) for start in ("neck_axis", "shaft_axis"))
    return _neck_axis(found, neck), shaft


def _neck_shaft(found: Measurement, _others: Others) -> Measurement:
    """Neck-shaft angle, offset, neck length and head-shaft distance, with the places where the axes come nearest."""
    neck, shaft = _neck_and_shaft(found)
    centre = starting(found, "head_centre")
    on_neck, on_shaft = _nearest_points(centre, neck.direction_ras, shaft)
    foot = shaft.point_ras_mm + shaft.direction_ras * ((centre - shaft.point_ras_mm) @ shaft.direction_ras)
    value = {
        "neck_shaft_angle": lambda: angle_deg(neck.direction_ras, shaft.direction_ras),
        "femoral_offset": lambda: distance_mm(centre, foot),
        "neck_length": lambda: distance_mm(centre, on_neck),
        "head_shaft_distance": lambda: distance_mm(centre, on_shaft),
    }[found.name]()
    marks = with_places(found.landmarks, offset_foot=foot, neck_foot=on_neck, neck_shaft_point=on_shaft)
    return replace(found, value=value, axes=(neck, shaft), landmarks=marks)


def _nearest_points(centre: np.ndarray, neck: np.ndarray, shaft: Axis) -> tuple[np.ndarray, np.ndarray]:
    away, down = centre - shaft.point_ras_mm, shaft.direction_ras
    along = neck @ down
    scale = 1 - along**2
    if scale < 1e-6:
        raise UndefinedValueError("The axes of neck and shaft are parallel.")
    on_neck = (along * (away @ down) - away @ neck) / scale
    on_shaft = (away @ down - along * (away @ neck)) / scale
    return centre + on_neck * neck, shaft.point_ras_mm + on_shaft * down


def _anteversion(found: Measurement, others: Others) -> Measurement:
    length = others[found.structure, "femoral_length", found.side]
    head, notch = (starting(length, start) for start in ("head_centre", "intercondylar_notch"))
    medial_end, lateral_end = (starting(found, f"posterior_condyle_{end}") for end in ("medial", "lateral"))
    down = unit_or_fail(notch - head)
    medial = orthogonalise(medial_end - lateral_end, down)
    posterior = np.cross(medial, down) * (-1.0 if found.side == "left" else 1.0)
    neck, condylar = (axis_starting(found, start) for start in ("neck_axis", "posterior_condylar_axis"))
    neck = Axis(neck.name, neck.point_ras_mm, unit_or_fail(head - neck.point_ras_mm))
    direction = orthogonalise(neck.direction_ras, down)
    value = np.degrees(np.arctan2(-(direction @ posterior), direction @ medial))
    return replace(found, value=value, axes=(neck, Axis(condylar.name, lateral_end, medial)))


def _femoral_length(found: Measurement, _others: Others) -> Measurement:
    head, notch = (starting(found, start) for start in ("head_centre", "intercondylar_notch"))
    axes = tuple(Axis(axis.name, head, unit_or_fail(notch - head)) for axis in found.axes)
    return replace(found, value=distance_mm(head, notch), axes=axes)


def _mechanical_anatomical(found: Measurement, _others: Others) -> Measurement:
    head, notch = (starting(found, start) for start in ("head_centre", "intercondylar_notch"))
    mechanical, shaft = (axis_starting(found, start) for start in ("mechanical_axis", "shaft_axis"))
    mechanical = Axis(mechanical.name, head, unit_or_fail(notch - head))
    medial_end, lateral_end = (starting(found, f"posterior_condyle_{end}") for end in ("medial", "lateral"))
    medial = orthogonalise(medial_end - lateral_end, mechanical.direction_ras)
    condylar = Axis(axis_starting(found, "posterior_condylar_axis").name, lateral_end, medial)
    direction = shaft.direction_ras
    value = np.degrees(np.arctan2(direction @ medial, direction @ mechanical.direction_ras))
    return replace(found, value=value, axes=(mechanical, shaft, condylar))


def _length_difference(found: Measurement, _others: Others) -> Measurement:
    lengths = [
        distance_mm(*(starting(found, f"{start}_{side}") for start in ("head_centre", "intercondylar_notch")))
        for side in ("left", "right")
    ]
    return replace(found, value=lengths[1] - lengths[0])


RULES: dict[str, Rule] = {
    "head_radius": _head_radius,
    "neck_shaft_angle": _neck_shaft,
    "femoral_offset": _neck_shaft,
    "neck_length": _neck_shaft,
    "head_shaft_distance": _neck_shaft,
    "anteversion": _anteversion,
    "femoral_length": _femoral_length,
    "mechanical_anatomical_angle": _mechanical_anatomical,
    "femoral_length_difference": _length_difference,
}
