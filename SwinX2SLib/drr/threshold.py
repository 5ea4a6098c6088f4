"""Which threshold made given films from a given CT."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from SwinX2SLib.drr.projection import project_ct


@dataclass(frozen=True)
class ThresholdFit:
    """A threshold and how well the films agree there.

    Attributes:
        threshold: in the unit of the CT.
        correlation: normalised cross-correlation by view.
    """

    threshold: float
    correlation: dict[str, float]


def normalised_cross_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return the correlation of two films over all pixels, -1..1; 0 where one of them is even.

    Raises:
        ValueError: the films differ in shape.
    """
    if first.shape != second.shape:
        raise ValueError(f"The films differ in shape: {first.shape} and {second.shape}.")
    one, other = (film.astype(np.float64) - film.mean(dtype=np.float64) for film in (first, second))
    scale = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / scale) if scale > 0 else 0.0


def fit_threshold(ct: np.ndarray, affine: np.ndarray, films: dict[str, np.ndarray]) -> ThresholdFit:
    """Find the threshold at which parallel, pixel-aligned films of a CT agree best with given ones.

    One threshold for all views: the one with the best mean correlation.

    Args:
        ct: `(X, Y, Z)` in network order, any unit.
        affine: 4x4, index -> RAS mm.
        films: by view, `(rows, columns)` as the film hangs.

    Raises:
        ValueError: no films, a film of another shape than the CT's projection, or a CT that is the same everywhere.
    """
    lowest, highest = float(ct.min()), float(ct.max())
    if not films or lowest == highest:
        raise ValueError("A threshold needs at least one film, and a CT that is not the same everywhere.")

    def correlations(threshold: float) -> dict[str, float]:
        return {
            view: normalised_cross_correlation(project_ct(ct, affine, view, threshold), film)
            for view, film in films.items()
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
