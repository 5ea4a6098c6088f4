"""Vertebrae: body, pedicles, laminae, processes, and the canal through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.anatomy import labels
from SwinX2SLib.phantom.parameters import PhantomParameters
from SwinX2SLib.phantom.solids import Beads, Bone, Column, Solid, rod, sweep
from SwinX2SLib.phantom.truth import VertebraTruth


@dataclass(frozen=True)
class VertebraSize:
    """Size of one vertebra [mm, degrees].

    Attributes:
        body_height, body_width, body_depth: of the body at its endplates.
        disc_below: height of the disc under it.
        canal_width, canal_length: of the vertebral foramen, side to side and front to back.
        pedicle_height: of a pedicle.
        span: from tip to tip of the transverse processes.
        spinous_length: of the spinous process, from the back of the canal.
        spinous_drop_deg: how steeply it points down.
    """

    body_height: float
    body_width: float
    body_depth: float
    disc_below: float
    canal_width: float
    canal_length: float
    pedicle_height: float
    span: float
    spinous_length: float
    spinous_drop_deg: float


# Adult means, rounded, after Panjabi et al. (Spine 1991 and 1992) and Busscher et al. (Eur Spine J 2010);
# between the levels that are given here the sizes run linearly.
_SIZES = {
    "C1": (10.0, 24.0, 9.0, 2.0, 27.0, 26.0, 9.0, 76.0, 5.0, 0.0),
    "C2": (20.0, 18.0, 15.0, 4.5, 24.0, 17.0, 8.0, 51.0, 17.0, 10.0),
    "C3": (13.5, 18.0, 15.5, 4.5, 23.0, 15.5, 7.0, 49.0, 15.0, 15.0),
    "C6": (13.0, 21.0, 17.0, 5.0, 25.0, 15.0, 7.0, 54.0, 27.0, 20.0),
    "C7": (14.5, 24.0, 17.0, 5.0, 24.5, 15.5, 8.0, 68.0, 33.0, 22.0),
    "T1": (16.0, 28.0, 18.0, 4.5, 21.5, 16.0, 9.5, 74.0, 32.0, 32.0),
    "T4": (18.5, 26.5, 24.0, 4.0, 17.0, 16.0, 11.5, 64.0, 32.0, 50.0),
    "T7": (20.0, 29.0, 28.5, 4.5, 17.0, 16.0, 12.0, 61.0, 33.0, 56.0),
    "T9": (21.5, 31.5, 30.0, 5.0, 17.5, 16.0, 13.5, 60.0, 30.0, 48.0),
    "T11": (23.0, 36.0, 31.0, 6.0, 19.0, 16.5, 16.0, 52.0, 24.0, 28.0),
    "T12": (24.5, 40.0, 32.0, 6.5, 22.0, 17.5, 16.5, 46.0, 25.0, 14.0),
    "L1": (26.5, 42.5, 33.5, 7.5, 23.0, 17.5, 15.5, 71.0, 31.0, 8.0),
    "L3": (27.5, 46.0, 34.5, 10.0, 24.0, 17.5, 14.5, 92.0, 34.0, 6.0),
    "L5": (27.0, 50.0, 35.0, 10.5, 27.0, 18.5, 18.0, 92.0, 26.0, 10.0),
    "L6": (26.0, 50.5, 35.0, 10.0, 28.0, 18.5, 18.5, 93.0, 24.0, 10.0),
}
_NAMES = (
    *(f"C{level}" for level in range(1, 8)),
    *(f"T{level}" for level in range(1, 13)),
    *(f"L{level}" for level in range(1, 7)),
)


@dataclass(frozen=True)
class Placement:
    """One vertebra's size and place.

    Attributes:
        level: "T5"...
        size: already scaled.
        centre: `(3,)` of the body, RAS mm.
        axes: `(3, 3)`, columns right, front, up of the body.
        wedge_rad: angle between its endplates, higher in front positive.
    """

    level: str
    size: VertebraSize
    centre: np.ndarray
    axes: np.ndarray
    wedge_rad: float


def levels(parameters: PhantomParameters) -> tuple[str, ...]:
    """Return the vertebrae that this skeleton has, from the sacrum upwards."""
    return tuple(reversed(_NAMES[: 19 + parameters.lumbar_count]))


def vertebra_size(level: str, parameters: PhantomParameters) -> VertebraSize:
    """Return the scaled size of one vertebra."""
    known = [_NAMES.index(name) for name in _SIZES]
    table = np.array(list(_SIZES.values()))
    values = [float(np.interp(_NAMES.index(level), known, column)) for column in table.T]
    tall = parameters.scale * parameters.vertebra_height_scale
    wide = parameters.scale * parameters.vertebra_width_scale
    factors = (tall, wide, wide, tall, wide, wide, tall, wide, wide, 1.0)
    return VertebraSize(*(value * factor for value, factor in zip(values, factors, strict=True)))


def place_vertebrae(
    parameters: PhantomParameters, sacral_centre: np.ndarray, sacral_slope_deg: float
) -> tuple[Placement, ...]:
    """Stack the vertebrae on the sacral endplate along the sagittal and coronal curves.

    Half of the sagittal angle between neighbours is in the disc and half in the wedge of the body above it.

    Args:
        parameters: of the skeleton.
        sacral_centre: `(3,)`, centre of the upper endplate of S1.
        sacral_slope_deg: forward tilt of that endplate.

    Returns:
        From the lowest lumbar vertebra up to C1.
    """
    names = levels(parameters)
    upper_tilt = _sagittal_tilts(parameters, sacral_slope_deg)
    here, tilt_below = np.asarray(sacral_centre, dtype=np.float64), np.radians(sacral_slope_deg)
    placements = []
    for place, level in enumerate(names):
        size = vertebra_size(level, parameters)
        wedge = (tilt_below - upper_tilt[place]) / 2
        middle_tilt = upper_tilt[place] + wedge / 2
        lean, twist = _coronal(place + 0.5, parameters)
        axes = _axes(middle_tilt, lean, twist)
        disc = _axes((tilt_below + middle_tilt) / 2, lean, 0.0)[:, 2]
        centre = here + disc * size.disc_below + axes[:, 2] * size.body_height / 2
        placements.append(Placement(level, size, centre, axes, wedge))
        here, tilt_below = centre + axes[:, 2] * size.body_height / 2, upper_tilt[place]
    return tuple(placements)


def _sagittal_tilts(parameters: PhantomParameters, sacral_slope_deg: float) -> np.ndarray:
    """Return the forward tilt [rad] of each upper endplate, from the lowest vertebra up."""
    lumbar = parameters.lumbar_count
    at_l1 = sacral_slope_deg - parameters.lumbar_lordosis_deg
    at_t1 = at_l1 + parameters.thoracic_kyphosis_deg
    at_c3 = at_t1 - parameters.cervical_lordosis_deg
    # Lordosis is strongest low down; kyphosis is strongest in the middle of the thorax.
    lumbar_part = 1 - (1 - np.arange(1, lumbar + 1) / lumbar) ** 1.7
    x = np.arange(1, 13) / 12
    thoracic_part = x - 0.12 * np.sin(2 * np.pi * x)
    cervical_part = np.minimum(np.arange(1, 8) / 5, 1)
    tilts = [
        sacral_slope_deg + (at_l1 - sacral_slope_deg) * lumbar_part,
        at_l1 + (at_t1 - at_l1) * thoracic_part,
        at_t1 + (at_c3 - at_t1) * cervical_part,
    ]
    return np.radians(np.concatenate(tilts))


def _coronal(place: float, parameters: PhantomParameters) -> tuple[float, float]:
    """Return lean to the right and axial rotation [rad] of a vertebra, `place` vertebrae above the sacrum."""
    along = (place - parameters.scoliosis_apex) / parameters.scoliosis_extent
    if abs(along) >= 1:
        return 0.0, 0.0
    # The ends of the curve lie at +-1/2, where the lean is greatest: half of the Cobb angle, to either side.
    lean = -np.radians(parameters.scoliosis_cobb_deg) / 2 * np.sin(np.pi * along)
    return float(lean), float(-np.radians(parameters.axial_rotation_deg) * np.cos(np.pi * along / 2) ** 2)


def _axes(forward: float, right: float, twist: float) -> np.ndarray:
    """Return columns right, front and up of a body tilted forwards and to the right, turned about its axis [rad]."""
    up = np.array([np.tan(right), np.tan(forward), 1.0])
    up /= np.linalg.norm(up)
    front = np.array([-np.sin(twist), np.cos(twist), 0.0])
    front -= up * (front @ up)
    front /= np.linalg.norm(front)
    return np.stack([np.cross(front, up), front, up], axis=1)


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
    parts: list[Solid] = []
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
