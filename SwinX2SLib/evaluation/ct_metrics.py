"""How near reconstructed CT numbers are to the true ones: MAE, PSNR and SSIM, each with its data range stated.

Volumes are compared voxel by voxel on one grid, within a mask: beyond the scan's field of view there is no truth, and
air that anybody guesses would flatter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# CT numbers are compared within this window: what is denser is metal and cortical bone, which no network tells apart.
LEAST_HU, MOST_HU = -1000.0, 1500.0
# Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004, section III.B.
SIGMA_VOXELS, RADIUS_VOXELS = 1.5, 5
K1, K2 = 0.01, 0.03


@dataclass(frozen=True)
class CTScore:
    """Agreement of one person's CT numbers.

    Attributes:
        mae_hu: mean absolute error [HU].
        psnr_db: peak signal-to-noise ratio [dB], of the data range.
        ssim: mean structural similarity, -1..1.
        mae_structures_hu: mean absolute error within structures; None without any.
        mae_elsewhere_hu: likewise in the body outside of them; None without any.
        data_range_hu: of PSNR and SSIM.
    """

    mae_hu: float
    psnr_db: float
    ssim: float
    mae_structures_hu: float | None
    mae_elsewhere_hu: float | None
    data_range_hu: float


def score_ct(
    prediction: np.ndarray,
    truth: np.ndarray,
    inside: np.ndarray | None = None,
    structures: np.ndarray | None = None,
    window_hu: tuple[float, float] = (LEAST_HU, MOST_HU),
) -> CTScore:
    """Compare CT numbers on one grid, both clipped to a window; its width is the data range.

    Args:
        prediction: `(X, Y, Z)` [HU].
        truth: likewise.
        inside: bool, where there is truth; everywhere when None.
        structures: bool, voxels of structures.
        window_hu: least and most.

    Raises:
        ValueError: the shapes differ, a number is not finite, or there is nothing to compare.
    """
    _require(prediction, truth, inside, structures)
    low, high = window_hu
    first, second = (np.clip(volume.astype(np.float64), low, high) for volume in (prediction, truth))
    where = np.ones(truth.shape, bool) if inside is None else inside
    error = np.abs(first - second)
    body = where & (second > low + (high - low) / 5)
    inner = None if structures is None else where & structures
    outer = body if structures is None else body & ~structures
    return CTScore(
        float(error[where].mean()),
        psnr_db(first, second, high - low, where),
        ssim(first, second, high - low, where),
        _mean(error, inner),
        _mean(error, outer),
        high - low,
    )


def psnr_db(
    first: np.ndarray, second: np.ndarray, data_range: float, inside: np.ndarray | None = None
) -> float:
    """Return the peak signal-to-noise ratio [dB], infinite for equal volumes.

    Args:
        first, second: `(X, Y, Z)`.
        data_range: difference between the largest and the smallest value possible.
        inside: bool, which voxels count.
    """
    difference = np.asarray(first, dtype=np.float64) - second
    square = float(np.mean((difference if inside is None else difference[inside]) ** 2))
    return float("inf") if square == 0 else float(10 * np.log10(data_range**2 / square))


def ssim(first: np.ndarray, second: np.ndarray, data_range: float, inside: np.ndarray | None = None) -> float:
    """Return the mean structural similarity of Wang et al. 2004 in three dimensions.

    A Gaussian window of 11 voxels and a standard deviation of 1.5; population moments; only windows that lie wholly
    within the volume count.

    Args:
        first, second: `(X, Y, Z)`, 11 voxels or more along each axis.
        data_range: as of `psnr_db`.
        inside: bool, which windows' centres count.

    Raises:
        ValueError: the volumes are smaller than the window, or no window counts.
    """
    x, y = (np.asarray(volume, dtype=np.float64) for volume in (first, second))
    inner = tuple(slice(RADIUS_VOXELS, side - RADIUS_VOXELS) for side in x.shape)
    if min(x.shape) < 2 * RADIUS_VOXELS + 1:
        raise ValueError(f"SSIM needs {2 * RADIUS_VOXELS + 1} voxels or more along each axis, not {x.shape}.")

    def smooth(volume: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(volume, SIGMA_VOXELS, radius=RADIUS_VOXELS)[inner]

    mean_x, mean_y = smooth(x), smooth(y)
    variance_x, variance_y = smooth(x * x) - mean_x**2, smooth(y * y) - mean_y**2
    covariance = smooth(x * y) - mean_x * mean_y
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    similarity = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    similarity /= (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    counted = similarity if inside is None else similarity[inside[inner]]
    if not counted.size:
        raise ValueError("No window of SSIM lies where there is truth.")
    return float(counted.mean())


def _mean(error: np.ndarray, where: np.ndarray | None) -> float | None:
    return None if where is None or not where.any() else float(error[where].mean())


def _require(
    prediction: np.ndarray, truth: np.ndarray, inside: np.ndarray | None, structures: np.ndarray | None
) -> None:
    shapes = {np.shape(each) for each in (prediction, truth, inside, structures) if each is not None}
    if len(shapes) > 1:
        raise ValueError(f"The volumes must have one shape, not {sorted(shapes)}.")
    if not (np.isfinite(prediction).all() and np.isfinite(truth).all()):
        raise ValueError("CT numbers must be finite.")
    if inside is not None and not inside.any():
        raise ValueError("There is nothing to compare: no voxel has a truth.")
