"""Mean shapes of vertebrae and pelvis, how pelves vary, and where femoral heads lie in them.

Network order: x right -> left, y anterior -> posterior, z superior -> inferior.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import labels
from SwinX2SLib.resources import resource_path

SPACING_MM = 2.0
# Controls nearer than this count about alike.
_NEAR_MM = 3.0


@dataclass(frozen=True, eq=False)
class BoneShape:
    """How probable a bone is around its middle.

    Attributes:
        probability: float32 `(X, Y, Z)`, 0..1.
        origin_mm: place of the first voxel, `(3,)`.
        spacing_mm: of the voxels.
    """

    probability: np.ndarray
    origin_mm: np.ndarray
    spacing_mm: float = SPACING_MM


@dataclass(frozen=True, eq=False)
class ShapeModes:
    """How a shape varies.

    Attributes:
        controls_mm: `(V, 3)`, places on the mean shape.
        modes_mm: `(K, V, 3)`, how they move, one standard deviation each.
    """

    controls_mm: np.ndarray
    modes_mm: np.ndarray


@cache
def bone_shapes() -> dict[int, BoneShape]:
    """Return the mean shapes of `Resources/Shapes` by label."""
    with _table() as data:
        return {
            label.id: BoneShape(
                data[f"{label.name}_probability"].astype(np.float32) / 255,
                data[f"{label.name}_origin_mm"].astype(np.float64),
            )
            for label in labels()
            if f"{label.name}_probability" in data
        }


@cache
def pelvis_modes() -> ShapeModes:
    """Return the modes of the pelvis, in the frame of its bones' shapes."""
    with _table() as data:
        return ShapeModes(*(data[f"pelvis_{name}_mm"].astype(np.float64) for name in ("controls", "modes")))


@cache
def femoral_heads_mm() -> dict[int, np.ndarray]:
    """Return where the centre of each femur's head lies, `(3,)` by the femur's label, in the frame of the pelvis."""
    with _table() as data:
        return {
            label.id: data[f"{label.name}_head_mm"].astype(np.float64)
            for label in labels()
            if f"{label.name}_head_mm" in data
        }


def _table() -> np.lib.npyio.NpzFile:
    return np.load(resource_path("Shapes", "bone_shapes.npz"))


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
