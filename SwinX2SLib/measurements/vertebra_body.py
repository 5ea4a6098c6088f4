"""The body of a vertebra on its own grid: walls in the median section, endplates, corners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from SwinX2SLib.geometry.tuples import vector3
from SwinX2SLib.measurements.results import NotFoundError
from SwinX2SLib.measurements.voxel_solid import Solid

# Walls and corners are read from the median section, a slab this much to each side.
SLAB_MM = 2.5
# Endplate planes leave out the rim, where the surface turns: this part of depth on either end, and of width.
ENDPLATE_RIM = 0.14
ENDPLATE_WIDTH = 0.3
CORNER_BAND_MM = 3.0
LEAST_BODY_MM = 5.0
LEAST_CANAL_MM = 4.0


@dataclass(frozen=True, eq=False)
class Section:
    """The median section of a vertebra, local mm; NaN where there is nothing.

    Attributes:
        filled: boolean `(F, U)`.
        front, up: places of rows and columns.
        back_wall, front_wall: `(U,)`, of the body at each level.
        arch: `(U,)`, front of the arch behind the body at each level.
        lower, upper: `(F,)`, ends of the body at each place from back to front.
        voxel_mm: of the volume that the bone came from, or the step for meshes.
    """

    filled: np.ndarray
    front: np.ndarray
    up: np.ndarray
    back_wall: np.ndarray
    front_wall: np.ndarray
    arch: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    voxel_mm: float


@dataclass(frozen=True, eq=False)
class Box:
    """Where the body lies in its frame [mm]: walls, ends and sides."""

    back: float
    front: float
    bottom: float
    top: float
    width: float

    @property
    def depth(self) -> float:
        """From the posterior to the anterior wall."""
        return self.front - self.back

    @property
    def height(self) -> float:
        """From the inferior to the superior end."""
        return self.top - self.bottom


@dataclass(frozen=True, eq=False)
class Endplate:
    """A plane up = height + slope_right right + slope_front front, fitted to an end of the body [mm].

    `spread_mm` is how far the end lies off it (as a standard deviation).
    """

    height: float
    slope_right: float
    slope_front: float
    spread_mm: float

    def at(self, right: float | np.ndarray, front: float | np.ndarray) -> float | np.ndarray:
        """Return the height of the plane over a place."""
        return self.height + self.slope_right * right + self.slope_front * front

    @property
    def normal(self) -> np.ndarray:
        """Unit vector upwards, local."""
        normal = np.array([-self.slope_right, -self.slope_front, 1.0])
        return normal / np.linalg.norm(normal)


def median_section(solid: Solid, voxel_mm: float) -> Section:
    """Return the median section: filled where most of the slab about the plane of symmetry is.

    Args:
        solid: the vertebra; the origin lies in its body.
        voxel_mm: of the volume that the bone came from.
    """
    half = max(SLAB_MM, 0.8 * voxel_mm)
    slab = solid.between(0, -half, half)
    filled = ndimage.binary_fill_holes(solid.filled[slab].mean(axis=0) >= 0.5)
    seed_front, seed_up = solid.index(1, 0.0), solid.index(2, 0.0)
    rows = _walls(filled, seed_front, seed_up, solid.step_mm)
    columns = np.full((2, filled.shape[0]), np.nan)
    for row in range(filled.shape[0]):
        run = run_about(filled[row], seed_up)
        if run is not None:
            columns[:, row] = run[0] - 0.5, run[1] + 0.5
    back, front, arch = (_exact(solid, slab, 1, solid.start[1] + solid.step_mm * row) for row in rows)
    lower, upper = (_exact(solid, slab, 2, solid.start[2] + solid.step_mm * column) for column in columns)
    places = solid.coordinates(1), solid.coordinates(2)
    return Section(filled, *places, back, front, arch, lower, upper, voxel_mm)


def _walls(filled: np.ndarray, seed_front: int, seed_up: int, step_mm: float) -> np.ndarray:
    """Return back wall, front wall and arch at each level, `(3, U)` pixels of a section `(F, U)`; NaN for none."""
    rows = np.full((3, filled.shape[1]), np.nan)
    reach = round(4.0 / step_mm)
    runs = [run_about(filled[:, level], seed_front) for level in range(filled.shape[1])]
    near = [run for run in runs[max(seed_up - reach, 0) : seed_up + reach + 1] if run is not None]
    if not near:
        return rows
    back, front = np.median(near, axis=0)
    # Endplates are hollow: next to them the middle is empty, but not the rims, within the reach of a rim.
    lower, upper = round(back - 3.0 / step_mm), round(front + 0.25 * (front - back) + 3.0 / step_mm)
    for level in range(filled.shape[1]):
        body = np.flatnonzero(filled[max(lower, 0) : upper + 1, level])
        if not len(body):
            continue
        run = runs[level]
        first = run[0] if run is not None else int(body[0]) + max(lower, 0)
        rows[:2, level] = first - 0.5, body[-1] + max(lower, 0) + 0.5
        behind = np.flatnonzero(filled[:first, level])
        if len(behind) and first - behind[-1] > round(LEAST_CANAL_MM / step_mm):
            rows[2, level] = behind[-1] + 0.5
    return rows


def run_about(line: np.ndarray, seed: int, reach: int = 3) -> tuple[int, int] | None:
    """Return first and last index of the filled run at `seed`, or within `reach` of it; None when there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
    first, last = edges[::2], edges[1::2] - 1
    if not len(first):
        return None
    away = np.maximum(np.maximum(first - seed, seed - last), 0)
    nearest = int(away.argmin())
    return (int(first[nearest]), int(last[nearest])) if away[nearest] <= reach else None


def _exact(solid: Solid, slab: slice, axis: int, places: np.ndarray) -> np.ndarray:
    """Return places on the surface, averaged over the slab, for places `(L,)` read from the section's pixels."""
    known = np.flatnonzero(np.isfinite(places))
    rights = np.arange(slab.start, slab.stop)
    lines = np.stack(np.meshgrid(rights, known, indexing="ij"), axis=-1).reshape(-1, 2)
    met = solid.surface_at(axis, lines, np.tile(places[known], len(rights)))
    exact = np.full_like(places, np.nan)
    exact[known] = np.median(met.reshape(len(rights), len(known)), axis=0)
    return exact


def body_box(solid: Solid, section: Section) -> Box:
    """Return the body's extent, from runs through the origin, which lies in the body.

    Raises:
        NotFoundError: there is no body of plausible size.
    """
    near = np.abs(section.front) <= 2.5
    if np.isnan(section.lower[near]).all():
        raise NotFoundError("The centre of the vertebral body is not inside bone.")
    bottom, top = np.nanmedian(section.lower[near]), np.nanmedian(section.upper[near])
    levels = np.abs(section.up - (bottom + top) / 2) <= 0.25 * (top - bottom)
    if np.isnan(section.back_wall[levels]).all():
        raise NotFoundError("The vertebral body has no walls in the median plane.")
    back, front = np.nanmedian(section.back_wall[levels]), np.nanmedian(section.front_wall[levels])
    row = solid.index(1, back + 0.62 * (front - back))
    middle = solid.filled.shape[0] // 2
    sides = [run_about(solid.filled[:, row, level], middle) for level in np.flatnonzero(levels)]
    widths = [side[1] - side[0] + 1 for side in sides if side is not None]
    width = float(np.median(widths)) * solid.step_mm if widths else 0.0
    box = Box(float(back), float(front), float(bottom), float(top), width)
    if min(box.depth, box.height, box.width) < LEAST_BODY_MM:
        raise NotFoundError("The vertebral body is too small to measure.")
    return box


def fit_endplate(solid: Solid, box: Box, upper: bool) -> Endplate:
    """Fit a plane to the upper or lower end of the body, outliers (osteophytes, pits, canals) left out.

    Raises:
        NotFoundError: the end is not a surface that a plane fits.
    """
    rim, side = ENDPLATE_RIM * box.depth, ENDPLATE_WIDTH * box.width
    rights = solid.between(0, -side, side)
    fronts = solid.between(1, box.back + rim, box.front - rim)
    levels = solid.between(2, box.bottom - 0.35 * box.height, box.top + 0.35 * box.height)
    columns = solid.filled[rights, fronts, levels]
    lines = np.argwhere(columns.any(axis=2)) if columns.size else np.empty((0, 2), dtype=int)
    if len(lines) < 12 or min(np.ptp(lines, axis=0)) * solid.step_mm < 3.5:
        raise NotFoundError("The endplate is too small for a plane fit.")
    found = columns[lines[:, 0], lines[:, 1]]
    if upper:
        end = levels.start + found.shape[1] - 1 - found[:, ::-1].argmax(axis=1) + 0.5
    else:
        end = levels.start + found.argmax(axis=1) - 0.5
    lines = lines + np.array([rights.start, fronts.start])
    height = solid.surface_at(2, lines, solid.start[2] + solid.step_mm * end)
    place = solid.start[:2] + solid.step_mm * lines
    return _robust_plane(place[:, 0], place[:, 1], height)


def _robust_plane(right: np.ndarray, front: np.ndarray, height: np.ndarray) -> Endplate:
    """Fit by least squares, reweighted with Tukey's biweight."""
    design = np.stack([np.ones_like(right), right, front], axis=1)
    weight = np.ones_like(height)
    for _ in range(12):
        root = np.sqrt(weight)[:, None]
        plane = np.linalg.lstsq(design * root, height * root[:, 0], rcond=None)[0]
        off = height - design @ plane
        scale = max(1.4826 * float(np.median(np.abs(off))), 0.5)
        weight = np.clip(1 - (off / (4.685 * scale)) ** 2, 0, None) ** 2
    if weight.mean() < 0.4 or np.hypot(plane[1], plane[2]) > 1.0:
        raise NotFoundError("The endplate is not flat enough for a plane fit.")
    return Endplate(*vector3(plane), scale)


def corner(section: Section, box: Box, endplate: Endplate, upper: bool, anterior: bool) -> np.ndarray:
    """Return the rim of an endplate in the median plane, `(3,)` local.

    The wall is read from the levels next to the endplate, the height from its outer part: endplates are hollow.

    Raises:
        NotFoundError: the section has no wall there.
    """
    band = max(CORNER_BAND_MM, 1.2 * section.voxel_mm)
    depth_below = (endplate.at(0.0, box.front if anterior else box.back) - section.up) * (1 if upper else -1)
    walls = (section.front_wall if anterior else section.back_wall)[(depth_below > 0) & (depth_below < band)]
    middle = (box.back + box.front) / 2
    walls = walls[np.isfinite(walls) & (np.abs(walls - middle) < 0.8 * box.depth)]
    if not len(walls):
        raise NotFoundError("The endplate has no rim in the median plane.")
    front = float(walls.max() if anterior else walls.min())
    inwards = (front - section.front) * (1 if anterior else -1)
    ends = section.upper if upper else section.lower
    rise = (ends - endplate.at(0.0, section.front))[
        (inwards > 0.03 * box.depth) & (inwards < 0.2 * box.depth)
    ]
    rise = rise[np.isfinite(rise)]
    limit = max(0.15 * box.height, 2.0)
    lift = float(np.clip(np.median(rise), -limit, limit)) if len(rise) else 0.0
    return np.array([0.0, front, endplate.at(0.0, front) + lift])
