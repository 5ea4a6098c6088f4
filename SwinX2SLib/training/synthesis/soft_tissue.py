"""The body around the bones: trunk and legs, lungs, organs, gas, contrast medium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.training.synthesis.objects import Ellipsoid, Rod, Shape
from SwinX2SLib.training.synthesis.subjects import STRIDE, Landmarks

HIPS, FEMORA = (51, 52), (53, 54)
RIBS, LEAST_RIBS = label_ids("ribs"), 3
CHEST_WALL_MM = 7.0
LUNG_DENSITY = (0.05, 0.35)


def make_body(labels: Tensor, landmarks: Landmarks, spacing_mm: float, rng: np.random.Generator) -> Tensor:
    """Put a random body around the bones of a label volume.

    Soft tissue has few fine edges in a radiograph: it is made at half the resolution.

    Args:
        labels: uint8 `(X, Y, Z)`.
        landmarks: of these labels.
        spacing_mm: of these labels.

    Returns:
        float32 `(X/2, Y/2, Z/2)`, unit density.
    """
    sparse = labels[::STRIDE, ::STRIDE, ::STRIDE]
    x, y, z = (_axis(n, STRIDE * spacing_mm, labels.device) for n in sparse.shape)
    trunk = _trunk(landmarks, z.cpu().numpy(), rng)
    volume = _columns(x, y, trunk, float(rng.uniform(6, 16)))
    crotch = _crotch_mm(landmarks)
    if crotch is not None:
        volume = volume * torch.sigmoid((crotch - z) / 12)
        for femur in landmarks.seen(FEMORA):
            leg = _leg(landmarks.of_bone(femur), z.cpu().numpy(), rng)
            volume = torch.maximum(volume, _columns(x, y, leg, 8.0) * torch.sigmoid((z - crotch + 60) / 12))
    if rng.random() < 0.5:
        volume = volume * _noise(volume.shape, (5, 5, 7), 0.12, rng).to(volume.device).exp_()
    if rng.random() < 0.85:
        air = lungs((x, y, z), landmarks, rng)
        volume = volume if air is None else volume * (1 - air * (1 - float(rng.uniform(*LUNG_DENSITY))))
    return volume


def lungs(
    axes: tuple[Tensor, Tensor, Tensor], landmarks: Landmarks, rng: np.random.Generator
) -> Tensor | None:
    """Return which voxels are lung: inside the rib cage, above a random diaphragm, beside a mediastinum.

    Args:
        axes: x, y, z of the voxels from the volume's centre [mm].
        landmarks: of the person.

    Returns:
        float32 `(X, Y, Z)`, 0 or 1; None where fewer than three ribs are in view.
    """
    if len(landmarks.seen(RIBS)) < LEAST_RIBS:
        return None
    ribs, (x, y, z) = landmarks.of_bones(RIBS), axes
    top, bottom = float(ribs[:, 2].min()), float(ribs[:, 2].max())
    sides = _extents(ribs, z.cpu().numpy())
    radii = (np.ptp(sides, axis=1) / 2 - CHEST_WALL_MM).clip(1)
    cage = [_at_heights(values, x) for values in (*sides.mean(1), *radii)]
    # A little squarer than an ellipse, as chests are.
    across = ((x[:, None] - cage[0]) / cage[2]).abs_() ** 2.5
    through = ((y[:, None] - cage[1]) / cage[3]).abs_() ** 2.5
    width = float(np.ptp(ribs[:, 0]))
    offset = x[:, None] - (cage[0].mean() + float(rng.normal(0, 0.02)) * width)
    dome = 1 - (offset / width).abs() * float(rng.uniform(0.2, 1.0))
    diaphragm = top + (bottom - top) * (float(rng.uniform(0.6, 1.0)) - 0.15 * dome)
    # The heart and the great vessels widen the mediastinum downwards, and more to the left (larger x).
    down = ((z - top) / max(bottom - top, 1.0)).clamp(0, 1)
    half = width * (float(rng.uniform(0.08, 0.12)) + float(rng.uniform(0.0, 0.08)) * down)
    mediastinum = (offset > -half) & (offset < half * float(rng.uniform(1.0, 1.4)))
    open_part = (z > top) & (z < diaphragm) & ~mediastinum
    return ((across[:, None] + through[None] < 1) & open_part[:, None]).float()


def project_body(volume: Tensor, shape: tuple[int, int], radiograph: Tensor) -> Tensor:
    """Bring the radiograph of a half-resolution volume to `shape`, in full-resolution voxels of path."""
    smooth = functional.avg_pool2d(radiograph[None, None], 3, stride=1, padding=1, count_include_pad=False)
    return functional.interpolate(smooth, size=shape, mode="bilinear")[0, 0].mul_(STRIDE).clamp_(min=0)


@dataclass(frozen=True)
class _Columns:
    """An elliptic column of changing section: centre and radii at each height, `(Z,)` mm."""

    x: np.ndarray
    y: np.ndarray
    radius_x: np.ndarray
    radius_y: np.ndarray


def _columns(x: Tensor, y: Tensor, column: _Columns, sharpness: float) -> Tensor:
    square_x = ((x[:, None] - _at_heights(column.x, x)) / _at_heights(column.radius_x, x)) ** 2
    square_y = ((y[:, None] - _at_heights(column.y, x)) / _at_heights(column.radius_y, x)) ** 2
    return torch.sigmoid_(((1 - square_x)[:, None] - square_y[None]).mul_(sharpness))


def _at_heights(values: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(like.device)


def _trunk(landmarks: Landmarks, heights: np.ndarray, rng: np.random.Generator) -> _Columns:
    """A trunk that holds the bones at every height, and more where only the spine is in view."""
    points = landmarks.points_mm
    if not len(points):
        points = np.zeros((1, 3))
    sides = _extents(points, heights)
    wander = 1 + 0.12 * np.interp(heights, np.linspace(heights[0], heights[-1], 5), rng.normal(0, 1, 5))
    middle_x = sides[0].mean(0)
    margin = rng.uniform(5, 45)
    radius_x = np.maximum(np.ptp(sides[0], axis=0) / 2 * 1.05 + margin, rng.uniform(110, 190) * wander)
    radius_x = _shoulders_and_neck(radius_x, landmarks, heights, rng)
    back = sides[1][1] + rng.uniform(5, 40)
    front = np.minimum(sides[1][0] - rng.uniform(3, 30), back - rng.uniform(150, 270) * wander)
    return _Columns(middle_x, (front + back) / 2, radius_x, (back - front) / 2)


def _shoulders_and_neck(
    radius_x: np.ndarray, landmarks: Landmarks, heights: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Widen the trunk to the shoulders, where the rib cage tapers, and narrow it to the neck above."""
    if not landmarks.seen((*RIBS[:2], *RIBS[12:14])):
        return radius_x
    points = landmarks.of_bones(RIBS)
    half, top = np.ptp(points[:, 0]) / 2, points[:, 2].min()
    neck = rng.uniform(55, 80)
    shoulder = np.interp(
        heights, (top - 60, top + 15, top + 80, top + 150), (neck, half, half * 1.05, half * 0.9)
    )
    wide = np.maximum(radius_x, shoulder * rng.uniform(1.0, 1.25))
    return _smoothed(np.where(heights < top - 10, np.minimum(wide, shoulder * 1.1), wide))


def _leg(femur: np.ndarray, heights: np.ndarray, rng: np.random.Generator) -> _Columns:
    sides = _extents(femur, heights)
    radius = rng.uniform(60, 100)
    inward = -np.sign(sides[0].mean()) * rng.uniform(0, 20)
    return _Columns(
        sides[0].mean(0) + inward,
        sides[1].mean(0),
        np.full(len(heights), radius),
        np.full(len(heights), radius * 1.1),
    )


def _extents(points: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Least and largest x and y of points at heights, smoothed along the height: `(2, 2, Z)`."""
    step = heights[1] - heights[0]
    level = np.clip(np.round((points[:, 2] - heights[0]) / step).astype(int), 0, len(heights) - 1)
    order = np.argsort(level, kind="stable")
    levels, starts = np.unique(level[order], return_index=True)
    result = np.empty((2, 2, len(heights)))
    for axis in (0, 1):
        for side, extreme in enumerate((np.minimum, np.maximum)):
            line = np.interp(np.arange(len(heights)), levels, extreme.reduceat(points[order, axis], starts))
            result[axis, side] = _smoothed(line)
    return result


def _smoothed(line: np.ndarray, width: int = 9) -> np.ndarray:
    return np.convolve(np.pad(line, width // 2, mode="edge"), np.ones(width) / width, mode="valid")


def _crotch_mm(landmarks: Landmarks) -> float | None:
    """Height where the trunk parts into legs; None where no femur is in view."""
    femora, hips = landmarks.seen(FEMORA), landmarks.seen(HIPS)
    if not femora:
        return None
    if hips:
        return float(landmarks.of_bones(HIPS)[:, 2].max()) + 10
    return float(landmarks.of_bones(FEMORA)[:, 2].min()) + 90


def _axis(count: int, step_mm: float, device: torch.device) -> Tensor:
    # The samples are every second voxel, the first included: half a voxel off the middle of the pairs, on average 0.
    return (torch.arange(count, dtype=torch.float32, device=device) - (count - 1) / 2) * step_mm


def _noise(
    shape: torch.Size, controls: tuple[int, int, int], deviation: float, rng: np.random.Generator
) -> Tensor:
    coarse = torch.from_numpy(rng.normal(0, deviation, (1, 1, *controls)).astype(np.float32))
    return functional.interpolate(coarse, size=tuple(shape), mode="trilinear", align_corners=True)[0, 0]


SPINE, RIB_IDS = label_ids("spine"), label_ids("ribs")
T3, T6, T9, T11, T12, L1, L2, L3, L5 = 10, 13, 16, 18, 19, 20, 21, 22, 24
BESIDE_BOWEL = (T12, L1, L2, L3)


def random_organs(landmarks: Landmarks, strength: float, rng: np.random.Generator) -> list[Shape]:
    """Return heart, liver, spleen, aorta, kidneys, bowel gas and contrast medium that differ from the body around.

    Args:
        strength: how much denser than the body the solid organs are, about 0.1 on plain radiographs; 1 and more where
            radiographs show only what exceeds water, or contrast medium.
    """
    shapes: list[Shape] = []
    if landmarks.seen(RIB_IDS) and landmarks.seen((T6, T9)):
        shapes += _heart(landmarks, strength, rng)
    if landmarks.seen((T11, T12, L1, L2, L3)):
        shapes += _upper_abdomen(landmarks, strength, rng)
        if rng.random() < 0.7:
            shapes += _gas(landmarks, rng)
        if landmarks.seen(BESIDE_BOWEL) and rng.random() < 0.06:
            shapes.append(_filled_bowel(landmarks, rng))
    return shapes


def _before_spine(
    landmarks: Landmarks, height: float, aside: float, before: float
) -> tuple[float, float, float] | None:
    """Return a place beside (left is positive) and before the spine's line at a height [mm]."""
    line = landmarks.spine_at(height, SPINE)
    return None if line is None else (float(line[0] + aside), float(line[1] - before), float(height))


def _blob(
    landmarks: Landmarks, place: tuple[float, float, float], radii: tuple[float, float, float],
    density: float, rng: np.random.Generator,
) -> list[Shape]:  # fmt: skip
    """Return an ellipsoid at (aside, before the spine, height), jittered; none without a spine."""
    aside, before, height = np.array(place) + rng.normal(0, 8, 3)
    centre = _before_spine(landmarks, height, aside, before)
    size = np.array(radii) * np.exp(rng.normal(0, 0.15, 3))
    return [] if centre is None else [Ellipsoid(centre, tuple(size.tolist()), density)]


def _heart(landmarks: Landmarks, strength: float, rng: np.random.Generator) -> list[Shape]:
    height = float(np.nanmean(landmarks.centres_mm[[T6, T9], 2])) + 25
    # Within the lungs the heart is denser than the air around even on radiographs where it equals the body.
    heart = _blob(landmarks, (25, 85, height), (48, 45, 58), 0.35 + strength, rng)
    aorta_top = height - 60
    heights = ((aorta_top, 60), (aorta_top - 15, 40), (height, 30))
    line = [place for h, b in heights if (place := _before_spine(landmarks, h, 12, b)) is not None]
    if rng.random() < 0.5 and len(line) == len(heights):
        heart.append(Rod(line, float(rng.uniform(10, 16)), 0.3 + strength))
    if rng.random() < 0.5:
        heart += _lung_vessels(landmarks, height - 25, rng)
    return heart


def _lung_vessels(landmarks: Landmarks, height: float, rng: np.random.Generator) -> list[Shape]:
    """Vessels that run from the hilum of each lung outwards."""
    shapes: list[Shape] = []
    density = float(rng.uniform(0.3, 1.0))
    for side in (-1, 1):
        hilum = _before_spine(landmarks, height, side * 30, 55)
        if hilum is None:
            return []
        for _ in range(4):
            away = (side * rng.uniform(15, 75), rng.normal(0, 35), rng.uniform(-70, 110))
            end = tuple(np.add(hilum, away).tolist())
            bend = tuple((np.add(hilum, end) / 2 + rng.normal(0, 8, 3)).tolist())
            shapes.append(Rod((hilum, bend, end), (6.0, 4.0, 1.5), density))
    return shapes


def _upper_abdomen(landmarks: Landmarks, strength: float, rng: np.random.Generator) -> list[Shape]:
    seen = landmarks.seen((T11, T12, L1, L2, L3))
    height = float(np.mean(landmarks.centres_mm[seen, 2]))
    liver = _blob(landmarks, (-75, 60, height - 30), (75, 75, 70), strength * rng.uniform(0.3, 1), rng)
    spleen = _blob(landmarks, (90, 10, height - 30), (30, 35, 50), strength * rng.uniform(0.3, 1), rng)
    excreted = rng.uniform(0.7, 2) if rng.random() < 0.06 else 0.0
    kidneys = [
        shape
        for side in (-1, 1)
        for shape in _blob(
            landmarks, (side * 62, 15, height + 15), (23, 20, 46), strength * 0.6 + excreted, rng
        )
    ]
    return [*liver, *spleen, *kidneys]


def _gas(landmarks: Landmarks, rng: np.random.Generator) -> list[Shape]:
    """Bubbles in stomach and bowel, before the lumbar spine."""
    seen = landmarks.seen((T12, L1, L2, L3, L5))
    if not seen:
        return []
    heights = landmarks.centres_mm[seen, 2]
    low, high = float(heights.min()) - 20, float(heights.max()) + 60
    shapes: list[Shape] = []
    for _ in range(int(rng.integers(2, 10))):
        place = (rng.normal(0, 70), rng.uniform(60, 150), rng.uniform(low, high))
        radius = rng.uniform(8, 24)
        shapes += _blob(landmarks, place, (radius, radius, radius), -float(rng.uniform(0.4, 1.0)), rng)
    if rng.random() < 0.5:
        shapes += _blob(landmarks, (70, 70, low - 20), (38, 30, 25), -0.9, rng)
    return shapes


def _filled_bowel(landmarks: Landmarks, rng: np.random.Generator) -> Shape:
    """A loop of bowel full of contrast medium."""
    height = float(np.nanmean(landmarks.centres_mm[list(BESIDE_BOWEL), 2])) + 60
    line = landmarks.spine_at(height, SPINE)
    middle = np.zeros(2) if line is None else line
    count = int(rng.integers(4, 8))
    points = np.stack(
        [
            middle[0] + rng.uniform(-110, 110, count),
            middle[1] - rng.uniform(70, 130, count),
            height + rng.uniform(-70, 90, count),
        ],
        axis=1,
    )
    return Rod(points, float(rng.uniform(9, 18)), float(rng.uniform(0.5, 1.5)))
