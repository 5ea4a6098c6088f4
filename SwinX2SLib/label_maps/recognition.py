"""Which numbering a label volume has, recognised by where its values lie in the patient and how large they are.

Every numbering that has all the values is tried: are left bones left, do vertebrae and ribs follow one another
downwards, do the pelvis and the femora lie below them, is nothing larger than such a bone can be? The one that makes
a body is it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from SwinX2SLib.anatomy import label_by_id, label_ids, mirrored_ids
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.label_maps.mapping import HIGHEST_VALUE, LabelMapping
from SwinX2SLib.label_maps.numberings import builtin_mappings

AUTOMATIC = "auto"
"""What a user says for "see for yourself"."""

# A numbering has to pass this share of its checks. Another one that gives other bones is a rival when it passes the
# share of the best one within this lead, and this part of as many checks: a single bone always fits somewhere.
_LEAST_SCORE, _LEAST_LEAD, _LEAST_EVIDENCE = 0.85, 0.02, 0.7
# Larger than any such bone [ml]; pieces that are cut off may be of any size.
_LARGEST_ML = {"spine": 130.0, "ribs": 60.0, "pelvis": 660.0, "femur": 800.0}
_LARGEST_SACRUM_ML, _LARGEST_CERVICAL_ML = 370.0, 45.0
# Part of the way to the next vertebra that may lead sideways, in a scoliosis.
_MOST_SIDEWAYS = 0.75
# From one vertebra to the next; from the middle of the column; a rib's middle from its vertebra [mm].
_NEXT_VERTEBRA_MM, _BESIDE_COLUMN_MM, _RIB_BELOW_VERTEBRA_MM = (5.0, 70.0), 60.0, 180.0
# Bones of a pair lie at least so far apart, and at about one height [mm].
_PAIR_APART_MM, _PAIR_LEVEL_MM = 40.0, 80.0
_SACRUM, _HIPS, _FEMUR_AND_HIP = 50, (51, 52), ((53, 52), (54, 51))
_C1_TO_L5, _T1 = range(1, 25), 8


@dataclass(frozen=True, eq=False)
class _Piece:
    """All voxels of a value, or of a bone: centre of mass (RAS mm) and volume."""

    centre: np.ndarray
    volume_ml: float


@dataclass
class RecognisedMapping:
    """Reads a file in whatever numbering it has (a `measurements.reading` numbering).

    Attributes:
        scheme: what it was; that of our own names until values had to be looked at.
        message: as text, what it was recognised by; "" where names of segments decided.
    """

    names: Mapping[str, int] = field(default_factory=dict)
    scheme: LabelMapping = field(default_factory=lambda: builtin_mappings()["swinx2s"])
    message: str = ""

    def to_labels_with_unnamed(self, labels: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """Recognise the numbering and return the labels in ours (see `LabelMapping.to_labels_with_unnamed`).

        Raises:
            InputError: no numbering fits, or several do.
        """
        self.scheme = recognise_mapping(labels, affine)
        self.message = f"Label numbering detected from the positions of the labels: {self.scheme.title}."
        return self.scheme.to_labels_with_unnamed(labels, affine)


def recognise_mapping(labels: np.ndarray, affine: np.ndarray) -> LabelMapping:
    """Return the numbering of a label volume.

    Args:
        labels: whole numbers `(I, J, K)`.
        affine: index -> RAS mm.

    Raises:
        InputError: no built-in numbering fits, or several do and give other bones.
    """
    _require_labels(np.asarray(labels))
    pieces = _pieces(np.asarray(labels), affine)
    possible = [scheme for scheme in builtin_mappings().values() if _has_all(scheme, pieces)]
    fits = {scheme.name: _fit(_bones(scheme, pieces)) for scheme in possible}
    fitting = [scheme for scheme in possible if fits[scheme.name].share >= _LEAST_SCORE]
    best = max(fitting, key=lambda scheme: fits[scheme.name].weight, default=None)
    if best is None:
        raise _not_recognised(list(pieces))
    rivals = [
        scheme
        for scheme in fitting
        if fits[scheme.name].share > fits[best.name].share - _LEAST_LEAD
        and fits[scheme.name].passed >= _LEAST_EVIDENCE * fits[best.name].passed
        and _meaning(scheme, pieces) != _meaning(best, pieces)
    ]
    is_placed = fits[best.name].passed > 0
    if rivals or not is_placed:
        # A size that fits decides nothing: then all that have the values are as good.
        names = ", ".join(scheme.name for scheme in ((best, *rivals) if is_placed else possible))
        message = f"The label numbering is ambiguous ({names}): too few labels to decide."
        raise InputError([Fault("scheme-ambiguous", message, _HINT)])
    return best


_HINT = "Set the label numbering (--scheme), or provide a label map."


def _require_labels(labels: np.ndarray) -> None:
    """Refuse volumes without a label, and values that no numbering has: the largest would fill memory automatically.

    Raises:
        InputError: the volume is such.
    """
    low, high = (labels.min(), labels.max()) if labels.size else (0, 0)
    if low < 0 or high > HIGHEST_VALUE:
        raise _not_recognised([value.item() for value in np.unique(labels) if value])
    if not high:
        raise InputError([Fault("no-bones", "The file has no bones.", "Check that it is the right file.")])


def _not_recognised(values: Sequence[float]) -> InputError:
    shown = ", ".join(f"{value:.6g}" for value in values[:8])
    message = f"The label numbering ({shown}{', ...' if len(values) > 8 else ''}) could not be detected."
    return InputError([Fault("scheme-not-recognised", message, _HINT)])


def _pieces(labels: np.ndarray, affine: np.ndarray) -> dict[int, _Piece]:
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
        pieces[value] = _Piece(transform_points(affine, start + centre), float(mask.sum() * voxel_ml))
    return pieces


def _others(axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(3) if other != axis)


def _has_all(scheme: LabelMapping, pieces: Mapping[int, _Piece]) -> bool:
    known = scheme.targets.keys() | scheme.unnamed.keys() | scheme.others
    return pieces.keys() <= known and bool(pieces.keys() & scheme.targets.keys())


def _meaning(scheme: LabelMapping, pieces: Mapping[int, _Piece]) -> list[int | str]:
    return [scheme.unnamed.get(value, scheme.targets.get(value, 0)) for value in pieces]


def _bones(scheme: LabelMapping, pieces: Mapping[int, _Piece]) -> dict[int, _Piece]:
    """Return our bones, by id, as a numbering has them."""
    parts: dict[int, list[_Piece]] = {}
    for value, piece in pieces.items():
        if scheme.targets.get(value):
            parts.setdefault(scheme.targets[value], []).append(piece)
    bones = {}
    for label, own in parts.items():
        volumes = [piece.volume_ml for piece in own]
        centre = np.average([piece.centre for piece in own], axis=0, weights=volumes)
        bones[label] = _Piece(centre, sum(volumes))
    if scheme.sides_by_position and _is_mirrored(bones):
        other = mirrored_ids()
        bones = {int(other[label]): piece for label, piece in bones.items()}
    return bones


def _is_mirrored(bones: Mapping[int, _Piece]) -> bool:
    other = mirrored_ids()
    ways = [
        bones[int(other[label])].centre[0] - piece.centre[0]
        for label, piece in bones.items()
        if int(other[label]) in bones and "left" in label_by_id(label).name
    ]
    return bool(ways) and float(np.mean(ways)) < 0


@dataclass(frozen=True)
class _Fit:
    """How well bones make a body: mean share of checks passed over their kinds, and how many of places were."""

    share: float
    passed: int

    @property
    def weight(self) -> float:
        """How much speaks for it."""
        return self.share * self.passed


def _fit(bones: Mapping[int, _Piece]) -> _Fit:
    places = [list(checks(bones)) for checks in (_side_checks, _column_checks, _rib_checks, _height_checks)]
    shares = [float(np.mean(found)) for found in (*places, list(_size_checks(bones))) if found]
    return _Fit(float(np.mean(shares)) if shares else 0.0, sum(map(sum, places)))


def _side_checks(bones: Mapping[int, _Piece]) -> Iterator[bool]:
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


def _column_checks(bones: Mapping[int, _Piece]) -> Iterator[bool]:
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


def _rib_checks(bones: Mapping[int, _Piece]) -> Iterator[bool]:
    """Ribs follow one another downwards, not far below their vertebrae."""
    ribs = label_ids("ribs")
    for side in (ribs[:12], ribs[12:]):
        present = [label for label in side if label in bones]
        for upper, lower in pairwise(present):
            yield bool(bones[lower].centre[2] < bones[upper].centre[2] + 10)
        for label in present:
            vertebra = _T1 + side.index(label)
            if vertebra in bones:
                below = bones[vertebra].centre[2] - bones[label].centre[2]
                yield bool(-40 < below < _RIB_BELOW_VERTEBRA_MM)


def _height_checks(bones: Mapping[int, _Piece]) -> Iterator[bool]:
    """The pelvis lies below the vertebrae, the femora below the pelvis."""
    lowest = min((bones[label].centre[2] for label in _C1_TO_L5 if label in bones), default=None)
    for label in (_SACRUM, *_HIPS):
        if label in bones and lowest is not None:
            yield bool(bones[label].centre[2] < lowest)
    for femur, hip in _FEMUR_AND_HIP:
        if femur in bones and hip in bones:
            yield bool(bones[femur].centre[2] < bones[hip].centre[2])


def _size_checks(bones: Mapping[int, _Piece]) -> Iterator[bool]:
    for label, piece in bones.items():
        yield piece.volume_ml <= _largest_ml(label)


def _largest_ml(label: int) -> float:
    if label < _T1:
        return _LARGEST_CERVICAL_ML
    return _LARGEST_SACRUM_ML if label == _SACRUM else _LARGEST_ML[label_by_id(label).group]
