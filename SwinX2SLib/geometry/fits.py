"""Robust fits of a sphere and of a cone to points of a surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from SwinX2SLib.geometry.surfaces import plane_basis, unit

# A short tube says little of its taper: this one is taken as known with the weight of so long a piece [mm]. It lies
# between that of a femur from its lesser trochanter down (-0.02) and that beside it (-0.1).
USUAL_TAPER = -0.06
TAPER_WEIGHT_MM = 8.0
TUKEY_CUT = 4.685  # 95 % efficiency under normal noise (Holland and Welsch 1977)


@dataclass(frozen=True, eq=False)
class Sphere:
    """A ball fitted to a part of a surface.

    Attributes:
        centre: `(3,)` mm.
        radius_mm: of it.
        residual_mm: root mean square of what lies on it.
        coverage: area of what lies on it, as a part of the whole sphere.
    """

    centre: np.ndarray
    radius_mm: float
    residual_mm: float
    coverage: float


@dataclass(frozen=True, eq=False)
class Cone:
    """A slowly tapering tube.

    Attributes:
        point: `(3,)` mm on the axis, at the middle of the points.
        direction: `(3,)` unit vector.
        radius_mm: at `point`.
        taper: growth of the radius per mm along `direction`.
        residual_mm: median distance of the points that count.
    """

    point: np.ndarray
    direction: np.ndarray
    radius_mm: float
    taper: float
    residual_mm: float

    def outside_mm(self, points: np.ndarray) -> np.ndarray:
        """Return how far points `(N, 3)` lie outside of the tube."""
        away = points - self.point
        along = away @ self.direction
        return np.sqrt(np.maximum((away**2).sum(axis=1) - along**2, 0)) - self.radius_mm - self.taper * along


def vote_for_sphere(
    points: np.ndarray,
    normals: np.ndarray,
    radii_mm: np.ndarray,
    area_power: float = 2.0,
    spread_radii: float = 0.09,
) -> tuple[np.ndarray, float]:
    """Return the centre `(3,)` and radius of the ball on which most points lie.

    Each point votes, for each radius, for the place that lies this far behind it; votes for a ball pile up.

    Args:
        points, normals: `(N, 3)`, of evenly spread points.
        radii_mm: to try.
        area_power: votes are divided by the radius to this power: 2 counts the part of the ball that voted, less
            prefers large balls.
        spread_radii: votes so near to each other, in radii of the ball, are for the same place.
    """
    best = (-1.0, points[0], float(radii_mm[0]))
    for radius in radii_mm:
        places = points - radius * normals
        tree = cKDTree(places)
        votes = tree.query_ball_point(places, spread_radii * radius, return_length=True)
        # A ball of this radius has area for radius**2 points.
        score = votes.max() / radius**area_power
        if score > best[0]:
            peak = places[tree.query_ball_point(places[votes.argmax()], spread_radii * radius)].mean(axis=0)
            best = (score, peak, float(radius))
    return best[1], best[2]


def fit_sphere(
    points: np.ndarray, weights: np.ndarray, centre: np.ndarray, radius: float, scale_mm: float
) -> tuple[np.ndarray, float]:
    """Return centre and radius of the ball through points, by Gauss-Newton with Tukey's weights.

    Args:
        points: `(N, 3)`.
        weights: `(N,)`, areas.
        centre, radius: to start from.
        scale_mm: distance of noise; what lies further than 4.7 times as far does not count.
    """
    for _ in range(12):
        away = points - centre
        distance = np.maximum(np.linalg.norm(away, axis=1), 1e-9)
        residual = distance - radius
        weight = weights * tukey(residual / scale_mm)
        rows = np.column_stack([away / distance[:, None], np.ones(len(points))])
        step = _solve(rows, residual, weight)
        centre, radius = centre + step[:3], radius + step[3]
        if np.abs(step).max() < 1e-5:
            break
    return centre, float(radius)


def fit_cone(
    points: np.ndarray, weights: np.ndarray, point: np.ndarray, direction: np.ndarray, scale_mm: float
) -> Cone:
    """Return the tube through points, by Gauss-Newton with Tukey's weights whose width falls to `scale_mm`.

    Args:
        points: `(N, 3)`.
        weights: `(N,)`, areas.
        point, direction: of the axis to start from.
        scale_mm: distance of noise.
    """
    direction = unit(direction)
    point = point + direction * ((points - point) @ direction).mean()
    away = points - point
    radial = np.linalg.norm(away - np.outer(away @ direction, direction), axis=1)
    radius, taper = float(np.median(radial)), 0.0
    for width in np.r_[np.geomspace(max(6.0, scale_mm), scale_mm, 12), np.full(18, scale_mm)]:
        across, beside = plane_basis(direction)
        away = points - point
        along = away @ direction
        x, y = away @ across, away @ beside
        distance = np.maximum(np.hypot(x, y), 1e-9)
        residual = distance - radius - taper * along
        weight = weights * tukey(residual / width)
        ux, uy = x / distance, y / distance
        rows = np.column_stack([ux, uy, ux * along, uy * along, np.ones(len(along)), along])
        prior = np.array([0, 0, 0, 0, 0, weight.sum() * TAPER_WEIGHT_MM**2])
        step = _solve(rows, residual, weight, prior, prior * np.array([0, 0, 0, 0, 0, USUAL_TAPER - taper]))
        point = point + across * step[0] + beside * step[1]
        direction = unit(direction + across * step[2] + beside * step[3])
        radius, taper = radius + step[4], taper + step[5]
    counted = tukey(residual / scale_mm) > 0.1
    spread = float(np.median(np.abs(residual[counted]))) if counted.any() else float("inf")
    return Cone(point, direction, float(radius), float(taper), spread)


def tukey(ratio: np.ndarray) -> np.ndarray:
    """Return Tukey's biweight for residuals divided by their scale."""
    return np.maximum(1 - (ratio / TUKEY_CUT) ** 2, 0) ** 2


def _solve(
    rows: np.ndarray,
    residual: np.ndarray,
    weight: np.ndarray,
    prior: float | np.ndarray = 0.0,
    pull: float | np.ndarray = 0.0,
) -> np.ndarray:
    """Return the weighted least squares step, slightly damped so that a lack of points moves nothing.

    `prior` `(P,)` is weight on the step staying zero, `pull` `(P,)` that weight times where it should go.
    """
    normal = rows.T @ (rows * weight[:, None]) + np.diag(np.broadcast_to(prior, rows.shape[1]))
    damping = 1e-9 * max(float(np.trace(normal)), 1e-12) * np.eye(len(normal))
    return np.linalg.solve(normal + damping, rows.T @ (residual * weight) + pull)
