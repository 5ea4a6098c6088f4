"""Vertebrae: body, pedicles, laminae, processes, and the canal through them."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.anatomy import labels
from SwinX2SLib.phantom.alignment import Placement
from SwinX2SLib.phantom.solids import Beads, Bone, Column, Solid, rod, sweep
from SwinX2SLib.phantom.truth import VertebraTruth

WAIST = 0.12  # bodies are about an eighth thinner half way up


def build_vertebra(placement: Placement) -> tuple[Bone, VertebraTruth]:
    """Return one vertebra and what is known of it."""
    label = next(label.id for label in labels() if label.name == f"vertebrae_{placement.level}")
    make = {"C1": _atlas, "C2": _axis}.get(placement.level, _typical)
    parts, holes = make(placement)
    return Bone(label, tuple(parts), tuple(holes)), _truth(placement)


class _Local:
    """Places in a vertebra's own frame: right, front, up [mm] from the centre of the body."""

    def __init__(self, placement: Placement):
        self.placement = placement
        self.axes = placement.axes

    def __call__(self, right: float, front: float, up: float) -> np.ndarray:
        return self.placement.centre + self.axes @ np.array([right, front, up])


def _typical(placement: Placement) -> tuple[list[Solid], list[Solid]]:
    size = placement.size
    body = Column(
        placement.centre,
        placement.axes,
        (size.body_width / 2, size.body_depth / 2),
        size.body_height,
        WAIST,
        placement.wedge_rad,
    )
    return [body, *_arch(placement), *_spinous(placement), *_transverse(placement)], [_canal(placement)]


def _atlas(placement: Placement) -> tuple[list[Solid], list[Solid]]:
    """C1: a ring without a body, two lateral masses, long transverse processes."""
    size, at = placement.size, _Local(placement)
    back = -size.body_depth / 2 - size.canal_length
    width = size.canal_width / 2 + 3.5
    middle = (back - size.body_depth / 2) / 2
    ring = [(0, 1, 0), (width * 0.75, -3, 0), (width, middle, 0), (width * 0.7, back + 4, 0), (0, back, 0)]
    mirrored = [(-x, y, z) for x, y, z in reversed(ring[1:-1])]
    points = np.stack([at(*point) for point in [*ring, *mirrored, ring[0]]])
    parts: list[Solid] = [sweep(points, np.full(len(points), 4.2), curved=True)]
    for side in (-1, 1):
        mass = np.array([[side * (width + 1), -6.0, 0.0]])
        centre = np.stack([at(*mass[0])])
        parts.append(Beads(centre, np.array([[8.0, 9.5, size.body_height * 0.75]]), at.axes))
        parts.append(rod(at(side * width, -8, -1), at(side * size.span / 2, -10, -2), (5.0, 3.6)))
    return parts, []


def _axis(placement: Placement) -> tuple[list[Solid], list[Solid]]:
    """C2: a typical vertebra whose body carries the dens."""
    parts, holes = _typical(placement)
    size, at = placement.size, _Local(placement)
    top = size.body_height / 2
    parts.append(rod(at(0, 0, top - 2), at(0, 0.5, top + 14 * size.body_height / 20), (5.8, 4.4)))
    return parts, holes


def _arch(placement: Placement) -> list[Solid]:
    """Pedicles, laminae and articular processes."""
    size, at = placement.size, _Local(placement)
    behind = -size.body_depth / 2
    wall = 0.22 * size.pedicle_height + 1.4
    beside = size.canal_width / 2 + wall
    # The front of the laminae lies in the canal, which cuts it off: the canal has its stated length.
    base = at(0, behind - size.canal_length - 0.6 * wall, -0.15 * size.body_height)
    parts: list[Solid] = []
    for side in (-1, 1):
        joint = at(side * beside, behind - 0.62 * size.canal_length, 0.12 * size.body_height)
        pedicle = np.array([wall, wall, size.pedicle_height / 2])
        start = at(side * min(beside, size.body_width * 0.42), behind + 4, 0.18 * size.body_height)
        parts.append(rod(start, joint, (pedicle, pedicle), at.axes))
        lamina = np.array([wall * 0.85, wall * 0.85, 0.36 * size.body_height])
        parts.append(rod(joint, base, (lamina, lamina), at.axes))
        facet = behind - 0.75 * size.canal_length
        upper = at(side * (beside + 1), facet, 0.62 * size.body_height)
        lower = at(side * beside * 0.85, facet - 3, -0.68 * size.body_height)
        parts.append(sweep(np.stack([upper, joint, lower]), np.array([wall * 0.9, wall * 1.15, wall * 0.9])))
    return parts


def _spinous(placement: Placement) -> list[Solid]:
    size, at = placement.size, _Local(placement)
    behind = -size.body_depth / 2 - size.canal_length - 2
    drop = np.radians(size.spinous_drop_deg)
    tip = (
        behind - size.spinous_length * np.cos(drop),
        -0.25 * size.body_height - size.spinous_length * np.sin(drop),
    )
    lumbar = placement.level[0] == "L"
    root = np.array([3.6, 4.0, 0.40 * size.body_height if lumbar else 6.0])
    end = np.array([3.4, 4.0, 0.36 * size.body_height if lumbar else 4.2])
    return [rod(at(0, behind, -0.2 * size.body_height), at(0, *tip), (root, end), at.axes)]


def _transverse(placement: Placement) -> list[Solid]:
    """Transverse processes: forwards in the neck, backwards and up in the thorax, sideways in the lumbar spine."""
    size, at = placement.size, _Local(placement)
    behind = -size.body_depth / 2
    front, up, radii = {
        "C": (behind + 1, 0.0, (4.5, 4.0)),
        "T": (behind - size.canal_length - 7, 0.35 * size.body_height, (5.5, 5.0)),
        "L": (behind - 0.55 * size.canal_length, 0.22 * size.body_height, (5.2, 4.2)),
    }[placement.level[0]]
    root_front = {"C": behind, "T": behind - 0.7 * size.canal_length, "L": behind - 0.4 * size.canal_length}
    parts = []
    for side in (-1, 1):
        root = at(side * (size.canal_width / 2 + 3), root_front[placement.level[0]], 0.14 * size.body_height)
        parts.append(rod(root, at(side * (size.span / 2 - radii[1]), front, up), radii))
    return parts


def _canal(placement: Placement) -> Column:
    """The vertebral foramen: an elliptic hole right behind the body, through all of the arch."""
    size = placement.size
    return Column(
        _canal_centre(placement),
        placement.axes,
        (size.canal_width / 2, size.canal_length / 2),
        3.0 * size.body_height,
    )


def _canal_centre(placement: Placement) -> np.ndarray:
    size = placement.size
    return _Local(placement)(0, -(size.body_depth + size.canal_length) / 2, 0)


def _truth(placement: Placement) -> VertebraTruth:
    size, axes = placement.size, placement.axes
    half = np.tan(placement.wedge_rad / 2)
    upper = axes @ np.array([0.0, -half, 1.0])
    lower = axes @ np.array([0.0, half, 1.0])
    return VertebraTruth(
        body_centre=placement.centre,
        axes=axes,
        body_height_mm=size.body_height,
        body_width_mm=size.body_width,
        body_depth_mm=size.body_depth,
        upper_endplate_centre=placement.centre + axes[:, 2] * size.body_height / 2,
        lower_endplate_centre=placement.centre - axes[:, 2] * size.body_height / 2,
        upper_endplate_normal=upper / np.linalg.norm(upper),
        lower_endplate_normal=lower / np.linalg.norm(lower),
        canal_length_mm=size.canal_length,
        canal_width_mm=size.canal_width,
        canal_centre=_canal_centre(placement),
    )
