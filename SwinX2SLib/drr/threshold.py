"""Which threshold made given radiographs from a given CT."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from SwinX2SLib.drr.projection import project_ct


@dataclass(frozen=True)
class ThresholdFit:
    """A threshold and how well the radiographs agree there.

    Attributes:
        threshold: in the unit of the CT.
        correlation: normalised cross-correlation by view.
    """

    threshold: float
    correlation: dict[str, float]


def normalised_cross_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return the correlation of two radiographs over all pixels, -1..1; 0 where one of them is even.

    Raises:
        ValueError: the radiographs differ in shape.
    """
    if first.shape != second.shape:
        raise ValueError(f"The radiographs differ in shape: {first.shape} and {second.shape}.")
    one, other = (
        radiograph.astype(np.float64) - radiograph.mean(dtype=np.float64) for radiograph in (first, second)
    )
    scale = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / scale) if scale > 0 else 0.0


def fit_threshold(ct: np.ndarray, affine: np.ndarray, radiographs: dict[str, np.ndarray]) -> ThresholdFit:
    """Find the threshold at which parallel, pixel-aligned radiographs of a CT agree best with given ones.

    One threshold for all views: the one with the best mean correlation.

    Args:
        ct: `(X, Y, Z)` in network order, any unit.
        affine: 4x4, index -> RAS mm.
        radiographs: by view, `(rows, columns)` in display orientation.

    Raises:
        ValueError: no radiographs, a radiograph of another shape than the CT's projection, or a CT that is the same
            everywhere.
    """
    lowest, highest = float(ct.min()), float(ct.max())
    if not radiographs or lowest == highest:
        raise ValueError("A threshold requires at least one radiograph and a CT that is not constant.")

    def correlations(threshold: float) -> dict[str, float]:
        return {
            view: normalised_cross_correlation(project_ct(ct, affine, view, threshold), radiograph)
            for view, radiograph in radiographs.items()
        }

    def loss(threshold: float) -> float:
        return -float(np.mean(list(correlations(threshold).values())))

    # The agreement has one broad peak with small ripples: bracket it on a grid, then refine.
    grid = np.linspace(lowest, highest, 49)[:-1]
    best = int(np.argmin([loss(threshold) for threshold in grid]))
    bounds = (grid[max(best - 1, 0)], grid[best + 1] if best + 1 < len(grid) else highest)
    refined = minimize_scalar(
        loss, bounds=bounds, method="bounded", options={"xatol": 1e-3 * (highest - lowest)}
    )
    return ThresholdFit(float(refined.x), correlations(float(refined.x)))
