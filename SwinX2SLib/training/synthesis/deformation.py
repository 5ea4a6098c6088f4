"""Where each voxel of the network's grid comes from in the source volume.

The way back from the radiograph's frame to the person as it was: view, stretch, pose, smooth warp, bend of the
spine, shape of the chest, turn of the femora, shape of the pelvis. All of it is smooth: it is computed on every
fourth voxel and interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.skeleton.spine_alignment import random_bend
from SwinX2SLib.training.synthesis.joints import Hip, Joints
from SwinX2SLib.training.synthesis.pelvis_shape import MODE_LIMIT
from SwinX2SLib.training.synthesis.views import View

SPINE_RADIUS_MM = 28.0  # what is nearer to the spine's axis is not moved
SOFTNESS_MM = 20.0


@dataclass(frozen=True)
class Chest:
    """A change of the rib cage.

    Attributes:
        spine_mm: `(M, 3)` the thoracic spine, downwards.
        width, depth: relative growth to the sides and to the front; 0 for none.
        slope: how far the front of the ribs goes down per distance from the spine.
    """

    spine_mm: np.ndarray
    width: float
    depth: float
    slope: float

    def source(self, points: np.ndarray) -> np.ndarray:
        """Return where points `(N, 3)` [mm] of the changed person lie in the person as it was."""
        top, bottom = self.spine_mm[0, 2], self.spine_mm[-1, 2]
        # From nothing at the neck to all at the chest, and back to nothing below the lowest ribs.
        height = (points[:, 2] - top) / max(bottom - top, 1.0)
        share = np.clip(np.minimum(height + 0.5, (1.7 - height) / 0.6), 0, 1)
        share = share**2 * (3 - 2 * share)
        course = [np.interp(points[:, 2], self.spine_mm[:, 2], self.spine_mm[:, axis]) for axis in (0, 1)]
        aside, front = points[:, 0] - course[0], course[1] - points[:, 1]
        x = points[:, 0] - share * self.width * np.sign(aside) * _beyond(np.abs(aside))
        y = points[:, 1] + share * self.depth * _beyond(front)
        z = points[:, 2] - share * self.slope * _beyond(front)
        return np.stack([x, y, z], axis=-1)


def random_chest(spine_mm: np.ndarray, rng: np.random.Generator) -> Chest | None:
    """Return a random change of the chest, or None where T1 to T12 are not mostly there.

    Args:
        spine_mm: `(24, 3)` body centres C1..L5; NaN where unknown.
    """
    width, depth, slope = rng.normal(0, (0.07, 0.1, 0.1)).clip(-0.18, 0.18)
    thoracic = spine_mm[7:19]
    thoracic = thoracic[np.isfinite(thoracic).all(1)]
    if len(thoracic) < 8:
        return None
    return Chest(thoracic, float(width), float(depth), float(slope))


def _beyond(distance: np.ndarray) -> np.ndarray:
    """Return the distance beyond the spine's radius, softened; 0 on the other side of it."""
    over = np.clip(distance - SPINE_RADIUS_MM, 0, None)
    return over**2 / (over + SOFTNESS_MM)


# Standard deviations and limits [degrees]: outwards, forwards, about the femur's own length.
DEVIATION_DEG = np.array([5.0, 5.0, 10.0])
LIMIT_DEG = np.array([[-6.0, 12.0], [-8.0, 14.0], [-22.0, 22.0]])


@dataclass(frozen=True)
class FemurMotion:
    """A femur's turn about the centre of its head.

    Attributes:
        hip: the joint.
        turn: `(3, 3)`; from the turned femur back to the femur as it was.
    """

    hip: Hip
    turn: np.ndarray

    def source(self, points: np.ndarray) -> np.ndarray:
        """Return where points `(N, 3)` [mm] of the moved person lie in the person as it was."""
        back = (points - self.hip.centre_mm) @ self.turn.T + self.hip.centre_mm
        share = self.hip.share_at(back)[:, None]
        return points + share * (back - points)


def random_motion(hip: Hip, rng: np.random.Generator) -> FemurMotion:
    """Return a random turn of a femur."""
    angles = (rng.normal(0, 1, 3) * DEVIATION_DEG).clip(*LIMIT_DEG.T)
    return femur_motion(hip, *angles)


def femur_motion(hip: Hip, abduction_deg: float, flexion_deg: float, rotation_deg: float) -> FemurMotion:
    """Return a turn of a femur: outwards, forwards, and outwards about its length."""
    # Index order: x to the left, y to the back, z down. Both sides are mirror images of each other.
    out, front, about = np.radians([hip.side * abduction_deg, flexion_deg, hip.side * rotation_deg])
    abduct = _turn(2, 0, out)  # z (down) towards x
    flex = _turn(2, 1, -front)  # z towards -y (front)
    rotate = _turn(1, 0, -about)  # the front (-y) towards x
    return FemurMotion(hip, (abduct @ flex @ rotate).T)


def _turn(start: int, end: int, angle: float) -> np.ndarray:
    """Return the rotation that turns axis `start` towards axis `end`."""
    matrix = np.eye(3)
    matrix[start, start] = matrix[end, end] = np.cos(angle)
    matrix[end, start], matrix[start, end] = np.sin(angle), -np.sin(angle)
    return matrix


STRIDE = 4


@dataclass(frozen=True)
class DeformationLimits:
    """How far a person may be deformed.

    Attributes:
        rotation_deg: standard deviation of the rotation about the right-left and the front-back axis [degrees].
        turn_deg: the same about the vertical axis: patients lie or stand turned more often than tilted.
        scale: standard deviation of the log scale, common and of each axis.
        bend_fraction: sideways and front-back shift of what has no spine to bend, as a smooth function of height, as
            a fraction of the height of the view (one standard deviation).
        stretch: standard deviation of the log of the local vertical stretch.
        warp_mm: standard deviation of the smooth displacement at its control points [mm].
        full_view: probability that the whole volume is seen.
        anatomical: probability of each change of the anatomy: spine, chest, femora, pelvis.
    """

    rotation_deg: float = 5.0
    turn_deg: float = 8.0
    scale: float = 0.10
    bend_fraction: float = 0.02
    stretch: float = 0.22
    warp_mm: float = 4.5
    full_view: float = 0.3
    anatomical: float = 0.75


def source_coordinates(
    view: View,
    joints: Joints,
    grid_shape: tuple[int, int, int],
    spacing_mm: np.ndarray,
    limits: DeformationLimits,
    rng: np.random.Generator,
) -> Tensor:
    """Return the source index of every `STRIDE`-th voxel of the grid (`enlarge` gives the others).

    Args:
        view: what is seen.
        joints: of the person.
        grid_shape: the network's grid.
        spacing_mm: source voxel size `(3,)`.

    Returns:
        Index coordinates `(3, x, y, z)`, float32, on the processor; the ends belong to the ends of the grid.
    """
    points, shape = _grid_points(grid_shape, view.spacing_mm)
    span = view.spacing_mm * grid_shape[2]
    heights = _stretched(points[2].reshape(shape)[0, 0], span, limits, rng)
    points[2] = np.broadcast_to(heights, shape).ravel()
    points = _pose(limits, rng) @ points
    points += _smooth_field(shape, limits.warp_mm, rng).reshape(3, -1)
    placed = _placed(points, view, spacing_mm)
    if limits.anatomical > 0:
        placed = _anatomical(placed, joints, limits, rng)
    if limits.bend_fraction > 0 and not np.isfinite(joints.spine_mm).any():
        placed[:, :2] += _swayed(shape, limits.bend_fraction * span, rng)
    index = (placed / spacing_mm).T.reshape(3, *shape)
    return torch.from_numpy(index.astype(np.float32))


def plain_coordinates(view: View, grid_shape: tuple[int, int, int], spacing_mm: np.ndarray) -> Tensor:
    """Return the same for a view of the person as it is."""
    points, shape = _grid_points(grid_shape, view.spacing_mm)
    index = (_placed(points, view, spacing_mm) / spacing_mm).T.reshape(3, *shape)
    return torch.from_numpy(index.astype(np.float32))


def enlarge(coordinates: Tensor, grid_shape: tuple[int, int, int]) -> Tensor:
    """Interpolate coarse coordinates `(3, x, y, z)` to the whole grid `(3, X, Y, Z)`."""
    return functional.interpolate(coordinates[None], size=grid_shape, mode="trilinear", align_corners=True)[0]


def _grid_points(
    grid_shape: tuple[int, int, int], spacing_mm: float
) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Return coarse points `(3, N)` [mm] from the middle of the grid, and their number along each axis."""
    shape = shape3(max(round((n - 1) / STRIDE) + 1, 2) for n in grid_shape)
    axes = [np.linspace(-0.5, 0.5, m) * (n - 1) * spacing_mm for m, n in zip(shape, grid_shape, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij")).reshape(3, -1), shape


def _placed(points: np.ndarray, view: View, spacing_mm: np.ndarray) -> np.ndarray:
    """Return points `(3, N)` of a view as `(N, 3)` [mm] from the centre of the first voxel, as `Subject` has them."""
    return points.T + view.centre_mm - spacing_mm / 2


def _anatomical(
    points: np.ndarray, joints: Joints, limits: DeformationLimits, rng: np.random.Generator
) -> np.ndarray:
    """Return where points `(N, 3)` [mm] of the changed person lie in the person as it was."""
    bend, chest = random_bend(joints.spine_mm, rng), random_chest(joints.spine_mm, rng)
    motions = [random_motion(hip, rng) for hip in joints.hips]
    for change in (bend, chest, *motions):
        if change is not None and rng.random() < limits.anatomical:
            points = change.source(points)
    if joints.pelvis is not None and rng.random() < limits.anatomical:
        weights = rng.normal(0, 1, len(joints.pelvis.modes)).clip(-MODE_LIMIT, MODE_LIMIT)
        points = points - joints.pelvis.displacement(points, weights)
    return points


def _stretched(
    heights: np.ndarray, span_mm: float, limits: DeformationLimits, rng: np.random.Generator
) -> np.ndarray:
    """Stretch heights `(n,)` locally; their ends stay."""
    rate = np.exp(_smooth_curve(len(heights) - 1, 6, rng) * limits.stretch)
    passed = np.concatenate([[0.0], np.cumsum(rate)])
    return heights[0] + passed / passed[-1] * (heights[-1] - heights[0])


def _swayed(shape: tuple[int, ...], deviation_mm: float, rng: np.random.Generator) -> np.ndarray:
    """Return sideways and front-back shifts `(N, 2)` [mm] that are smooth curves of height."""
    curves = np.stack([_smooth_curve(shape[2], 5, rng) for _ in range(2)], axis=-1) * deviation_mm
    return np.broadcast_to(curves, (*shape, 2)).reshape(-1, 2)


def _smooth_curve(count: int, controls: int, rng: np.random.Generator) -> np.ndarray:
    place = np.linspace(0, controls - 1, count)
    return ndimage.map_coordinates(rng.normal(0, 1, controls), place[None], order=3, mode="nearest")


def _smooth_field(shape: tuple[int, ...], deviation_mm: float, rng: np.random.Generator) -> np.ndarray:
    coarse = torch.from_numpy(rng.normal(0, deviation_mm, (1, 3, 5, 5, 7)))
    return functional.interpolate(coarse, size=shape, mode="trilinear", align_corners=True)[0].numpy()


def _pose(limits: DeformationLimits, rng: np.random.Generator) -> np.ndarray:
    angles = np.deg2rad(rng.normal(0, (limits.rotation_deg, limits.rotation_deg, limits.turn_deg)))
    rotation = np.eye(3)
    for axis, angle in enumerate(angles):
        i, j = [a for a in range(3) if a != axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        rotation = rotation @ turn
    common, own = rng.normal(0, limits.scale), rng.normal(0, limits.scale, 3)
    return rotation @ np.diag(np.exp(common + own))
