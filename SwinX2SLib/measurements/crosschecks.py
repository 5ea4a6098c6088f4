"""What one bone cannot tell of itself: whether it stands in its place, on its side, whole, among the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import labels
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.quality_flags import title_of
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.vertebra_frame import vertebra_levels
from SwinX2SLib.measurements.vertebra_shape import VertebraShape

NEIGHBOUR_LEVELS = 2
MOST_TURN_DEG = 12.0
# The atlas and the axis are like no other; C2 has a dens for an upper endplate.
FIRST_ALIKE = 2
# Least and most part of the mean of its neighbours; outside lies a fracture, or a damaged segmentation.
NEIGHBOUR_PARTS = {
    "anterior_body_height": (0.7, 1.4),
    "posterior_body_height": (0.7, 1.4),
    "superior_endplate_length": (0.75, 1.35),
    "inferior_endplate_length": (0.75, 1.35),
    "canal_length": (0.7, 1.4),
    "canal_width": (0.7, 1.4),
    "spinous_process_length": (0.7, 1.5),
}
# Least and most part of the length that the rib of the other side, and those above and below, let expect.
RIB_PARTS = (0.8, 1.25)
# The last rib may be a stump on one side.
LAST_RIB, LAST_RIB_PARTS = 12, (0.5, 2.0)
# The spinous process of the last lumbar vertebra is so much shorter than those above.
LAST_LUMBAR, LAST_SPINOUS_PART = 23, 0.8
_SIDES = ("left", "right")
Reasons = dict[tuple[str, str], list[str]]


def of_neighbours(values: Mapping[int, float], level: int) -> list[float]:
    """Return the values of the levels up to two above and below."""
    near = range(level - NEIGHBOUR_LEVELS, level + NEIGHBOUR_LEVELS + 1)
    return [values[other] for other in near if other != level and other in values]


def unlike_neighbours(vertebrae: Iterable[Measurement]) -> Reasons:
    """Return reasons by structure and name for measures of a vertebra that no neighbour has."""
    levels = vertebra_levels()
    values: dict[str, dict[int, float]] = {}
    for one in vertebrae:
        if one.value is not None and levels[one.structure] >= FIRST_ALIKE:
            values.setdefault(one.name, {})[levels[one.structure]] = one.value
    found: Reasons = {}
    for structure, level in levels.items():
        for name, judge in _JUDGES.items():
            near = of_neighbours(values.get(name, {}), level)
            if level in values.get(name, {}) and len(near) >= 2:
                short = name == "spinous_process_length" and level >= LAST_LUMBAR
                usual = float(np.median(near)) * (LAST_SPINOUS_PART if short else 1.0)
                reason = judge(values[name][level], usual)
                if reason:
                    found[structure, name] = [reason]
    return found


def unlike_other_ribs(ribs: Iterable[Measurement]) -> Reasons:
    """Return reasons for both measures of a rib whose length is unlike its fellow's and its neighbours'."""
    lengths = {
        (one.side, int(one.structure.rsplit("_", 1)[1])): one.value
        for one in ribs
        if one.name == "rib_length" and one.value is not None
    }
    found: Reasons = {}
    for (side, number), length in lengths.items():
        other = next(name for name in _SIDES if name != side)
        expected = [lengths[other, number]] if (other, number) in lengths else []
        for near in _SIDES:
            pair = [lengths[near, number + step] for step in (-1, 1) if (near, number + step) in lengths]
            expected += [sum(pair) / 2] if len(pair) == 2 else []
        if not expected:
            continue
        part = length / float(np.median(expected))
        least, most = LAST_RIB_PARTS if number == LAST_RIB else RIB_PARTS
        if not least <= part <= most:
            reason = (
                f"Its length is {part:.0%} of the length expected from the opposite rib and its neighbours."
            )
            for name in ("rib_length", "rib_curvature"):
                found[f"rib_{side}_{number}", name] = [reason]
    return found


def _size_judge(least: float, most: float) -> Callable[[float, float], str]:
    def judge(value: float, usual: float) -> str:
        part = value / usual if usual else 1.0
        if least <= part <= most:
            return ""
        return f"The value is {part:.0%} of that of the neighbours: possible fracture or segmentation error."

    return judge


def _turn_judge(value: float, usual: float) -> str:
    if abs(value - usual) <= MOST_TURN_DEG:
        return ""
    return f"The vertebra is rotated by {abs(value - usual):.0f} degrees relative to its neighbours."


_JUDGES: dict[str, Callable[[float, float], str]] = {
    **{name: _size_judge(*parts) for name, parts in NEIGHBOUR_PARTS.items()},
    "axial_rotation": _turn_judge,
}


# Gaps of a voxel make at most 8 % of a whole bone at 1 to 4 mm; with a fifth of its voxels gone, 9 to 15 %.
MOST_GAPS = 0.1
# A vertebra or a rib of less than this part of its neighbours' (its fellow's) volume lacks something, or they do not.
LEAST_VOLUME_PART = 0.68
# Most volume [cm3] and width [mm] about its middle of a bone by the start of its name: about half as much again as of
# large adults. More is several bones under one name.
MOST_SIZE = {
    "vertebrae": (160.0, 190.0),
    "rib": (70.0, 400.0),
    "sacrum": (500.0, 260.0),
    "hip": (800.0, 360.0),
    "femur": (1200.0, 700.0),
}
# Most of a vertebra's surface lies so near to its mirror image; of whole ones 2 mm at voxels of 4 mm, of ones with a
# process or a pedicle lost 7 to 9 mm.
MOST_LOPSIDED_MM, MOST_LOPSIDED_VOXELS = 3.5, 0.35
MIRRORED_PART, MIRRORED_POINTS = 0.8, 900
# Neighbours lie no farther apart than this many times the median.
MOST_GAP_FACTOR = 2.2
FIRST_THORACIC = 7
# A rib nearer to the spine than this touches it; so many have to lie wrong before the names are unreliable.
TOUCH_MM = 8.0
LEAST_WRONG_RIBS = 4
# Bones of which left and right are exchanged lie at least so far [mm] on the wrong side; of a person who lies on the
# side, neither is.
LEAST_EXCHANGED_MM = 10.0
# So many vertebrae say which way is right, and which is the front; backwards is less than this cosine to the front.
LEAST_FRAMES, MOST_BACKWARDS = 3, -0.5
_CHECK_FRAME = "Check the labels and the coordinate frame (--mesh-frame)."
Flags = dict[str, list[str]]


def cross_check_flags(bones: Mapping[str, Bone], shapes: Mapping[str, VertebraShape]) -> Flags:
    """Return reasons to look at all measurements of a bone, by label name.

    Args:
        bones: by label name.
        shapes: of the vertebrae, by label name; they tell the patient's left from right.
    """
    found: Flags = {name: [] for name in bones}
    for name, bone in bones.items():
        if (gaps := _gaps(bone)) > MOST_GAPS:
            found[name].append(f"The {title_of(name)} has gaps: {gaps:.0%} of its volume.")
    for check in (
        _impossible_sizes,
        _sizes_of_vertebrae,
        _order_of_vertebrae,
        _sizes_of_pairs,
        _ribs_on_vertebrae,
    ):
        check(bones, found)
    _lent(shapes, found)
    _lopsided(bones, shapes, found)
    _sides(bones, shapes, found)
    _frame(bones, shapes, found)
    return found


def with_flags(measured: Mapping[str, Sequence[Measurement]], flags: Flags) -> dict[str, list[Measurement]]:
    """Return measurements by region with the flags of the bones that they depend on, and of their neighbours."""
    odd = unlike_neighbours(measured.get("vertebra", ()))
    odd |= unlike_other_ribs(measured.get("rib", ()))
    sacral = _sacral_reasons(measured.get("pelvis", ()))
    return {
        region: [
            one.flagged(
                [
                    *_reasons_of(one, flags),
                    *odd.get((one.structure, one.name), ()),
                    # A vertebra that seems turned has a wrong frame, and all is measured in that.
                    *odd.get((one.structure, "axial_rotation"), ()),
                    *(sacral if one.structure == "spine" and _ends_at_the_sacrum(one) else ()),
                ]
            )
            for one in found
        ]
        for region, found in measured.items()
    }


def _sacral_reasons(pelvis: Sequence[Measurement]) -> tuple[str, ...]:
    """Return the flags of the endplate of S1."""
    return next((one.reasons for one in pelvis if one.name == "sacral_endplate"), ())


def _ends_at_the_sacrum(measurement: Measurement) -> bool:
    return any(_stands_in("sacrum", name) for name in _names_of_places(measurement))


def _names_of_places(measurement: Measurement) -> list[str]:
    return [*(mark.name for mark in measurement.landmarks), *(plane.name for plane in measurement.planes)]


def _reasons_of(measurement: Measurement, flags: Flags) -> list[str]:
    names = [measurement.structure]
    if measurement.structure == "pelvis":
        names = ["hip_left", "hip_right"]
        if not measurement.side:
            names += ["sacrum", "femur_left", "femur_right"]
    elif measurement.structure == "spine":
        marks = _names_of_places(measurement)
        names = [name for name in flags if any(_stands_in(name, mark) for mark in marks)]
        if measurement.name == "centreline_length":
            unreliable = [title_of(name) for name in names if flags[name]]
            return [f"Depends on unreliable bones: {', '.join(unreliable)}."] if unreliable else []
    return [reason for name in names for reason in flags.get(name, ())]


def _stands_in(name: str, mark: str) -> bool:
    names = (name, "S1" if name == "sacrum" else name.removeprefix("vertebrae_"))
    return any(mark.removeprefix("apex_") == known or mark.startswith(f"{known}_") for known in names)


def _gaps(bone: Bone) -> float:
    """Return the voxels that fill a bone's gaps of one voxel, as a part of its own; 0 for a mesh."""
    if bone.mask is None or not bone.mask.any():
        return 0.0
    padded = np.pad(bone.mask, 2)
    return float(np.count_nonzero(ndimage.binary_closing(padded) & ~padded) / np.count_nonzero(padded))


def _vertebrae(bones: Mapping[str, Bone]) -> dict[str, int]:
    levels = vertebra_levels()
    return {name: levels[name] for name in sorted(set(bones) & set(levels), key=levels.__getitem__)}


def _lent(shapes: Mapping[str, VertebraShape], found: Flags) -> None:
    for name in [name for name, shape in shapes.items() if shape.lent]:
        found[name].append(
            "The vertebral arch is missing; the orientation is interpolated from the neighbours."
        )


def _impossible_sizes(bones: Mapping[str, Bone], found: Flags) -> None:
    for name, bone in bones.items():
        most_cm3, most_mm = MOST_SIZE[name.split("_")[0]]
        volume_cm3 = bone.volume_mm3 / 1000
        away = bone.vertices_ras_mm - bone.vertices_ras_mm.mean(axis=0)
        length_mm = 2 * float(np.linalg.norm(away, axis=1).max())
        if volume_cm3 > most_cm3 or length_mm > most_mm:
            found[name].append(
                f"The {title_of(name)} has {volume_cm3:.0f} cm³ over {length_mm:.0f} mm, which is too large "
                "for a single bone."
            )


def _sizes_of_vertebrae(bones: Mapping[str, Bone], found: Flags) -> None:
    levels = {name: level for name, level in _vertebrae(bones).items() if level >= FIRST_ALIKE}
    volumes = {level: bones[name].volume_mm3 for name, level in levels.items() if not bones[name].cut}
    for name, level in levels.items():
        near = of_neighbours(volumes, level)
        if level not in volumes or len(near) < 2:
            continue
        part = volumes[level] / float(np.median(near))
        if not LEAST_VOLUME_PART <= part <= 1 / LEAST_VOLUME_PART:
            found[name].append(
                f"{title_of(name)} has {part:.0%} of the volume of its neighbours: partly missing or merged."
            )


def _lopsided(bones: Mapping[str, Bone], shapes: Mapping[str, VertebraShape], found: Flags) -> None:
    """Note vertebrae that are not their own mirror image: what was found of one half misleads about all."""
    for name, shape in shapes.items():
        if shape.frame is None:
            continue
        points = shape.frame.to_local(bones[name].vertices_ras_mm)
        some = points[:: max(1, len(points) // MIRRORED_POINTS)]
        away = cKDTree(points).query(some * (-1.0, 1.0, 1.0))[0]
        apart = float(np.quantile(away, MIRRORED_PART))
        if apart > MOST_LOPSIDED_MM + MOST_LOPSIDED_VOXELS * max(bones[name].spacing_mm or (0.0,)):
            found[name].append(
                f"The halves of {title_of(name)} deviate by up to {apart:.0f} mm from mirror symmetry: a "
                "part is missing or the orientation is wrong."
            )


def _order_of_vertebrae(bones: Mapping[str, Bone], found: Flags) -> None:
    levels = _vertebrae(bones)
    names = list(levels)
    if len(names) < 3:
        return
    centres = np.array([bones[name].vertices_ras_mm.mean(axis=0) for name in names])
    steps = np.diff(centres, axis=0)
    length = np.linalg.norm(steps, axis=1) / np.diff([levels[name] for name in names])
    down = np.median(steps, axis=0)
    for place in range(len(steps)):
        if steps[place] @ down < 0 or length[place] > MOST_GAP_FACTOR * np.median(length):
            pair = names[place : place + 2]
            reason = f"{' and '.join(title_of(name) for name in pair)} are not in order."
            for name in pair:
                found[name].append(reason)


def _sizes_of_pairs(bones: Mapping[str, Bone], found: Flags) -> None:
    for name, bone in bones.items():
        other = name.replace("_left", "_right")
        if other == name or other not in bones or bone.cut or bones[other].cut or "femur" in name:
            continue
        part = bone.volume_mm3 / max(bones[other].volume_mm3, 1e-9)
        if not LEAST_VOLUME_PART <= part <= 1 / LEAST_VOLUME_PART:
            reason = (
                f"Left and right differ: the {title_of(name)} has {part:.0%} of the volume of the other side."
            )
            found[name].append(reason)
            found[other].append(reason)


def _ribs_on_vertebrae(bones: Mapping[str, Bone], found: Flags) -> None:
    """Note vertebrae whose ribs bear other numbers: a rib touches that of its number, or the one above."""
    levels = _vertebrae(bones)
    if not levels:
        return
    points = np.concatenate([bones[name].vertices_ras_mm for name in levels])
    owner = np.repeat(list(levels.values()), [len(bones[name].vertices_ras_mm) for name in levels])
    tree, wrong, count = cKDTree(points), [], 0
    for name in (name for name in bones if name.startswith("rib_")):
        # What is further away is infinitely far: most of a rib is, and a search without a limit takes seconds.
        away, nearest = tree.query(bones[name].vertices_ras_mm, distance_upper_bound=TOUCH_MM)
        own = FIRST_THORACIC + int(name.rsplit("_", 1)[1]) - 1
        if away.min() < TOUCH_MM:
            count += 1
            touched = int(owner[nearest[away.argmin()]])
            wrong += [] if touched in (own - 1, own) else [touched]
    if len(wrong) < LEAST_WRONG_RIBS or len(wrong) < count / 4:
        return
    # A number too many or too few shifts all names below it.
    for name, level in levels.items():
        if level >= min(wrong):
            reason = (
                f"{len(wrong)} of {count} ribs are at other vertebrae than their labels state: check the "
                "labels."
            )
            found[name].append(reason)


def _sides(bones: Mapping[str, Bone], shapes: Mapping[str, VertebraShape], found: Flags) -> None:
    """Note bones on the wrong side: which way is right is told by the vertebrae, else by the other bones."""
    frames = [shape.frame for shape in shapes.values() if shape.frame is not None]
    sided = [label for label in labels() if label.side and label.name in bones]
    if len(frames) < LEAST_FRAMES:
        _fellows(bones, found)
        return
    right = np.median([frame.axes[:, 0] for frame in frames], axis=0)
    middle = np.median([frame.origin for frame in frames], axis=0)
    for label in sided:
        away = float((bones[label.name].vertices_ras_mm.mean(axis=0) - middle) @ right)
        if (away > 0) != (label.side == "right"):
            found[label.name].append(f"The {title_of(label.name)} is on the wrong side of the spine.")


def _frame(bones: Mapping[str, Bone], shapes: Mapping[str, VertebraShape], found: Flags) -> None:
    """Note bones that the coordinates of the patient contradict: left lies to the left, in front is the front.

    Exchanged names, a mirrored volume and meshes in another frame are alike in themselves.
    """
    across = {name: float(bone.vertices_ras_mm[:, 0].mean()) for name, bone in bones.items()}
    middles = [across[name] for name in bones if not _side_of(name)]
    for name in bones:
        if not (side := _side_of(name)):
            continue
        other = name.replace(side, next(one for one in _SIDES if one != side))
        others = [across[other]] if other in bones else middles
        others = others or [across[one] for one in bones if _side_of(one) not in ("", side)]
        away = across[name] - float(np.median(others)) if others else 0.0
        if (away if side == "left" else -away) > LEAST_EXCHANGED_MM:
            ways = ("right", "left") if side == "left" else ("left", "right")
            of = (
                f"the {title_of(other)}"
                if other in bones
                else "the middle"
                if middles
                else f"{ways[1]} bones"
            )
            found[name].append(f"The {title_of(name)} lies to the {ways[0]} of {of}. {_CHECK_FRAME}")
    fronts = [shape.frame.axes[:, 1] for shape in shapes.values() if shape.frame is not None]
    if len(fronts) >= LEAST_FRAMES and float(np.median(fronts, axis=0)[1]) < MOST_BACKWARDS:
        for name in shapes:
            found[name].append(f"The vertebrae face backwards. {_CHECK_FRAME}")


def _side_of(name: str) -> str:
    return next((side for side in _SIDES if f"_{side}" in name), "")


def _fellows(bones: Mapping[str, Bone], found: Flags) -> None:
    """Without vertebrae: each femur has to lie next to the hip of its own side."""
    centres = {name: bone.vertices_ras_mm.mean(axis=0) for name, bone in bones.items()}
    for side, other in (("left", "right"), ("right", "left")):
        femur, own, far = f"femur_{side}", f"hip_{side}", f"hip_{other}"
        if femur in centres and own in centres and far in centres:
            away = [float(np.linalg.norm(centres[femur] - centres[hip])) for hip in (own, far)]
            if away[0] > away[1]:
                for name in (femur, own):
                    found[name].append(f"The {title_of(femur)} is next to the {title_of(far)}.")
