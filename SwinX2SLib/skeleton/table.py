"""The fitted numbers of the statistical skeleton: `Resources/Shapes/skeleton.npz` and `spine_alignment.npz`.

Frames: right, front, up [mm]. Vertebrae around the centre of the body, the pelvis around the middle of the hip axis,
the femur around the centre of its head. `Testing/assets/fit_skeleton.py` writes the first file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from SwinX2SLib.resources import resource_path
from SwinX2SLib.skeleton.discs import SACRUM
from SwinX2SLib.skeleton.rib_curves import RibShape, rib_curve
from SwinX2SLib.skeleton.spine_alignment import alignment_table

HIP_RIGHT, HIP_LEFT, FEMUR_LEFT, FEMUR_RIGHT = 51, 52, 53, 54
VERTEBRAE = tuple(range(1, 25))
PELVIS = (SACRUM, HIP_RIGHT, HIP_LEFT)
RIB_POINTS = 32
# Columns of the tables of ribs.
RIB_COLUMNS = ("chord", "peak_x", "peak_y", "proximal_angle", "distal_spiral", "pump", "swing", "bucket")
IN_PLANE = RIB_COLUMNS[1:5]


@dataclass(frozen=True, eq=False)
class Template:
    """The mean of a bone's surface and how it varies.

    Attributes:
        vertices_mm: `(V, 3)`.
        faces: `(F, 3)`, counter-clockwise from outside.
        modes_mm: `(K, V, 3)`, one standard deviation each; K may be 0.
    """

    vertices_mm: np.ndarray
    faces: np.ndarray
    modes_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class RibTable:
    """Ribs 1 to 12.

    Attributes:
        mean, sd: `(12, 8)`, columns `RIB_COLUMNS` [mm, relative, degrees].
        regression: `(12, 8, 5)`: constant, age [years], sex (1 female), height [m], weight [kg].
        curves: `(12, RIB_POINTS, 2)`, mean curves in their planes, chord 1.
        curve_modes: `(12, 4, RIB_POINTS, 2)`, their change with one standard deviation of each of `IN_PLANE`.
    """

    mean: np.ndarray
    sd: np.ndarray
    regression: np.ndarray
    curves: np.ndarray
    curve_modes: np.ndarray


@dataclass(frozen=True, eq=False)
class SkeletonTable:
    """Everything that the model is made of.

    Attributes:
        bones: by label; of the femora only the left one.
        body_height_mm: `(24,)` of the templates of C1 to L5; of C1 and C2, which have no endplates, that of C3.
        sockets: vertices of each hip that lie on the ball of its socket.
        head: vertices of the femur that lie on its head.
        endplate: vertices of the sacrum that lie on its endplate.
        endplate_mm: `(2, 3)` its centre and its normal.
        lean_mean: `(23, 2)`, `spine_alignment.alignment_table`.
        lean_modes: `(K, 23, 2)`.
        ribs: their parameters.
    """

    bones: dict[int, Template]
    body_height_mm: np.ndarray
    sockets: dict[int, np.ndarray]
    head: np.ndarray
    endplate: np.ndarray
    endplate_mm: np.ndarray
    lean_mean: np.ndarray
    lean_modes: np.ndarray
    ribs: RibTable


@cache
def skeleton_table() -> SkeletonTable:
    """Return the table, read once."""
    with np.load(resource_path("Shapes", "skeleton.npz")) as data:
        bones = {
            label: _template(data, label) for label in (*VERTEBRAE, SACRUM, HIP_RIGHT, HIP_LEFT, FEMUR_LEFT)
        }
        height = data["body_height_mm"].astype(np.float64)
        height[:2] = height[2]
        mean, modes = alignment_table()
        return SkeletonTable(
            bones,
            height,
            {label: data[f"socket_{label}"].astype(np.int64) for label in (HIP_RIGHT, HIP_LEFT)},
            data["femoral_head_vertices"].astype(np.int64),
            data["endplate_vertices"].astype(np.int64),
            data["endplate_mm"].astype(np.float64),
            mean,
            modes,
            _ribs(*(data[f"rib_{name}"].astype(np.float64) for name in ("mean", "sd", "regression"))),
        )


def _template(data: np.lib.npyio.NpzFile, label: int) -> Template:
    vertices = data[f"vertices_{label}"].astype(np.float64)
    name = f"modes_{label}"
    modes = data[name].astype(np.float64) if name in data else np.zeros((0, *vertices.shape))
    return Template(vertices, data[f"faces_{label}"].astype(np.int64), modes)


def _ribs(mean: np.ndarray, sd: np.ndarray, regression: np.ndarray) -> RibTable:
    curves = np.stack([_curve(row) for row in mean])
    modes = np.zeros((len(mean), len(IN_PLANE), RIB_POINTS, 2))
    for level, (row, spread) in enumerate(zip(mean, sd, strict=True)):
        for number in range(len(IN_PLANE)):
            step = np.zeros_like(row)
            step[number + 1] = spread[number + 1]
            modes[level, number] = (_curve(row + step) - _curve(row - step)) / 2
    return RibTable(mean, sd, regression, curves, modes)


def _curve(row: np.ndarray) -> np.ndarray:
    return rib_curve(RibShape(*row[1:5].tolist()), RIB_POINTS)
