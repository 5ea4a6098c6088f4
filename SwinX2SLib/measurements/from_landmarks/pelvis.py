"""Pelvis: widths, tilts and the angles of hips and sacrum from their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from SwinX2SLib.measurements.from_landmarks.common import (
    Others,
    Rule,
    UndefinedValueError,
    orthogonalise,
    starting,
    unit_or_fail,
)
from SwinX2SLib.measurements.results import Axis, Measurement, Plane

_SUPERIOR = np.array([0.0, 0.0, 1.0])
_LYING_ON_SIDE = 0.9


def _asis(found: Measurement) -> tuple[np.ndarray, np.ndarray]:
    return starting(found, "asis_left"), starting(found, "asis_right")


def _inter_asis(found: Measurement, _others: Others) -> Measurement:
    """Width between the iliac spines, and how far the line between them leans."""
    left, right = _asis(found)
    across = right - left
    value = {
        "inter_asis_width": float(np.linalg.norm(across)),
        "pelvic_obliquity": float(np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1])))),
    }[found.name]
    axes = tuple(Axis(axis.name, left, unit_or_fail(across)) for axis in found.axes)
    return replace(found, value=value, axes=axes)


def _front_plane_tilt(found: Measurement, _others: Others) -> Measurement:
    left, right = _asis(found)
    tubercles = [starting(found, f"pubic_tubercle_{side}") for side in ("left", "right")]
    pubis = (tubercles[0] + tubercles[1]) / 2
    across = unit_or_fail(right - left)
    forwards = unit_or_fail(np.cross((left + right) / 2 - pubis, across))
    front, up = _sagittal_axes(across)
    own_up = np.cross(across, forwards)
    value = np.degrees(np.arctan2(own_up @ front, own_up @ up))
    planes = tuple(Plane(plane.name, pubis, forwards) for plane in found.planes)
    return replace(found, value=value, planes=planes)


def _sacral_slope(found: Measurement, others: Others) -> Measurement:
    left, right = _asis(others[found.structure, "inter_asis_width", None])
    front, up = _sagittal_axes(unit_or_fail(right - left))
    normal = found.planes[0].normal_ras
    return replace(found, value=np.degrees(np.arctan2(normal @ front, normal @ up)))


def _hip_axis(found: Measurement, _others: Others) -> Measurement:
    """Pelvic incidence and pelvic tilt."""
    left, right = (starting(found, f"head_centre_{side}") for side in ("left", "right"))
    plane = found.planes[0]
    axis, middle = unit_or_fail(right - left), (left + right) / 2
    away = orthogonalise(plane.point_ras_mm - middle, axis)
    if found.name == "pelvic_incidence":
        normal = orthogonalise(plane.normal_ras, axis)
        value = np.degrees(np.arctan2(np.cross(normal, away) @ axis, normal @ away))
    else:
        front, up = _sagittal_axes(axis)
        value = np.degrees(np.arctan2(-(away @ front), away @ up))
    return replace(found, value=value, axes=tuple(Axis(each.name, middle, axis) for each in found.axes))


def _sagittal_axes(right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if abs(right[2]) > _LYING_ON_SIDE:
        raise UndefinedValueError(
            "The pelvis is lying on its side: angles relative to the patient axes are undefined."
        )
    up = orthogonalise(_SUPERIOR, right)
    return np.cross(up, right), up


RULES: dict[str, Rule] = {
    "inter_asis_width": _inter_asis,
    "pelvic_obliquity": _inter_asis,
    "anterior_pelvic_plane_tilt": _front_plane_tilt,
    "sacral_slope": _sacral_slope,
    "pelvic_incidence": _hip_axis,
    "pelvic_tilt": _hip_axis,
}
