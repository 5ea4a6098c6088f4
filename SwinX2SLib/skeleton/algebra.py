"""Rotations, balls and planes through points, and smooth functions on points, as the skeleton needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

_DEGREE = float(np.pi / 180)
# Cross products with the right, front and up axes, `(3, 3, 3)`.
CROSS = torch.tensor(
    [
        [[0, 0, 0], [0, 0, -1], [0, 1, 0]],
        [[0, 0, 1], [0, 0, 0], [-1, 0, 0]],
        [[0, -1, 0], [1, 0, 0], [0, 0, 0]],
    ],
    dtype=torch.float32,
)


def rotation(angles_deg: Tensor) -> Tensor:
    """Return the rotation about the right, front and up axes, in this order from the right (Rodrigues' formula).

    Positive pitch moves what lies below to the front, positive roll what lies below to the left, positive yaw turns
    the front to the left.

    Args:
        angles_deg: pitch, roll and yaw `(3,)`.
    """
    angles = angles_deg[:, None, None] * _DEGREE
    turns = torch.eye(3) + torch.sin(angles) * CROSS + (1 - torch.cos(angles)) * (CROSS @ CROSS)
    return turns[2] @ turns[1] @ turns[0]


def fitted_ball(points: Tensor) -> tuple[Tensor, Tensor]:
    """Return centre `(3,)` and radius of the ball through points `(N, 3)`, least squares of |p|² = 2 p·c + const."""
    middle = points.mean(0)
    away = points - middle
    system = torch.cat([2 * away, torch.ones(len(away), 1)], dim=1)
    solution = torch.linalg.solve(system.T @ system, system.T @ (away**2).sum(1))
    return middle + solution[:3], torch.sqrt(solution[3] + (solution[:3] ** 2).sum())


def plane_normal(points: Tensor) -> Tensor:
    """Return a unit normal `(3,)` of the plane through points `(N, 3)`, least squares; of either sign."""
    away = points - points.mean(0)
    return torch.linalg.eigh(away.T @ away)[1][:, 0]


# Vertices whose covariance stands for that of all.
_CHOSEN = 250


def smooth_functions(points_mm: np.ndarray, deviation_mm: float, length_mm: float, count: int) -> np.ndarray:
    """Return the largest eigenfunctions of a Gaussian kernel on points, `(N, count)` (Nystroem's method).

    Args:
        points_mm: `(N, 3)`.
        deviation_mm: of the process with this kernel.
        length_mm: over which it varies.
        count: of the functions.
    """
    points = torch.from_numpy(np.ascontiguousarray(points_mm, dtype=np.float64))
    chosen = points[torch.linspace(0, len(points) - 1, min(_CHOSEN, len(points))).long()]

    def kernel(one: Tensor) -> Tensor:
        return deviation_mm**2 * torch.exp(-(torch.cdist(one, chosen) ** 2) / (2 * length_mm**2))

    with one_thread():
        values, vectors = torch.linalg.eigh(kernel(chosen))
        found = kernel(points) @ (vectors / values.clamp(min=1e-9).sqrt())
    return found.numpy()[:, : -count - 1 : -1]


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep many small products on one thread; several wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
