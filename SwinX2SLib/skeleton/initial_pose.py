"""Which pieces a reconstruction shows, and where and how large they start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from SwinX2SLib.geometry.tuples import shape2
from SwinX2SLib.skeleton.bone_shapes import bone_shapes
from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM, SACRUM
from SwinX2SLib.skeleton.pieces import (
    PELVIS,
    PELVIS_TURN,
    VERTEBRAE,
    Piece,
    Placement,
    piece_of,
)
from SwinX2SLib.skeleton.projections import blurred, cast
from SwinX2SLib.skeleton.table import HIP_LEFT, HIP_RIGHT

# Turns about the vertical axis from which the search starts [rad].
TURNS = (-0.35, 0.0, 0.35)
RATE = 0.08
# Silhouettes are compared at half their resolution.
BIN = 2
# How much the silhouettes' overlap counts against the strain.
OVERLAP_WEIGHT = 60.0
# What is found is blurred by so much of what is sought: it is less sharp already.
TARGET_BLUR = 0.8
# Opaque from about this much bone on [1 / pixels].
OPACITY = 0.6


@dataclass(frozen=True)
class Stage:
    """A stage of the search.

    Attributes:
        blur_px: of the radiographs, in bins.
        steps: of descent.
        modes: of the shape that may change.
    """

    blur_px: float
    steps: int
    modes: int


ROUGH, FINE = Stage(1.5, 40, 2), Stage(0.75, 40, 8)


@dataclass(frozen=True)
class Silhouettes:
    """How probable it is that a ray meets a bone.

    Attributes:
        coronal: for each bone of `anatomy`, `(54, X, Z)`.
        sagittal: the same in the lateral radiograph, `(54, Y, Z)`.
    """

    coronal: Tensor
    sagittal: Tensor

    def targets(self) -> tuple[Target, Target]:
        """Return the frontal and the lateral target."""
        hips = (HIP_LEFT, HIP_RIGHT)
        beside = [self.sagittal[label - 1] for label in hips]
        both = 1 - (1 - beside[0]) * (1 - beside[1])
        front = torch.stack([self.coronal[label - 1] for label in (*hips, SACRUM)])
        return (
            Target(0, ((HIP_LEFT,), (HIP_RIGHT,), (SACRUM,)), avg_pool2d(front.float(), BIN)),
            Target(
                1, (hips, (SACRUM,)), avg_pool2d(torch.stack([both, self.sagittal[SACRUM - 1]]).float(), BIN)
            ),
        )


@dataclass(frozen=True)
class Target:
    """Silhouettes in one radiograph.

    Attributes:
        axis: of the volume, that runs across the radiograph.
        bones: whose each silhouette is, of one or several together.
        radiographs: `(S, W, H)`, pixels in bins of `BIN` by `BIN`.
    """

    axis: int
    bones: tuple[tuple[int, ...], ...]
    radiographs: Tensor


def start_pelvis(make: Callable[[], Placement], silhouettes: Silhouettes, spacing_mm: float) -> Placement:
    """Return the placement of a pelvis whose silhouettes overlap most with those found.

    Args:
        make: returns a fresh placement of the pelvis alone.
        silhouettes: found by the network.
        spacing_mm: of their pixels.
    """
    targets, found = silhouettes.targets(), []
    for turn in TURNS:
        placement = make()
        with torch.no_grad():
            placement.turn[:, 2] = turn / PELVIS_TURN
        found.append((_descend(placement, targets, spacing_mm, ROUGH), placement))
    best = min(found, key=lambda one: one[0])[1]
    _descend(best, targets, spacing_mm, FINE)
    return best


def _descend(placement: Placement, targets: Sequence[Target], spacing_mm: float, stage: Stage) -> float:
    """Move a placement towards targets, and return what is left to be desired."""
    optimiser = torch.optim.Adam(placement.parameters(), lr=RATE)
    wanted = [
        replace(target, radiographs=blurred(target.radiographs, TARGET_BLUR * stage.blur_px))
        for target in targets
    ]
    loss = torch.zeros(())
    with torch.enable_grad():
        for _ in range(stage.steps):
            optimiser.zero_grad()
            mismatch = sum(_mismatch(placement, target, stage.blur_px, spacing_mm) for target in wanted)
            loss = placement.strain() + OVERLAP_WEIGHT * mismatch
            loss.backward()
            for weights in placement.weights.values():
                if weights.grad is not None:
                    weights.grad[stage.modes :] = 0
            optimiser.step()
    return float(loss.detach())


def _mismatch(placement: Placement, target: Target, blur_px: float, spacing_mm: float) -> Tensor:
    """Return the sum over a radiograph's silhouettes of one minus their overlap (Dice of probabilities)."""
    placed, larger = placement.placed_mm()
    weight = placement.solid * larger / spacing_mm**3 / BIN**2
    places = (placed[:, (target.axis, 2)] / spacing_mm + 0.5) / BIN - 0.5
    shape = shape2(target.radiographs.shape[-2:])
    own = [torch.isin(placement.bone, torch.tensor(bones)) for bones in target.bones]
    bone = torch.stack([cast(places[mask], weight[mask], shape) for mask in own])
    met = 1 - torch.exp(-OPACITY * blurred(bone, blur_px))
    both = (met * target.radiographs).sum((1, 2))
    return (1 - 2 * both / ((met**2).sum((1, 2)) + (target.radiographs**2).sum((1, 2)) + 1e-6)).sum()


LEAST_VOXELS = 20
# A silhouette needs fewer points than edges do.
START_STEP = 5
_AXIS = 2


def starting_placement(labels: np.ndarray, silhouettes: Silhouettes, spacing_mm: float) -> Placement | None:
    """Return the pieces of a reconstruction where it has them; None where it has none that have a shape.

    Args:
        labels: uint8 `(X, Y, Z)`.
        silhouettes: found by the network.
        spacing_mm: of the voxels.
    """
    middles = _middles(labels)
    size = _size(middles, spacing_mm)
    shown = [label for label in VERTEBRAE if label in middles and label in bone_shapes()]
    pieces = [piece_of((label,)) for label in shown]
    at = [middles[label] * spacing_mm for label in shown]
    pelvis = None
    if all(label in middles for label in (HIP_LEFT, HIP_RIGHT)):
        piece = piece_of(PELVIS)
        hips = np.argwhere(np.isin(labels, (HIP_LEFT, HIP_RIGHT))).mean(axis=0) * spacing_mm
        where = hips - (_hips_middle(piece) - piece.middle_mm) * size
        rough = piece.thinned(START_STEP)
        pelvis = start_pelvis(lambda: Placement([rough], where[None], [size]), silhouettes, spacing_mm)
        pieces.append(piece)
        at.append(where)
    if not pieces:
        return None
    placement = Placement(pieces, np.stack(at), [size] * len(pieces))
    if pelvis is not None:
        placement.take_over(pelvis, len(pieces) - 1)
    return placement


def _middles(labels: np.ndarray) -> dict[int, np.ndarray]:
    """Return the centroids of the bones by label, voxel indices; vertebrae that the radiograph cuts have none."""
    places = np.argwhere(labels > 0)
    values = labels[tuple(places.T)]
    found = {}
    for label in np.unique(values).tolist():
        own = places[values == label]
        cut = label in VERTEBRAE and (own[:, 2].min() == 0 or own[:, 2].max() == labels.shape[2] - 1)
        if len(own) >= LEAST_VOXELS and not cut:
            found[label] = own.mean(axis=0)
    return found


def _size(middles: Mapping[int, np.ndarray], spacing_mm: float) -> float:
    """Return how large the person is, relative to the shapes: by distances of neighbouring vertebrae, else 1."""
    apart = [
        (
            float(np.linalg.norm(middles[label + 1] - middles[label])) * spacing_mm,
            BODY_STEPS_MM[label - _AXIS],
        )
        for label in range(_AXIS, _AXIS + len(BODY_STEPS_MM))
        if label in middles and label + 1 in middles
    ]
    if len(apart) < 2:
        return 1.0
    found, usual = np.sum(apart, axis=0)
    return float(found / usual / ADULT_SIZE)


def _hips_middle(pelvis: Piece) -> np.ndarray:
    hips = np.isin(np.array(pelvis.labels)[pelvis.bone], (HIP_LEFT, HIP_RIGHT))
    return np.average(pelvis.points_mm[hips], axis=0, weights=pelvis.solid[hips])
