"""Ribs: flat swept curves from the vertebrae round the chest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.anatomy import labels
from SwinX2SLib.phantom.parameters import PhantomParameters
from SwinX2SLib.phantom.solids import Beads, Bone, sample_curve
from SwinX2SLib.phantom.spine import Placement


@dataclass(frozen=True)
class _Course:
    """Course of one rib, in mm from the body of its vertebra.

    Attributes:
        width: half width of the chest where the rib is widest.
        back: how far the rib reaches behind the body's centre.
        front: how far in front of it the rib ends.
        end: how far from the midline it ends.
        drop: how far below the body's centre it ends.
    """

    width: float
    back: float
    front: float
    end: float
    drop: float


# Rounded means of adult cages; the front ends are those of the bone, without cartilage.
_COURSES = (
    _Course(60, 14, 66, 36, 46),
    _Course(91, 22, 100, 42, 60),
    _Course(107, 30, 124, 56, 72),
    _Course(117, 34, 138, 66, 82),
    _Course(125, 36, 145, 74, 90),
    _Course(131, 37, 146, 82, 96),
    _Course(136, 38, 142, 92, 103),
    _Course(140, 39, 126, 106, 110),
    _Course(140, 40, 102, 120, 110),
    _Course(136, 41, 76, 128, 106),
    _Course(120, 41, 30, 123, 90),
    _Course(84, 36, -14, 84, 56),
)
_RELATIVE_HEIGHTS = {1: 1.05, 2: 0.75, 3: 0.85, 4: 0.92, 11: 0.80, 12: 0.65}
_TABLE_WIDTH_MM = 140.0  # half width at rib 8 and depth at rib 7 for which the table stands
_TABLE_DEPTH_MM = 180.0


def build_rib(
    number: int, side: str, vertebra: Placement, parameters: PhantomParameters
) -> tuple[Bone, np.ndarray]:
    """Return one rib and its centreline.

    Args:
        number: 1..12.
        side: "left" or "right".
        vertebra: the thoracic vertebra of the same number.
        parameters: of the skeleton.

    Returns:
        The bone, and `(N, 3)` RAS mm from the head to the front end.
    """
    name = f"rib_{side}_{number}"
    label = next(label.id for label in labels() if label.name == name)
    height, thickness = (
        parameters.rib_height_mm * parameters.scale,
        parameters.rib_thickness_mm * parameters.scale,
    )
    height *= _RELATIVE_HEIGHTS.get(number, 1.0)
    centreline, place = sample_curve(_waypoints(number, side, vertebra, parameters), 0.3 * thickness)
    return Bone(label, (_ribbon(centreline, place, height, thickness, number),)), centreline


def _waypoints(number: int, side: str, vertebra: Placement, parameters: PhantomParameters) -> np.ndarray:
    """Return head, tubercle, angle, widest place and front end, and places between, `(8, 3)` RAS mm."""
    course, size, scale = _COURSES[number - 1], vertebra.size, parameters.scale
    across = parameters.rib_cage_width_mm.of(side) * scale / _TABLE_WIDTH_MM
    along = parameters.rib_cage_depth_mm * scale / _TABLE_DEPTH_MM
    down = parameters.rib_drop_scale * scale
    width, back, drop = course.width * across, course.back * along, course.drop * down
    front, end = course.front * along, course.end * across
    if number == 12:
        length = parameters.twelfth_rib_length_scale.of(side)
        width, end, drop, front = width * length, end * length, drop * length, -back + (front + back) * length
    up = 0.42 * size.body_height
    head = (size.body_width / 2 + 1.5, -0.30 * size.body_depth, up)
    tubercle = (size.span / 2 + 2, -0.5 * size.body_depth - size.canal_length * 0.75, up + 2)
    bend = max(0.52 * width, tubercle[0] + 8)
    if number >= 11:
        points = [head, (bend, -back, -0.14 * drop)]
        points += [(0.86 * width, -0.72 * back + 0.28 * front, -0.50 * drop), (end, front, -drop)]
    else:
        depth = front + back
        points = [head, tubercle, (bend, -back, up - 0.10 * drop - 2)]
        points += [(0.86 * width, -back + 0.17 * depth, -0.26 * drop)]
        points += [(width, -back + 0.45 * depth, -0.55 * drop)]
        inner = 0.5 * (width + end)
        points += [(0.93 * width + 0.07 * end, -back + 0.72 * depth, -0.80 * drop)]
        points += [(0.3 * width + 0.7 * inner, -back + 0.90 * depth, -0.95 * drop), (end, front, -drop)]
    sign = 1 if side == "right" else -1
    return vertebra.centre + np.array(points) @ _upright(vertebra.axes, sign).T


def _upright(axes: np.ndarray, sign: int) -> np.ndarray:
    """Return the frame of a rib: turned with its vertebra, but tilted forwards only half as much."""
    half = axes + np.eye(3)
    front = half[:, 1] / np.linalg.norm(half[:, 1])
    up = half[:, 2] - front * (half[:, 2] @ front)
    up /= np.linalg.norm(up)
    return np.stack([sign * np.cross(front, up), front, up], axis=1)


def _ribbon(centreline: np.ndarray, place: np.ndarray, height: float, thickness: float, number: int) -> Beads:
    """Sweep a flat section whose broad side faces outwards; that of the first rib faces upwards."""
    tangent = np.gradient(centreline, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    broad = np.broadcast_to(np.array([0.0, 0.0, 1.0]), tangent.shape)
    broad = broad - tangent * (broad * tangent).sum(1, keepdims=True)
    broad /= np.linalg.norm(broad, axis=1, keepdims=True)
    flat = np.cross(tangent, broad)
    # Neck and head are rounder and lower than the shaft.
    grown = np.clip(place / 0.3, 0, 1)
    tall = height / 2 * (0.62 + 0.38 * grown)
    thin = np.full(len(place), thickness / 2)
    if number == 1:
        tall, thin = thin, tall
    radii = np.stack([thin, tall, np.full(len(place), 0.5 * thickness)], axis=1)
    return Beads(centreline, radii, np.stack([flat, broad, tangent], axis=2))
