"""The paper's grid of a case, and how volumes come onto it.

Section 4.4 of the paper: isotropic voxels, 128 x 128 x 160. Its code and its published volumes say the rest: the
longest side of the scan is divided by 160, the grid lies around the scan's middle, and what exceeds it to the sides
is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from SwinX2SLib.datasets.volumes import corners_of
from SwinX2SLib.geometry.frames import network_affine, transform_points, voxel_spacing_mm
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


def labels_on(grid: Grid, labels: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Return labels on a grid, nearest neighbour as in the paper; beyond them is background.

    Args:
        grid: where to.
        labels: uint8 `(I, J, K)`.
        affine: of the labels, index -> RAS mm.
    """
    to_source = np.linalg.inv(affine) @ grid.affine
    return ndimage.affine_transform(
        labels,
        to_source[:3, :3],
        to_source[:3, 3],
        grid.shape,
        order=0,
        # "constant" would leave out the outer half of the voxels at the ends.
        mode="grid-constant",
    )


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
    to_source = np.linalg.inv(coarse) @ grid.affine
    return (
        interpolated(means, to_source, grid.shape, AIR_HU),
        interpolated(excess, to_source, grid.shape, 0.0),
    )


def interpolated(
    volume: np.ndarray, to_source: np.ndarray, shape: Sequence[int], beyond: float
) -> np.ndarray:
    """Return a volume on another grid, interpolated linearly.

    Voxels are boxes: within half a voxel beyond the outermost centres their value holds, and further out there is
    nothing.

    Args:
        volume: `(I, J, K)`.
        to_source: 4x4, index of the target -> index of the volume.
        shape: of the target.
        beyond: value of what lies outside.
    """
    linear, start = to_source[:3, :3], to_source[:3, 3]
    found = ndimage.affine_transform(volume, linear, start, tuple(shape), order=1, mode="nearest")
    ends = np.asarray(volume.shape).reshape(3, 1, 1) - 0.5
    in_plane = np.tensordot(linear[:, :2], np.indices(tuple(shape[:2])), axes=1) + start.reshape(3, 1, 1)
    # A slice at a time: the places of all voxels take many times the volume's memory.
    for k in range(shape[2]):
        place = in_plane + k * linear[:, 2].reshape(3, 1, 1)
        found[..., k][((place < -0.5) | (place > ends)).any(axis=0)] = beyond
    return found


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
