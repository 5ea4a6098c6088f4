"""How near two centrelines are: the measures in the manner of RibSeg v2 (Jin et al., IEEE TMI 2023).

The formulas are stated here; those of the paper's published figures are not, and may use voxels for units.

Both lines are first sampled evenly along their length, so that counts of points stand for lengths: a line given by
many points weighs no more than the same line given by few.
"""

from __future__ import annotations

import numpy as np

from SwinX2SLib.measurements.polylines import resampled

STEP_MM = 1.0
TOLERANCE_MM = 5.0


def normalised_line_dice(first: np.ndarray, second: np.ndarray, tolerance_mm: float = TOLERANCE_MM) -> float:
    """Return the share of both lines that runs along the other one, 0 to 1.

    With P and Q the lines sampled every millimetre and d(p, Q) the distance from a point to the nearest segment of
    the other line, it is (#{p in P: d(p, Q) <= t} + #{q in Q: d(q, P) <= t}) / (#P + #Q).

    Args:
        first, second: `(N, 3)` and `(M, 3)`, mm.
        tolerance_mm: t, half the height of a rib by default.

    Raises:
        ValueError: a line has fewer than two points.
    """
    there, back = _distances(first, second)
    near = np.count_nonzero(there <= tolerance_mm) + np.count_nonzero(back <= tolerance_mm)
    return near / (len(there) + len(back))


def line_segment_chamfer_mm(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean distance between two lines, from points to the nearest segment of the other [mm].

    (mean over p in P of d(p, Q) + mean over q in Q of d(q, P)) / 2, as in `normalised_line_dice`.

    Raises:
        ValueError: a line has fewer than two points.
    """
    there, back = _distances(first, second)
    return float(there.mean() + back.mean()) / 2


def _distances(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lines = []
    for line in (first, second):
        line = np.asarray(line, dtype=np.float64).reshape(-1, 3)
        if len(line) < 2 or not np.isfinite(line).all():
            raise ValueError("A line needs two finite points or more.")
        lines.append(resampled(line, STEP_MM))
    return _to_segments(*lines), _to_segments(*reversed(lines))


def _to_segments(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Return the distance `(N,)` of points to the nearest segment of a polyline."""
    start, way = line[:-1], np.diff(line, axis=0)
    square = np.maximum((way**2).sum(axis=1), 1e-12)
    along = (points @ way.T - (start * way).sum(axis=1)) / square
    nearest = start + np.clip(along, 0, 1)[..., None] * way
    return np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1)
