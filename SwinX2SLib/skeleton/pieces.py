"""What moves as one piece, and how it is placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.skeleton.bone_shapes import BoneShape, ShapeModes, bone_shapes, nearest_controls, pelvis_modes
from SwinX2SLib.skeleton.discs import SACRUM
from SwinX2SLib.skeleton.table import HIP_LEFT, HIP_RIGHT

PELVIS = (HIP_LEFT, HIP_RIGHT, SACRUM)
VERTEBRAE = label_ids("spine")
# What attenuates, in millimetres of compact bone: the shell of a bone is so thick, its spongy inside so dense.
SHELL_MM, SPONGY = 2.0, 0.35
# Points of one bone: a vertebra covers some 300 pixels, a hip 1500.
POINTS = {**dict.fromkeys(PELVIS, 2500), **dict.fromkeys(VERTEBRAE, 700)}
NEIGHBOURS = 6
# Labels have no intensity gradient at their surface: they are blurred, out to so many standard deviations.
DRAWN_BLUR_VOXELS, DRAWN_REACH = 0.7, 4.0


@dataclass(frozen=True, eq=False)
class Piece:
    """One or more bones that move as one.

    Attributes:
        labels: of its bones.
        points_mm: `(N, 3)` in the frame of the shapes.
        bone: `(N,)`, which of the labels each belongs to.
        dense: `(N,)`, how much each attenuates [mm³ of compact bone].
        solid: `(N,)`, how much of the bone's volume it stands for [mm³].
        modes_mm: `(K, N, 3)`, how the points move along the modes of the shape; K is 0 for a shape that has none.
    """

    labels: tuple[int, ...]
    points_mm: np.ndarray
    bone: np.ndarray
    dense: np.ndarray
    solid: np.ndarray
    modes_mm: np.ndarray

    @property
    def middle_mm(self) -> np.ndarray:
        """Centroid of its volume, `(3,)`."""
        return np.average(self.points_mm, axis=0, weights=self.solid)

    def thinned(self, step: int) -> Piece:
        """Return the piece with every so many-th point only, each standing for so many."""
        kept = slice(None, None, step)
        return Piece(
            self.labels,
            self.points_mm[kept],
            self.bone[kept],
            self.dense[kept] * step,
            self.solid[kept] * step,
            self.modes_mm[:, kept],
        )


@cache
def piece_of(labels: tuple[int, ...]) -> Piece:
    """Return the piece of bones that have a shape; those of `PELVIS` vary along its modes."""
    piece = _joined(labels, [bone_shapes()[label] for label in labels])
    return (
        replace(piece, modes_mm=spread_modes(pelvis_modes(), piece.points_mm)) if labels == PELVIS else piece
    )


def piece_drawn(labels: tuple[int, ...], volume: np.ndarray, spacing_mm: float) -> Piece:
    """Return the piece of bones, all of them in a volume `(X, Y, Z)` of labels, as it shows them, in its frame."""
    return _joined(labels, [_shape_drawn(volume == label, spacing_mm) for label in labels])


def _shape_drawn(mask: np.ndarray, spacing_mm: float) -> BoneShape:
    """Return the shape of a bone that a mask shows, cut to where it is."""
    margin = int(DRAWN_REACH * DRAWN_BLUR_VOXELS) + 2
    low, high = (end(np.argwhere(mask), axis=0) for end in (np.min, np.max))
    low = np.maximum(low - margin, 0)
    part = mask[tuple(slice(a, b + margin + 1) for a, b in zip(low, high, strict=True))]
    softened = gaussian_filter(part.astype(np.float32), DRAWN_BLUR_VOXELS, truncate=DRAWN_REACH)
    return BoneShape(softened, spacing_mm * low, spacing_mm)


def _joined(labels: tuple[int, ...], shapes: Sequence[BoneShape]) -> Piece:
    """Return the piece of the shapes of its bones; without modes."""
    clouds = [_cloud(shape, POINTS[label]) for label, shape in zip(labels, shapes, strict=True)]
    points, dense, solid = (np.concatenate(parts) for parts in zip(*clouds, strict=True))
    bone = np.repeat(np.arange(len(labels)), [len(cloud[0]) for cloud in clouds])
    return Piece(labels, points, bone, dense, solid, np.zeros((0, len(points), 3)))


def spread_modes(modes: ShapeModes, points_mm: np.ndarray) -> np.ndarray:
    """Return how points `(N, 3)` move along the modes, `(K, N, 3)` [mm]: as the controls near them do."""
    _, nearest, weight = nearest_controls(modes.controls_mm, points_mm, NEIGHBOURS)
    return np.einsum("nk,mnkc->mnc", weight, modes.modes_mm[:, nearest])


def _cloud(shape: BoneShape, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points, drawn evenly from where a bone attenuates, with what each attenuates and stands for."""
    probability = shape.probability
    # The slope of the probability, summed over a surface's thickness, is its area.
    slope = np.linalg.norm(np.stack(np.gradient(probability, shape.spacing_mm)), axis=0)
    density = (SHELL_MM * slope + SPONGY * probability).ravel()
    total = np.cumsum(density)
    # Systematic sampling: at equal steps of the sum.
    drawn = np.searchsorted(total, (np.arange(count) + 0.5) / count * total[-1])
    voxels = np.stack(np.unravel_index(drawn, probability.shape), axis=1)
    volume = shape.spacing_mm**3
    solid = probability.ravel()[drawn] / density[drawn]
    dense = np.full(count, total[-1] * volume / count)
    return shape.origin_mm + shape.spacing_mm * voxels, dense, dense * solid


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
