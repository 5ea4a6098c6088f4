"""Pieces of the skeleton that move as one, as clouds of points that cast shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.ndimage import gaussian_filter

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.geometry.bone_shapes import (
    BoneShape,
    ShapeModes,
    bone_shapes,
    nearest_controls,
    pelvis_modes,
)
from SwinX2SLib.geometry.discs import SACRUM

HIP_RIGHT, HIP_LEFT = 51, 52
PELVIS = (HIP_LEFT, HIP_RIGHT, SACRUM)
VERTEBRAE = label_ids("spine")
# What attenuates, in millimetres of compact bone: the shell of a bone is so thick, its spongy inside so dense.
SHELL_MM, SPONGY = 2.0, 0.35
# Points of one bone: a vertebra covers some 300 pixels, a hip 1500.
POINTS = {**dict.fromkeys(PELVIS, 2500), **dict.fromkeys(VERTEBRAE, 700)}
NEIGHBOURS = 6
# Bones that are labels have no slope to tell their surface by: they are blurred, out to so many standard deviations.
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
