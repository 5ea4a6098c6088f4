"""Solids as implicit functions, evaluated only near themselves.

A solid knows its bounding box and the depth of a point: a distance in mm, exact for balls and close to the surface
otherwise, negative inside. All coordinates are RAS mm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline

# A box (lower, upper corner) and the depth of points `(..., 3)` [mm] in what it holds.
Depth = Callable[[np.ndarray], np.ndarray]
Piece = tuple[np.ndarray, np.ndarray, Depth]


class Solid(Protocol):
    """Something with an inside."""

    def pieces(self) -> Sequence[Piece]:
        """Return boxes (lower, upper corner) and, for each, the depth of points `(..., 3)` [mm] in it."""
        ...


@dataclass(frozen=True)
class Beads:
    """Union of ellipsoids: a sweep when they lie densely along a curve or a surface.

    Attributes:
        centres: `(N, 3)`.
        radii: `(N, 3)` semi-axes.
        axes: `(3, 3)` or `(N, 3, 3)`, whose columns are the directions of the semi-axes.
    """

    centres: np.ndarray
    radii: np.ndarray
    axes: np.ndarray = field(default_factory=lambda: np.eye(3))

    def pieces(self) -> Sequence[Piece]:
        """See `Solid`."""
        radii = np.broadcast_to(self.radii, self.centres.shape)
        axes = np.broadcast_to(self.axes, (len(self.centres), 3, 3))
        extent = np.sqrt(np.einsum("nij,nj->ni", axes**2, radii**2))
        return [
            (centre - reach, centre + reach, _ellipsoid_depth(centre, radius, frame))
            for centre, reach, radius, frame in zip(self.centres, extent, radii, axes, strict=True)
        ]


@dataclass(frozen=True)
class Column:
    """Elliptic cylinder with a waist in front and at the sides, and tilted end faces: a vertebral body.

    Attributes:
        centre: `(3,)`.
        axes: `(3, 3)`, columns right, front, up of the body.
        radii: half width and half depth at the end faces.
        height: between the end faces, on the axis.
        waist: how much thinner it is half way, as a part of the radius.
        wedge_rad: angle between the end faces in the plane of the second and third axis, higher in front positive.
    """

    centre: np.ndarray
    axes: np.ndarray
    radii: tuple[float, float]
    height: float
    waist: float = 0.0
    wedge_rad: float = 0.0

    def pieces(self) -> Sequence[Piece]:
        """See `Solid`."""
        half = np.array([*self.radii, self.height / 2 + abs(np.tan(self.wedge_rad / 2)) * self.radii[1]])
        reach = np.abs(self.axes) @ half
        return [(self.centre - reach, self.centre + reach, self._depth)]

    def _depth(self, points: np.ndarray) -> np.ndarray:
        right, front, up = np.moveaxis((points - self.centre) @ self.axes, -1, 0)
        level = np.clip(2 * up / self.height, -1, 1)
        narrowed = 1 - self.waist * (1 - level**2)
        radial = np.hypot(
            right / narrowed / self.radii[0], front / np.where(front > 0, narrowed, 1) / self.radii[1]
        )
        side = (radial - 1) * min(self.radii)
        faces = (np.abs(up) - self.height / 2 - front * np.tan(self.wedge_rad / 2)) * np.cos(
            self.wedge_rad / 2
        )
        return np.maximum(side, faces)


@dataclass(frozen=True)
class Bowl:
    """Part of a spherical shell: a joint socket.

    Attributes:
        centre: `(3,)`.
        inner_radius, outer_radius: of the shell.
        opening: unit vector out of the socket.
        rim: how far the socket reaches beyond its equator, along `opening`.
    """

    centre: np.ndarray
    inner_radius: float
    outer_radius: float
    opening: np.ndarray
    rim: float

    def pieces(self) -> Sequence[Piece]:
        """See `Solid`."""
        return [(self.centre - self.outer_radius, self.centre + self.outer_radius, self._depth)]

    def _depth(self, points: np.ndarray) -> np.ndarray:
        offset = points - self.centre
        distance = np.linalg.norm(offset, axis=-1)
        shell = np.maximum(distance - self.outer_radius, self.inner_radius - distance)
        return np.maximum(shell, offset @ self.opening - self.rim)


@dataclass(frozen=True)
class Bone:
    """Union of solids less holes, with a label."""

    label: int
    parts: tuple[Solid, ...]
    holes: tuple[Solid, ...] = ()


def rod(
    start: np.ndarray,
    end: np.ndarray,
    radii: Sequence[float] | Sequence[np.ndarray],
    axes: np.ndarray | None = None,
) -> Beads:
    """Return a straight sweep between two points.

    Args:
        start, end: `(3,)`.
        radii: radius at start and at end; or two triples of semi-axes along `axes`.
        axes: `(3, 3)`, columns; the patient's axes by default.
    """
    return sweep(np.stack([start, end]), np.array(radii, dtype=np.float64), axes)


def sweep(
    points: np.ndarray, radii: np.ndarray, axes: np.ndarray | None = None, curved: bool = False
) -> Beads:
    """Return beads along a curve, dense enough to look smooth.

    Args:
        points: `(K, 3)` that the curve passes through.
        radii: `(K,)` or `(K, 3)` semi-axes at the points.
        axes: `(3, 3)`, directions of the semi-axes; the patient's axes by default.
        curved: a cubic spline through the points instead of straight pieces.
    """
    points = np.asarray(points, dtype=np.float64)
    radii = np.asarray(radii, dtype=np.float64)
    triples = radii if radii.ndim == 2 else np.repeat(radii[:, None], 3, axis=1)
    centres, place = sample_curve(points, 0.5 * float(triples.min()), curved)
    known = np.linspace(0, 1, len(points))
    swept = np.stack([np.interp(place, known, triples[:, axis]) for axis in range(3)], axis=1)
    return Beads(centres, swept, np.eye(3) if axes is None else axes)


def sample_curve(points: np.ndarray, step: float, curved: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Sample a curve through points at about even distances.

    Args:
        points: `(K, 3)`.
        step: distance between samples [mm].
        curved: cubic spline, or straight pieces.

    Returns:
        Samples `(N, 3)`, and their place `(N,)` on a scale on which the K points lie evenly from 0 to 1.
    """
    chord = np.linalg.norm(np.diff(points, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(chord)])
    count = max(int(np.ceil(at[-1] / step)) + 1, 2)
    along = np.linspace(0, at[-1], count)
    place = np.interp(along, at, np.linspace(0, 1, len(points)))
    if curved and len(points) > 2:
        return CubicSpline(at, points)(along), place
    return np.stack([np.interp(along, at, points[:, axis]) for axis in range(3)], axis=1), place


def _ellipsoid_depth(
    centre: np.ndarray, radius: np.ndarray, axes: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    whiten = axes / radius
    thinnest = float(radius.min())
    return lambda points: (np.sqrt((((points - centre) @ whiten) ** 2).sum(-1)) - 1) * thinnest
