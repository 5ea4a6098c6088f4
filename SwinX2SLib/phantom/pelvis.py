"""Hips and sacrum, modelled in a pelvic frame: millimetres from the middle of the hip axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.anatomy import labels
from SwinX2SLib.phantom.parameters import PhantomParameters
from SwinX2SLib.phantom.solids import Beads, Bone, Bowl, Solid, rod, sample_curve, sweep

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
    socket = (parameters.head_radius_mm.of(side) + JOINT_SPACE_MM) * unit
    inwards = 1.0 if side == "left" else -1.0
    opening = frame.rotation @ np.array([-inwards * 0.70, 0.30, -0.65])
    opening /= np.linalg.norm(opening)
    parts = [
        Bowl(at["hip_centre"], socket, socket + 9 * unit, opening, 2 * unit),
        _wing(at, unit),
        *_rims(at, unit),
        *_rami(at, unit),
    ]
    hole = Beads(at["hip_centre"][None], np.full((1, 3), socket))
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
