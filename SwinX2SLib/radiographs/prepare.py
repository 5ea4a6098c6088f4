"""Two films onto the network's grid: isotropic, centred, anti-aliased, millimetres kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.radiographs.radiograph import Radiograph


@dataclass(frozen=True)
class PreparedPair:
    """The network's input.

    Attributes:
        coronal: float32 `(X, Z)` in 0..1, bone bright.
        sagittal: float32 `(Y, Z)`.
        spacing_mm: of the isotropic grid `(X, Y, Z)`.
        affine: 4x4, index of the grid in network order -> RAS mm; the films' common centre is the origin.
    """

    coronal: np.ndarray
    sagittal: np.ndarray
    spacing_mm: float
    affine: np.ndarray


def prepare_pair(ap: Radiograph, lateral: Radiograph, grid_shape: Sequence[int]) -> PreparedPair:
    """Place both films into a grid that holds them whole, at one spacing for all three axes.

    The centres of the films are the centre of the grid; films that differ in height (a pair may, by up to 5 %)
    share their middle. What lies outside a film is 0, as air.

    Args:
        ap: frontal film, AP or PA.
        lateral: lateral film.
        grid_shape: voxels `(X, Y, Z)`.
    """
    x, y, z = (int(count) for count in grid_shape)
    (ap_height, width), (lateral_height, depth) = ap.size_mm, lateral.size_mm
    spacing_mm = max(width / x, depth / y, max(ap_height, lateral_height) / z)
    return PreparedPair(
        coronal=place_film(ap, (x, z), spacing_mm),
        sagittal=place_film(lateral, (y, z), spacing_mm),
        spacing_mm=spacing_mm,
        affine=network_affine(spacing_mm, (x, y, z)),
    )


def place_film(film: Radiograph, shape: tuple[int, int], spacing_mm: float) -> np.ndarray:
    """Resample a film onto `shape` (across, down) pixels of `spacing_mm`, centre on centre; float32, 0 around it."""
    row_mm, col_mm = film.spacing_mm
    across = resampling_matrix(film.pixels.shape[1], col_mm, shape[0], spacing_mm)
    down = resampling_matrix(film.pixels.shape[0], row_mm, shape[1], spacing_mm)
    return np.ascontiguousarray(across @ film.pixels.T @ down.T, dtype=np.float32)


def resampling_matrix(count: int, spacing_mm: float, new_count: int, new_spacing_mm: float) -> np.ndarray:
    """Return the weights `(new_count, count)`, float64, that resample a line of pixels, centre on centre.

    A triangle filter as wide as the coarser of the two spacings: linear interpolation when refining, a smooth average
    over twice the new pixel when coarsening. What the filter sees beyond the line counts as 0.
    """
    old_mm = (np.arange(count) - (count - 1) / 2) * spacing_mm
    new_mm = (np.arange(new_count) - (new_count - 1) / 2) * new_spacing_mm
    reach_mm = max(spacing_mm, new_spacing_mm)
    weights = np.clip(1 - np.abs(new_mm[:, None] - old_mm[None, :]) / reach_mm, 0, None)
    # The same filter on a line without end, whose sum depends on where it stands between two pixels.
    steps = np.arange(-np.ceil(reach_mm / spacing_mm) - 1, np.ceil(reach_mm / spacing_mm) + 2)
    phase_mm = np.remainder(new_mm - old_mm[0], spacing_mm)
    total = np.clip(1 - np.abs(phase_mm[:, None] - steps * spacing_mm) / reach_mm, 0, None).sum(axis=1)
    return weights / total[:, None]
