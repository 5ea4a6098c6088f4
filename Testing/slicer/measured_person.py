"""Measurements of a person made by hand, as `swinx2s measure` writes them: a few of every kind."""

from dataclasses import replace

import numpy as np

from SwinX2SLib.measurements.from_landmarks import HEAD_SURFACE, key_of, value_from_landmarks
from SwinX2SLib.measurements.quality_flags import FEMUR
from SwinX2SLib.measurements.results import Axis, Curve, Landmark, Measurement, Plane, absent
from SwinX2SLib.measurements.writing import document_text

HEAD_MM = 24.0


def measured_text() -> str:
    """The text of a `measurements.json`."""
    provenance = {
        "program": {"name": "SwinX2S", "version": "test"},
        "created": "2026-01-01T00:00:00+00:00",
        "segmentation": {
            "path": "bones.seg.nrrd", "sha256": "0", "kind": "labels", "spacing_mm": [2.5] * 3,
            "bones": [], "notes": [],
        },
        "regions": ["femur", "pelvis", "spine", "vertebra", "rib"],
        "intervals": None,
    }  # fmt: skip
    return document_text(measured_person(), provenance)


def measured_person() -> dict[str, list[Measurement]]:
    """By region, values from the places that stand here."""
    found = {"femur": [*_femur("left"), *_femur("right")], "pelvis": _pelvis(), "spine": _spine(),
             "vertebra": _vertebra(), "rib": _rib()}  # fmt: skip
    others = {key_of(one): one for region in found.values() for one in region}
    return {region: [_valued(one, others) for one in ones] for region, ones in found.items()}


def _valued(one: Measurement, others: dict) -> Measurement:
    if not one.is_present or one.name == "head_radius":
        return one
    found = value_from_landmarks(one, others)
    return found.flagged(["It was seen on one radiograph only."]) if one.name == "canal_length" else found


def head(side: str, *away_mm: float) -> np.ndarray:
    """Centre of a femoral head, or a place so far away from it."""
    return np.array([90.0 if side == "right" else -90.0, 5.0, -100.0]) + (away_mm or 0.0)


def _femur(side: str) -> list[Measurement]:
    out = np.sign(head(side)[0])
    structure, centre = f"femur_{side}", Landmark(f"head_centre_{side}", head(side))
    isthmus = head(side, out * 18.0, -3.0, -16.0)
    neck = Axis(f"neck_axis_{side}", isthmus, head(side) - isthmus)
    shaft = Axis(f"shaft_axis_{side}", head(side, out * 45.0, -6.0, -130.0), (-out * 0.05, 0.0, -1.0))
    make = lambda name, unit, marks, axes=(): Measurement(name, structure, side, None, unit, marks, axes)  # noqa: E731
    return [
        make("head_centre", "point", (centre,)),
        replace(make("head_radius", "mm", (centre,)), value=HEAD_MM),
        make("neck_axis", "point", (centre, Landmark(f"neck_isthmus_{side}", isthmus)), (neck,)),
        make("neck_shaft_angle", "deg", (centre, Landmark("neck_shaft_point", head(side))), (neck, shaft)),
        make("femoral_offset", "mm", (centre, Landmark("offset_foot", head(side))), (neck, shaft)),
        absent(
            "anteversion",
            structure,
            side,
            "deg",
            "The bone ends above the knee; the condyles are missing.",
        ),
    ]


def _pelvis() -> list[Measurement]:
    asis = [Landmark(f"asis_{side}", (x, 70.0, 0.0)) for side, x in (("left", -120.0), ("right", 121.0))]
    plate = Plane("sacral_endplate", (0.0, -20.0, 10.0), (0.0, 0.6, 0.8))
    centre = Landmark("sacral_endplate_centre", plate.point_ras_mm)
    heads = tuple(Landmark(f"head_centre_{side}", head(side)) for side in ("left", "right"))
    spots = [
        Measurement("asis", "pelvis", side, None, "point", (mark,))
        for side, mark in zip(("left", "right"), asis, strict=True)
    ]
    across = (Axis("inter_asis_axis", asis[0].position_ras_mm, (1.0, 0.0, 0.0)),)
    hips = (Axis("hip_axis", (0.0, 5.0, -100.0), (1.0, 0.0, 0.0)),)
    return [
        *spots,
        Measurement("inter_asis_width", "pelvis", None, None, "mm", tuple(asis), across),
        Measurement("sacral_slope", "pelvis", None, None, "deg", (centre,), planes=(plate,)),
        Measurement("pelvic_incidence", "pelvis", None, None, "deg", (*heads, centre), hips, (plate,)),
    ]


UPPER_L1 = Plane("vertebrae_L1_superior_endplate", (0.0, 10.0, 150.0), (0.0, -0.2, 0.98))


def _spine() -> list[Measurement]:
    sacral = Plane("sacral_endplate", (0.0, -20.0, 10.0), (0.0, 0.6, 0.8))
    lower = Plane("vertebrae_L4_inferior_endplate", (2.0, 15.0, 40.0), (0.15, 0.1, 0.98))
    middles = [(0.0, 10.0, 140.0), (1.0, 14.0, 105.0), (2.0, 15.0, 70.0), (2.0, 12.0, 45.0)]
    marks = tuple(Landmark(f"vertebrae_L{n}", place) for n, place in enumerate(middles, 1))
    line = (Curve("centreline", middles),)
    return [
        Measurement("centreline_length", "spine", None, None, "mm", marks, curves=line),
        Measurement("cobb_angle", "spine", "right", None, "deg", planes=(UPPER_L1, lower)),
        Measurement("lumbar_lordosis", "spine", None, None, "deg", planes=(UPPER_L1, sacral)),
    ]


def _vertebra() -> list[Measurement]:
    bone, origin = "vertebrae_L1", (0.0, 10.0, 140.0)
    plates = (
        Plane("superior_endplate", UPPER_L1.point_ras_mm, UPPER_L1.normal_ras),
        Plane("inferior_endplate", (0.0, 10.0, 125.0), (0.0, -0.1, 0.99)),
    )
    front = (Axis("vertebra_front", origin, (0.02, 1.0, -0.1)),)
    median = (Plane("median_plane", origin, np.cross((0.02, 1.0, -0.1), (0.0, 0.1, 1.0))),)
    canal = (Landmark("canal_front", (0.0, -8.0, 140.0)), Landmark("canal_back", (0.0, -25.5, 138.0)))
    return [
        Measurement("canal_length", bone, None, None, "mm", canal),
        Measurement("superior_endplate", bone, None, None, "point", planes=plates[:1]),
        Measurement("inferior_endplate", bone, None, None, "point", planes=plates[1:]),
        Measurement("wedge_angle", bone, None, None, "deg", planes=plates),
        Measurement("axial_rotation", bone, None, None, "deg", axes=front, planes=median),
    ]


def _rib() -> list[Measurement]:
    turn = np.linspace(0.2, 2.6, 240)
    points = np.stack([-20 - 90 * np.sin(turn), -60 + 90 * (1 - np.cos(turn)), 260 - 25 * turn], axis=1)
    line = (Curve("centreline", points),)
    ends = (Landmark("vertebral_end", points[0]), Landmark("front_end", points[-1]))
    return [
        Measurement(name, "rib_left_7", "left", None, unit, ends, curves=line)
        for name, unit in (("rib_length", "mm"), ("rib_curvature", "1/m"))
    ]


def usual_radius() -> str:
    """The usual radii of a head as a table tells them."""
    usual = FEMUR["head_radius"]
    return f"{usual.lower:g} to {usual.upper:g}"


def surface_name(side: str) -> str:
    """Key of the place that gives the radius of a head."""
    return f"femur_{side}/{HEAD_SURFACE}_{side}"
