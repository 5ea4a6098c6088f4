"""Where each voxel of the network's grid comes from in the source volume.

The way back from the film's frame to the person as it was: view, stretch, pose, smooth warp, bend of the spine, shape
of the chest, turn of the femora, shape of the pelvis. All of it is smooth: it is computed on every fourth voxel and
interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.training.synthesis.chest import random_chest
from SwinX2SLib.training.synthesis.hip_motion import random_motion
from SwinX2SLib.training.synthesis.joints import Joints
from SwinX2SLib.training.synthesis.pelvis_shape import MODE_LIMIT
from SwinX2SLib.training.synthesis.spine_alignment import random_bend
from SwinX2SLib.training.synthesis.views import View

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
    shape = tuple(max(round((n - 1) / STRIDE) + 1, 2) for n in grid_shape)
    axes = [np.linspace(-0.5, 0.5, m) * (n - 1) * spacing_mm for m, n in zip(shape, grid_shape, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij")).reshape(3, -1), shape


def _placed(points: np.ndarray, view: View, spacing_mm: np.ndarray) -> np.ndarray:
    """Return points `(3, N)` of a view as `(N, 3)` [mm] from the centre of the first voxel, as `Person` has them."""
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
