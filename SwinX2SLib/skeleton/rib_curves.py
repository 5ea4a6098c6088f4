"""Curves of ribs in their own plane: a part that bends away from the vertebra, and a logarithmic spiral to the front.

Parameters and their means by level are those of Holcombe et al. 2017 (J Anat 231:229, doi 10.1111/joa.12632). Lengths
are relative to the chord, the distance between the rib's ends. The x axis runs along the chord from the vertebral end
to the costal end, y points to the convex side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

# Exponents of the profile of the proximal part's direction.
_SHARPEST = (0.05, 20.0)
_DENSE = 200


@dataclass(frozen=True)
class RibShape:
    """Shape of one rib in its plane.

    Attributes:
        peak_x, peak_y: where the rib is furthest from its chord, relative to the chord.
        proximal_angle_deg: between chord and tangent at the vertebral end.
        distal_spiral: constant of the logarithmic spiral from the peak to the costal end.
    """

    peak_x: float
    peak_y: float
    proximal_angle_deg: float
    distal_spiral: float


def rib_curve(shape: RibShape, count: int) -> np.ndarray:
    """Return the curve of a rib, points at even distances from its head to its costal end, `(count, 2)`.

    The proximal part meets the same end, angle and peak as the one of the paper. Its direction turns as a power of
    the length, chosen so that it ends at the peak; the paper's spiral has a straight piece instead.

    Args:
        shape: of the rib.
        count: points, 2 or more.
    """
    first, second = _proximal(shape), _distal(shape)
    points = np.concatenate([first, second[1:]])
    passed = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, passed[-1], count)
    return np.stack([np.interp(at, passed, points[:, axis]) for axis in range(2)], axis=1)


def _proximal(shape: RibShape) -> np.ndarray:
    """Return the part from the vertebral end to the peak, whose tangent there runs along the chord."""
    start = np.radians(shape.proximal_angle_deg)
    wanted = np.arctan2(shape.peak_y, shape.peak_x)
    u = (np.arange(_DENSE) + 0.5) / _DENSE

    def step(sharpness: float) -> np.ndarray:
        angle = start * (1 - u) ** sharpness
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def excess(sharpness: float) -> float:
        x, y = step(sharpness).sum(axis=0)
        return float(np.arctan2(y, x) - wanted)

    low, high = _SHARPEST
    if excess(low) <= 0 or excess(high) >= 0:
        sharpness = low if excess(low) <= 0 else high
    else:
        sharpness = brentq(excess, low, high)
    points = np.concatenate([np.zeros((1, 2)), np.cumsum(step(sharpness), axis=0)])
    # Where no profile meets the peak exactly, the nearest one is stretched onto it.
    return points * (np.array([shape.peak_x, shape.peak_y]) / points[-1])


def _distal(shape: RibShape) -> np.ndarray:
    """Return the part from the peak to the costal end at (1, 0), a logarithmic spiral."""
    constant = shape.distal_spiral

    def spiral(angle: np.ndarray | float) -> np.ndarray:
        return np.stack(
            [-np.exp(constant * angle) * np.cos(angle), np.exp(constant * angle) * np.sin(angle)], -1
        )

    top = 2 * np.arctan(np.sqrt(constant**2 + 1) + constant)
    wanted = np.array([1 - shape.peak_x, -shape.peak_y])

    def cross(angle: float) -> float:
        away = spiral(angle) - spiral(top)
        return float(away[0] * wanted[1] - away[1] * wanted[0])

    end = brentq(cross, top + 1e-3, top + np.pi - 1e-3)
    points = spiral(np.linspace(top, end, _DENSE)) - spiral(top)
    scale = np.linalg.norm(wanted) / np.linalg.norm(points[-1])
    return points * scale + [shape.peak_x, shape.peak_y]
