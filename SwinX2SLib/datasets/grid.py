"""The paper's grid of a case, and how a CT comes onto it.

Section 4.4 of the paper: isotropic voxels, 128 x 128 x 160. Its code and its published volumes say the rest: the
longest side of the scan is divided by 160, the grid lies around the scan's middle, and what exceeds it to the sides
is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.geometry.frames import corners_of, network_affine, transform_points, voxel_spacing_mm
from SwinX2SLib.geometry.resampling import resample_image
from SwinX2SLib.geometry.tuples import vector3

PAPER_SHAPE = (128, 128, 160)
AIR_HU = -1024.0


@dataclass(frozen=True, eq=False)
class Grid:
    """Where a case's voxels lie.

    Attributes:
        shape: `(X, Y, Z)`.
        affine: index -> RAS mm; network order, axes along those of the patient.
        spacing_mm: voxel size, the same along all axes.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray
    spacing_mm: float


def paper_grid(
    source_shape: Sequence[int],
    source_affine: np.ndarray,
    shape: tuple[int, int, int] = PAPER_SHAPE,
    spacing_mm: float | None = None,
) -> Grid:
    """Return the grid of a scan.

    Args:
        source_shape: of the scan.
        source_affine: of the scan, index -> RAS mm; it may be oblique.
        shape: of the grid.
        spacing_mm: voxel size; None for the paper's: the longest side divided by the grid's height in voxels.
    """
    lower, upper = box_of(source_shape, source_affine)
    spacing = float((upper - lower).max() / shape[2]) if spacing_mm is None else float(spacing_mm)
    return Grid(shape, network_affine(spacing, shape, vector3((lower + upper) / 2)), spacing)


def box_of(shape: Sequence[int], affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners, `(3,)` each in RAS mm, of the box along the patient's axes that holds all voxels whole."""
    outer = corners_of(shape) + np.where(corners_of(shape) == 0, -0.5, 0.5)
    points = transform_points(affine, outer)
    return points.min(axis=0), points.max(axis=0)


def ct_on(grid: Grid, ct: np.ndarray, affine: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a CT on a grid, and separately what of it exceeds a threshold.

    Voxels smaller than the grid's are averaged first. The excess is taken before that, as a ray caster meets it: thin
    bone beside air would vanish from the mean.

    Args:
        grid: where to.
        ct: `(I, J, K)` [HU].
        affine: of the CT, index -> RAS mm.
        threshold: [HU].

    Returns:
        The CT and the excess, float32 `(X, Y, Z)` [HU]; beyond the scan is air.
    """
    factors = np.maximum(np.floor(grid.spacing_mm / voxel_spacing_mm(affine) + 1e-3), 1).astype(int)
    means, excess, coarse = _averaged(ct, affine, factors, threshold)
    return (
        resample_image(means, coarse, grid.shape, grid.affine, AIR_HU),
        resample_image(excess, coarse, grid.shape, grid.affine),
    )


def _averaged(
    ct: np.ndarray, affine: np.ndarray, factors: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means over blocks of the CT and of its excess, and their affine; the last voxels are repeated."""
    blocks = -(-np.asarray(ct.shape) // factors)
    rows, columns, slices = (
        np.minimum(np.arange(n * f), size - 1) for n, f, size in zip(blocks, factors, ct.shape, strict=True)
    )
    means, excess = np.empty(blocks, dtype=np.float32), np.empty(blocks, dtype=np.float32)
    for k in range(blocks[2]):
        # A slab at a time: a whole CT in float32 may have a gigabyte.
        slab = ct[:, :, slices[k * factors[2] : (k + 1) * factors[2]]].astype(np.float32)[rows][:, columns]
        slab = np.maximum(slab, AIR_HU).reshape(blocks[0], factors[0], blocks[1], factors[1], factors[2])
        means[:, :, k] = slab.mean(axis=(1, 3, 4))
        excess[:, :, k] = np.maximum(slab - threshold, 0).mean(axis=(1, 3, 4))
    to_blocks = np.diag([*factors.astype(float), 1.0])
    to_blocks[:3, 3] = (factors - 1) / 2
    return means, excess, affine @ to_blocks
