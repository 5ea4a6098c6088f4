"""Films of a CT or of a label map."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.geometry.cameras import Camera
from SwinX2SLib.projection.attenuation import BONE_PER_MM, ct_attenuation, label_attenuation
from SwinX2SLib.projection.grid import project_grid
from SwinX2SLib.projection.rays import project_rays


def project_ct(
    ct: np.ndarray, affine: np.ndarray, view_or_camera: str | Camera, threshold: float = 0.0
) -> np.ndarray:
    """Return the film of a CT.

    Args:
        ct: `(X, Y, Z)` [HU]; in network order if a view is named.
        affine: 4x4, index -> RAS mm.
        view_or_camera: a view ("ap", "pa", "lateral"): parallel rays, one pixel for each line of voxels, as in the
            published films; or a camera.
        threshold: CT number below which all is air.

    Returns:
        float32 `(rows, columns)` as the film hangs, bone bright; the integral of the attenuation.
    """
    return _project(ct_attenuation(ct, threshold), affine, view_or_camera)


def project_labels(
    labels: np.ndarray,
    affine: np.ndarray,
    view_or_camera: str | Camera,
    per_mm: float | np.ndarray = BONE_PER_MM,
) -> np.ndarray:
    """Return the film of a label map.

    Args:
        labels: uint8 `(X, Y, Z)`; in network order if a view is named.
        affine: 4x4, index -> RAS mm.
        view_or_camera: as of `project_ct`.
        per_mm: attenuation of all bones, or of each of the 55 classes [1/mm].

    Returns:
        float32 `(rows, columns)` as the film hangs, bone bright; the integral of the attenuation.
    """
    return _project(label_attenuation(labels, per_mm), affine, view_or_camera)


def _project(attenuation: np.ndarray, affine: np.ndarray, view_or_camera: str | Camera) -> np.ndarray:
    if isinstance(view_or_camera, str):
        return project_grid(attenuation, affine, view_or_camera)
    return project_rays(attenuation, affine, view_or_camera)
