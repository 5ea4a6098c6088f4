"""Outlines of bones as they would be drawn on a film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.geometry.cameras import Camera
from SwinX2SLib.reprojection.silhouettes import silhouettes

# Stairs of voxels are smoothed by this much [pixels of the silhouette], and cut at this level, which keeps the area.
_SMOOTHING, _LEVEL, _MARGIN = 0.6, 0.45, 3


@dataclass(frozen=True, eq=False)
class BoneOutline:
    """The outline of one bone on a film.

    Attributes:
        lines: closed lines `(N, 2)` of (row, column) in the film's pixels.
        inwards: for each line, unit vectors `(N, 2)` on the film (down, right) that point into the shadow.
    """

    lines: tuple[np.ndarray, ...]
    inwards: tuple[np.ndarray, ...]


def bone_outlines(labels: np.ndarray, affine: np.ndarray, camera: Camera) -> dict[int, BoneOutline]:
    """Return the outline of every bone on a film, by label id; see `each_outline`."""
    return dict(each_outline(labels, affine, camera))


def each_outline(labels: np.ndarray, affine: np.ndarray, camera: Camera) -> Iterator[tuple[int, BoneOutline]]:
    """Yield label id and outline of one bone after the other, for those who have other things to do in between.

    Args:
        labels: uint8 `(I, J, K)`, ids of `anatomy`.
        affine: 4x4, index -> RAS mm; its axes run along the patient's.
        camera: of the film.

    Raises:
        ValueError: as `silhouettes`.
    """
    shadows = silhouettes(labels, affine, camera)
    for label_id in np.flatnonzero(shadows.masks.any(axis=(1, 2))):
        yield int(label_id), _outline(shadows.masks[label_id], shadows.camera, camera)


def _outline(mask: np.ndarray, raster: Camera, camera: Camera) -> BoneOutline:
    # Not at import: Slicer's panel needs what lies beside before any package is installed.
    from scipy import ndimage
    from skimage import measure

    box = ndimage.find_objects(mask.view(np.uint8))[0]
    smooth = ndimage.gaussian_filter(np.pad(mask[box].astype(np.float32), _MARGIN), _SMOOTHING)
    # A shadow of a pixel or two may stay below the level.
    found = measure.find_contours(smooth, min(_LEVEL, 0.5 * float(smooth.max())))
    slope = np.gradient(ndimage.gaussian_filter(smooth, 1.0))
    start = np.array([part.start - _MARGIN for part in box])
    lines, inwards = [], []
    for line in found:
        direction = np.stack([ndimage.map_coordinates(part, line.T, order=1) for part in slope], axis=1)
        length = np.linalg.norm(direction, axis=1, keepdims=True)
        inwards.append(direction / np.maximum(length, 1e-9))
        lines.append(_film_pixels(line + start, raster, camera))
    return BoneOutline(tuple(lines), tuple(inwards))


def _film_pixels(pixels: np.ndarray, raster: Camera, camera: Camera) -> np.ndarray:
    """Convert (row, column) of one detector to that of another of the same geometry."""
    from_middle_mm = (pixels - raster.middle_px) * raster.pixel_mm
    return from_middle_mm / camera.pixel_mm + camera.middle_px
