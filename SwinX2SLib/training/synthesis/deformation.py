"""Where each voxel of the network's grid comes from in the source volume: view, pose, bending, smooth warp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class DeformationLimits:
    """How far a person may be deformed.

    Attributes:
        rotation_deg: standard deviation of the rotation about each axis [degrees].
        scale: standard deviation of the log scale along each axis.
        bend_fraction: sideways and front-back shift of the trunk as a smooth function of height, as a fraction of
            the height of the view (one standard deviation).
        stretch: standard deviation of the log of the local vertical stretch.
        warp_mm: standard deviation of the smooth displacement at its control points [mm].
        full_view: probability that the whole volume is seen.
    """

    rotation_deg: float = 4.0
    scale: float = 0.07
    bend_fraction: float = 0.02
    stretch: float = 0.12
    warp_mm: float = 3.0
    full_view: float = 0.35


def view_box_mm(
    extent_mm: np.ndarray, limits: DeformationLimits, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Choose what part of the source is seen.

    Args:
        extent_mm: size of the source volume `(3,)` [mm].

    Returns:
        Centre of the view relative to the volume's centre `(3,)` [mm], and its height [mm].
    """
    height = extent_mm[2]
    if rng.random() < limits.full_view:
        return np.zeros(3), float(height * rng.uniform(0.95, 1.1))
    seen = height * rng.uniform(0.35, 1.0)
    centre = np.zeros(3)
    centre[2] = rng.uniform(-0.5, 0.5) * (height - seen)
    centre[:2] = rng.normal(0, 0.03, 2) * extent_mm[:2]
    return centre, float(seen)


def source_coordinates(
    shape: tuple[int, int, int],
    grid_shape: tuple[int, int, int],
    spacing_mm: np.ndarray,
    limits: DeformationLimits,
    rng: np.random.Generator,
) -> tuple[Tensor, float]:
    """Return the source index of every voxel of the grid.

    Args:
        shape: source volume `(X, Y, Z)`, network order.
        grid_shape: the network's grid.
        spacing_mm: source voxel size `(3,)`.

    Returns:
        Index coordinates `(3, X', Y', Z')`, float32, and the voxel size of the grid [mm].
    """
    extent = np.asarray(shape) * spacing_mm
    centre, height = view_box_mm(extent, limits, rng)
    # As in the paper (section 4.4) the view is fitted into the grid with one spacing on all axes.
    width = min(extent[0], height * 1.1), min(extent[1], height * 1.1)
    grid_spacing = max(height / grid_shape[2], width[0] / grid_shape[0], width[1] / grid_shape[1])
    axes = [(torch.arange(n, dtype=torch.float32) - (n - 1) / 2) * float(grid_spacing) for n in grid_shape]
    points = torch.stack(torch.meshgrid(*axes, indexing="ij"))
    span = grid_spacing * grid_shape[2]
    _bend_and_stretch(points, span, limits, rng)
    matrix = torch.from_numpy(_pose(limits, rng)).float()
    points = torch.einsum("ij,jxyz->ixyz", matrix, points)
    points += _smooth_field(grid_shape, limits.warp_mm, rng)
    centre_t = torch.tensor(centre, dtype=torch.float32)[:, None, None, None]
    spacing_t = torch.tensor(spacing_mm, dtype=torch.float32)[:, None, None, None]
    middle = (torch.tensor(shape, dtype=torch.float32) - 1)[:, None, None, None] / 2
    return (points + centre_t) / spacing_t + middle, float(grid_spacing)


def _bend_and_stretch(
    points: Tensor, span_mm: float, limits: DeformationLimits, rng: np.random.Generator
) -> None:
    """Shift slices sideways and front-back by smooth curves of height, and stretch heights locally; in place."""
    count = points.shape[-1]
    for axis in (0, 1):
        curve = _smooth_curve(count, 5, rng) * limits.bend_fraction * span_mm
        points[axis] += torch.from_numpy(curve).float()
    rate = np.exp(_smooth_curve(count, 6, rng) * limits.stretch)
    heights = np.cumsum(rate) - rate / 2
    heights = (heights / rate.sum() - 0.5) * span_mm
    points[2] = torch.from_numpy(heights).float()


def _smooth_curve(count: int, controls: int, rng: np.random.Generator) -> np.ndarray:
    values = torch.from_numpy(rng.normal(0, 1, controls)).float()[None, None, :, None]
    curve = functional.interpolate(values, size=(count, 1), mode="bicubic", align_corners=True)
    return curve[0, 0, :, 0].numpy()


def _smooth_field(grid_shape: tuple[int, int, int], deviation_mm: float, rng: np.random.Generator) -> Tensor:
    coarse = torch.from_numpy(rng.normal(0, deviation_mm, (1, 3, 5, 5, 7)).astype(np.float32))
    return functional.interpolate(coarse, size=grid_shape, mode="trilinear", align_corners=True)[0]


def _pose(limits: DeformationLimits, rng: np.random.Generator) -> np.ndarray:
    angles = np.deg2rad(rng.normal(0, limits.rotation_deg, 3))
    rotation = np.eye(3)
    for axis, angle in enumerate(angles):
        i, j = [a for a in range(3) if a != axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        rotation = rotation @ turn
    common, own = rng.normal(0, limits.scale), rng.normal(0, limits.scale, 3)
    return rotation @ np.diag(np.exp(common + own))
