"""Fit the statistical skeleton to one or two radiographs: the most probable weights, and how sure they are.

Gauss-Newton on the maximum a posteriori estimate. The weights are standard normal; contours and edges have an error
that falls from step to step, so that posture is found before shape. The last normal equations are the inverse
covariance of the posterior (Laplace's method).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.skeleton.algebra import one_thread
from SwinX2SLib.skeleton.contours import Contours, Edges, View
from SwinX2SLib.skeleton.matching import (
    Matches,
    contour_matches,
    edge_matches,
    height_matches,
    middle_matches,
)
from SwinX2SLib.skeleton.model import PARTS, skeleton_model, zero_weights
from SwinX2SLib.skeleton.posing import (
    POSE_COUNT,
    ROTATION_RAD,
    SCALE_SD,
    SHARED,
    SHARED_COUNT,
    TRANSLATION_MM,
    PosedSkeleton,
    State,
    bone_of_vertex,
)


@dataclass(frozen=True)
class Step:
    """One step of the descent.

    Attributes:
        error_mm: standard deviation of a contour's place; at first it stands for what the model has not taken up yet.
        middles: whether middles of silhouettes count.
        alone: whether bones move and deform on their own.
        edges: whether edges of the radiographs count.
        every: of so many contour points and vertices one counts.
    """

    error_mm: float
    middles: bool = False
    alone: bool = False
    edges: bool = False
    every: int = 1


ROUGH = tuple(
    Step(error, middles=number < 5, every=3) for number, error in enumerate((14.0, 10.0, 8.0, 6.0, 5.0, 4.0))
)
FINE = tuple(Step(error, alone=True) for error in (3.0, 2.5, 2.0))
# Silhouettes of a network are rough: the edges decide.
ON_EDGES = tuple(Step(3.0, alone=True, edges=True) for _ in range(6))
# True silhouettes are good to a fraction of a pixel.
SHARP = tuple(Step(error, alone=True) for error in (1.6, 1.3, 1.1, 1.0, 1.0))
# Posture and sizes come first: while contours are far, their prior counts less, by the square of the error.
GROSS = ("size", "lean", "axial", "pelvis_size", "pelvis_pose", "hips", "ribs", "rib_slopes")
GROSS_MM = 2.0
# Place and magnification are hardly known beforehand.
FREE_PRIOR = 1e-3
# Views that contradict each other (swapped, of two people) have no solution: a step, and the whole way from the mean
# in standard deviations, are as large as any person's at most.
MOST_CHANGE, MOST_SD = 4.0, 6.0


@dataclass(eq=False)
class Fit:
    """A fitted skeleton.

    Attributes:
        skeleton: the most probable one.
        errors_mm: root mean square distance of contours and edges before each step.
        posterior: of the last step; None where nothing was seen.
    """

    skeleton: PosedSkeleton
    errors_mm: list[float] = field(default_factory=list)
    posterior: Posterior | None = None

    def points_mm(self) -> np.ndarray:
        """Return the vertices of all bones in network order [mm] from the first voxel's centre, `(N, 3)`."""
        return self.skeleton.points_mm()

    def samples_mm(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Return the vertices of random skeletons of the posterior, `(count, N, 3)`.

        Raises:
            ValueError: nothing was seen.
        """
        if self.posterior is None:
            raise ValueError("Nothing was fitted.")
        return np.stack([self.posterior.sample(self.skeleton, rng).points_mm() for _ in range(count)])


@dataclass(frozen=True, eq=False)
class Posterior:
    """Normal distribution around a fit, by its inverse covariance.

    Attributes:
        normal: of shared weights and pose, `(P, P)`.
        own: by label, inverse covariance `(L, L)` of what moves one bone alone given the rest, and the gain `(L, P)`
            by which it makes up for a change of the rest.
    """

    normal: Tensor
    own: dict[int, tuple[Tensor, Tensor]]

    def sample(self, skeleton: PosedSkeleton, rng: np.random.Generator) -> PosedSkeleton:
        """Return a random skeleton around the fitted one."""
        found = skeleton.copy()
        root, own_roots = self._roots
        change = _drawn(root, rng)
        found.shared = skeleton.shared + change
        for label, (_, gain) in self.own.items():
            found.set_own(label, skeleton.own(label) - gain @ change + _drawn(own_roots[label], rng))
        return found

    @cached_property
    def _roots(self) -> tuple[Tensor, dict[int, Tensor]]:
        """Cholesky roots of the inverse covariances, the same for every sample."""
        own = {label: torch.linalg.cholesky(block) for label, (block, _) in self.own.items()}
        return torch.linalg.cholesky(self.normal), own


def _drawn(root: Tensor, rng: np.random.Generator) -> Tensor:
    """Return a normal random vector by the Cholesky root of its inverse covariance."""
    random = torch.from_numpy(rng.normal(size=len(root)).astype(np.float32))
    return torch.linalg.solve_triangular(root.T, random[:, None], upper=True)[:, 0]


Evidence = Callable[[State, float], Matches]
"""What else draws the skeleton: from its state and the error of contours [mm] to matches."""


def fit_skeleton(
    views: Sequence[View],
    spacing_mm: float,
    heights_mm: Mapping[int, float] | None = None,
    steps: Sequence[Step] = (*FINE, *ON_EDGES),
    more: Sequence[Evidence] = (),
    unseen_mm: float = 0.0,
) -> Fit:
    """Return the most probable skeleton.

    Args:
        views: one or both radiographs.
        spacing_mm: of their pixels.
        heights_mm: by label, of the middles of the bodies of vertebrae, where discs tell them.
        steps: after the rough ones.
        more: what else is known of the skeleton than the radiographs, as depths.
        unseen_mm: where the hip axis starts along an axis that no radiograph shows.
    """
    with one_thread(), torch.inference_mode(False), torch.no_grad():
        contours = [Contours.of(view, spacing_mm) for view in views]
        edges = [Edges.of(view, spacing_mm) for view in views if view.pixels is not None]
        bones = {bone for one in contours for own in one.bones for bone in own}
        fit = Fit(_started(contours, unseen_mm))
        seen = [one for one in contours if len(one.places)]
        if seen:
            evidence = _Evidence(seen, edges, sorted(bones), heights_mm or {}, more)
            for step in (*ROUGH, *steps):
                evidence.take(fit, step)
    return fit


def _started(contours: Sequence[Contours], unseen_mm: float) -> PosedSkeleton:
    """Return the mean skeleton where the middles of whole silhouettes say: of ribs only if there is little else, as
    their middles lie elsewhere where part of them is hidden."""
    model = skeleton_model()
    points = -model(zero_weights()).points_mm.numpy()
    found = [
        (one.view.axis, middle, points[model.slices[bones[0]]].mean(axis=0), is_rib)
        for one in contours
        for bones, middle, whole, is_rib in zip(one.bones, one.middles, one.whole, one.is_rib, strict=True)
        if whole and len(bones) == 1 and bones[0] in model.slices
    ]
    others = [place for place in found if not place[-1]]
    found = others if len(others) > 1 else found
    means: list[list[float]] = [[], [], []]
    seen: list[list[float]] = [[], [], []]
    for view_axis, middle, mean, _ in found:
        for axis, place in ((view_axis, middle[0]), (2, middle[1])):
            means[axis].append(float(mean[axis]))
            seen[axis].append(float(place))
    scale = _spread_ratio(means[2], seen[2])
    start = [
        float(np.median(np.array(place) - scale * np.array(mean))) / TRANSLATION_MM
        if place
        else unseen_mm / TRANSLATION_MM
        for mean, place in zip(means, seen, strict=True)
    ]
    pose = torch.tensor([0.0, 0.0, 0.0, *start, float(np.log(scale)) / SCALE_SD])
    return PosedSkeleton(pose=pose)


def _spread_ratio(means: Sequence[float], seen: Sequence[float]) -> float:
    """Return how much further apart places are than those of the mean person, by the median of their distances."""
    one, other = (np.array(values)[:, None] - np.array(values) for values in (means, seen))
    far = np.abs(one) > 0.5 * np.abs(one).max() if len(means) > 1 else np.zeros((1, 1), dtype=bool)
    ratios = (other[far] / one[far]) if far.any() else np.ones(1)
    return float(np.clip(np.median(ratios), 0.4, 2.5)) if np.median(ratios) > 0 else 1.0


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What the radiographs show.

    Attributes:
        contours: of each radiograph that has any.
        edges: of each radiograph that has pixels.
        bones: whose edges are looked for.
        heights_mm: of the bodies of vertebrae, by label.
        more: what else is known.
    """

    contours: Sequence[Contours]
    edges: Sequence[Edges]
    bones: Sequence[int]
    heights_mm: Mapping[int, float]
    more: Sequence[Evidence] = ()

    def take(self, fit: Fit, step: Step) -> None:
        """Take one step."""
        state = fit.skeleton.state()
        parts = [
            contour_matches(state, one.thinned(step.every), step.error_mm, step.every)
            for one in self.contours
        ]
        if step.middles:
            parts += [middle_matches(state, one, step.error_mm) for one in self.contours]
        parts.append(height_matches(state, self.heights_mm, step.error_mm))
        if step.edges:
            parts += [edge_matches(state, one, self.bones, step.error_mm) for one in self.edges]
        parts += [evidence(state, step.error_mm) for evidence in self.more]
        matches = Matches.joined(parts)
        fit.errors_mm.append(matches.error_mm)
        vector, prior = fit.skeleton.shared, _prior(step.error_mm)
        normal, right = torch.diag(prior), -prior * vector
        own: dict[int, tuple[Tensor, Tensor]] = {}
        changes: dict[int, Tensor] = {}
        bone = bone_of_vertex()[matches.vertex]
        for label in np.unique(bone).tolist():
            equations = _BoneEquations.of(state, matches, np.flatnonzero(bone == label), label, step.alone)
            equations.add_to(normal, right)
            if step.alone:
                gain = equations.eliminate(fit.skeleton.own(label), normal, right)
                own[label], changes[label] = (equations.block, gain[:, :-1]), gain[:, -1]
        change = torch.linalg.solve(normal, right).clamp(-MOST_CHANGE, MOST_CHANGE)
        fit.skeleton.shared = (vector + change).clamp(-_most(), _most())
        for label, (_, gain) in own.items():
            alone = fit.skeleton.own(label) + changes[label] - gain @ change
            fit.skeleton.set_own(label, alone.clamp(-MOST_SD, MOST_SD))
        fit.posterior = Posterior(normal, own)


@dataclass(frozen=True, eq=False)
class _BoneEquations:
    """What the matches of one bone say, each divided by its error.

    Attributes:
        factors: derivatives by shared weights and pose are `factors @ moving`: `(M, D)`.
        moving: `(D, P)`.
        alone: derivatives by what moves the bone alone, `(M, L)`; without, L is 0.
        distance: `(M,)`.
    """

    factors: Tensor
    moving: Tensor
    alone: Tensor
    distance: Tensor

    @classmethod
    def of(cls, state: State, matches: Matches, mine: np.ndarray, label: int, alone: bool) -> _BoneEquations:
        """Return the equations of the matches `mine`, which are of one bone."""
        places = (matches.vertex[mine], matches.direction[mine], label)
        root = np.sqrt(matches.weight[mine])[:, None]
        factors, moving = state.shared_factors(*places)
        own = state.own_rows(*places) if alone else np.zeros((len(mine), 0))
        return cls(*(_tensor(each) for each in (
            root * factors, moving, root * own, root[:, 0] * matches.distance[mine]
        )))  # fmt: skip

    @property
    def block(self) -> Tensor:
        """Inverse covariance `(L, L)` of what moves the bone alone, given the rest."""
        return self.alone.T @ self.alone + torch.eye(self.alone.shape[1]).to(self.alone)

    def add_to(self, normal: Tensor, right: Tensor) -> None:
        """Add the normal equations of shared weights and pose to `(P, P)` and `(P,)`."""
        normal += self.moving.T @ (self.factors.T @ self.factors) @ self.moving
        right += self.moving.T @ (self.factors.T @ self.distance)

    def eliminate(self, own: Tensor, normal: Tensor, right: Tensor) -> Tensor:
        """Take what moves the bone alone out of the normal equations.

        Args:
            own: its present values `(L,)`.
            normal: of shared weights and pose, `(P, P)`.
            right: right side of these, `(P,)`.

        Returns:
            By how much own values make up for a change of the rest, and how far they move without one,
            `(L, P + 1)`.
        """
        mixed = (self.alone.T @ self.factors) @ self.moving
        side = self.alone.T @ self.distance - own
        gain = torch.linalg.solve(self.block, torch.cat([mixed, side[:, None]], dim=1))
        normal -= mixed.T @ gain[:, :-1]
        right -= mixed.T @ gain[:, -1]
        return gain


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array.astype(np.float32))


def _prior(error_mm: float) -> Tensor:
    """Return the inverse variances of shared weights and pose, `(P,)`."""
    prior = torch.ones(SHARED_COUNT + POSE_COUNT)
    prior[_is_gross()] = min(1.0, (GROSS_MM / error_mm) ** 2)
    prior[SHARED_COUNT + 3 :] = FREE_PRIOR
    return prior


@cache
def _most() -> Tensor:
    """Return how far shared weights and the pose may be from their means, `(P,)`; the place anywhere."""
    most = torch.full((SHARED_COUNT + POSE_COUNT,), MOST_SD)
    most[SHARED_COUNT:] = torch.tensor([*3 * [np.pi / 4 / ROTATION_RAD], *3 * [np.inf], 1 / SCALE_SD])
    return most


@cache
def _is_gross() -> Tensor:
    """Return which of the shared weights and the pose are posture and sizes, `(P,)`."""
    parts = [torch.full((int(np.prod(PARTS[name])),), name in GROSS) for name in SHARED]
    return torch.cat([*parts, torch.ones(POSE_COUNT, dtype=torch.bool)])
