"""Lines through points: sampled evenly, smoothed through places, and how much they bend."""

from __future__ import annotations

import numpy as np

# Curvature is read between chords of this length: over shorter ones the noise of voxels bends a rib more than its own
# shape does (by half, up to twice, over 12 mm at voxels of 1.5 to 4 mm).
CURVATURE_STEP_MM = 30.0
LEAST_CURVATURE_STEPS = 3
CURVE_STEP_MM = 2.0


def length_mm(points: np.ndarray) -> float:
    """Return the length of a polyline `(N, 3)`."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def along_mm(points: np.ndarray) -> np.ndarray:
    """Return how far along a polyline `(N, 3)` each of its points lies, `(N,)`."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


def resampled(curve: np.ndarray, step_mm: float) -> np.ndarray:
    """Return points about `step_mm` apart along a polyline `(N, 3)`, both ends included."""
    along = along_mm(curve)
    places = np.linspace(0, along[-1], max(round(along[-1] / step_mm) + 1, 2))
    return np.stack([np.interp(places, along, axis) for axis in curve.T], axis=1)


def curve_through(places: np.ndarray) -> np.ndarray:
    """Return a smooth line, points about 2 mm apart, through places `(N, 3)`, two or more, in their order."""
    from scipy.interpolate import make_interp_spline

    steps = np.maximum(np.linalg.norm(np.diff(places, axis=0), axis=1), 1e-3)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    spline = make_interp_spline(along, places, k=min(3, len(along) - 1))
    fine = spline(np.linspace(0, along[-1], max(round(along[-1] / CURVE_STEP_MM), 2)))
    return resampled(fine, CURVE_STEP_MM)


def mean_curvature(points_ras_mm: np.ndarray, step_mm: float = CURVATURE_STEP_MM) -> float:
    """Return the mean curvature of a line `(N, 3)` mm [1/m]: by how much its direction turns along it.

    Args:
        points_ras_mm: in order.
        step_mm: length of the chords whose directions are compared; shorter on a line of less than three.
    """
    total = length_mm(points_ras_mm)
    step = min(step_mm, total / LEAST_CURVATURE_STEPS)
    if step < 1e-6:
        return 0.0
    ends = np.linspace(0, total - 2 * step, max(round(total - 2 * step), 1) + 1)
    along = along_mm(points_ras_mm)
    first, middle, last = (
        np.stack([np.interp(ends + ahead * step, along, axis) for axis in points_ras_mm.T], axis=1)
        for ahead in range(3)
    )
    one, other = middle - first, last - middle
    angle = np.arctan2(np.linalg.norm(np.cross(one, other), axis=1), (one * other).sum(axis=1))
    return float(1000 * angle.mean() / step)


def bent(points: np.ndarray, handles: np.ndarray, moved_mm: np.ndarray) -> np.ndarray:
    """Return a line whose handles were moved; what lies between them moves along smoothly.

    Args:
        points: `(N, 3)`.
        handles: `(M,)` ascending, indices of the points that are handles, the ends among them.
        moved_mm: `(M, 3)`, by how much; zero leaves the line as it is.
    """
    from scipy.interpolate import PchipInterpolator

    along = along_mm(points)
    return points + PchipInterpolator(along[handles], moved_mm, axis=0)(along)
