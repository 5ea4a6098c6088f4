"""Measurements of the pelvis: landmarks, the anterior pelvic plane, and the sagittal angles of hips and sacrum.

Tilt, slope and obliquity refer to the patient's axes, as the patient lay or stood; pelvic incidence and lengths do
not. After Legaye et al. 1998, Eur Spine J 7:99 (incidence, tilt, slope) and Fischer et al. 2019 (landmarks).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from SwinX2SLib.geometry.surfaces import orthogonalise, unit
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.femur import measure_femur
from SwinX2SLib.measurements.pelvis_landmarks import (
    DIRECTION_DEG,
    SIDES,
    SPOTS,
    HipLandmarks,
    find_hip_landmarks,
)
from SwinX2SLib.measurements.quality_flags import PELVIS, bone_flags, missing_reason
from SwinX2SLib.measurements.resolution import sacral_uncertainty_deg, voxel_uncertainty
from SwinX2SLib.measurements.results import Axis, Landmark, Measurement, NotFoundError, Plane, absent
from SwinX2SLib.measurements.sacral_endplate import SacralEndplate, find_sacral_endplate

STRUCTURE = "pelvis"
FRONT = (("inter_asis_width", "mm"), ("anterior_pelvic_plane_tilt", "deg"), ("pelvic_obliquity", "deg"))
SACRAL = (("promontory", "point"), ("sacral_endplate", "point"), ("sacral_slope", "deg"))
HIP_AXIS = (("pelvic_tilt", "deg"), ("pelvic_incidence", "deg"))
LEAST_VOXELS = 500
# Height of a hip along the pelvis' own axis [mm], between a small child's and beyond the tallest adult's.
HIP_HEIGHT_MM = (150.0, 270.0)
# Landmarks of 20 people of the JHU pelvis atlas lie 12 mm at most from being mirror images.
ASYMMETRY_MM = 14.0
# The centres of both hips lie 0.6 times their size apart; so near together they are one bone under two names.
LEAST_APART = 0.25
# Landmarks of 152 hips that slide further had errors of twice the usual size.
MOST_SLIDE_MM = 10.0
ENDPLATE_AREA_MM2 = (450.0, 2200.0)
ENDPLATE_RESIDUAL_MM = 1.2
# Its place in the box of the hips, from left, back and below (0) to the other ends (1), and its greatest distance
# from there: twice that of 14 people of the JHU pelvis atlas, where it faces at most 6 degrees to a side.
ENDPLATE_PLACE, ENDPLATE_REACH = np.array([0.5, 0.46, 0.83]), np.array([0.05, 0.22, 0.15])
ENDPLATE_ASIDE_DEG = 14.0


# Measurements of a femur, by side.
Femora = Mapping[str, list[Measurement]]


def measure_pelvis(bones: Mapping[str, Bone], femora: Femora | None = None) -> list[Measurement]:
    """Measure the pelvis.

    Args:
        bones: by label name; hips, sacrum and femora are used. The femoral heads give the hip axis, the lengths of
            the femora the difference of the legs.
        femora: of `measure_femur` by side, when they are at hand.
    """
    if femora is None:
        femora = {side: measure_femur(bones.get(f"femur_{side}"), side, bones) for side in SIDES}
    hips: list[Bone] = []
    for side in SIDES:
        hip = bones.get(f"hip_{side}")
        if hip is None or (hip.voxel_count or LEAST_VOXELS) < LEAST_VOXELS:
            reason = missing_reason(hip, f"hip_{side}", LEAST_VOXELS)
            return [*_all_absent(reason), _leg_length_difference(femora)]
        hips.append(hip)
    if _overlap(*hips):
        return [*_all_absent("Both hip bones are in the same place."), _leg_length_difference(femora)]
    found = find_hip_landmarks(*hips)
    sacrum = bones.get("sacrum")
    flags = _pelvis_flags(hips, sacrum, found)
    results = _spot_results(found, flags, max(max(hip.spacing_mm or (0.0,)) for hip in hips))
    in_front = [one for one in results if one.name in ("asis", "pubic_tubercle")]
    shared = tuple(dict.fromkeys((*flags, *(reason for one in in_front for reason in one.reasons))))
    results += _front_results(found, shared)
    results += _sacral_results(sacrum, hips, found, femora, flags)
    return [*results, _leg_length_difference(femora)]


def _overlap(left: Bone, right: Bone) -> bool:
    """Whether the two hips lie in the same place."""
    apart = np.linalg.norm(left.vertices_ras_mm.mean(axis=0) - right.vertices_ras_mm.mean(axis=0))
    size = max(float(np.ptp(hip.vertices_ras_mm, axis=0).max()) for hip in (left, right))
    return bool(apart < LEAST_APART * size)


def _all_absent(reason: str) -> list[Measurement]:
    spots = [absent(name, STRUCTURE, side, "point", reason) for name in SPOTS for side in SIDES]
    return spots + [absent(name, STRUCTURE, None, unit_, reason) for name, unit_ in FRONT + SACRAL + HIP_AXIS]


def _pelvis_flags(hips: list[Bone], sacrum: Bone | None, found: HipLandmarks) -> tuple[str, ...]:
    reasons = tuple(reason for hip in hips for reason in bone_flags(hip))
    for side, hip in zip(SIDES, hips, strict=True):
        height = float(np.ptp(found.frame.to_frame(hip.vertices_ras_mm)[:, 2]))
        if not HIP_HEIGHT_MM[0] <= height <= HIP_HEIGHT_MM[1]:
            reasons += (f"The {side} hip bone is {height:.0f} mm high, which is implausible for an adult.",)
    if sacrum is not None:
        away = found.frame.to_frame(sacrum.vertices_ras_mm).mean(axis=0)
        front = np.mean([found.frame.to_frame(hip.vertices_ras_mm).mean(axis=0)[1] for hip in hips])
        if away[1] > front:
            reasons += ("The sacrum is in front of the hip bones: left and right may be swapped.",)
    return reasons


def _spot_results(found: HipLandmarks, flags: tuple[str, ...], voxel_mm: float) -> list[Measurement]:
    apart = _mirror_errors_mm(found)
    limit = ASYMMETRY_MM + voxel_mm
    crooked = sum(error > limit for error in apart.values())
    if 2 * crooked >= len(SPOTS):
        # The spines in front define the axes along which all are looked for, so they always mirror each other.
        flags += (
            f"Left and right differ at {crooked} of {len(SPOTS)} landmarks: a hip bone may be incomplete.",
        )
    results = []
    for name, spot in SPOTS.items():
        for side in SIDES:
            reasons = flags
            if found.from_expected_mm[f"{name}_{side}"] > 0.95 * spot.search_mm:
                reasons += ("The landmark is at the border of its search region.",)
            if found.slide_mm[f"{name}_{side}"] > MOST_SLIDE_MM:
                reasons += (
                    f"The bone is blunt here: turned by {DIRECTION_DEG:.0f} degrees, the landmark slides by "
                    f"{found.slide_mm[f'{name}_{side}']:.0f} mm.",
                )
            if name == "pubic_tubercle" and side in found.without_foramen:
                reasons += ("The obturator foramen, next to which the pubic tubercle lies, was not found.",)
            if apart[name] > limit:
                reasons += (f"Left and right deviate by {apart[name]:.0f} mm from mirror symmetry.",)
            place = (Landmark(f"{name}_{side}", found.places[f"{name}_{side}"]),)
            results.append(Measurement(name, STRUCTURE, side, None, "point", place).flagged(reasons))
    return results


def _mirror_errors_mm(found: HipLandmarks) -> dict[str, float]:
    """Return for each kind of landmark how far left and right are from being mirror images."""
    places = {name: {s: found.frame.to_frame(found.places[f"{name}_{s}"]) for s in SIDES} for name in SPOTS}
    middle = np.mean([place for both in places.values() for place in both.values()], axis=0)[0]
    return {
        name: float(np.linalg.norm(both["left"] * (-1, 1, 1) + (2 * middle, 0, 0) - both["right"]))
        for name, both in places.items()
    }


def _front_results(found: HipLandmarks, flags: tuple[str, ...]) -> list[Measurement]:
    asis = [Landmark(f"asis_{side}", found.places[f"asis_{side}"]) for side in SIDES]
    pubis = [Landmark(f"pubic_tubercle_{side}", found.places[f"pubic_tubercle_{side}"]) for side in SIDES]
    across = asis[1].position_ras_mm - asis[0].position_ras_mm
    width = float(np.linalg.norm(across))
    line = (Axis("inter_asis_axis", asis[0].position_ras_mm, across),)
    right, forwards, up = found.frame.rotation
    plane = (Plane("anterior_pelvic_plane", found.frame.origin_ras_mm, forwards),)
    lying = _sagittal_axes(right)
    if lying is None:
        reason = "The pelvis is lying on its side: its tilt relative to the patient axes is undefined."
        angles = [absent(name, STRUCTURE, None, "deg", reason) for name, _ in FRONT[1:]]
    else:
        tilt = np.degrees(np.arctan2(up @ lying[0], up @ lying[1]))
        oblique = np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1])))
        angles = [
            Measurement(FRONT[1][0], STRUCTURE, None, tilt, "deg", (*asis, *pubis), planes=plane),
            Measurement(FRONT[2][0], STRUCTURE, None, oblique, "deg", tuple(asis), line),
        ]
    outside = PELVIS["inter_asis_width"].flags(width, "A width between the iliac spines", "mm")
    first = Measurement(FRONT[0][0], STRUCTURE, None, width, "mm", tuple(asis), line).flagged(outside)
    return [measurement.flagged(flags) for measurement in (first, *angles)]


def _sagittal_axes(right: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return forwards and upwards in the plane square to `right`, up nearest to the patient's; None sideways."""
    if abs(right[2]) > 0.9:
        return None
    up = orthogonalise(np.array([0.0, 0.0, 1.0]), right)
    return np.cross(up, right), up


def _sacral_results(
    sacrum: Bone | None,
    hips: list[Bone],
    found: HipLandmarks,
    femora: Femora,
    flags: tuple[str, ...],
) -> list[Measurement]:
    wanted = SACRAL + HIP_AXIS
    if sacrum is None or (sacrum.voxel_count or LEAST_VOXELS) < LEAST_VOXELS:
        reason = missing_reason(sacrum, "sacrum", LEAST_VOXELS)
        return [absent(name, STRUCTURE, None, unit_, reason) for name, unit_ in wanted]
    try:
        endplate = find_sacral_endplate(sacrum, found.frame)
    except NotFoundError as error:
        return [absent(name, STRUCTURE, None, unit_, str(error)) for name, unit_ in wanted]
    flags = flags + bone_flags(sacrum, allowed_cuts=("inferior",)) + _endplate_flags(endplate, hips, found)
    voxel_mm = max(sacrum.spacing_mm or (0.0,))
    blurred = voxel_uncertainty(voxel_mm, sacral_uncertainty_deg(voxel_mm))
    plane = (Plane("sacral_endplate", endplate.centre_ras_mm, endplate.normal_ras),)
    promontory = (Landmark("promontory", endplate.promontory_ras_mm),)
    centre = (Landmark("sacral_endplate_centre", endplate.centre_ras_mm),)
    results = [
        Measurement("promontory", STRUCTURE, None, None, "point", promontory).flagged(flags),
        Measurement("sacral_endplate", STRUCTURE, None, None, "point", centre, planes=plane).flagged(flags),
        _sacral_slope(endplate, found, centre, plane, flags + blurred),
    ]
    return results + _hip_axis_results(endplate, femora, centre, plane, flags, blurred)


def _endplate_flags(endplate: SacralEndplate, hips: list[Bone], found: HipLandmarks) -> tuple[str, ...]:
    reasons: tuple[str, ...] = ()
    points = np.concatenate([found.frame.to_frame(hip.vertices_ras_mm) for hip in hips])
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    place = (found.frame.to_frame(endplate.centre_ras_mm) - low) / np.maximum(size, 1e-9)
    aside = np.degrees(np.arcsin(np.clip(abs(endplate.normal_ras @ found.frame.rotation[0]), 0, 1)))
    if (np.abs(place - ENDPLATE_PLACE) > ENDPLATE_REACH).any() or aside > ENDPLATE_ASIDE_DEG:
        reasons += (
            "The position or orientation of the sacral endplate between the hip bones is implausible.",
        )
    if not ENDPLATE_AREA_MM2[0] <= endplate.area_mm2 <= ENDPLATE_AREA_MM2[1]:
        reasons += (
            f"The flat part of the sacral endplate measures {endplate.area_mm2:.0f} mm2, which is "
            "implausible.",
        )
    if endplate.residual_mm > ENDPLATE_RESIDUAL_MM:
        reasons += (
            f"The sacral endplate is not flat: residual of the plane fit {endplate.residual_mm:.1f} mm.",
        )
    return reasons


def _sacral_slope(
    endplate: SacralEndplate,
    found: HipLandmarks,
    centre: tuple[Landmark, ...],
    plane: tuple[Plane, ...],
    flags: tuple[str, ...],
) -> Measurement:
    lying = _sagittal_axes(found.frame.rotation[0])
    if lying is None:
        return absent("sacral_slope", STRUCTURE, None, "deg", "The pelvis is lying on its side.")
    slope = float(np.degrees(np.arctan2(endplate.normal_ras @ lying[0], endplate.normal_ras @ lying[1])))
    outside = PELVIS["sacral_slope"].flags(slope, "A sacral slope", "deg")
    result = Measurement("sacral_slope", STRUCTURE, None, slope, "deg", centre, planes=plane)
    return result.flagged((*flags, *outside))


def _hip_axis_results(
    endplate: SacralEndplate,
    femora: Femora,
    centre: tuple[Landmark, ...],
    plane: tuple[Plane, ...],
    flags: tuple[str, ...],
    blurred: tuple[str, ...],
) -> list[Measurement]:
    heads = _present(femora, "head_centre")
    if len(heads) < len(SIDES):
        reason = "The hip axis requires both femoral heads; one was not found."
        return [absent(name, STRUCTURE, None, unit_, reason) for name, unit_ in HIP_AXIS]
    flags = tuple(dict.fromkeys((*flags, *(reason for head in heads for reason in head.reasons))))
    places = tuple(head.landmarks[0] for head in heads)
    left, right_ = (place.position_ras_mm for place in places)
    axis, middle = unit(right_ - left), (left + right_) / 2
    away = orthogonalise(endplate.centre_ras_mm - middle, axis)
    normal = orthogonalise(endplate.normal_ras, axis)
    # Incidence is positive when the endplate's normal leans further forwards than the line from the hips.
    incidence = float(np.degrees(np.arctan2(np.cross(normal, away) @ axis, normal @ away)))
    hip_axis = (Axis("hip_axis", middle, axis),)
    values, lying = {"pelvic_incidence": incidence}, _sagittal_axes(axis)
    if lying is not None:
        values["pelvic_tilt"] = float(np.degrees(np.arctan2(-(away @ lying[0]), away @ lying[1])))
    results = []
    for name, unit_ in HIP_AXIS:
        if name not in values:
            results.append(absent(name, STRUCTURE, None, unit_, "The pelvis is lying on its side."))
            continue
        outside = PELVIS[name].flags(values[name], f"A {name.replace('_', ' ')}", unit_)
        result = Measurement(name, STRUCTURE, None, values[name], unit_, (*places, *centre), hip_axis, plane)
        results.append(result.flagged((*flags, *outside, *(blurred if name == "pelvic_incidence" else ()))))
    return results


def _leg_length_difference(femora: Femora) -> Measurement:
    """Return how much longer the right femur is, from the head's centre to the notch."""
    lengths = _present(femora, "femoral_length")
    values = [length.value for length in lengths if length.value is not None]
    if len(values) < len(SIDES):
        reason = "Both femora must be complete from the head to the knee."
        return absent("femoral_length_difference", STRUCTURE, None, "mm", reason)
    places = tuple(place for length in lengths for place in length.landmarks)
    result = Measurement("femoral_length_difference", STRUCTURE, None, values[1] - values[0], "mm", places)
    return result.flagged(reason for length in lengths for reason in length.reasons)


def _present(femora: Femora, name: str) -> list[Measurement]:
    """Return a measurement of the left and of the right femur, as far as both have it."""
    found = (next((each for each in femora.get(side, []) if each.name == name), None) for side in SIDES)
    return [each for each in found if each is not None and each.is_present]
