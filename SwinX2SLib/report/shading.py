"""Shaded pictures of a label volume: the first surface that each parallel ray meets, without a graphics library."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from SwinX2SLib.anatomy import label_by_id

PIXELS_PER_VOXEL = 4
_FINE = 6  # rays for each voxel; the picture is reduced from them, which smooths its edges
# Thin bones keep more of their voxels than thick ones, which may be smoothed more.
_SMOOTHING_VOXELS = {"ribs": 0.55, "spine": 0.65, "pelvis": 0.95, "femur": 0.95}
_SURFACE_LEVEL = 0.40
_PAD = 2
BACKGROUND = (250, 250, 252)
# From the surface towards the light: from the left, from above and from the viewer.
_LIGHT = np.array([-0.45, -0.55, 0.70]) / np.linalg.norm([0.45, 0.55, 0.70])
_AMBIENT, _FARTHEST_SHADE = 0.38, 0.62


def shaded_view(labels: np.ndarray, view: str) -> np.ndarray:
    """Return a picture of the bones.

    Args:
        labels: uint8 `(X, Y, Z)`, network order, cubic voxels.
        view: "front": seen from the front, patient's right on the left of the picture; or "left": seen from the
            patient's left side, front on the left of the picture.

    Returns:
        uint8 `(rows, columns, 3)`.
    """
    # The ray's axis comes first and runs away from the viewer; the picture's columns and rows follow.
    if view == "front":
        volume = labels.transpose(1, 0, 2)
    elif view == "left":
        volume = labels[::-1]
    else:
        raise ValueError(f"There is no view {view!r}; views are front and left.")
    size = tuple(_FINE * count for count in volume.shape[1:])
    nearest = np.full(size, np.inf)
    picture = np.broadcast_to(np.array(BACKGROUND, dtype=np.float64), (*size, 3)).copy()
    for label_id, box in enumerate(ndimage.find_objects(volume), start=1):
        if box is None:
            continue
        depth, corner = _surface_depth(volume, box, label_id)
        window = tuple(
            slice(start, start + length) for start, length in zip(corner, depth.shape, strict=True)
        )
        in_front = depth < nearest[window]
        colour = np.array(label_by_id(label_id).colour, dtype=np.float64)
        picture[window][in_front] = (_lambert(depth)[..., None] * colour)[in_front]
        nearest[window][in_front] = depth[in_front]
    shown = np.isfinite(nearest)
    picture[shown] *= distance_shade(nearest[shown])[:, None]
    fine = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8).transpose(1, 0, 2))
    shape = tuple(PIXELS_PER_VOXEL * count for count in volume.shape[1:])
    return np.asarray(fine.resize(shape, Image.Resampling.LANCZOS))


def _surface_depth(
    volume: np.ndarray, box: tuple[slice, ...], label_id: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return how far along its ray, in voxels, each pixel meets a smooth surface of one bone, or infinity.

    Also returned is the place of the first pixel in the picture.
    """
    wide = tuple(
        slice(max(part.start - _PAD, 0), min(part.stop + _PAD, count))
        for part, count in zip(box, volume.shape, strict=True)
    )
    mask = (volume[wide] == label_id).astype(np.float32)
    smooth = ndimage.gaussian_filter(mask, _SMOOTHING_VOXELS[label_by_id(label_id).group], mode="nearest")
    fine = ndimage.zoom(smooth, (1, _FINE, _FINE), order=1, grid_mode=True, mode="nearest")
    inside = fine >= _SURFACE_LEVEL
    first = inside.argmax(axis=0)
    here = np.take_along_axis(fine, first[None], axis=0)[0]
    before = np.take_along_axis(fine, np.maximum(first - 1, 0)[None], axis=0)[0]
    step = np.where(first > 0, (here - _SURFACE_LEVEL) / np.maximum(here - before, 1e-6), 0)
    depth = np.where(inside.any(axis=0), wide[0].start + first - np.clip(step, 0, 1), np.inf)
    return depth, (_FINE * wide[1].start, _FINE * wide[2].start)


def _lambert(depth: np.ndarray) -> np.ndarray:
    """Return the brightness of each pixel of a depth map: how far its surface faces the light."""
    seen = np.isfinite(depth)
    if not seen.any():
        return np.zeros(depth.shape)
    # Blur depth within the bone only, so that its rim does not lean towards the background.
    weight = ndimage.gaussian_filter(seen.astype(np.float64), 0.4 * _FINE)
    filled = ndimage.gaussian_filter(np.where(seen, depth, 0.0), 0.4 * _FINE) / np.maximum(weight, 1e-6)
    filled = np.where(weight > 1e-3, filled, depth[seen].max())
    across, down = np.gradient(filled * _FINE)
    normal = np.stack([-across, -down, np.ones_like(across)], axis=-1)
    # Depth grows away from the viewer: a surface whose depth grows to the right faces right.
    normal[..., :2] *= -1
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return light_of_normals(normal)


def light_of_normals(normals: np.ndarray) -> np.ndarray:
    """Return the brightness of a surface from its unit normals `(..., 3)`: right, down, towards the viewer."""
    return _AMBIENT + (1 - _AMBIENT) * np.clip(normals @ _LIGHT, 0, 1) * 1.15


def distance_shade(depth: np.ndarray) -> np.ndarray:
    """Return how much darker places are the farther they lie from the viewer; `depth` in any unit."""
    if not depth.size:
        return np.ones_like(depth)
    nearest, farthest = depth.min(), depth.max()
    return 1 - (1 - _FARTHEST_SHADE) * (depth - nearest) / max(farthest - nearest, 1e-6)
