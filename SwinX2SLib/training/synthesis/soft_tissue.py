"""The body around the bones: trunk and legs, lungs, organs, gas, contrast medium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.training.synthesis.landmarks import STRIDE, Landmarks

HIPS, FEMORA = (51, 52), (53, 54)
RIB_GAP_MM = 45.0  # ribs slope: what they enclose is asked for once the gaps between them are closed
LUNG_DENSITY = (0.1, 0.4)


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
        air = lungs(sparse, rng, max(1, int(RIB_GAP_MM / (STRIDE * spacing_mm))))
        volume = volume * (1 - air * (1 - float(rng.uniform(*LUNG_DENSITY))))
    return volume


def lungs(labels: Tensor, rng: np.random.Generator, gap: int = 5) -> Tensor:
    """Return how much of each voxel is lung: inside the rib cage, above a random diaphragm, beside a mediastinum.

    Args:
        labels: `(X, Y, Z)`, any resolution.
        gap: height of what is bridged between ribs [voxels].

    Returns:
        float32 of the same shape, 0..1; all 0 where no rib is seen.
    """
    ids = label_ids("ribs")
    ribs = (labels >= ids[0]) & (labels <= ids[-1])
    heights = torch.nonzero(ribs.any(0).any(0))
    if len(heights) < 3:
        return torch.zeros(labels.shape, device=labels.device)
    rows = ribs.float().reshape(1, -1, labels.shape[2])
    closed = functional.max_pool1d(rows, 2 * (gap // 2) + 1, stride=1, padding=gap // 2).view(labels.shape)
    inside = torch.ones_like(ribs)
    for axis in (0, 1):
        inside &= (closed.cummax(axis).values > 0) & (closed.flip(axis).cummax(axis).values.flip(axis) > 0)
    top, bottom = int(heights[0]), int(heights[-1])
    x, z = (torch.arange(labels.shape[a], dtype=torch.float32, device=labels.device) for a in (0, 2))
    x = x[:, None]
    across = torch.nonzero(ribs.any(2).any(1)).float()
    width = len(across)
    offset = x - (across.mean() + float(rng.normal(0, 0.02)) * width)
    dome = 1 - (offset / width).abs() * float(rng.uniform(0.2, 1.0))
    diaphragm = top + (bottom - top) * (float(rng.uniform(0.6, 1.0)) - 0.15 * dome)
    # The heart and the great vessels widen the mediastinum downwards, and more to the left (larger x).
    down = ((z - top) / max(bottom - top, 1)).clamp(0, 1)
    half = width * (float(rng.uniform(0.08, 0.13)) + float(rng.uniform(0.0, 0.12)) * down)
    mediastinum = (offset > -half) & (offset < half * float(rng.uniform(1.0, 1.6)))
    return (inside & ((z < diaphragm) & ~mediastinum)[:, None]).float()


def project_body(volume: Tensor, shape: tuple[int, int], film: Tensor) -> Tensor:
    """Bring the film of a half-resolution volume to `shape`, in full-resolution voxels of path."""
    smooth = functional.avg_pool2d(film[None, None], 3, stride=1, padding=1, count_include_pad=False)
    return functional.interpolate(smooth, size=shape, mode="bilinear")[0, 0].mul_(STRIDE).clamp_(min=0)


@dataclass(frozen=True)
class _Columns:
    """An elliptic column of changing section: centre and radii at each height, `(Z,)` mm."""

    x: np.ndarray
    y: np.ndarray
    radius_x: np.ndarray
    radius_y: np.ndarray


def _columns(x: Tensor, y: Tensor, column: _Columns, sharpness: float) -> Tensor:
    def at_heights(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(x.device)

    square_x = ((x[:, None] - at_heights(column.x)) / at_heights(column.radius_x)) ** 2
    square_y = ((y[:, None] - at_heights(column.y)) / at_heights(column.radius_y)) ** 2
    return torch.sigmoid_(((1 - square_x)[:, None] - square_y[None]).mul_(sharpness))


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
    back = sides[1][1] + rng.uniform(10, 50)
    front = np.minimum(sides[1][0] - rng.uniform(5, 50), back - rng.uniform(170, 300) * wander)
    return _Columns(middle_x, (front + back) / 2, radius_x, (back - front) / 2)


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
    kernel = np.ones(9) / 9
    for axis in (0, 1):
        for side, extreme in enumerate((np.minimum, np.maximum)):
            line = np.interp(np.arange(len(heights)), levels, extreme.reduceat(points[order, axis], starts))
            result[axis, side] = np.convolve(np.pad(line, 4, mode="edge"), kernel, mode="valid")
    return result


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
