"""Mean shapes of vertebrae and pelvis, and how pelves vary.

Network order: x right -> left, y anterior -> posterior, z superior -> inferior.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from SwinX2SLib.anatomy import labels
from SwinX2SLib.resources import resource_path

SPACING_MM = 2.0


@dataclass(frozen=True, eq=False)
class BoneShape:
    """How probable a bone is around its middle.

    Attributes:
        probability: float32 `(X, Y, Z)`, 0..1.
        origin_mm: place of the first voxel, `(3,)`; voxels are `SPACING_MM` apart.
    """

    probability: np.ndarray
    origin_mm: np.ndarray


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
    with np.load(resource_path("Shapes", "bone_shapes.npz")) as data:
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
    with np.load(resource_path("Shapes", "bone_shapes.npz")) as data:
        return ShapeModes(*(data[f"pelvis_{name}_mm"].astype(np.float64) for name in ("controls", "modes")))
