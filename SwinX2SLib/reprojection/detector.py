"""Where the pixels of a film lie in the patient's space when the film stands behind the patient."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.geometry.cameras import Camera, ConeCamera, view_axes


def detector_points(camera: Camera, pixels: np.ndarray, distance_mm: float) -> np.ndarray:
    """Return RAS mm `(..., 3)` of (row, column) pixels `(..., 2)` of a film.

    Args:
        camera: of the film.
        pixels: pixel centres are whole numbers.
        distance_mm: of the film from the isocentre along the rays, where rays are parallel and it may stand anywhere;
            a film of diverging rays stands where its camera says.
    """
    columns, rows, rays = view_axes(camera.view)
    if isinstance(camera, ConeCamera):
        distance_mm = camera.source_to_detector_mm - camera.source_to_isocentre_mm
    from_middle = (np.asarray(pixels, dtype=np.float64) - camera.middle_px) * camera.pixel_mm
    middle = np.asarray(camera.isocentre_ras_mm) + distance_mm * rays
    return middle + from_middle[..., :1] * rows + from_middle[..., 1:] * columns


def detector_corners(camera: Camera, distance_mm: float) -> np.ndarray:
    """Return RAS mm `(2, 2, 3)` of the film's outer corners, `[top or bottom][left or right as it hangs]`."""
    last_row, last_column = np.array(camera.shape) - 0.5
    pixels = [[(-0.5, -0.5), (-0.5, last_column)], [(last_row, -0.5), (last_row, last_column)]]
    return detector_points(camera, np.array(pixels), distance_mm)
