"""Label volumes from one grid onto another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from SwinX2SLib.geometry.frames import transform_points

# Deviation from parallel axes, in voxels over the whole target, below which grids are taken for parallel.
_PARALLEL_VOXELS = 0.01


def resample_labels(
    labels: np.ndarray,
    affine: np.ndarray,
    shape: Sequence[int],
    target_affine: np.ndarray,
    align_centres: bool = False,
) -> np.ndarray:
    """Bring labels onto another grid, nearest neighbour; outside the source is background.

    Args:
        labels: uint8 `(I, J, K)`.
        affine: of `labels`, index -> RAS mm.
        shape: of the target.
        target_affine: of the target, index -> RAS mm.
        align_centres: shift the source so that both grids' centres coincide.

    Returns:
        uint8 of `shape`.
    """
    affine = np.array(affine, dtype=np.float64)
    if align_centres:
        affine[:3, 3] += centre_shift_mm(affine, labels.shape, target_affine, shape)
    target_to_source = np.linalg.inv(affine) @ target_affine
    axes = _parallel_axes(target_to_source, shape)
    if axes is not None:
        return _picked(labels, target_to_source, shape, axes)
    return ndimage.affine_transform(
        labels,
        target_to_source[:3, :3],
        target_to_source[:3, 3],
        output_shape=tuple(shape),
        order=0,
        # "constant" would leave out the outer half of the voxels at the ends.
        mode="grid-constant",
    )


def centre_shift_mm(
    affine: np.ndarray, shape: Sequence[int], target_affine: np.ndarray, target_shape: Sequence[int]
) -> np.ndarray:
    """Return the way `(3,)` in mm from the centre of a grid to that of a target grid."""
    target, source = (
        transform_points(a, (np.asarray(s) - 1) / 2)
        for a, s in ((target_affine, target_shape), (affine, shape))
    )
    return target - source


def _parallel_axes(target_to_source: np.ndarray, shape: Sequence[int]) -> list[int] | None:
    """Return the target axis that runs along each source axis, or None when the grids are turned."""
    linear = target_to_source[:3, :3]
    axes = [int(axis) for axis in np.abs(linear).argmax(axis=1)]
    astray = np.array(linear)
    astray[range(3), axes] = 0
    turned = np.abs(astray) @ np.asarray(shape, dtype=np.float64) > _PARALLEL_VOXELS
    return None if sorted(axes) != [0, 1, 2] or turned.any() else axes


def _picked(
    labels: np.ndarray, target_to_source: np.ndarray, shape: Sequence[int], axes: Sequence[int]
) -> np.ndarray:
    """Resample between parallel grids: every target row takes one source row, which is much faster."""
    places, inside = [], []
    for source_axis, target_axis in enumerate(axes):
        along = target_to_source[source_axis, target_axis] * np.arange(shape[target_axis])
        index = np.floor(along + target_to_source[source_axis, 3] + 0.5).astype(np.int64)
        kept = (index >= 0) & (index < labels.shape[source_axis])
        places.append(index[kept])
        inside.append(kept)
    ordered = [axes.index(axis) for axis in range(3)]
    found = np.transpose(labels[np.ix_(*places)], ordered)
    result = np.zeros(tuple(shape), dtype=labels.dtype)
    result[np.ix_(*(inside[axis] for axis in ordered))] = found
    return result
