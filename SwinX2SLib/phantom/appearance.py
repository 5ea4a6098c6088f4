"""A phantom as a CT would show it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.phantom.build import Phantom

# CT numbers [HU] of the tissues, rounded.
AIR_HU, SOFT_TISSUE_HU, CANCELLOUS_HU, CORTICAL_HU = -1000.0, 45.0, 220.0, 1000.0
CORTEX_MM = 1.6
BODY_BLUR_MM, BODY_LEVEL = 22.0, 0.035  # the skin is where the blurred bones reach this density
BODY_GRID_MM = 6.0


def phantom_ct(phantom: Phantom) -> np.ndarray:
    """Return CT numbers, float32 `(X, Y, Z)` [HU]: cortical shells, cancellous inside, a body round the bones."""
    spacing = float(voxel_spacing_mm(phantom.affine)[0])
    bone = phantom.labels > 0
    depth_mm = ndimage.distance_transform_edt(bone, sampling=spacing)
    # A voxel's depth is measured from the centre of the nearest voxel outside, half a voxel beyond the surface.
    shell = np.clip((CORTEX_MM + spacing / 2 - depth_mm) / spacing + 0.5, 0, 1)
    ct = np.where(_body(bone, spacing), np.float32(SOFT_TISSUE_HU), np.float32(AIR_HU))
    inside = CANCELLOUS_HU + shell[bone] * (CORTICAL_HU - CANCELLOUS_HU)
    ct[bone] = inside
    return ct


def _body(bone: np.ndarray, spacing: float) -> np.ndarray:
    """Return a smooth envelope of the bones, found on a coarse grid."""
    factor = min(1.0, spacing / BODY_GRID_MM)
    coarse = ndimage.zoom(bone.astype(np.float32), factor, order=1, grid_mode=True, mode="grid-constant")
    # The film does not end the body: what lies beyond continues as the last slice does.
    blurred = ndimage.gaussian_filter(coarse, BODY_BLUR_MM * factor / spacing, mode="nearest")
    scale = [fine / rough for fine, rough in zip(bone.shape, coarse.shape, strict=True)]
    smooth = ndimage.zoom(blurred, scale, order=1, grid_mode=True, mode="nearest")
    return ndimage.binary_fill_holes(smooth > BODY_LEVEL)
