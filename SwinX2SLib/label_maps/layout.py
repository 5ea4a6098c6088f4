"""How the bones of a numbering lie in the patient: whether they make a body, and what contradicts their names.

A check is what nearly every body passes; a damaged or a sick one fails some. A contradiction is what no body is like:
its bones bear the names of others, or the header turns the patient over. Sides that are exchanged are none: all else
of such bones is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from SwinX2SLib.anatomy import label_by_id, label_ids, mirrored_ids
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.label_maps.mapping import LabelMapping

# Larger than any such bone [ml]; pieces that are cut off may be of any size.
_LARGEST_ML = {"spine": 130.0, "ribs": 60.0, "pelvis": 660.0, "femur": 800.0}
_LARGEST_SACRUM_ML, _LARGEST_CERVICAL_ML = 370.0, 45.0
# Part of the way to the next vertebra that may lead sideways, in a scoliosis.
_MOST_SIDEWAYS = 0.75
# From one vertebra to the next; from the middle of the column; a rib's middle from its vertebra [mm].
_NEXT_VERTEBRA_MM, _BESIDE_COLUMN_MM, _RIB_BELOW_VERTEBRA_MM = (5.0, 70.0), 60.0, 180.0
# Bones of a pair lie at least so far apart, and at about one height [mm].
_PAIR_APART_MM, _PAIR_LEVEL_MM = 40.0, 80.0
# The middle of a rib, even of a stump at its vertebra, lies at least so far beside the column [mm].
_RIB_BESIDE_COLUMN_MM = 12.0
_SACRUM, _HIPS, _FEMUR_AND_HIP = 50, (51, 52), ((53, 52), (54, 51))
_C1_TO_L5, _T1, _L4 = range(1, 25), 8, 23
# Within such a difference, neighbouring ribs are at one height [mm].
_SAME_HEIGHT_MM = 10.0
# Times the largest: no single bone.
_GIANT = 1.3
# Fewer bones in a wrong place, or fewer than half of their kind, are errors of a segmentation.
_LEAST_CONTRADICTING = 2


@dataclass(frozen=True, eq=False)
class Piece:
    """All voxels of a value, or of a bone: centre of mass (RAS mm) and volume."""

    centre: np.ndarray
    volume_ml: float


Bones = Mapping[int, Piece]
"""Our bones, by id."""


def pieces_of(labels: np.ndarray, affine: np.ndarray) -> dict[int, Piece]:
    """Return where the voxels of each value lie.

    Args:
        labels: whole numbers `(I, J, K)`, not below 0.
        affine: index -> RAS mm.
    """
    # Numberings can be listed where scipy is not installed yet.
    from scipy import ndimage

    whole = labels if labels.dtype.kind in "iu" else np.rint(labels).astype(np.int32)
    voxel_ml = abs(float(np.linalg.det(np.asarray(affine)[:3, :3]))) / 1000
    pieces = {}
    for value, box in enumerate(ndimage.find_objects(whole), start=1):
        if box is None:
            continue
        mask = whole[box] == value
        start = np.array([part.start for part in box])
        centre = [
            float(np.average(np.arange(mask.shape[axis]), weights=mask.sum(axis=_others(axis))))
            for axis in range(3)
        ]
        pieces[value] = Piece(transform_points(affine, start + centre), float(mask.sum() * voxel_ml))
    return pieces


def _others(axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(3) if other != axis)


def bones_of(scheme: LabelMapping, pieces: Mapping[int, Piece]) -> dict[int, Piece]:
    """Return our bones, by id, as a numbering has them."""
    parts: dict[int, list[Piece]] = {}
    for value, piece in pieces.items():
        if scheme.targets.get(value):
            parts.setdefault(scheme.targets[value], []).append(piece)
    bones = {}
    for label, own in parts.items():
        volumes = [piece.volume_ml for piece in own]
        centre = np.average([piece.centre for piece in own], axis=0, weights=volumes)
        bones[label] = Piece(centre, sum(volumes))
    if scheme.sides_by_position and _is_mirrored(bones):
        other = mirrored_ids()
        bones = {int(other[label]): piece for label, piece in bones.items()}
    return bones


def _is_mirrored(bones: Bones) -> bool:
    other = mirrored_ids()
    ways = [
        bones[int(other[label])].centre[0] - piece.centre[0]
        for label, piece in bones.items()
        if int(other[label]) in bones and "left" in label_by_id(label).name
    ]
    return bool(ways) and float(np.mean(ways)) < 0


@dataclass(frozen=True)
class Fit:
    """How well bones make a body.

    Attributes:
        share: of checks passed, the mean over their kinds, 0 to 1.
        passed: how many checks of places were.
        failed: how many checks, of places and sizes, were not.
    """

    share: float
    passed: int
    failed: int

    @property
    def weight(self) -> float:
        """How much speaks for it."""
        return self.share * self.passed


def fit(bones: Bones) -> Fit:
    """Return how well bones make a body."""
    places = [list(checks(bones)) for checks in (_side_checks, _column_checks, _rib_checks, _height_checks)]
    kinds = [found for found in (*places, list(_size_checks(bones))) if found]
    share = float(np.mean([np.mean(found) for found in kinds])) if kinds else 0.0
    return Fit(share, sum(map(sum, places)), sum(found.count(False) for found in kinds))


def _side_checks(bones: Bones) -> Iterator[bool]:
    """Left bones lie to the left of their counterparts, beside them, or else of the middle of the body."""
    other = mirrored_ids()
    middle = [piece.centre[0] for label, piece in bones.items() if label <= 25 or label == _SACRUM]
    for label, piece in bones.items():
        mirrored = int(other[label])
        if mirrored == label:
            continue
        is_left = "left" in label_by_id(label).name
        if mirrored in bones:
            way = bones[mirrored].centre - piece.centre
            yield bool((way[0] > 0) == is_left)
            yield bool(abs(way[0]) > _PAIR_APART_MM and abs(way[2]) < _PAIR_LEVEL_MM)
        elif middle:
            yield bool((piece.centre[0] < np.median(middle)) == is_left)


def _column_checks(bones: Bones) -> Iterator[bool]:
    """Vertebrae follow one another downwards, not sideways, at the distance of neighbours, in a column."""
    present = [label for label in label_ids("spine") if label in bones]
    if len(present) < 2:
        return
    middle = np.median([bones[label].centre[0] for label in present])
    for upper, lower in pairwise(present):
        way = bones[lower].centre - bones[upper].centre
        low, high = _NEXT_VERTEBRA_MM
        distance = float(np.linalg.norm(way))
        is_near = low <= distance <= high * (lower - upper)
        yield bool(way[2] < 0 and is_near and abs(way[0]) <= _MOST_SIDEWAYS * distance)
    for label in present:
        yield bool(abs(bones[label].centre[0] - middle) < _BESIDE_COLUMN_MM)


def _rib_checks(bones: Bones) -> Iterator[bool]:
    """Ribs follow one another downwards, not far below their vertebrae, above L4, beside the column."""
    ribs = label_ids("ribs")
    for side in (ribs[:12], ribs[12:]):
        present = [label for label in side if label in bones]
        for upper, lower in pairwise(present):
            yield bool(bones[lower].centre[2] < bones[upper].centre[2] + _SAME_HEIGHT_MM)
        for label in present:
            vertebra = _T1 + side.index(label)
            if vertebra in bones:
                below = bones[vertebra].centre[2] - bones[label].centre[2]
                yield bool(-40 < below < _RIB_BELOW_VERTEBRA_MM)
            if _L4 in bones:
                yield bool(bones[label].centre[2] > bones[_L4].centre[2])
    for _, away in _beside_column(bones):
        yield away >= _RIB_BESIDE_COLUMN_MM


def _height_checks(bones: Bones) -> Iterator[bool]:
    """The pelvis lies below the vertebrae, the femora below the pelvis."""
    lowest = min((bones[label].centre[2] for label in _C1_TO_L5 if label in bones), default=None)
    for label in (_SACRUM, *_HIPS):
        if label in bones and lowest is not None:
            yield bool(bones[label].centre[2] < lowest)
    for femur, hip in _FEMUR_AND_HIP:
        if femur in bones and hip in bones:
            yield bool(bones[femur].centre[2] < bones[hip].centre[2])


def _size_checks(bones: Bones) -> Iterator[bool]:
    for label, piece in bones.items():
        yield piece.volume_ml <= _largest_ml(label)


def _largest_ml(label: int) -> float:
    if label < _T1:
        return _LARGEST_CERVICAL_ML
    return _LARGEST_SACRUM_ML if label == _SACRUM else _LARGEST_ML[label_by_id(label).group]


def _beside_column(bones: Bones) -> list[tuple[int, float]]:
    """Return each rib and how far beside the column its middle lies [mm]; none where nothing shows the column."""
    ribs = [label for label in label_ids("ribs") if label in bones]
    column = sorted(
        (bones[label].centre for label in (*label_ids("spine"), _SACRUM) if label in bones),
        key=lambda centre: centre[2],
    )
    if not column and len({label_by_id(label).side for label in ribs}) == 2:
        sides = [[bones[i].centre for i in ribs if label_by_id(i).side == side] for side in ("left", "right")]
        column = [np.mean([np.median(side, axis=0) for side in sides], axis=0)]
    if not column:
        return []
    across, heights = np.array(column)[:, 0], np.array(column)[:, 2]
    middles = {label: np.interp(bones[label].centre[2], heights, across) for label in ribs}
    return [(label, abs(float(bones[label].centre[0] - middle))) for label, middle in middles.items()]


def contradictions(bones: Bones) -> list[str]:
    """Return what no body is like, in sentences; nothing of bones that may only be damaged, or of too few."""
    rules = (_reversed_order, _ribs_in_column, _pelvis_above_spine, _femora_above_hips, _giants)
    return [sentence for rule in rules if (sentence := rule(bones))]


def _reversed_order(bones: Bones) -> str:
    """Vertebrae, or the ribs of a side, that run upwards."""
    ribs = label_ids("ribs")
    rows = [[label for label in row if label in bones] for row in (label_ids("spine"), ribs[:12], ribs[12:])]
    steps = [pair for row in rows for pair in pairwise(row)]
    height = {label: bones[label].centre[2] for row in rows for label in row}
    # Long and slanting, the middles of neighbouring ribs may lie at one height.
    upwards = [pair for pair in steps if height[pair[1]] > height[pair[0]] + _SAME_HEIGHT_MM]
    if not _most(upwards, len(steps)):
        return ""
    every = [pair for row in rows for pair in combinations(row, 2)]
    upper, lower = max(every, key=lambda pair: height[pair[1]] - height[pair[0]])
    return f"{label_by_id(upper).title} lies below {label_by_id(lower).title}."


def _ribs_in_column(bones: Bones) -> str:
    found = _beside_column(bones)
    inside = [label for label, away in found if away < _RIB_BESIDE_COLUMN_MM]
    if not _most(inside, len(found)):
        return ""
    return f"{len(inside)} of {len(found)} ribs lie on the midline, as vertebrae do ({_titles(inside)})."


def _pelvis_above_spine(bones: Bones) -> str:
    vertebrae = [bones[label].centre[2] for label in _C1_TO_L5 if label in bones]
    shown = [label for label in (_SACRUM, *_HIPS) if label in bones]
    above = [label for label in shown if vertebrae and bones[label].centre[2] > np.max(vertebrae)]
    # One bone and one vertebra may be exchanged; a row of vertebrae is none.
    if not above or len(above) * 2 <= len(shown) or len(vertebrae) + len(shown) <= _LEAST_CONTRADICTING:
        return ""
    return f"The pelvis lies above the vertebrae ({_titles(above)})."


def _femora_above_hips(bones: Bones) -> str:
    pairs = [(femur, hip) for femur, hip in _FEMUR_AND_HIP if femur in bones and hip in bones]
    above = [femur for femur, hip in pairs if bones[femur].centre[2] > bones[hip].centre[2]]
    return f"The femora lie above the hips ({_titles(above)})." if _most(above, len(pairs)) else ""


def _giants(bones: Bones) -> str:
    large = [label for label, piece in bones.items() if piece.volume_ml > _GIANT * _largest_ml(label)]
    if not _most(large, len(bones)):
        return ""
    first = large[0]
    return (
        f"{len(large)} of {len(bones)} bones are larger than such bones are "
        f"({label_by_id(first).title}: {bones[first].volume_ml:.0f} ml)."
    )


def _most(wrong: Sequence[object], count: int) -> bool:
    return len(wrong) >= _LEAST_CONTRADICTING and 2 * len(wrong) > count


def _titles(labels: Sequence[int]) -> str:
    return ", ".join(label_by_id(label).title for label in labels[:3]) + (", ..." if len(labels) > 3 else "")
