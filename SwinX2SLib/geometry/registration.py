"""Similarity transforms between the same bones of two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

ITERATIONS = 20


@dataclass(frozen=True)
class Similarity:
    """`q = scale * rotation @ p + shift`.

    Attributes:
        scale: isotropic.
        rotation: `(3, 3)`, proper.
        shift: `(3,)` [mm].
    """

    scale: float
    rotation: np.ndarray
    shift: np.ndarray

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Transform points `(N, 3)`."""
        return self.scale * points @ self.rotation.T + self.shift

    def invert(self, points: np.ndarray) -> np.ndarray:
        """Transform points `(N, 3)` back."""
        return (points - self.shift) @ self.rotation / self.scale

    @property
    def angle_deg(self) -> float:
        """How far the rotation turns."""
        return float(np.degrees(np.arccos(np.clip((np.trace(self.rotation) - 1) / 2, -1, 1))))


def fit_similarity(source: np.ndarray, target: np.ndarray) -> Similarity:
    """Return the least-squares similarity from points onto corresponding points (Umeyama 1991), both `(N, 3)`."""
    middle_s, middle_t = source.mean(0), target.mean(0)
    p, q = source - middle_s, target - middle_t
    u, s, vt = np.linalg.svd(q.T @ p)
    proper = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = (u * proper) @ vt
    scale = float((s * proper).sum() / (p**2).sum())
    return Similarity(scale, rotation, middle_t - scale * rotation @ middle_s)


def register_bones(
    moving: Sequence[np.ndarray],
    fixed: Sequence[np.ndarray],
    whole: Sequence[tuple[bool, bool]],
    start_all: bool = False,
) -> tuple[Similarity, float]:
    """Register bones onto the same bones of another person by closest points, bone by bone.

    A bone that is cut in one person is matched from there only: what is missing has nothing to match.

    Args:
        moving: points `(N, 3)` of each bone [mm].
        fixed: of the same bones in the other person.
        whole: for each bone, whether it is whole in the moving and in the fixed person.
        start_all: start from all bones instead of from those that are whole in both people.

    Returns:
        The transform from moving to fixed, and the root mean square distance of the matches [mm].
    """
    found = _by_centroids(moving, fixed, [(True, True)] * len(whole) if start_all else whole)
    trees = [cKDTree(points) for points in fixed]
    distance = np.inf
    for _ in range(ITERATIONS):
        pairs = []
        for p, q, tree, (moving_whole, fixed_whole) in zip(moving, fixed, trees, whole, strict=True):
            placed = found.apply(p)
            if fixed_whole:
                pairs.append((p, q[tree.query(placed)[1]]))
            if moving_whole:
                pairs.append((p[cKDTree(placed).query(q)[1]], q))
        source, target = (np.concatenate(side) for side in zip(*pairs, strict=True))
        found = fit_similarity(source, target)
        distance = float(np.sqrt(((found.apply(source) - target) ** 2).sum(1).mean()))
    return found, distance


def _by_centroids(
    moving: Sequence[np.ndarray], fixed: Sequence[np.ndarray], whole: Sequence[tuple[bool, bool]]
) -> Similarity:
    """Start: unturned, at the size of the bones that are whole in both people, where those coincide."""
    both = [place for place, flags in enumerate(whole) if all(flags)]
    p = np.concatenate([moving[place] for place in both])
    q = np.concatenate([fixed[place] for place in both])
    scale = float(np.sqrt(q.var(0).sum() / p.var(0).sum()))
    return Similarity(scale, np.eye(3), q.mean(0) - scale * p.mean(0))
