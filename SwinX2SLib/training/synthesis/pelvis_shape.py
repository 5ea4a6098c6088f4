"""How a person's pelvis may vary: the modes of the statistical skeleton as displacement fields around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import ids_by_name
from SwinX2SLib.geometry.registration import register_bones
from SwinX2SLib.skeleton.table import skeleton_table
from SwinX2SLib.training.synthesis.subjects import Subject

BONES = ("hip_left", "hip_right", "sacrum")
# The first modes have most of the variation.
MODES = 8
# The skeleton's axes are opposite to those of the network's order.
_TO_NETWORK = -1.0
GRID_MM = 10.0
REACH_MM = 60.0  # beyond the bones the displacement fades to nothing over this distance
NEIGHBOURS = 8
DISTANCE_LIMIT_MM = 12.0
MODE_LIMIT = 2.0


@dataclass(frozen=True)
class PelvisField:
    """Displacements `target - source` of each mode at one standard deviation.

    Attributes:
        modes: float32 `(K, 3, X, Y, Z)` [mm].
        origin_mm: of the grid, index order `(3,)`; its spacing is `GRID_MM`.
    """

    modes: np.ndarray
    origin_mm: np.ndarray

    def displacement(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the displacement at points `(N, 3)` [mm] for weights `(K,)` of the modes."""
        field = np.tensordot(weights.astype(np.float32), self.modes, axes=1)
        place = ((points - self.origin_mm) / GRID_MM).T
        moved = [ndimage.map_coordinates(part, place, order=1, mode="constant") for part in field]
        return np.stack(moved, axis=-1)


def mean_pelvis() -> tuple[list[np.ndarray], np.ndarray]:
    """Return the mean vertices of `BONES`, `(V, 3)` each, and their modes `(K, all V, 3)`, network order [mm]."""
    templates = [skeleton_table().bones[ids_by_name()[name]] for name in BONES]
    modes = np.concatenate([template.modes_mm[:MODES] for template in templates], axis=1)
    return [_TO_NETWORK * template.vertices_mm for template in templates], _TO_NETWORK * modes


def fit_pelvis_field(person: Subject) -> PelvisField | None:
    """Lay the mean pelvis onto a person's and return its modes there; None without a pelvis that fits."""
    bones = [ids_by_name()[name] for name in BONES]
    if not all(bone in person.boxes for bone in bones):
        return None
    mean, own = mean_pelvis()
    surfaces = [_surface_mm(person, bone) for bone in bones]
    similarity, distance = register_bones(
        mean, surfaces, [(True, person.is_whole(bone)) for bone in bones], start_all=True
    )
    if distance > DISTANCE_LIMIT_MM:
        return None
    vertices = similarity.apply(np.concatenate(mean))
    modes = similarity.scale * own @ similarity.rotation.T
    low, high = vertices.min(0) - REACH_MM, vertices.max(0) + REACH_MM
    shape = np.ceil((high - low) / GRID_MM).astype(int) + 1
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1) * GRID_MM + low
    return PelvisField(_spread(grid, vertices, modes), low)


def _surface_mm(person: Subject, label: int) -> np.ndarray:
    box = person.boxes[label]
    mask = np.pad(person.labels[box] == label, 1)
    surface = np.argwhere(mask & ~ndimage.binary_erosion(mask)) - 1 + [side.start for side in box]
    return surface[:: max(len(surface) // 3000, 1)] * person.spacing_mm


def _spread(grid: np.ndarray, vertices: np.ndarray, modes: np.ndarray) -> np.ndarray:
    """Return `(K, 3, X, Y, Z)`: displacements of the vertices, averaged over the nearest and faded away from them."""
    distance, index, weight = nearest_controls(vertices, grid.reshape(-1, 3), NEIGHBOURS)
    fade = np.clip(1 - distance[:, 0] / REACH_MM, 0, 1)
    fade = fade**2 * (3 - 2 * fade)
    spread = np.einsum("nk,mnkc,n->mcn", weight, modes[:, index], fade)
    return spread.reshape(len(modes), 3, *grid.shape[:3]).astype(np.float32)


# Controls nearer than this count about alike.
_NEAR_MM = 3.0


def nearest_controls(
    controls_mm: np.ndarray, points_mm: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which controls points move with, since what is given at the controls is smooth.

    Args:
        controls_mm: `(V, 3)`.
        points_mm: `(N, 3)`.
        count: controls for each point.

    Returns:
        Distances [mm], numbers of the controls, the nearest first, and their shares, which add up to 1; `(N, count)`.
    """
    distance, nearest = cKDTree(controls_mm).query(points_mm, k=count)
    weight = 1 / (distance + _NEAR_MM) ** 2
    return distance, nearest, weight / weight.sum(axis=1, keepdims=True)
