"""All bones of one skeleton, put together from below: hips, sacrum, spine, ribs, femora."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.phantom.parameters import PhantomParameters
from SwinX2SLib.phantom.pelvis import SACRAL_DISTANCE_MM, build_femur, build_hip, build_sacrum, pelvic_frame
from SwinX2SLib.phantom.ribs import build_rib
from SwinX2SLib.phantom.solids import Bone
from SwinX2SLib.phantom.spine import build_vertebra, place_vertebrae
from SwinX2SLib.phantom.truth import PhantomTruth

SIDES = ("left", "right")


def build_skeleton(parameters: PhantomParameters) -> tuple[tuple[Bone, ...], PhantomTruth]:
    """Return the bones, and what is known of them in RAS mm from the middle of the hip axis."""
    frame = pelvic_frame(parameters)
    tilt = np.radians(parameters.pelvic_tilt_deg)
    distance = SACRAL_DISTANCE_MM * parameters.scale * parameters.pelvic_height_scale
    sacral_centre = distance * np.array([0.0, -np.sin(tilt), np.cos(tilt)])
    slope_deg = parameters.pelvic_incidence_deg - parameters.pelvic_tilt_deg
    slope = np.radians(slope_deg)

    sacrum, landmarks = build_sacrum(sacral_centre, slope_deg, parameters)
    bones, femora = [sacrum], {}
    for side in SIDES:
        hip, spots = build_hip(side, frame, parameters)
        femur, femora[side] = build_femur(side, frame.point("hip_centre", side), parameters)
        bones += [hip, femur]
        landmarks |= spots
    placements = place_vertebrae(parameters, sacral_centre, slope_deg)
    vertebrae, ribs = {}, {}
    for placement in placements:
        bone, vertebrae[f"vertebrae_{placement.level}"] = build_vertebra(placement)
        bones.append(bone)
        if placement.level[0] == "T":
            number = int(placement.level[1:])
            for side in SIDES:
                bone, ribs[f"rib_{side}_{number}"] = build_rib(number, side, placement, parameters)
                bones.append(bone)
    truth = PhantomTruth(
        vertebrae=vertebrae,
        ribs=ribs,
        femora=femora,
        landmarks=landmarks,
        sacral_endplate_centre=sacral_centre,
        sacral_endplate_normal=np.array([0.0, np.sin(slope), np.cos(slope)]),
        pelvic_incidence_deg=parameters.pelvic_incidence_deg,
        pelvic_tilt_deg=parameters.pelvic_tilt_deg,
        sacral_slope_deg=slope_deg,
    )
    return tuple(bones), truth
