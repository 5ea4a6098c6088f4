"""Volumes from one grid onto another: labels by the nearest voxel, images linearly.

Voxels are boxes. Within half a voxel beyond the outermost centres a volume holds its outermost value; further out it
has nothing. (`scipy.ndimage` with its mode "constant" loses that outer half voxel.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk  # noqa: N813 (everybody's name for it)

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
    """Return labels on another grid, each voxel from the nearest one; outside the source is background.

    Between two centres at the same distance, the one of the higher index is taken.

    Args:
        labels: integers `(I, J, K)`.
        affine: 4x4 of `labels`, index -> RAS mm.
        shape: of the target.
        target_affine: 4x4 of the target, index -> RAS mm.
        align_centres: shift the source so that both grids' centres coincide.

    Returns:
        `shape`, of the type of `labels`.
    """
    affine = np.array(affine, dtype=np.float64)
    if align_centres:
        affine[:3, 3] += centre_shift_mm(affine, labels.shape, target_affine, shape)
    to_source = np.linalg.inv(affine) @ target_affine
    axes = _parallel_axes(to_source, shape)
    if axes is not None:
        return _picked(labels, to_source, shape, axes)
    return _resampled(labels, to_source, shape, sitk.sitkNearestNeighbor, 0)


def resample_image(
    image: np.ndarray,
    affine: np.ndarray,
    shape: Sequence[int],
    target_affine: np.ndarray,
    outside: float = 0.0,
) -> np.ndarray:
    """Return an image on another grid, interpolated linearly.

    Averaging is the caller's where the target is coarser than the source.

    Args:
        image: `(I, J, K)`.
        affine: 4x4 of `image`, index -> RAS mm.
        shape: of the target.
        target_affine: 4x4 of the target, index -> RAS mm.
        outside: value where the source has nothing.

    Returns:
        `shape`; float64 of float64, float32 of everything else.
    """
    to_source = np.linalg.inv(affine) @ target_affine
    kept = np.asarray(image)
    kept = kept if kept.dtype == np.float64 else kept.astype(np.float32, copy=False)
    return _resampled(kept, to_source, shape, sitk.sitkLinear, float(outside))


def centre_shift_mm(
    affine: np.ndarray, shape: Sequence[int], target_affine: np.ndarray, target_shape: Sequence[int]
) -> np.ndarray:
    """Return the way `(3,)` in mm from the centre of a grid to that of a target grid."""
    target, source = (
        transform_points(a, (np.asarray(s) - 1) / 2)
        for a, s in ((target_affine, target_shape), (affine, shape))
    )
    return target - source


def _resampled(
    volume: np.ndarray, to_source: np.ndarray, shape: Sequence[int], interpolator: int, outside: float
) -> np.ndarray:
    """Resample in index space: both grids of spacing one, the way between them the transform (it may shear)."""
    way = sitk.AffineTransform(3)
    way.SetMatrix(to_source[:3, :3].ravel().tolist())
    way.SetTranslation(to_source[:3, 3].tolist())
    filter_ = sitk.ResampleImageFilter()
    filter_.SetSize([int(count) for count in shape])
    filter_.SetTransform(way)
    filter_.SetInterpolator(interpolator)
    filter_.SetDefaultPixelValue(outside)
    # SimpleITK's arrays run the other way round: (K, J, I).
    found = filter_.Execute(sitk.GetImageFromArray(np.ascontiguousarray(volume.T)))
    # A copy: the view ends with the image.
    return np.array(sitk.GetArrayViewFromImage(found).T, order="C", copy=True)


def _parallel_axes(to_source: np.ndarray, shape: Sequence[int]) -> list[int] | None:
    """Return the target axis that runs along each source axis, or None when the grids are turned."""
    linear = to_source[:3, :3]
    axes = [int(axis) for axis in np.abs(linear).argmax(axis=1)]
    astray = np.array(linear)
    astray[range(3), axes] = 0
    turned = np.abs(astray) @ np.asarray(shape, dtype=np.float64) > _PARALLEL_VOXELS
    return None if sorted(axes) != [0, 1, 2] or turned.any() else axes


def _picked(
    labels: np.ndarray, to_source: np.ndarray, shape: Sequence[int], axes: Sequence[int]
) -> np.ndarray:
    """Resample between parallel grids: every target row takes one source row, which is exact and fast."""
    places, inside = [], []
    for source_axis, target_axis in enumerate(axes):
        along = to_source[source_axis, target_axis] * np.arange(shape[target_axis])
        index = np.floor(along + to_source[source_axis, 3] + 0.5).astype(np.int64)
        kept = (index >= 0) & (index < labels.shape[source_axis])
        places.append(index[kept])
        inside.append(kept)
    ordered = [axes.index(axis) for axis in range(3)]
    found = np.transpose(labels[np.ix_(*places)], ordered)
    result = np.zeros(tuple(shape), dtype=labels.dtype)
    result[np.ix_(*(inside[axis] for axis in ordered))] = found
    return result
