"""Femora: head, neck, trochanters and the upper part of the shaft."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.anatomy import labels
from SwinX2SLib.phantom.parameters import PhantomParameters
from SwinX2SLib.phantom.solids import Beads, Bone, Solid, rod, sweep
from SwinX2SLib.phantom.truth import FemurTruth


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
