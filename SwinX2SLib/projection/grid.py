"""Parallel projection along the axes of the volume, pixel for voxel."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.geometry.cameras import VIEWS
from SwinX2SLib.geometry.frames import NETWORK_ORIENTATION, orientation_of, voxel_spacing_mm


def project_grid(attenuation: np.ndarray, affine: np.ndarray, view: str) -> np.ndarray:
    """Sum a volume along the rays of a view; the film has one pixel for each line of voxels.

    The sum is the exact integral of the volume interpolated linearly between its voxels: the same film as that of
    `project_rays` with `ParallelCamera.on_grid`, which has to sample.

    Args:
        attenuation: `(X, Y, Z)` in network order [1/mm].
        affine: 4x4, index -> RAS mm.
        view: one of `cameras.VIEWS`.

    Returns:
        float32 `(rows, columns)` as the film hangs; the integral of the attenuation, without unit.

    Raises:
        ValueError: the volume is not in network order, or there is no such view.
    """
    if view not in VIEWS:
        raise ValueError(f"There is no view {view!r}; views are {', '.join(VIEWS)}.")
    orientation = orientation_of(affine)
    if attenuation.ndim != 3 or orientation != NETWORK_ORIENTATION:
        raise ValueError(
            f"The volume must be 3D and in network order ({NETWORK_ORIENTATION}), not {attenuation.ndim}D "
            f"{orientation}; use geometry.frames.reorient first."
        )
    along = 0 if view == "lateral" else 1
    depth_mm = voxel_spacing_mm(affine)[along]
    return (attenuation.sum(axis=along, dtype=np.float64) * depth_mm).T.astype(np.float32)
