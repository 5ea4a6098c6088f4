"""Measurements of one femur: head, neck and shaft; with the knee end also version, length and condyles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from SwinX2SLib.geometry.surfaces import angle_deg, orthogonalise
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.femur_distal import DistalFemur, find_distal
from SwinX2SLib.measurements.femur_proximal import ISTHMUS_RADII, ProximalFemur, find_proximal, meeting_points
from SwinX2SLib.measurements.quality_flags import FEMUR, bone_doubts, missing_reason
from SwinX2SLib.measurements.resolution import voxel_doubt
from SwinX2SLib.measurements.results import Axis, Landmark, Measurement, absent

# Name and unit, in the order of the report.
HEAD = (("head_centre", "point"), ("head_radius", "mm"))
NECK = (("neck_axis", "point"),)
SHAFT = (
    ("neck_shaft_angle", "deg"),
    ("femoral_offset", "mm"),
    ("neck_length", "mm"),
    ("head_shaft_distance", "mm"),
)
KNEE = (
    ("anteversion", "deg"),
    ("femoral_length", "mm"),
    ("mechanical_anatomical_angle", "deg"),
    ("condyles", "point"),
)
LEAST_VOXELS = 400
LEAST_COVERAGE = 0.25
GOOD_COVERAGE = 0.5
# A head that is a ball leaves this much at most, and half a voxel besides.
GOOD_RESIDUAL_MM = 1.0
NECK_TO_HEAD = (0.45, 0.92)
# Whole femora (VSD) cut off 3.5 to 4.2 head radii below the head's centre, square to the shaft or up to 20 degrees
# askew, as meshes and on a 2.6 mm grid: the shaft's axis lay 2.8 degrees off in half of them, 6 in nine of ten, 10 at
# most; the neck-shaft angle 2.2, 5 and 9. What the upper end tells of the shaft in other people makes it no better.
SHORT_SHAFT_DEG, SHORT_SHAFT_MOST_DEG = 3.0, 10.0
# Half a voxel moves head, isthmus and condyles against each other: of femora (VSD) laid on a 2.6 mm grid in six ways,
# the version changed by up to 1.2 degrees. Neither more of the neck nor surfaces fitted to the condyles hold it.
VERSION_DOUBT_DEG_PER_MM = 0.48
# From the head's centre to the shaft's axis; in 19 femora (VSD) and a child it is 1.9 to 2.6.
NECK_LENGTH_RADII = (1.2, 3.6)
# The head ends at most 3.6 radii to the side of the shaft's axis, a bowed shaft's knee nearer.
MOST_ASIDE_RADII = 4.6


def measure_femora(bones: Mapping[str, Bone]) -> list[Measurement]:
    """Measure both femora; bones by label name."""
    return [
        result for side in ("left", "right") for result in measure_femur(bones.get(f"femur_{side}"), side)
    ]


def measure_femur(bone: Bone | None, side: str) -> list[Measurement]:
    """Measure one femur.

    The neck-shaft angle lies between the neck axis (from the isthmus to the head's centre) and the shaft axis
    downwards, in space. The offset is the distance of the head's centre from the shaft axis; the neck length runs
    from the head's centre to where both axes come nearest, on the neck axis, the head-shaft distance to that place
    on the shaft axis. Anteversion is positive when the neck points in front of the condyles. The angle between the
    mechanical axis and that of the whole shaft is seen square to the line behind the condyles.

    Args:
        bone: of that side, or None when there is none.
        side: "left" or "right".
    """
    structure = f"femur_{side}"
    if bone is None or (bone.voxel_count or LEAST_VOXELS) < LEAST_VOXELS:
        return _absent(
            structure, side, HEAD + NECK + SHAFT + KNEE, missing_reason(bone, structure, LEAST_VOXELS)
        )
    upper = find_proximal(bone)
    doubts = bone_doubts(bone, allowed_cuts=("inferior",))
    if upper.head is None or upper.head.coverage < LEAST_COVERAGE:
        return _absent(structure, side, HEAD + NECK + SHAFT + KNEE, "The femoral head was not found.")
    doubts += _head_doubts(bone, upper)
    results = _head_results(upper, structure, side, doubts)
    if upper.neck is None:
        return results + _absent(structure, side, NECK + SHAFT + KNEE, "The femoral neck was not found.")
    doubts += _neck_doubts(upper)
    results.append(_neck_result(upper, structure, side, doubts))
    if upper.shaft is None:
        return results + _absent(
            structure, side, SHAFT + KNEE, "The shaft is missing or too short for an axis."
        )
    odd = _proportion_doubts(bone, upper)
    results = [result.doubted(odd) for result in results]
    doubts += odd + _shaft_doubts(bone, upper)
    results += _shaft_results(upper, structure, side, doubts)
    lower = find_distal(bone, upper)
    if lower is None:
        return results + _absent(
            structure, side, KNEE, "The bone ends above the knee; the condyles are missing."
        )
    return results + _knee_results(upper, lower, structure, side, doubts, max(bone.spacing_mm or (0.0,)))


def _absent(structure: str, side: str, wanted: tuple, reason: str) -> list[Measurement]:
    return [absent(name, structure, side, unit, reason) for name, unit in wanted]


def _head_doubts(bone: Bone, upper: ProximalFemur) -> tuple[str, ...]:
    head, reasons = upper.head, ()
    if head.coverage < GOOD_COVERAGE:
        reasons += (f"Only {head.coverage:.0%} of the sphere of the femoral head is visible.",)
    if head.residual_mm > GOOD_RESIDUAL_MM + 0.25 * max(bone.spacing_mm or (0.0,)):
        reasons += (
            f"The femoral head is not spherical: residual of the sphere fit {head.residual_mm:.1f} mm.",
        )
    return reasons + FEMUR["head_radius"].doubts(head.radius_mm, "A head radius", "mm")


def _neck_doubts(upper: ProximalFemur) -> tuple[str, ...]:
    radius, neck, reasons = upper.head.radius_mm, upper.neck, ()
    ratio = np.sqrt(neck.isthmus.area_mm2 / np.pi) / radius
    if not NECK_TO_HEAD[0] < ratio < NECK_TO_HEAD[1]:
        reasons += (f"The neck is {ratio:.2f} times as thick as the head, which is implausible.",)
    if not ISTHMUS_RADII[0] + 0.05 < neck.level_mm / radius < ISTHMUS_RADII[-1] - 0.05:
        reasons += ("The neck has no minimum width between head and trochanter.",)
    return reasons


def _shaft_doubts(bone: Bone, upper: ProximalFemur) -> tuple[str, ...]:
    reasons, shaft = (), upper.shaft
    if not shaft.clear_of_trochanter:
        reasons += (
            f"Only {shaft.length_mm:.0f} mm of the shaft are visible, mostly next to the lesser trochanter: "
            f"the error of its axis is {SHORT_SHAFT_DEG:.0f} degrees (median), up to "
            f"{SHORT_SHAFT_MOST_DEG:.0f} degrees.",
        )
    if shaft.cone.residual_mm > 1.5 + 0.25 * max(bone.spacing_mm or (0.0,)):
        reasons += (f"The shaft is not cylindrical: residual of the fit {shaft.cone.residual_mm:.1f} mm.",)
    return reasons


def _proportion_doubts(bone: Bone, upper: ProximalFemur) -> tuple[str, ...]:
    """Return reasons when head, neck and shaft do not stand to each other as in a femur, or more hangs on them."""
    cone, reasons = upper.shaft.cone, ()
    away = bone.vertices_ras_mm - cone.point
    aside = np.linalg.norm(away - np.outer(away @ cone.direction, cone.direction), axis=1)
    reach = float(np.quantile(aside, 0.99))
    if reach > MOST_ASIDE_RADII * upper.head.radius_mm:
        reasons += (
            f"The bone extends {reach:.0f} mm to the side of its shaft: it is merged with other bones.",
        )
    on_neck, _ = meeting_points(upper.head, upper.neck, cone)
    along = float((upper.head.centre - on_neck) @ upper.neck.direction) / upper.head.radius_mm
    angle = angle_deg(upper.neck.direction, cone.direction)
    low, high = FEMUR["neck_shaft_angle"].lower, FEMUR["neck_shaft_angle"].upper
    if NECK_LENGTH_RADII[0] < along < NECK_LENGTH_RADII[1] and low - 10 < angle < high + 10:
        return reasons
    return (*reasons, "The arrangement of head, neck and shaft is not that of a femur: check the label.")


def _head_results(upper: ProximalFemur, structure: str, side: str, doubts) -> list[Measurement]:
    centre = (Landmark(f"head_centre_{side}", upper.head.centre),)
    return [
        Measurement("head_centre", structure, side, None, "point", centre).doubted(doubts),
        Measurement("head_radius", structure, side, upper.head.radius_mm, "mm", centre).doubted(doubts),
    ]


def _neck_result(upper: ProximalFemur, structure: str, side: str, doubts) -> Measurement:
    places = (
        Landmark(f"head_centre_{side}", upper.head.centre),
        Landmark(f"neck_isthmus_{side}", upper.neck.isthmus.centroid),
    )
    axes = (Axis(f"neck_axis_{side}", upper.neck.isthmus.centroid, upper.neck.direction),)
    return Measurement("neck_axis", structure, side, None, "point", places, axes).doubted(doubts)


def _shaft_results(upper: ProximalFemur, structure: str, side: str, doubts) -> list[Measurement]:
    head, neck, cone = upper.head, upper.neck, upper.shaft.cone
    on_neck, on_shaft = meeting_points(head, neck, cone)
    foot = cone.point + cone.direction * ((head.centre - cone.point) @ cone.direction)
    neck_axis = Axis(f"neck_axis_{side}", neck.isthmus.centroid, neck.direction)
    shaft_axis = Axis(f"shaft_axis_{side}", cone.point, cone.direction)
    centre = Landmark(f"head_centre_{side}", head.centre)
    values = {
        "neck_shaft_angle": (
            angle_deg(neck.direction, cone.direction),
            (Landmark("neck_shaft_point", on_shaft),),
        ),
        "femoral_offset": (np.linalg.norm(head.centre - foot), (Landmark("offset_foot", foot),)),
        "neck_length": (np.linalg.norm(head.centre - on_neck), (Landmark("neck_foot", on_neck),)),
        "head_shaft_distance": (
            np.linalg.norm(head.centre - on_shaft),
            (Landmark("neck_shaft_point", on_shaft),),
        ),
    }
    results = []
    for name, unit in SHAFT:
        value, places = values[name]
        result = Measurement(name, structure, side, value, unit, (centre, *places), (neck_axis, shaft_axis))
        known = FEMUR.get(name)
        outside = known.doubts(float(value), f"A {name.replace('_', ' ')}", unit) if known else ()
        results.append(result.doubted((*doubts, *outside)))
    return results


def _knee_results(
    upper: ProximalFemur, lower: DistalFemur, structure: str, side: str, doubts, voxel_mm: float
) -> list[Measurement]:
    head, notch = upper.head.centre, lower.places["intercondylar_notch"]
    neck = orthogonalise(upper.neck.direction, lower.mechanical)
    version = np.degrees(np.arctan2(-(neck @ lower.posterior), neck @ lower.medial))
    places = {name: Landmark(f"{name}_{side}", place) for name, place in lower.places.items()}
    condyles = (places["posterior_condyle_medial"], places["posterior_condyle_lateral"])
    mechanical = Axis(f"mechanical_axis_{side}", head, lower.mechanical)
    shaft_axis = Axis(f"shaft_axis_whole_{side}", lower.shaft_point, lower.shaft)
    condylar = Axis(
        f"posterior_condylar_axis_{side}", lower.places["posterior_condyle_lateral"], lower.medial
    )
    neck_axis = Axis(f"neck_axis_{side}", upper.neck.isthmus.centroid, upper.neck.direction)
    ends = (Landmark(f"head_centre_{side}", head), places["intercondylar_notch"])
    between = lower.mechanical_anatomical_angle_deg
    length = np.linalg.norm(head - notch)
    outside = FEMUR["anteversion"].doubts(float(version), "An anteversion", "deg")
    outside += voxel_doubt(voxel_mm, VERSION_DOUBT_DEG_PER_MM * voxel_mm)
    knee = [
        Measurement("anteversion", structure, side, version, "deg", condyles, (neck_axis, condylar)).doubted(
            outside
        ),
        Measurement("femoral_length", structure, side, length, "mm", ends, (mechanical,)),
        Measurement(
            "mechanical_anatomical_angle",
            structure,
            side,
            between,
            "deg",
            (*ends, *condyles),
            (mechanical, shaft_axis, condylar),
        ),
        Measurement("condyles", structure, side, None, "point", tuple(places.values()), (condylar,)),
    ]
    return [measurement.doubted(doubts) for measurement in knee]
