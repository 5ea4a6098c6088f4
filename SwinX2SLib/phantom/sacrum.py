"""The sacrum: a curved wedge with wings, canal, foramina and a crest behind."""

from __future__ import annotations

import itertools

import numpy as np

from SwinX2SLib.anatomy import labels
from SwinX2SLib.phantom.alignment import vertebra_size
from SwinX2SLib.phantom.parameters import PhantomParameters
from SwinX2SLib.phantom.solids import Beads, Bone, Column, Solid, rod

LENGTH_MM = 130.0  # along the curve, with the coccyx
CURVATURE_DEG = 82.0  # how far the curve turns from S1 to its tip

# Along the curve (0 the endplate, 1 the tip), half width and half depth of the fused bodies and wings [mm], and
# how far behind the bodies the back of the arch lies.
_PROFILE = np.array(
    [
        (0.08, 26.0, 15.5, 18.0),
        (0.22, 49.0, 15.0, 18.0),
        (0.38, 47.0, 12.5, 15.0),
        (0.52, 38.0, 10.5, 12.0),
        (0.66, 28.0, 9.0, 8.0),
        (0.78, 17.0, 6.5, 4.0),
        (0.90, 9.0, 5.5, 1.0),
        (1.00, 4.5, 4.0, 0.0),
    ]
)


def build_sacrum(
    centre: np.ndarray, slope_deg: float, parameters: PhantomParameters
) -> tuple[Bone, dict[str, np.ndarray]]:
    """Return the sacrum and its promontory.

    Args:
        centre: `(3,)` RAS mm of the upper endplate.
        slope_deg: forward tilt of that endplate.
        parameters: of the skeleton.
    """
    label = next(label.id for label in labels() if label.name == "sacrum")
    unit = parameters.scale
    across = unit * parameters.pelvic_width_scale
    size = vertebra_size("L5", parameters)
    radii = (0.5 * size.body_width, 0.47 * size.body_depth)
    axes = _axes_at(0.0, slope_deg)
    body = Column(centre - axes[:, 2] * 14 * unit, axes, radii, 28 * unit, 0.08)
    at = _Curve(centre, slope_deg, unit)
    parts = [body, _slab(at, across, unit), *_wings(at, across, unit), *_crest(at, unit)]
    bone = Bone(label, tuple(parts), tuple(_holes(at, across, unit)))
    return bone, {"promontory": centre + axes[:, 1] * radii[1]}


class _Curve:
    """Places along the sacrum: how far along, and millimetres to the right and to the front of the curve."""

    def __init__(self, centre: np.ndarray, slope_deg: float, unit: float):
        self.slope_deg = slope_deg
        grid = np.linspace(0, 1, 201)
        down = -np.stack([_axes_at(place, slope_deg)[:, 2] for place in grid])
        steps = (down[1:] + down[:-1]) / 2 * LENGTH_MM * unit / 200
        self._grid = grid
        self._points = centre + np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])

    def __call__(self, place: float, right: float = 0.0, front: float = 0.0) -> np.ndarray:
        on_curve = np.array([np.interp(place, self._grid, column) for column in self._points.T])
        axes = self.axes(place)
        return on_curve + axes[:, 0] * right + axes[:, 1] * front

    def axes(self, place: float) -> np.ndarray:
        """Return columns right, front, up at a place."""
        return _axes_at(place, self.slope_deg)


def _axes_at(place: float, slope_deg: float) -> np.ndarray:
    """Return columns right, front, up; the bend is gentle at first and strongest at S3 to S4."""
    turned = CURVATURE_DEG * (place - np.sin(2 * np.pi * place) / (2 * np.pi) * 0.95)
    tilt = np.radians(slope_deg - turned)
    sin, cos = np.sin(tilt), np.cos(tilt)
    return np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])


def _slab(at: _Curve, across: float, unit: float) -> Beads:
    """The fused bodies and lateral parts as a stack of flat ellipsoids."""
    places = np.linspace(_PROFILE[0, 0], 1.0, 64)
    wide, deep = (np.interp(places, _PROFILE[:, 0], _PROFILE[:, column]) for column in (1, 2))
    radii = np.stack([wide * across, deep * unit, np.full(64, 5.5 * unit)], axis=1)
    centres = np.stack([at(place) for place in places])
    return Beads(centres, radii, np.stack([at.axes(place) for place in places]))


def _wings(at: _Curve, across: float, unit: float) -> list[Solid]:
    """The alae: from the body of S1 outwards, backwards and down to the sacroiliac joints."""
    parts: list[Solid] = []
    for side in (-1, 1):
        root = at(0.12, side * 20 * across, -2 * unit)
        tip = at(0.20, side * 44 * across, -12 * unit)
        foot = at(0.44, side * 36 * across, -12 * unit)
        parts.append(rod(root, tip, (14 * unit, 13 * unit)))
        parts.append(rod(tip, foot, (12 * unit, 9 * unit)))
    return parts


def _crest(at: _Curve, unit: float) -> list[Solid]:
    """The roof of the canal and the spinous tubercles on it."""
    parts: list[Solid] = []
    places = np.linspace(0.12, 0.72, 7)
    for upper, lower in itertools.pairwise(places):
        ends = []
        for place in (upper, lower):
            behind = np.interp(place, _PROFILE[:, 0], _PROFILE[:, 2] + _PROFILE[:, 3]) + 1
            ends.append((place, -behind * unit))
        for side in (-1, 0, 1):
            reach = 13 * unit * side * (1 - upper)
            lift = 4 * unit * abs(side)
            start, end = (at(place, reach, front + lift) for place, front in ends)
            parts.append(rod(start, end, (5.0 * unit, 5.0 * unit)))
    for place in (0.16, 0.30, 0.44, 0.58):
        behind = np.interp(place, _PROFILE[:, 0], _PROFILE[:, 2] + _PROFILE[:, 3]) + 5
        parts.append(
            rod(at(place, 0, -behind * unit), at(place + 0.05, 0, -behind * unit), (5 * unit, 4 * unit))
        )
    return parts


def _holes(at: _Curve, across: float, unit: float) -> list[Solid]:
    """The sacral canal, and four pairs of foramina."""
    places = np.linspace(0.0, 0.75, 40)
    deep, behind = (np.interp(places, _PROFILE[:, 0], _PROFILE[:, column]) for column in (2, 3))
    centres = np.stack([at(p, 0, -(d + b / 2) * unit) for p, d, b in zip(places, deep, behind, strict=True)])
    narrowing = 1 - 0.6 * places / 0.75
    radii = np.stack([13 * narrowing, np.maximum(behind / 2 - 3.5, 1.5), np.full(40, 4.0)], axis=1) * unit
    canal = Beads(centres, radii, np.stack([at.axes(place) for place in places]))
    holes: list[Solid] = [canal]
    for place, beside in ((0.29, 20.0), (0.42, 18.0), (0.54, 16.0), (0.66, 13.0)):
        for side in (-1, 1):
            right = side * beside * across
            holes.append(
                rod(at(place, right, 22 * unit), at(place, right, -34 * unit), (4.2 * unit, 4.0 * unit))
            )
    return holes
