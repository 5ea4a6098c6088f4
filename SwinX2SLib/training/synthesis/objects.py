"""Ellipsoids and rods drawn into radiographs by formula: organs, gas, metal, bones that bear no label.

Their path lengths are exact at any resolution, where a voxel would be thicker than the thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.training.synthesis.view_geometry import ViewGeometry

# Thinner rods are drawn this thick and as much fainter, so that none falls between two pixels.
LEAST_RADIUS_PX = 0.7


@dataclass(frozen=True)
class Ellipsoid:
    """A body with axes along those of the volume.

    Attributes:
        centre_mm: (x, y, z) from the volume's centre.
        radii_mm: (x, y, z).
        density: attenuation relative to bone; below 0 for gas within tissue.
    """

    centre_mm: Sequence[float] | np.ndarray
    radii_mm: Sequence[float]
    density: float


Points = Sequence[Sequence[float]] | Sequence[np.ndarray] | np.ndarray


@dataclass(frozen=True)
class Rod:
    """A rod with round ends along a broken line; its thickness changes evenly along each piece.

    Attributes:
        points_mm: `(N, 3)`, x, y, z from the volume's centre.
        radius_mm: at every point, or one for all.
        density: attenuation relative to bone.
    """

    points_mm: Points
    radius_mm: float | Sequence[float]
    density: float


Shape = Ellipsoid | Rod


def draw_shapes(path: Tensor, shapes: Sequence[Shape], spacing_mm: float, geometry: ViewGeometry) -> Tensor:
    """Add the path through shapes to a radiograph.

    Args:
        path: `(W, H)`, path integral in voxels.
        spacing_mm: of pixels and voxels.

    Returns:
        The radiograph with the shapes, `(W, H)`, not below 0.
    """
    if not shapes:
        return path
    u, w = (
        (torch.arange(n, device=path.device, dtype=torch.float32) - (n - 1) / 2) * spacing_mm
        for n in path.shape
    )
    for shape in shapes:
        grid = u[:, None], w[None, :]
        if isinstance(shape, Ellipsoid):
            drawn = _ellipsoid(shape, *grid, spacing_mm, geometry)
        else:
            drawn = _rod(shape, *grid, spacing_mm, geometry)
        path = path + drawn * (shape.density / spacing_mm)
    return path.clamp_(min=0)


def _ellipsoid(shape: Ellipsoid, u: Tensor, w: Tensor, spacing_mm: float, geometry: ViewGeometry) -> Tensor:
    centre_u, centre_w = geometry.radiograph_points(np.asarray(shape.centre_mm)).tolist()
    across, down = shape.radii_mm[1 - geometry.depth_axis], shape.radii_mm[2]
    rest = 1 - ((u - centre_u) / across) ** 2 - ((w - centre_w) / down) ** 2
    return rest.clamp_(min=0).sqrt_() * (2 * shape.radii_mm[geometry.depth_axis])


def _rod(shape: Rod, u: Tensor, w: Tensor, spacing_mm: float, geometry: ViewGeometry) -> Tensor:
    """Path through the rod [mm]; pieces do not add up where they meet."""
    points = np.asarray(shape.points_mm, dtype=np.float64)
    radii = np.broadcast_to(np.asarray(shape.radius_mm, dtype=np.float64), len(points))
    places = geometry.radiograph_points(points)
    result = torch.zeros(u.shape[0], w.shape[1], device=u.device)
    for i in range(len(points) - 1):
        (u0, w0), (du, dw) = places[i], places[i + 1] - places[i]
        seen, length = float(np.hypot(du, dw)), float(np.linalg.norm(points[i + 1] - points[i]))
        thin = LEAST_RADIUS_PX * spacing_mm
        first, last = (max(r, thin) for r in radii[i : i + 2])
        along = ((u - u0) * (du / max(seen**2, 1e-6)) + (w - w0) * (dw / max(seen**2, 1e-6))).clamp(0, 1)
        square = (u - u0 - along * du) ** 2 + (w - w0 - along * dw) ** 2
        chord = ((first + (last - first) * along) ** 2 - square).clamp_(min=0).sqrt_()
        # A rod seen end on is as deep as it is long; one that is thinner than drawn is so much fainter.
        mean = float(radii[i : i + 2].mean())
        depth = (length + 2 * mean) / (seen + 2 * mean) * (mean / ((first + last) / 2)) ** 2
        result = torch.maximum(result, chord * (2 * depth))
    return result


# Strokes of the letters that radiographers set, on a unit square, w down.
_LETTERS = {
    "L": (((0, 0), (0, 1), (0.7, 1)),),
    "R": (((0, 1), (0, 0), (0.6, 0.1), (0.6, 0.4), (0, 0.5), (0.7, 1)),),
    "S": (((0.7, 0.1), (0.1, 0), (0, 0.35), (0.7, 0.6), (0.6, 1), (0, 0.9)),),
    "P": (((0, 1), (0, 0), (0.6, 0.1), (0.6, 0.45), (0, 0.5)),),
    "A": (((0, 1), (0.35, 0), (0.7, 1)), ((0.15, 0.6), (0.55, 0.6))),
}


def add_marks(path: Tensor, pixel_mm: float, rng: np.random.Generator) -> Tensor:
    """Add lead letters and small text near a radiograph's border, now and then.

    Args:
        path: `(W, H)`, path integral.
    """
    if rng.random() > 0.2:
        return path
    half = np.array(path.shape) / 2 * pixel_mm
    size = float(rng.uniform(0.03, 0.09) * half[1] * 2)
    corner = half * rng.uniform(0.6, 0.95, 2) * rng.choice((-1, 1), 2)
    strokes = _LETTERS[str(rng.choice(list(_LETTERS)))]
    lines = [np.array(stroke) * size + corner - size / 2 for stroke in strokes]
    if rng.random() < 0.3:
        start = corner + np.array([0, size])
        lines += [
            start + np.array([(0.3 * size * i, 0), (0.3 * size * i + 0.15 * size, 0)])
            for i in range(int(rng.integers(3, 9)))
        ]
    # Drawn in the plane of the radiograph: x is across it, and no cone moves it.
    density = float(path.amax()) * float(rng.uniform(0.1, 1.2))
    shapes = [
        Rod(np.column_stack([line[:, 0], np.zeros(len(line)), line[:, 1]]), 0.7 * pixel_mm, density)
        for line in lines
    ]
    return draw_shapes(path, shapes, pixel_mm, ViewGeometry(1))


def add_table(path: Tensor, pixel_mm: float, lateral: bool, rng: np.random.Generator) -> Tensor:
    """Add the edge of a table or cushion: upright lines behind the patient on a lateral, at the sides on others."""
    if rng.random() > 0.12:
        return path
    across = (torch.arange(path.shape[0], device=path.device) / path.shape[0])[:, None]
    level = float(path.amax()) * rng.uniform(0.05, 0.3)
    where = [rng.uniform(0.82, 0.97)] if lateral else [rng.uniform(0.02, 0.1), rng.uniform(0.9, 0.98)]
    for place in where:
        width = rng.uniform(0.004, 0.02)
        path = path + level * torch.exp(-(((across - float(place)) / float(width)) ** 2))
        if rng.random() < 0.4:
            beyond = across > float(place) if place > 0.5 else across < float(place)
            path = path + 0.5 * level * beyond
    return path
