"""Measurements of single vertebrae, C1 to L6.

Heights and lengths are read in the vertebra's own median plane: body heights between the rims of its endplates,
the canal length (the paper's "vcl") as the shortest line from the posterior wall of the body to the arch, the spinous
process from the canal along its axis to the tip (after Di Angelo and Di Stefano, Comput Methods Programs Biomed 121
(2015) 36). The wedge angle is positive where the body is higher in front. The spinous angle is the drop of the
process below the upper endplate (below the lower one for C2). Axial rotation is that of the median plane against the
patient's, seen along the vertebra's own axis; positive where the body turns towards the patient's left.
"""

from __future__ import annotations

import numpy as np

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.resolution import voxel_uncertainty
from SwinX2SLib.measurements.results import Axis, Landmark, Measurement, Plane, absent
from SwinX2SLib.measurements.vertebra_arch import Spinous
from SwinX2SLib.measurements.vertebra_frame import (
    SUPERIOR,
    anterior_from_neighbours,
    up_directions,
    vertebra_levels,
)
from SwinX2SLib.measurements.vertebra_shape import VertebraShape, vertebra_shape

# Means [mm]: posterior body height, upper endplate depth, canal depth, canal width. Panjabi et al., Spine 16 (1991)
# 861 (cervical) and 888 (thoracic) and Spine 17 (1992) 299 (lumbar), rounded; levels between run linearly. L6 is
# taken as L5. C1: inner ring, Konig et al., Surg Radiol Anat 27 (2005) 91.
_MEANS = {
    "C1": (np.nan, np.nan, 31.0, 29.0),
    "C2": (np.nan, 15.5, 21.0, 24.5),
    "C3": (11.6, 15.0, 16.2, 22.9),
    "C5": (11.4, 15.2, 15.9, 24.9),
    "C7": (12.8, 18.1, 15.2, 24.5),
    "T1": (14.1, 18.5, 16.4, 21.8),
    "T3": (15.7, 22.7, 15.8, 18.3),
    "T6": (17.4, 26.0, 16.4, 17.3),
    "T9": (19.3, 29.3, 15.7, 17.9),
    "T12": (22.7, 32.8, 18.1, 22.2),
    "L1": (23.8, 34.1, 19.0, 23.7),
    "L3": (23.8, 35.2, 17.5, 24.3),
    "L5": (22.9, 34.7, 19.7, 27.1),
    "L6": (22.9, 34.7, 19.7, 27.1),
}
_COLUMNS = {
    "anterior_body_height": 0,
    "posterior_body_height": 0,
    "superior_endplate_length": 1,
    "inferior_endplate_length": 1,
    "canal_length": 2,
    "canal_width": 2 + 1,
}
# The publications were found, their tables were not: the means above may be off by a millimetre or two.
# People differ, and a crushed vertebra is real; beyond these parts of the mean a person should look.
LEAST_PART, MOST_PART = 0.6, 1.5
ANGLE_LIMITS_DEG = {
    "wedge_angle": (-20.0, 20.0),
    "spinous_process_angle": (-25.0, 80.0),
    "axial_rotation": (-45.0, 45.0),
}
SPINOUS_LENGTH_MM = (8.0, 60.0)


def usual_range(measure: str, vertebra: str) -> tuple[float, float] | None:
    """Return least and most usual value of a measure [mm or degrees], or None when none is published.

    Args:
        measure: machine name, `canal_length`.
        vertebra: label name, `vertebrae_L1`.
    """
    if measure in ANGLE_LIMITS_DEG:
        return ANGLE_LIMITS_DEG[measure]
    if measure == "spinous_process_length":
        return SPINOUS_LENGTH_MM
    if measure not in _COLUMNS:
        return None
    levels = vertebra_levels()
    known = [levels[f"vertebrae_{level}"] for level in _MEANS]
    values = [row[_COLUMNS[measure]] for row in _MEANS.values()]
    usable = np.isfinite(values)
    mean = float(np.interp(levels[vertebra], np.array(known)[usable], np.array(values)[usable]))
    return LEAST_PART * mean, MOST_PART * mean


ANTERIOR = np.array([0.0, 1.0, 0.0])
LEAST_KEPT_FRACTION = 0.9
# The tip of a process, broken off, is a hundredth of a vertebra.
LEAST_KEPT_OF_PROCESS = 0.995
# Half a voxel moves the ends of the thin spinous process by about so much of a voxel against each other.
SPINOUS_VOXEL_PART = 0.5
# Bone next to the median plane, or broken off, may reach so far behind the tip: many processes of the neck are
# forked.
MOST_BEYOND_MM, MOST_BEYOND_VOXELS = 5.0, 2.0
_LENGTHS = (
    ("anterior_body_height", "superior_anterior", "inferior_anterior"),
    ("posterior_body_height", "superior_posterior", "inferior_posterior"),
    ("superior_endplate_length", "superior_anterior", "superior_posterior"),
    ("inferior_endplate_length", "inferior_anterior", "inferior_posterior"),
)


def vertebra_shapes(bones: dict[str, Bone], superior: np.ndarray = SUPERIOR) -> dict[str, VertebraShape]:
    """Return what each vertebra among the bones shows, by label name, from the head down.

    One without an arch, as predictions have them, takes its directions from its neighbours.

    Args:
        bones: by label name; others than vertebrae are left aside.
        superior: the patient's upward direction in RAS, for a vertebra without neighbours.
    """
    levels = vertebra_levels()
    vertebrae = {name: bones[name] for name in sorted(set(bones) & set(levels), key=levels.__getitem__)}
    ups = up_directions(vertebrae, superior)
    shapes = {name: vertebra_shape(bone, ups[name]) for name, bone in vertebrae.items()}
    fronts = {name: shape.frame.axes[:, 1] for name, shape in shapes.items() if shape.frame is not None}
    for name in [name for name, shape in shapes.items() if shape.lacks_arch]:
        if (front := anterior_from_neighbours(name, fronts)) is not None:
            shapes[name] = vertebra_shape(vertebrae[name], ups[name], front)
    return shapes


def measure_vertebrae(
    bones: dict[str, Bone], shapes: dict[str, VertebraShape] | None = None, anterior: np.ndarray = ANTERIOR
) -> list[Measurement]:
    """Measure each vertebra among the bones; what is not there or not whole is absent, with a reason.

    Args:
        bones: by label name.
        shapes: of `vertebra_shapes`, when they are at hand.
        anterior: the patient's forward direction in RAS, for axial rotation.
    """
    shapes = vertebra_shapes(bones) if shapes is None else shapes
    results = []
    for name, shape in shapes.items():
        bone = bones[name]
        found = [*_lengths(shape), *_canal(shape), *_spinous(shape), *_pedicles(shape)]
        found += [*_endplates(shape), _wedge(shape), _rotation(shape, anterior)]
        results += [_judged(measurement, bone) for measurement in found]
    return results


def _reason(shape: VertebraShape, *parts: str) -> str:
    for part in ("frame", *parts):
        if part in shape.missing:
            return shape.missing[part]
    return "The part was not found."


def _mark(shape: VertebraShape, name: str, local: np.ndarray) -> Landmark:
    return Landmark(name, shape.found_frame.to_ras(local))


def _lengths(shape: VertebraShape) -> list[Measurement]:
    results = []
    for name, first, second in _LENGTHS:
        ends = [shape.corners[end] for end in (first, second) if end in shape.corners]
        if len(ends) < 2:
            parts = ("body", *(end.split("_")[0] for end in (first, second)), first, second)
            results.append(absent(name, shape.name, None, "mm", _reason(shape, *parts)))
            continue
        marks = tuple(_mark(shape, end, place) for end, place in zip((first, second), ends, strict=True))
        length = float(np.linalg.norm(ends[0] - ends[1]))
        results.append(Measurement(name, shape.name, None, length, "mm", landmarks=marks))
    return results


def _canal(shape: VertebraShape) -> list[Measurement]:
    canal = shape.canal
    if canal is None:
        reason = _reason(shape, "canal")
        return [absent(name, shape.name, None, "mm", reason) for name in ("canal_length", "canal_width")]
    marks = (_mark(shape, "canal_front", canal.front), _mark(shape, "canal_back", canal.back))
    length = Measurement("canal_length", shape.name, None, canal.length_mm, "mm", landmarks=marks)
    if canal.width_mm is None or canal.left is None or canal.right is None:
        return [length, absent("canal_width", shape.name, None, "mm", "The canal is open on one side.")]
    marks = (_mark(shape, "canal_left", canal.left), _mark(shape, "canal_right", canal.right))
    return [length, Measurement("canal_width", shape.name, None, canal.width_mm, "mm", landmarks=marks)]


def _spinous(shape: VertebraShape) -> list[Measurement]:
    names = (("spinous_process_length", "mm"), ("spinous_process_angle", "deg"))
    spinous = shape.spinous
    if spinous is None:
        reason = _reason(shape, "spinous", "canal")
        return [absent(name, shape.name, None, unit, reason) for name, unit in names]
    marks = (_mark(shape, "spinous_base", spinous.base), _mark(shape, "spinous_tip", spinous.tip))
    axis = Axis("spinous_axis", marks[0].position_ras_mm, shape.found_frame.axes @ spinous.direction)
    length = float(np.linalg.norm(spinous.tip - spinous.base))
    measured = Measurement(names[0][0], shape.name, None, length, "mm", landmarks=marks, axes=(axis,))
    results = [measured.flagged(_tip_flags(shape, spinous))]
    plate = shape.superior or shape.inferior
    if plate is None:
        return [*results, absent(names[1][0], shape.name, None, "deg", _reason(shape, "superior", "body"))]
    backwards = np.arctan2(plate.slope_front, 1.0)
    drop = np.degrees(np.arctan2(-spinous.direction[2], -spinous.direction[1]) - backwards)
    angle = Measurement(names[1][0], shape.name, None, float(drop), "deg", landmarks=marks, axes=(axis,))
    uncertainty = shape.uncertainties_deg["superior" if shape.superior is not None else "inferior"][0]
    own = float(np.degrees(SPINOUS_VOXEL_PART * shape.voxel_mm / length))
    blurred = voxel_uncertainty(shape.voxel_mm, uncertainty, own)
    return [*results, angle.flagged((*_tip_flags(shape, spinous), *blurred))]


def _tip_flags(shape: VertebraShape, spinous: Spinous) -> tuple[str, ...]:
    limit = max(MOST_BEYOND_MM, MOST_BEYOND_VOXELS * shape.voxel_mm)
    if spinous.beyond_mm <= limit:
        return ()
    return (
        f"Bone extends {spinous.beyond_mm:.0f} mm behind the tip of the spinous process: the process "
        "is broken or deviates to one side.",
    )


def _pedicles(shape: VertebraShape) -> list[Measurement]:
    results = []
    for side in ("left", "right"):
        place = shape.pedicles.get(side)
        if place is None:
            reason = _reason(shape, f"pedicle_{side}", "canal")
            results.append(absent("pedicle", shape.name, side, "point", reason))
        else:
            mark = _mark(shape, f"pedicle_{side}", place)
            results.append(Measurement("pedicle", shape.name, side, None, "point", landmarks=(mark,)))
    return results


def _plane(shape: VertebraShape, which: str) -> Plane | None:
    plate = shape.endplate_ras(which)
    return None if plate is None else Plane(f"{which}_endplate", *plate)


def _endplates(shape: VertebraShape) -> list[Measurement]:
    results = []
    for which in ("superior", "inferior"):
        plane = _plane(shape, which)
        if plane is None:
            results.append(
                absent(f"{which}_endplate", shape.name, None, "point", _reason(shape, which, "body"))
            )
            continue
        mark = Landmark(f"{which}_endplate_centre", plane.point_ras_mm)
        results.append(
            Measurement(
                f"{which}_endplate", shape.name, None, None, "point", landmarks=(mark,), planes=(plane,)
            )
        )
    return results


def _wedge(shape: VertebraShape) -> Measurement:
    if shape.superior is None or shape.inferior is None:
        return absent("wedge_angle", shape.name, None, "deg", _reason(shape, "superior", "inferior", "body"))
    open_front = np.arctan(shape.superior.slope_front) - np.arctan(shape.inferior.slope_front)
    planes = tuple(plane for which in ("superior", "inferior") if (plane := _plane(shape, which)))
    wedge = Measurement("wedge_angle", shape.name, None, float(np.degrees(open_front)), "deg", planes=planes)
    uncertainties = (shape.uncertainties_deg[which][0] for which in ("superior", "inferior"))
    return wedge.flagged(voxel_uncertainty(shape.voxel_mm, *uncertainties))


def _rotation(shape: VertebraShape, anterior: np.ndarray) -> Measurement:
    if shape.frame is None:
        return absent("axial_rotation", shape.name, None, "deg", _reason(shape))
    if shape.lent:
        reason = "Body and arch cannot be separated, so the orientation is unknown."
        return absent("axial_rotation", shape.name, None, "deg", reason)
    right, front, _ = shape.frame.axes.T
    angle = float(np.degrees(np.arctan2(anterior @ right, anterior @ front)))
    axis = Axis("vertebra_front", shape.frame.origin, front)
    plane = (Plane("median_plane", shape.frame.origin, right),)
    return Measurement("axial_rotation", shape.name, None, angle, "deg", axes=(axis,), planes=plane)


def _judged(measurement: Measurement, bone: Bone) -> Measurement:
    """Flag what the field of view cuts, what lies in loose pieces, and what is outside published sizes."""
    if not measurement.is_present:
        return measurement
    places = [mark.position_ras_mm for mark in measurement.landmarks]
    places += [plane.point_ras_mm for plane in measurement.planes]
    cut = bone.cut_near(places, 1.5 * max(bone.spacing_mm or (1.0,)))
    if cut:
        reason = f"The bone is cut off there by the field of view ({', '.join(cut)})."
        return absent(measurement.name, measurement.structure, measurement.side, measurement.unit, reason)
    reasons = []
    least_kept = LEAST_KEPT_OF_PROCESS if measurement.name.startswith("spinous") else LEAST_KEPT_FRACTION
    if bone.kept_fraction < least_kept:
        reasons.append(
            f"{1 - bone.kept_fraction:.1%} of the label is in separate components and was ignored."
        )
    usual = usual_range(measurement.name, measurement.structure)
    if usual and measurement.value is not None and not usual[0] <= measurement.value <= usual[1]:
        reasons.append(
            f"{measurement.value:.1f} {measurement.unit} is outside the reference range ({usual[0]:.0f} to "
            f"{usual[1]:.0f})."
        )
    return measurement.flagged(reasons)
