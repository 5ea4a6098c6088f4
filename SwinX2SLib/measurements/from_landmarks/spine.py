"""The column, single vertebrae and ribs from their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from SwinX2SLib.geometry.polylines import curve_through, length_mm, mean_curvature
from SwinX2SLib.measurements.from_landmarks.common import (
    Others,
    Rule,
    distance_mm,
    square_to,
    unit_or_fail,
    with_places,
)
from SwinX2SLib.measurements.results import Axis, Curve, Measurement, Plane
from SwinX2SLib.measurements.spine_curves import RAS_AXES

_ANTERIOR = RAS_AXES.anterior


def _centreline(found: Measurement, _others: Others) -> Measurement:
    curve = curve_through(np.array([mark.position_ras_mm for mark in found.landmarks]))
    return replace(found, value=length_mm(curve), curves=(Curve(found.curves[0].name, curve),))


def cobb(found: Measurement, _others: Others) -> Measurement:
    """Return a curve seen from the front, with the side to which it bows."""
    upper, lower = (RAS_AXES.frontal_tilt_deg(plane.normal_ras) for plane in found.planes)
    return replace(found, value=abs(lower - upper), side="right" if lower > upper else "left")


def _sagittal_curve(found: Measurement, _others: Others) -> Measurement:
    """Thoracic kyphosis and lumbar lordosis."""
    upper, lower = (RAS_AXES.sagittal_tilt_deg(plane.normal_ras) for plane in found.planes)
    return replace(found, value=(1 if found.name == "thoracic_kyphosis" else -1) * (upper - lower))


def _vertical_axis(found: Measurement, _others: Others) -> Measurement:
    top, corner = (mark.position_ras_mm for mark in found.landmarks)
    axes = tuple(Axis(axis.name, top, axis.direction_ras) for axis in found.axes)
    return replace(found, value=float((top - corner) @ RAS_AXES.anterior), axes=axes)


def listhesis(found: Measurement, _others: Others) -> Measurement:
    """Return how far a vertebra has slipped on the one below."""
    place, back, front = (mark.position_ras_mm for mark in found.landmarks)
    return replace(found, value=float((place - back) @ unit_or_fail(front - back)))


def _between_ends(found: Measurement, _others: Others) -> Measurement:
    one, other = (mark.position_ras_mm for mark in found.landmarks)
    return replace(found, value=distance_mm(one, other))


def _vertebra_axes(rotation: Measurement) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return right, front and up of a vertebra: its median plane's normal and the axis in that plane."""
    front = rotation.axes[0].direction_ras
    right = square_to(rotation.planes[0].normal_ras, front)
    return right, front, np.cross(right, front)


def _axial_rotation(found: Measurement, _others: Others) -> Measurement:
    right, front, _ = _vertebra_axes(found)
    plane = Plane(found.planes[0].name, found.axes[0].point_ras_mm, right)
    return replace(found, value=np.degrees(np.arctan2(_ANTERIOR @ right, _ANTERIOR @ front)), planes=(plane,))


def _wedge(found: Measurement, others: Others) -> Measurement:
    _, front, up = _vertebra_axes(others[found.structure, "axial_rotation", None])
    upper, lower = (_slope_rad(plane.normal_ras, front, up) for plane in found.planes)
    return replace(found, value=np.degrees(upper - lower))


def _spinous_angle(found: Measurement, others: Others) -> Measurement:
    _, front, up = _vertebra_axes(others[found.structure, "axial_rotation", None])
    plates = (others.get((found.structure, f"{which}_endplate", None)) for which in ("superior", "inferior"))
    plate = next(plate for plate in plates if plate is not None and plate.planes).planes[0]
    direction = found.axes[0].direction_ras
    drop = np.arctan2(-(direction @ up), -(direction @ front)) - _slope_rad(plate.normal_ras, front, up)
    return replace(found, value=np.degrees(drop))


def _slope_rad(normal: np.ndarray, front: np.ndarray, up: np.ndarray) -> float:
    """Return how much an endplate rises forwards."""
    return float(np.arctan(-(normal @ front) / (normal @ up)))


def _rib(found: Measurement, _others: Others) -> Measurement:
    points = found.curves[0].points_ras_mm
    value = length_mm(points) if found.name == "rib_length" else mean_curvature(points)
    ends = {"vertebral_end": points[0], "front_end": points[-1]}
    return replace(found, value=value, landmarks=with_places(found.landmarks, **ends))


RULES: dict[str, Rule] = {
    "centreline_length": _centreline,
    "thoracic_kyphosis": _sagittal_curve,
    "lumbar_lordosis": _sagittal_curve,
    "sagittal_vertical_axis": _vertical_axis,
    "anterior_body_height": _between_ends,
    "posterior_body_height": _between_ends,
    "superior_endplate_length": _between_ends,
    "inferior_endplate_length": _between_ends,
    "canal_length": _between_ends,
    "canal_width": _between_ends,
    "spinous_process_length": _between_ends,
    "spinous_process_angle": _spinous_angle,
    "wedge_angle": _wedge,
    "axial_rotation": _axial_rotation,
    "rib_length": _rib,
    "rib_curvature": _rib,
}
