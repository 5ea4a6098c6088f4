"""The arch of a vertebra on its own grid: canal, pedicles, spinous process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from SwinX2SLib.geometry.components import connected_components
from SwinX2SLib.measurements.results import NotFoundError
from SwinX2SLib.measurements.vertebra_body import Box, Section
from SwinX2SLib.measurements.voxel_solid import Solid

LEAST_LEVELS_MM = 2.5  # levels at which there is a canal
LEAST_GAP_MM = 4.0
LEAST_ARCH_MM2 = 8.0  # of an arch, in the median section
# Levels over which the width of the canal in the median plane is averaged before its least is taken.
CANAL_WINDOW_MM = 3.0
SPINOUS_HALF_WIDTH_MM = 4.0
LEAST_SPINOUS_MM = 5.0
# A tip that broke off, or a process that leans, ends this near to the median plane.
BESIDE_TIP_MM = 10.0
PEDICLE_REACH_MM = 9.0
LEAST_PEDICLE_MM2 = 8.0


@dataclass(frozen=True, eq=False)
class Canal:
    """The vertebral canal in the median plane.

    Attributes:
        front, back: `(3,)` local, ends of its shortest front-to-back line.
        width_mm: side to side, or None where one side is open.
        left, right: `(3,)` local, ends of the side-to-side line, or None.
    """

    front: np.ndarray
    back: np.ndarray
    width_mm: float | None
    left: np.ndarray | None
    right: np.ndarray | None

    @property
    def length_mm(self) -> float:
        """Front to back."""
        return float(np.linalg.norm(self.front - self.back))

    @property
    def centre(self) -> np.ndarray:
        """Half way from front to back, `(3,)` local."""
        return (self.front + self.back) / 2


@dataclass(frozen=True, eq=False)
class Spinous:
    """The spinous process.

    Attributes:
        base, tip: `(3,)` local, front of the laminae's junction and end.
        direction: `(3,)` unit, from the one to the other.
        beyond_mm: how much further than the tip bone near the median plane reaches, broken off or beside it.
    """

    base: np.ndarray
    tip: np.ndarray
    direction: np.ndarray
    beyond_mm: float


def find_canal(solid: Solid, section: Section, box: Box) -> Canal:
    """Find the shortest line from the posterior wall of the body to the arch, in the median plane.

    Raises:
        NotFoundError: no gap between body and arch.
    """
    # Next to the endplates the wall turns into the rim; what is far from the wall is not the wall.
    wall = np.abs(section.back_wall - box.back) <= max(2.5, 0.15 * box.depth)
    inside = (section.up > box.bottom) & (section.up < box.top) & np.isfinite(section.arch) & wall
    if inside.sum() * solid.step_mm < LEAST_LEVELS_MM:
        return _with_width(solid, *_nearest_pieces(solid, section))
    front, back, up = _shortest(section.back_wall[inside], section.arch[inside], section.up[inside], section)
    return _with_width(solid, np.array([0.0, front, up]), np.array([0.0, back, up]))


def _nearest_pieces(solid: Solid, section: Section) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the shortest line from the body to an arch that hangs below or above its levels."""
    pieces = connected_components(section.filled, faces_only=True).numbers
    own = pieces[solid.index(1, 0.0), solid.index(2, 0.0)]
    places = np.stack(np.meshgrid(section.front, section.up, indexing="ij"), axis=-1)
    body, arch = places[pieces == own], places[(pieces > 0) & (pieces != own)]
    if not own or len(arch) * solid.step_mm**2 < LEAST_ARCH_MM2:
        raise NotFoundError("No vertebral canal was found between body and arch in the median plane.")
    distance, nearest = cKDTree(arch).query(body)
    closest = np.argsort(distance)[:4]
    front, back = body[closest].mean(axis=0), arch[nearest[closest]].mean(axis=0)
    if back[0] > front[0] or distance[closest].mean() < LEAST_GAP_MM:
        raise NotFoundError("No vertebral canal was found between body and arch in the median plane.")
    inwards = (back - front) / max(float(np.linalg.norm(back - front)), 1e-9) * solid.step_mm / 2
    return np.array([0.0, *(front + inwards)]), np.array([0.0, *(back - inwards)])


def find_ring_canal(solid: Solid, section: Section) -> Canal:
    """Find the canal of the atlas: the shortest line between its anterior and its posterior arch.

    Raises:
        NotFoundError: the ring is open in front or behind.
    """
    front, up = np.meshgrid(section.front, section.up, indexing="ij")
    ends = []
    for side in (front > 0, front < 0):
        cells = np.argwhere(section.filled & side)
        if len(cells) * solid.step_mm**2 < LEAST_ARCH_MM2:
            raise NotFoundError("The ring of the atlas is open in the median plane.")
        inner = np.abs(section.front[cells[:, 0]])
        near = inner <= np.sort(inner)[: max(3, round(CANAL_WINDOW_MM / solid.step_mm))].max()
        ends.append(np.array([0.0, front[tuple(cells[near].T)].mean(), up[tuple(cells[near].T)].mean()]))
    half = np.array([0.0, solid.step_mm / 2, 0.0])
    return _with_width(solid, ends[0] - half, ends[1] + half)


def _shortest(
    walls: np.ndarray, arches: np.ndarray, up: np.ndarray, section: Section
) -> tuple[float, float, float]:
    """Return front, back and level of the least gap, each averaged over neighbouring levels."""
    step = float(section.up[1] - section.up[0])
    window = round(max(CANAL_WINDOW_MM, 1.5 * section.voxel_mm) / step)
    window = max(1, min(window, len(up)))
    kernel = np.ones(window) / window
    front, back, level = (np.convolve(values, kernel, mode="valid") for values in (walls, arches, up))
    least = int(np.argmin(front - back))
    return float(front[least]), float(back[least]), float(level[least])


def _with_width(solid: Solid, front: np.ndarray, back: np.ndarray) -> Canal:
    """Measure the canal's width half way, at the levels where both sides are closed."""
    length = front[1] - back[1]
    rows = solid.between(1, back[1] + 0.4 * length, front[1] - 0.4 * length)
    middle = solid.filled.shape[0] // 2
    region = solid.filled[:, rows, :]
    outward, inward = region[middle:], region[:middle][::-1]
    closed = outward.any(axis=0) & inward.any(axis=0)
    right, left = outward.argmax(axis=0), inward.argmax(axis=0)
    usable = closed & (right > 2) & (left > 2)
    if usable.sum() < 3:
        return Canal(front, back, None, None, None)
    width = (right + left) * solid.step_mm
    typical = float(np.quantile(width[usable], 0.25, method="nearest"))
    near = usable & (np.abs(width - typical) <= 1.5 * solid.step_mm)
    row, level = np.nonzero(near)
    place = np.array([0.0, solid.coordinates(1)[rows][row].mean(), solid.coordinates(2)[level].mean()])
    outwards = np.array([1.0, 0.0, 0.0]) * solid.step_mm
    ends = place + outwards * right[near].mean(), place - outwards * left[near].mean()
    return Canal(front, back, float(ends[0][0] - ends[1][0]), ends[1], ends[0])


def find_pedicle(solid: Solid, box: Box, canal: Canal, sign: int) -> np.ndarray:
    """Return the centre of a pedicle, `(3,)` local: of its thinnest cut square to the front axis.

    Args:
        solid: the vertebra.
        box: its body.
        canal: behind the body; its width is known.
        sign: 1 for the patient's right, -1 for the left.

    Raises:
        NotFoundError: the side has no pedicle between body and arch.
    """
    if canal.width_mm is None or canal.right is None or canal.left is None:
        raise NotFoundError("The canal is open on one side; no pedicle was found there.")
    inner = abs(float((canal.right if sign > 0 else canal.left)[0]))
    outer = max(inner - 3.0, 1.0), inner + max(PEDICLE_REACH_MM, 0.45 * canal.width_mm)
    rights = solid.between(0, *outer) if sign > 0 else solid.between(0, -outer[1], -outer[0])
    fronts = solid.between(1, canal.front[1] - 0.55 * canal.length_mm, canal.front[1] - 0.5)
    levels = solid.between(2, box.bottom, box.top + 0.35 * box.height)
    best = None
    for row in range(fronts.start, fronts.stop):
        cut = solid.filled[rights, row, levels]
        pieces = connected_components(cut, faces_only=True)
        if not pieces.count:
            raise NotFoundError("The pedicle is broken or missing.")
        size = int(pieces.sizes.max())
        if best is None or size < best[0]:
            best = (size, row, np.argwhere(pieces.mask(pieces.largest)).mean(axis=0))
    if best is None or best[0] * solid.step_mm**2 < LEAST_PEDICLE_MM2:
        raise NotFoundError("The pedicle is broken or missing.")
    right = solid.coordinates(0)[rights][0] + best[2][0] * solid.step_mm
    up = solid.coordinates(2)[levels][0] + best[2][1] * solid.step_mm
    return np.array([right, solid.coordinates(1)[best[1]], up])


def find_spinous(solid: Solid, canal: Canal) -> Spinous:
    """Find the spinous process behind the canal: its axis runs from its root to the middle of its tip.

    Raises:
        NotFoundError: nothing sizeable reaches backwards from the arch.
    """
    width = solid.between(0, -SPINOUS_HALF_WIDTH_MM, SPINOUS_HALF_WIDTH_MM)
    behind = solid.between(1, solid.start[1], canal.back[1] + 1.0)
    pieces = connected_components(solid.filled[width, behind].mean(axis=0) >= 0.3, faces_only=True)
    if not pieces.count:
        raise NotFoundError("The arch has no spinous process.")
    cells = np.argwhere(pieces.mask(pieces.largest))
    points = np.stack([solid.coordinates(1)[behind][cells[:, 0]], solid.coordinates(2)[cells[:, 1]]], axis=1)
    direction = np.array([-1.0, 0.0])
    for _ in range(4):
        along = points @ direction
        reach = np.quantile(along, [0.02, 0.25, 0.85, 0.99])
        root = points[(along >= reach[0]) & (along <= reach[1])].mean(axis=0)
        end = points[along >= reach[2]].mean(axis=0)
        if np.linalg.norm(end - root) < 1e-6:
            break
        direction = (end - root) / np.linalg.norm(end - root)
    base = root + direction * float((canal.back[1:] - root) @ direction)
    tip = root + direction * float(((points - root) @ direction).max() + solid.step_mm / 2)
    if (tip - base) @ direction < LEAST_SPINOUS_MM or direction[0] > 0:
        raise NotFoundError("The arch has no spinous process.")
    start, end, along = (np.array([0.0, *values]) for values in (base, tip, direction))
    return Spinous(start, end, along, _beyond(solid, end, along))


def _beyond(solid: Solid, tip: np.ndarray, direction: np.ndarray) -> float:
    beside = solid.between(0, -BESIDE_TIP_MM, BESIDE_TIP_MM)
    cells = np.argwhere(solid.filled[beside].any(axis=0))
    points = solid.start[1:] + solid.step_mm * cells
    return max(float(((points - tip[1:]) @ direction[1:]).max(initial=0.0)), 0.0)
