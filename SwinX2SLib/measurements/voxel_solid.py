"""A bone as filled voxels in a frame of its own, so that its parts can be told apart along its own axes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from SwinX2SLib.measurements.bones import Bone

_LONGEST_LINE = 4096.0  # voxels; more than any bone has on its grid


@dataclass(frozen=True, eq=False)
class LocalFrame:
    """A frame of a bone: right, front and up.

    Attributes:
        origin: `(3,)`, RAS mm.
        axes: `(3, 3)`, unit columns right, front and up of the bone, in RAS.
    """

    origin: np.ndarray
    axes: np.ndarray

    def to_local(self, points_ras_mm: np.ndarray) -> np.ndarray:
        """Return points `(..., 3)` RAS mm as mm to the right, to the front and up."""
        return (np.asarray(points_ras_mm) - self.origin) @ self.axes

    def to_ras(self, points: np.ndarray) -> np.ndarray:
        """Return points `(..., 3)` of this frame in RAS mm."""
        return np.asarray(points) @ self.axes.T + self.origin

    def moved(self, shift: np.ndarray) -> LocalFrame:
        """Return the frame with its origin `shift` mm to the right, to the front and up."""
        return LocalFrame(self.to_ras(np.asarray(shift, dtype=np.float64)), self.axes)

    @classmethod
    def from_directions(cls, origin: np.ndarray, right: np.ndarray, up: np.ndarray) -> LocalFrame:
        """Return the frame with this right direction, and up as near to `up` as a right angle allows."""
        right = right / np.linalg.norm(right)
        up = up - right * (up @ right)
        up = up / np.linalg.norm(up)
        return cls(np.asarray(origin, dtype=np.float64), np.stack([right, np.cross(up, right), up], axis=1))


@dataclass(frozen=True, eq=False)
class Solid:
    """A bone on a regular grid of a frame.

    Attributes:
        frame: of the grid.
        filled: boolean `(R, F, U)`, indices rising to the right, to the front and upwards.
        start: `(3,)`, local place of the first voxel's centre [mm].
        step_mm: edge of the voxels.
        triangles: `(T, 3, 3)` corners of the surface, in voxels of the grid.
    """

    frame: LocalFrame
    filled: np.ndarray
    start: np.ndarray
    step_mm: float
    triangles: np.ndarray
    _surfaces: dict[int, _Surface] = field(default_factory=dict)

    def coordinates(self, axis: int) -> np.ndarray:
        """Return the local places [mm] of the voxels' centres along an axis."""
        return self.start[axis] + self.step_mm * np.arange(self.filled.shape[axis])

    def index(self, axis: int, place_mm: float) -> int:
        """Return the voxel nearest to a place along an axis, clipped to the grid."""
        nearest = round(float((place_mm - self.start[axis]) / self.step_mm))
        return int(np.clip(nearest, 0, self.filled.shape[axis] - 1))

    def between(self, axis: int, lower_mm: float, upper_mm: float) -> slice:
        """Return the voxels whose centres lie between two places along an axis."""
        first = np.ceil((lower_mm - self.start[axis]) / self.step_mm - 1e-9)
        last = np.floor((upper_mm - self.start[axis]) / self.step_mm + 1e-9)
        first, last = np.clip([first, last + 1], 0, self.filled.shape[axis]).astype(int)
        return slice(int(first), int(max(first, last)))

    def surface_at(self, axis: int, lines: np.ndarray, places_mm: np.ndarray) -> np.ndarray:
        """Return where lines along an axis really meet the surface, next to where the voxels say it is.

        Args:
            axis: 0, 1 or 2.
            lines: `(N, 2)` voxel indices of the lines on the two other axes, in rising order of axes.
            places_mm: `(N,)` along the axis, to a voxel.

        Returns:
            `(N,)` mm; a place with no surface within one and a half voxels stays as it is.
        """
        if axis not in self._surfaces:
            others = [other for other in range(3) if other != axis]
            order, shape = [axis, *others], [self.filled.shape[other] for other in others]
            self._surfaces[axis] = _Surface.of(self.triangles[:, :, order], shape)
        places = (np.asarray(places_mm) - self.start[axis]) / self.step_mm
        return self.start[axis] + self.step_mm * self._surfaces[axis].nearest(np.asarray(lines), places)


@dataclass(frozen=True, eq=False)
class _Surface:
    """Where all lines of voxels along one axis meet the surface, sorted by line and place."""

    keys: np.ndarray
    depth: np.ndarray
    shape: tuple[int, int]

    @classmethod
    def of(cls, triangles: np.ndarray, shape: list[int]) -> _Surface:
        lines, depth, _ = _crossings(triangles)
        keys = lines[:, 0] * shape[1] + lines[:, 1] + (depth + 2) / _LONGEST_LINE
        order = np.argsort(keys)
        return cls(keys[order], depth[order], (shape[0], shape[1]))

    def nearest(self, lines: np.ndarray, places: np.ndarray, reach: float = 1.5) -> np.ndarray:
        """Return the meeting nearest to each place, or the place itself when none is within `reach` voxels."""
        if not len(self.keys):
            return places
        keys = lines[:, 0] * self.shape[1] + lines[:, 1] + (places + 2) / _LONGEST_LINE
        after = np.clip(np.searchsorted(self.keys, keys), 1, len(self.keys) - 1)
        near = np.where(keys - self.keys[after - 1] < self.keys[after] - keys, after - 1, after)
        close = np.abs(self.keys[near] - keys) * _LONGEST_LINE <= reach
        return np.where(close, self.depth[near], places)


def fill(bone: Bone, frame: LocalFrame, step_mm: float = 1.0) -> Solid:
    """Return the inside of a bone's surface on a grid that lies evenly about the frame's planes.

    Each line of voxels along the right direction is filled between where it enters the surface and where it leaves;
    the grid has voxels at plus and minus half a step, so that a mirrored bone gives the mirrored grid.

    Args:
        bone: closed surface, RAS mm.
        frame: of the grid.
        step_mm: edge of the voxels.
    """
    corners = frame.to_local(bone.vertices_ras_mm) / step_mm
    reach = np.ceil(np.abs(corners).max(axis=0)).astype(int) + 1
    grid = corners + reach - 0.5  # voxel k of an axis has its centre at k - reach + 1/2 steps
    shape = tuple(int(count) for count in 2 * reach)
    change = np.zeros((shape[0] + 1, *shape[1:]), dtype=np.int16)
    triangles = grid[bone.faces]
    lines, depth, sign = _crossings(triangles)
    first = np.clip(np.ceil(depth), 0, shape[0]).astype(int)
    np.add.at(change, (first, lines[:, 0], lines[:, 1]), sign)
    filled = np.cumsum(change[:-1], axis=0) > 0
    _mend(filled, change.sum(axis=0) != 0)
    return Solid(frame, filled, (0.5 - reach) * step_mm, step_mm, triangles)


def _mend(filled: np.ndarray, torn: np.ndarray) -> None:
    """Fill lines that enter the surface and never leave it (an open mesh, an edge met twice) as most around them."""
    if not torn.any():
        return
    filled[:, torn] = False
    votes = np.zeros(filled.shape, dtype=np.int8)
    for axis, shift in ((1, 1), (1, -1), (2, 1), (2, -1)):
        votes += np.roll(filled, shift, axis)
    filled[:, torn] = votes[:, torn] >= 2


def _crossings(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where lines along the first axis through whole numbers of the other two meet triangles.

    Args:
        triangles: `(T, 3, 3)` corners, in voxels.

    Returns:
        Lines `(N, 2)`, places along them `(N,)`, and 1 where a line enters the surface, -1 where it leaves `(N,)`.
    """
    flat = triangles[:, :, 1:]
    lower = np.ceil(flat.min(axis=1)).astype(int)
    counts = np.maximum(np.floor(flat.max(axis=1)).astype(int) - lower + 1, 0)
    total = counts.prod(axis=1)
    owner = np.repeat(np.arange(len(triangles)), total)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(total) - total, total)
    across = np.maximum(counts[owner, 1], 1)
    lines = lower[owner] + np.stack([place // across, place % across], axis=1)
    first, edge_a, edge_b = flat[:, 0], flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = edge_a[:, 0] * edge_b[:, 1] - edge_a[:, 1] * edge_b[:, 0]
    offset = lines - first[owner]
    scale = np.where(area == 0, np.inf, area)[owner]
    a = (offset[:, 0] * edge_b[owner, 1] - offset[:, 1] * edge_b[owner, 0]) / scale
    b = (edge_a[owner, 0] * offset[:, 1] - edge_a[owner, 1] * offset[:, 0]) / scale
    inside = (a >= 0) & (b >= 0) & (a + b < 1) & np.isfinite(scale)
    deep = triangles[:, :, 0]
    depth = deep[owner, 0] + a * (deep[:, 1] - deep[:, 0])[owner] + b * (deep[:, 2] - deep[:, 0])[owner]
    return lines[inside], depth[inside], np.where(area[owner] > 0, -1, 1)[inside]
