"""Where pieces are: shifted, turned, grown and changed along their modes; all of it can be learned by descent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.geometry.bone_shapes import pelvis_modes
from SwinX2SLib.inference.shapes.pieces import PELVIS, Piece, spread_modes

# One standard deviation of what a piece may differ from where it starts, before its neighbours are heard: shifts
# [mm], turns [rad], logarithms of growth along the shape's axes, and of all pieces together.
SHIFT_MM, TURN, GROWTH, COMMON_GROWTH = 4.0, 0.1, 0.07, 0.1
# A pelvis starts from little, and grows alike along all axes but for its modes.
PELVIS_SHIFT_MM, PELVIS_TURN, PELVIS_GROWTH = 10.0, 0.15, 0.12
# How much less two neighbouring vertebrae differ: weights of the squares of the differences.
NEIGHBOURS_SHIFT, NEIGHBOURS_TURN, NEIGHBOURS_GROWTH = 0.5, 1.0, 1.0


class Placement:
    """Pieces placed in a volume.

    Args:
        pieces: what is placed; vertebrae in their order.
        at_mm: `(P, 3)`, where their middles start, from the middle of the volume's first voxel.
        size: how large they start, relative to the shapes.
    """

    def __init__(self, pieces: Sequence[Piece], at_mm: np.ndarray, size: Sequence[float]):
        self.pieces = tuple(pieces)
        count = len(self.pieces)
        self.at_mm, self.size = (torch.as_tensor(np.asarray(a), dtype=torch.float32) for a in (at_mm, size))
        self.middle_mm = _tensor(np.stack([piece.middle_mm for piece in pieces]))
        self.points_mm = _tensor(np.concatenate([piece.points_mm for piece in pieces]))
        self.dense = _tensor(np.concatenate([piece.dense for piece in pieces]))
        self.solid = _tensor(np.concatenate([piece.solid for piece in pieces]))
        self.piece = torch.repeat_interleave(
            torch.arange(count), torch.tensor([len(piece.points_mm) for piece in pieces])
        )
        self.bone = torch.cat([torch.as_tensor(np.array(piece.labels)[piece.bone]) for piece in pieces])
        self.is_pelvis = torch.tensor([piece.labels == PELVIS for piece in pieces])
        self.modes = {
            number: _tensor(piece.modes_mm) for number, piece in enumerate(pieces) if len(piece.modes_mm)
        }
        self.shift, self.turn, self.growth = (torch.zeros(count, 3, requires_grad=True) for _ in range(3))
        self.common = torch.zeros(3, requires_grad=True)
        self.weights = {n: torch.zeros(len(m), requires_grad=True) for n, m in self.modes.items()}

    def parameters(self) -> list[Tensor]:
        """Return what descent may change."""
        return [self.shift, self.turn, self.growth, self.common, *self.weights.values()]

    def take_over(self, other: Placement, number: int) -> None:
        """Place a piece as the only one of another placement, which started there too."""
        with torch.no_grad():
            for own, found in (
                (self.shift, other.shift),
                (self.turn, other.turn),
                (self.growth, other.growth),
            ):
                own[number] = found[0]
            self.weights[number].copy_(other.weights[0])

    def transforms(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return rotations `(P, 3, 3)`, sizes along the shapes' axes `(P, 3)` and places of middles `(P, 3)` [mm]."""
        pelvis = self.is_pelvis[:, None]
        turn = self.turn * torch.where(pelvis, PELVIS_TURN, TURN)
        common = self.common * COMMON_GROWTH
        own = torch.where(
            pelvis, PELVIS_GROWTH * self.growth.mean(1, keepdim=True), GROWTH * self.growth + common
        )
        shift = self.shift * torch.where(pelvis, PELVIS_SHIFT_MM, SHIFT_MM)
        return _rotation(turn), self.size[:, None] * torch.exp(own), self.at_mm + shift

    def shape_points_mm(self) -> Tensor:
        """Return the points in the frame of their shapes, changed along the modes, `(N, 3)`."""
        points = self.points_mm
        for number, weights in self.weights.items():
            moved = torch.zeros_like(points)
            moved[self.piece == number] = torch.einsum("k,knc->nc", weights, self.modes[number])
            points = points + moved
        return points

    def placed_mm(self) -> tuple[Tensor, Tensor]:
        """Return the points in the volume `(N, 3)`, and how much larger what they stand for is than in the shapes."""
        rotation, size, at = self.transforms()
        placed = self._put(self.shape_points_mm(), self.piece, rotation, size, at)
        return placed, size.prod(dim=1)[self.piece]

    @torch.no_grad()
    def carried_mm(self, number: int, points_mm: np.ndarray) -> np.ndarray:
        """Return where places `(N, 3)` [mm] in the frame of a piece's shape lie in the volume."""
        if number in self.weights:
            moves = spread_modes(pelvis_modes(), points_mm)
            points_mm = points_mm + np.einsum("k,knc->nc", self.weights[number].numpy(), moves)
        piece = torch.full((len(points_mm),), number)
        return self._put(_tensor(points_mm), piece, *self.transforms()).numpy()

    def _put(self, points_mm: Tensor, piece: Tensor, rotation: Tensor, size: Tensor, at: Tensor) -> Tensor:
        """Return where points `(N, 3)` of changed shapes lie in the volume, by each one's piece and `transforms`."""
        away = (points_mm - self.middle_mm[piece]) * size[piece]
        return torch.einsum("nij,nj->ni", rotation[piece], away) + at[piece]

    def strain(self) -> Tensor:
        """Return minus the logarithm of how probable it is to differ so much from the start, but for a constant."""
        parts = [self.growth, self.common, *self.weights.values()]
        strain = (
            sum((part**2).sum() for part in parts) + 0.5 * (self.turn**2).sum() + 0.3 * (self.shift**2).sum()
        )
        chain = torch.tensor([piece.labels != PELVIS for piece in self.pieces])
        for part, weight in (
            (self.shift, NEIGHBOURS_SHIFT),
            (self.turn, NEIGHBOURS_TURN),
            (self.growth, NEIGHBOURS_GROWTH),
        ):
            strain = strain + weight * (part[chain].diff(dim=0) ** 2).sum()
        return 0.5 * strain


def _tensor(array: np.ndarray) -> Tensor:
    return torch.as_tensor(array, dtype=torch.float32)


def _rotation(vector: Tensor) -> Tensor:
    """Return rotation matrices `(P, 3, 3)` of rotation vectors `(P, 3)` [rad]."""
    x, y, z = vector.unbind(-1)
    o = torch.zeros_like(x)
    skew = torch.stack([o, -z, y, z, o, -x, -y, x, o], dim=-1).view(-1, 3, 3)
    return torch.matrix_exp(skew)
