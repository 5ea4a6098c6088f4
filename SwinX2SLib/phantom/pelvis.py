"""Hips and sacrum, modelled in a pelvic frame: millimetres from the middle of the hip axis."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.anatomy import labels
from SwinX2SLib.phantom.parameters import PhantomParameters
from SwinX2SLib.phantom.solids import Beads, Bone, Bowl, Column, Solid, rod, sample_curve, sweep
from SwinX2SLib.phantom.spine import vertebra_size
from SwinX2SLib.phantom.truth import FemurTruth

TABLE_TILT_DEG = 14.0  # pelvic tilt at which the tables below stand
SACRAL_DISTANCE_MM = 106.0  # from the hip axis to the centre of the sacral endplate
JOINT_SPACE_MM = 4.0
ASIS_RADIUS_MM, PSIS_RADIUS_MM, TUBERCLE_RADIUS_MM, SPINE_RADIUS_MM = 5.5, 8.0, 4.5, 2.5

# Right side: x outwards, y forwards, z up. Rounded adult means.
_LANDMARKS = {
    "hip_centre": (89, 0, 0),
    "asis": (121, 42, 74),
    "aiis": (110, 34, 39),
    "crest_front": (125, 28, 102),
    "crest_tubercle": (126, -2, 121),
    "crest_top": (111, -38, 131),
    "crest_back": (77, -70, 122),
    "psis": (43, -90, 98),
    "piis": (45, -82, 60),
    "roof": (102, 2, 38),
    "notch_front": (82, -42, 34),
    "notch_top": (62, -66, 48),
    "brim_back": (54, -62, 70),
    "brim_middle": (62, -30, 42),
    "brim_front": (60, 14, 20),
    "ramus_middle": (42, 31, -4),
    "pubic_tubercle": (24, 42, -16),
    "pubis_top": (12, 38, -20),
    "pubis_bottom": (12, 28, -46),
    "ischium_top": (80, -26, -10),
    "ischium_middle": (72, -40, -32),
    "tuberosity": (60, -42, -58),
    "ramus_bottom": (33, 2, -56),
    "ischial_spine": (49, -56, 2),
    "spine_root": (68, -44, -4),
}


@dataclass(frozen=True)
class PelvicFrame:
    """Where the pelvis stands and how large it is.

    Attributes:
        rotation: `(3, 3)`, pelvic frame -> RAS.
        size: `(3,)` factors across, forwards and up.
    """

    rotation: np.ndarray
    size: np.ndarray

    def point(self, name: str, side: str, flare: float = 1.0) -> np.ndarray:
        """Return a landmark of one side, RAS mm; `flare` widens what lies above the sockets."""
        place = np.array(_LANDMARKS[name], dtype=np.float64)
        if place[2] > 60 and place[0] > 89:
            place[0] = 89 + (place[0] - 89) * flare
        place[0] *= 1 if side == "right" else -1
        return self.rotation @ (place * self.size)


def pelvic_frame(parameters: PhantomParameters) -> PelvicFrame:
    """Return the frame for these parameters: the origin is the middle of the hip axis."""
    turn = np.radians(parameters.pelvic_tilt_deg - TABLE_TILT_DEG)
    cos, sin = np.cos(turn), np.sin(turn)
    # More tilt carries the sacrum backwards over the hips.
    rotation = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    factors = (parameters.pelvic_width_scale, parameters.pelvic_depth_scale, parameters.pelvic_height_scale)
    return PelvicFrame(rotation, parameters.scale * np.array(factors))


def build_hip(
    side: str, frame: PelvicFrame, parameters: PhantomParameters
) -> tuple[Bone, dict[str, np.ndarray]]:
    """Return one hip bone and its landmarks on the bone's surface, RAS mm."""
    label = next(label.id for label in labels() if label.name == f"hip_{side}")
    flare, unit = parameters.wing_scale.of(side), parameters.scale
    at = {name: frame.point(name, side, flare) for name in _LANDMARKS}
    acetabulum = (parameters.head_radius_mm.of(side) + JOINT_SPACE_MM) * unit
    inwards = 1.0 if side == "left" else -1.0
    opening = frame.rotation @ np.array([-inwards * 0.70, 0.30, -0.65])
    opening /= np.linalg.norm(opening)
    parts: list[Solid] = [
        Bowl(at["hip_centre"], acetabulum, acetabulum + 9 * unit, opening, 2 * unit),
        _wing(at, unit),
        *_rims(at, unit),
        *_rami(at, unit),
    ]
    hole = Beads(at["hip_centre"][None], np.full((1, 3), acetabulum))
    spots = {f"{name}_{side}": point for name, point in _surface_points(at, frame, unit).items()}
    return Bone(label, tuple(parts), (hole,)), spots


def _surface_points(at: dict[str, np.ndarray], frame: PelvicFrame, unit: float) -> dict[str, np.ndarray]:
    """Return the landmarks: where the swept borders reach furthest, on their surface."""
    forwards = frame.rotation @ np.array([0.0, 1.0, 0.0])
    spine = at["ischial_spine"] - at["spine_root"]
    return {
        "asis": at["asis"] + ASIS_RADIUS_MM * unit * forwards,
        "psis": at["psis"] - PSIS_RADIUS_MM * unit * forwards,
        "pubic_tubercle": at["pubic_tubercle"] + TUBERCLE_RADIUS_MM * unit * forwards,
        "ischial_spine": at["ischial_spine"] + SPINE_RADIUS_MM * unit * spine / np.linalg.norm(spine),
    }


def _wing(at: dict[str, np.ndarray], unit: float) -> Beads:
    """The iliac wing: a bowed plate between the crest above and a line over the socket to the sacroiliac joint."""
    crest, _ = sample_curve(
        _points(at, "asis crest_front crest_tubercle crest_top crest_back psis"), 2.5 * unit
    )
    base, _ = sample_curve(_points(at, "aiis roof notch_front notch_top piis"), 1.0 * unit)
    base = base[np.linspace(0, len(base) - 1, len(crest)).round().astype(int)]
    rows = int(np.linalg.norm(crest - base, axis=1).max() / (2.5 * unit)) + 1
    v = np.linspace(0, 1, rows)[:, None, None]
    u = np.linspace(0, 1, len(crest))[None, :, None]
    bow = 9 * unit * 4 * v * (1 - v) * np.sin(np.pi * u)
    outwards = np.array([np.sign(at["asis"][0]), 0.0, 0.0])
    surface = base + (crest - base) * v + bow * outwards
    thickness = 3.0 + 3.0 * v**6 + 7.5 * (1 - v) ** 3 * np.sin(np.pi * u) ** 0.5 + 4.0 * u**4
    radii = np.broadcast_to(thickness * unit, surface.shape)
    return Beads(surface.reshape(-1, 3), radii.reshape(-1, 3))


def _rims(at: dict[str, np.ndarray], unit: float) -> list[Solid]:
    """Thick borders: the crest, the front border with its two spines, the pelvic brim, the body of the ilium."""
    crest = _points(at, "asis crest_front crest_tubercle crest_top crest_back psis")
    front = _points(at, "asis aiis roof")
    brim = _points(at, "piis brim_back brim_middle brim_front")
    back = _points(at, "psis piis notch_top notch_front ischium_top")
    body = _points(at, "roof brim_middle notch_front")
    return [
        sweep(body, np.array([14.0, 12.0, 13.0]) * unit),
        sweep(crest, np.array([ASIS_RADIUS_MM, 5.5, 6.5, 5.5, 6.0, PSIS_RADIUS_MM]) * unit, curved=True),
        sweep(front, np.array([ASIS_RADIUS_MM, 8.5, 12.0]) * unit),
        sweep(brim, np.array([8.0, 9.5, 10.0, 9.0]) * unit, curved=True),
        sweep(back, np.array([PSIS_RADIUS_MM, 7.5, 8.0, 11.0, 13.0]) * unit),
    ]


def _rami(at: dict[str, np.ndarray], unit: float) -> list[Solid]:
    """The ring below: upper pubic ramus, pubic body, lower ramus, ischium with its spine."""
    ischium = _points(at, "ischium_top ischium_middle tuberosity")
    return [
        sweep(_points(at, "brim_front ramus_middle pubis_top"), np.array([11.0, 9.0, 8.5]) * unit),
        rod(at["ramus_middle"], at["pubic_tubercle"], (7.0 * unit, TUBERCLE_RADIUS_MM * unit)),
        rod(at["pubis_top"], at["pubis_bottom"], (8.5 * unit, 8.5 * unit)),
        sweep(_points(at, "pubis_bottom ramus_bottom tuberosity"), np.array([8.5, 7.5, 10.0]) * unit),
        sweep(ischium, np.array([17.0, 15.0, 13.5]) * unit),
        rod(at["spine_root"], at["ischial_spine"], (9.0 * unit, SPINE_RADIUS_MM * unit)),
    ]


def _points(at: dict[str, np.ndarray], names: str) -> np.ndarray:
    return np.stack([at[name] for name in names.split()])


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
    parts: list[Solid] = [body, _slab(at, across, unit), *_wings(at, across, unit), *_crest(at, unit)]
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


def build_femur(side: str, head_centre: np.ndarray, parameters: PhantomParameters) -> tuple[Bone, FemurTruth]:
    """Return one femur and what is known of it.

    Args:
        side: "left" or "right".
        head_centre: `(3,)` RAS mm.
        parameters: of the skeleton.
    """
    label = next(label.id for label in labels() if label.name == f"femur_{side}")
    truth = _axes(side, head_centre, parameters)
    return Bone(label, tuple(_parts(truth, side, parameters))), truth


def _axes(side: str, head_centre: np.ndarray, parameters: PhantomParameters) -> FemurTruth:
    medial = -1.0 if side == "right" else 1.0
    adduction = np.radians(parameters.shaft_adduction_deg.of(side))
    shaft = np.array([medial * np.sin(adduction), 0.0, -np.cos(adduction)])
    inwards = np.array([medial * np.cos(adduction), 0.0, np.sin(adduction)])  # square to the shaft
    version = np.radians(parameters.anteversion_deg.of(side))
    level = inwards * np.cos(version) + np.array([0.0, np.sin(version), 0.0])
    angle = np.radians(parameters.neck_shaft_angle_deg.of(side))
    neck = shaft * np.cos(angle) + level * np.sin(angle)
    length = parameters.neck_length_mm.of(side) * parameters.scale
    return FemurTruth(
        head_centre=np.asarray(head_centre, dtype=np.float64),
        head_radius_mm=parameters.head_radius_mm.of(side) * parameters.scale,
        neck_axis=neck,
        shaft_axis=shaft,
        neck_shaft_point=head_centre - neck * length,
        neck_shaft_angle_deg=parameters.neck_shaft_angle_deg.of(side),
        neck_length_mm=length,
        femoral_offset_mm=length * float(np.sin(angle)),
    )


def _parts(truth: FemurTruth, side: str, parameters: PhantomParameters) -> list[Solid]:
    meeting, down, neck = truth.neck_shaft_point, truth.shaft_axis, truth.neck_axis
    radius, unit = truth.head_radius_mm, truth.head_radius_mm / 24.0
    outwards = -(neck - down * (neck @ down))
    outwards /= np.linalg.norm(outwards)
    back = np.cross(down, outwards) * (1.0 if side == "right" else -1.0)
    back = back if back[1] < 0 else -back
    length = parameters.shaft_length_mm.of(side) * parameters.scale
    below = np.array([-4.0, *(knot for knot in (35 * unit, 60 * unit) if knot < length), length])
    shaft_radii = np.interp(below / unit, [-4, 35, 60], [20.0, 17.0, 14.5]) * unit
    great = [
        meeting + 8 * down,
        meeting + 6 * outwards - 8 * down,
        meeting + 9 * outwards - 20 * down + 4 * back,
    ]
    lesser = meeting + (46 * down - 10 * outwards + 8 * back) * unit
    return [
        Beads(truth.head_centre[None], np.full((1, 3), radius)),
        sweep(
            np.stack([truth.head_centre, truth.head_centre - neck * truth.neck_length_mm * 0.5, meeting]),
            np.array([17.5, 15.5, 19.0]) * unit,
        ),
        sweep(meeting + below[:, None] * down, shaft_radii),
        sweep(meeting + (np.stack(great) - meeting) * unit, np.array([19.0, 17.0, 10.5]) * unit),
        rod(lesser + 8 * unit * outwards, lesser, (12.0 * unit, 7.0 * unit)),
    ]
