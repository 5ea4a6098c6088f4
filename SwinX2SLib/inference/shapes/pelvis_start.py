"""Where the pelvis is, roughly: laid onto the silhouettes that the network finds.

The network places the hips of people who stand or lie turned at the wrong depth, but its silhouettes in the frontal
film, where one wing of the ilium is broad and the other narrow, tell how far they are turned. In the lateral film it
confuses the two hips; there only both together count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from SwinX2SLib.geometry.discs import SACRUM
from SwinX2SLib.inference.shapes.pieces import HIP_LEFT, HIP_RIGHT
from SwinX2SLib.inference.shapes.placement import PELVIS_TURN, Placement
from SwinX2SLib.inference.shapes.shadows import blurred, cast

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
        blur_px: of the films, in bins.
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
        sagittal: the same in the lateral film, `(54, Y, Z)`.
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
    """Silhouettes in one film.

    Attributes:
        axis: of the volume, that runs across the film.
        bones: whose each silhouette is, of one or several together.
        films: `(S, W, H)`, pixels in bins of `BIN` by `BIN`.
    """

    axis: int
    bones: tuple[tuple[int, ...], ...]
    films: Tensor


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
    wanted = [replace(target, films=blurred(target.films, TARGET_BLUR * stage.blur_px)) for target in targets]
    loss = torch.zeros(())
    with torch.enable_grad():
        for _ in range(stage.steps):
            optimiser.zero_grad()
            mismatch = sum(_mismatch(placement, target, stage.blur_px, spacing_mm) for target in wanted)
            loss = placement.strain() + OVERLAP_WEIGHT * mismatch
            loss.backward()
            for weights in placement.weights.values():
                weights.grad[stage.modes :] = 0
            optimiser.step()
    return float(loss.detach())


def _mismatch(placement: Placement, target: Target, blur_px: float, spacing_mm: float) -> Tensor:
    """Return the sum over a film's silhouettes of one minus their overlap (Dice of probabilities)."""
    placed, larger = placement.placed_mm()
    weight = placement.solid * larger / spacing_mm**3 / BIN**2
    places = (placed[:, (target.axis, 2)] / spacing_mm + 0.5) / BIN - 0.5
    shape = tuple(target.films.shape[-2:])
    own = [torch.isin(placement.bone, torch.tensor(bones)) for bones in target.bones]
    bone = torch.stack([cast(places[mask], weight[mask], shape) for mask in own])
    met = 1 - torch.exp(-OPACITY * blurred(bone, blur_px))
    both = (met * target.films).sum((1, 2))
    return (1 - 2 * both / ((met**2).sum((1, 2)) + (target.films**2).sum((1, 2)) + 1e-6)).sum()
