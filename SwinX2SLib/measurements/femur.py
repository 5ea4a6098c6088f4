"""Measurements of one femur: head, neck and shaft; with the knee end also version, length and condyles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from SwinX2SLib.geometry.fits import Sphere
from SwinX2SLib.geometry.surfaces import angle_deg, orthogonalise
from SwinX2SLib.measurements.acetabulum import head_site
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.femur_distal import DistalFemur, find_distal
from SwinX2SLib.measurements.femur_proximal import (
    ISTHMUS_RADII,
    Neck,
    ProximalFemur,
    Shaft,
    UpperFemur,
    find_proximal,
    meeting_points,
)
from SwinX2SLib.measurements.quality_flags import FEMUR, bone_flags, missing_reason
from SwinX2SLib.measurements.resolution import voxel_uncertainty
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
# A neck as thick as its head is none.
MOST_NECK_TO_HEAD = 1.0
# Whole femora (VSD) cut off 3.5 to 4.2 head radii below the head's centre, square to the shaft or up to 20 degrees
# askew, as meshes and on a 2.6 mm grid: the shaft's axis lay 2.8 degrees off in half of them, 6 in nine of ten, 10 at
# most; the neck-shaft angle 2.2, 5 and 9. What the upper end tells of the shaft in other people makes it no better.
SHORT_SHAFT_DEG, SHORT_SHAFT_MOST_DEG = 3.0, 10.0
# Half a voxel moves head, isthmus and condyles against each other: of 19 femora (VSD) on a 2.6 mm grid, moved along
# each axis, the version changed by 0.8 degrees (root mean square), by 2.0 at most; this is half as much again as the
# former. Neither more of the neck nor surfaces fitted to the condyles hold it.
VERSION_UNCERTAINTY_DEG_PER_MM = 0.48
# From the head's centre to the shaft's axis; in 19 femora (VSD) and a child it is 1.9 to 2.6.
NECK_LENGTH_RADII = (1.2, 3.6)
# The head ends at most 3.6 radii to the side of the shaft's axis, a bowed shaft's knee nearer.
MOST_ASIDE_RADII = 4.6


def measure_femora(bones: Mapping[str, Bone]) -> list[Measurement]:
    """Measure both femora; bones by label name."""
    return [
        result
        for side in ("left", "right")
        for result in measure_femur(bones.get(f"femur_{side}"), side, bones)
    ]


def measure_femur(bone: Bone | None, side: str, bones: Mapping[str, Bone] | None = None) -> list[Measurement]:
    """Measure one femur.

    Its head has to lie in the acetabulum of its side, or without a hip bone at the end next to the trunk; else
    nothing is measured.

    The neck-shaft angle lies between the neck axis (from the isthmus to the head's centre) and the shaft axis
    downwards, in space. The offset is the distance of the head's centre from the shaft axis; the neck length runs
    from the head's centre to where both axes come nearest, on the neck axis, the head-shaft distance to that place
    on the shaft axis. Anteversion is positive when the neck points in front of the condyles. The angle between the
    mechanical axis and that of the whole shaft is seen square to the line behind the condyles.

    Args:
        bone: of that side, or None when there is none.
        side: "left" or "right".
        bones: all of that person, by label name; without them the head may be anywhere on the bone.
    """
    structure = f"femur_{side}"
    if bone is None or (bone.voxel_count or LEAST_VOXELS) < LEAST_VOXELS:
        return _absent(
            structure, side, HEAD + NECK + SHAFT + KNEE, missing_reason(bone, structure, LEAST_VOXELS)
        )
    upper = find_proximal(bone, None if bones is None else head_site(bones, side))
    flags = bone_flags(bone, allowed_cuts=("inferior",))
    head = upper.head
    if head is None or head.coverage < LEAST_COVERAGE:
        return _absent(structure, side, HEAD + NECK + SHAFT + KNEE, upper.missing)
    flags += _head_flags(bone, head)
    if upper.shaft is not None:
        flags += _merged_flags(bone, head, upper.shaft)
    if impossible := _impossible(upper):
        results = _head_results(head, structure, side, (*flags, impossible))
        return results + _absent(structure, side, NECK + SHAFT + KNEE, impossible)
    return _head_results(head, structure, side, flags) + _below_head(bone, upper, structure, side, flags)


def _below_head(
    bone: Bone, upper: ProximalFemur, structure: str, side: str, flags: tuple[str, ...]
) -> list[Measurement]:
    """Return what rests on neck, shaft and knee, absent as far as these are not found."""
    head, neck, shaft = upper.head, upper.neck, upper.shaft
    if head is None or neck is None:
        return _absent(structure, side, NECK + SHAFT + KNEE, "The femoral neck was not found.")
    flags += _neck_flags(head, neck)
    results = [_neck_result(head, neck, structure, side, flags)]
    if shaft is None:
        reason = "The shaft is missing or too short for an axis."
        return results + _absent(structure, side, SHAFT + KNEE, reason)
    whole = UpperFemur(head, neck, shaft)
    flags += _shaft_flags(bone, shaft)
    results += _shaft_results(whole, structure, side, flags)
    lower = find_distal(bone, whole)
    if lower is None:
        reason = "The bone ends above the knee; the condyles are missing."
        return results + _absent(structure, side, KNEE, reason)
    return results + _knee_results(whole, lower, structure, side, flags, max(bone.spacing_mm or (0.0,)))


def _absent(structure: str, side: str, wanted: tuple, reason: str) -> list[Measurement]:
    return [absent(name, structure, side, unit, reason) for name, unit in wanted]


def _head_flags(bone: Bone, head: Sphere) -> tuple[str, ...]:
    reasons: tuple[str, ...] = ()
    if head.coverage < GOOD_COVERAGE:
        reasons += (f"Only {head.coverage:.0%} of the sphere of the femoral head is visible.",)
    if head.residual_mm > GOOD_RESIDUAL_MM + 0.25 * max(bone.spacing_mm or (0.0,)):
        reasons += (
            f"The femoral head is not spherical: residual of the sphere fit {head.residual_mm:.1f} mm.",
        )
    return reasons + FEMUR["head_radius"].flags(head.radius_mm, "A head radius", "mm")


def _thickness(head: Sphere, neck: Neck) -> float:
    """Return the radius of the neck's narrowest section as a part of the head's."""
    return float(np.sqrt(neck.isthmus.area_mm2 / np.pi) / head.radius_mm)


def _neck_flags(head: Sphere, neck: Neck) -> tuple[str, ...]:
    reasons: tuple[str, ...] = ()
    radius = head.radius_mm
    ratio = _thickness(head, neck)
    if not NECK_TO_HEAD[0] < ratio < NECK_TO_HEAD[1]:
        reasons += (f"The neck is {ratio:.2f} times as thick as the head, which is implausible.",)
    if not ISTHMUS_RADII[0] + 0.05 < neck.level_mm / radius < ISTHMUS_RADII[-1] - 0.05:
        reasons += ("The neck has no minimum width between head and trochanter.",)
    return reasons


def _shaft_flags(bone: Bone, shaft: Shaft) -> tuple[str, ...]:
    reasons: tuple[str, ...] = ()
    if not shaft.clear_of_trochanter:
        reasons += (
            f"Only {shaft.length_mm:.0f} mm of the shaft are visible, mostly next to the lesser trochanter: "
            f"the error of its axis is {SHORT_SHAFT_DEG:.0f} degrees (median), up to "
            f"{SHORT_SHAFT_MOST_DEG:.0f} degrees.",
        )
    if shaft.cone.residual_mm > 1.5 + 0.25 * max(bone.spacing_mm or (0.0,)):
        reasons += (f"The shaft is not cylindrical: residual of the fit {shaft.cone.residual_mm:.1f} mm.",)
    return reasons


def _merged_flags(bone: Bone, head: Sphere, shaft: Shaft) -> tuple[str, ...]:
    """Return a reason when more than a femur is attached to the bone."""
    away = bone.vertices_ras_mm - shaft.cone.point
    along = away @ shaft.cone.direction
    reach = float(np.quantile(np.linalg.norm(away - np.outer(along, shaft.cone.direction), axis=1), 0.99))
    if reach <= MOST_ASIDE_RADII * head.radius_mm:
        return ()
    return (f"The bone extends {reach:.0f} mm to the side of its shaft: it is merged with other bones.",)


def _impossible(upper: ProximalFemur) -> str:
    """Return why head, neck and shaft, as far as found, cannot be those of a femur; nothing where they can."""
    head, neck, shaft = upper.head, upper.neck, upper.shaft
    if head is None or neck is None:
        return ""
    if (thickness := _thickness(head, neck)) >= MOST_NECK_TO_HEAD:
        return f"The neck is {thickness:.2f} times as thick as the head, which no person has."
    if shaft is None:
        return ""
    on_neck, _ = meeting_points(head, neck, shaft.cone)
    along = float((head.centre - on_neck) @ neck.direction) / head.radius_mm
    angle = angle_deg(neck.direction, shaft.cone.direction)
    low, high = FEMUR["neck_shaft_angle"].lower, FEMUR["neck_shaft_angle"].upper
    if NECK_LENGTH_RADII[0] < along < NECK_LENGTH_RADII[1] and low - 10 < angle < high + 10:
        return ""
    return "The arrangement of head, neck and shaft is not that of a femur: check the label."


def _head_results(head: Sphere, structure: str, side: str, flags: tuple[str, ...]) -> list[Measurement]:
    centre = (Landmark(f"head_centre_{side}", head.centre),)
    return [
        Measurement("head_centre", structure, side, None, "point", centre).flagged(flags),
        Measurement("head_radius", structure, side, head.radius_mm, "mm", centre).flagged(flags),
    ]


def _neck_result(head: Sphere, neck: Neck, structure: str, side: str, flags: tuple[str, ...]) -> Measurement:
    places = (
        Landmark(f"head_centre_{side}", head.centre),
        Landmark(f"neck_isthmus_{side}", neck.isthmus.centroid),
    )
    axes = (Axis(f"neck_axis_{side}", neck.isthmus.centroid, neck.direction),)
    return Measurement("neck_axis", structure, side, None, "point", places, axes).flagged(flags)


def _shaft_results(upper: UpperFemur, structure: str, side: str, flags: tuple[str, ...]) -> list[Measurement]:
    head, neck, cone = upper.head, upper.neck, upper.shaft.cone
    on_neck, on_shaft = meeting_points(head, neck, cone)
    foot = cone.point + cone.direction * ((head.centre - cone.point) @ cone.direction)
    neck_axis = Axis(f"neck_axis_{side}", neck.isthmus.centroid, neck.direction)
    shaft_axis = Axis(f"shaft_axis_{side}", cone.point, cone.direction)
    centre = Landmark(f"head_centre_{side}", head.centre)
    values: dict[str, tuple[float, tuple[Landmark, ...]]] = {
        "neck_shaft_angle": (
            angle_deg(neck.direction, cone.direction),
            (Landmark("neck_shaft_point", on_shaft),),
        ),
        "femoral_offset": (float(np.linalg.norm(head.centre - foot)), (Landmark("offset_foot", foot),)),
        "neck_length": (float(np.linalg.norm(head.centre - on_neck)), (Landmark("neck_foot", on_neck),)),
        "head_shaft_distance": (
            float(np.linalg.norm(head.centre - on_shaft)),
            (Landmark("neck_shaft_point", on_shaft),),
        ),
    }
    results = []
    for name, unit in SHAFT:
        value, places = values[name]
        result = Measurement(name, structure, side, value, unit, (centre, *places), (neck_axis, shaft_axis))
        known = FEMUR.get(name)
        outside = known.flags(value, f"A {name.replace('_', ' ')}", unit) if known else ()
        results.append(result.flagged((*flags, *outside)))
    return results


def _knee_results(
    upper: UpperFemur,
    lower: DistalFemur,
    structure: str,
    side: str,
    flags: tuple[str, ...],
    voxel_mm: float,
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
    length = float(np.linalg.norm(head - notch))
    outside = FEMUR["anteversion"].flags(float(version), "An anteversion", "deg")
    outside += voxel_uncertainty(voxel_mm, VERSION_UNCERTAINTY_DEG_PER_MM * voxel_mm)
    knee = [
        Measurement("anteversion", structure, side, version, "deg", condyles, (neck_axis, condylar)).flagged(
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
    return [measurement.flagged(flags) for measurement in knee]
