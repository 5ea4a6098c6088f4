"""Where each vertebra stands: the curves of the spine, from the sacrum upwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.phantom.parameters import PhantomParameters


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
