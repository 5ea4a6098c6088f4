"""Intervals of measurements from samples of where the bones may lie.

A reconstruction by the statistical skeleton knows random skeletons around the one it found. Each bone moves from the
found skeleton to a random one by an affine map; the places on which measurements rest move with their bones, and the
values follow by the rules of `from_landmarks`. All places in RAS mm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from SwinX2SLib.measurements.bone_motions import BoneMotions
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.from_landmarks import (
    Key,
    UndefinedValueError,
    can_be_settled,
    companions,
    key_of,
    value_from_landmarks,
)
from SwinX2SLib.measurements.label_sampling import with_intervals
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.shared_geometry import SharedGeometry, shared_geometry

METHOD = (
    "random skeletons around the one fitted to the radiographs: errors of position, size and shape of bones; a "
    "wrong name of a bone is not included"
)
# A value or place that the radiographs leave open by more to either side is not "good" [mm or degrees].
GOOD_WITHIN = 5.0


def with_motion_intervals(
    measured: Mapping[str, list[Measurement]], bones: Mapping[str, Bone], motions: BoneMotions
) -> dict[str, list[Measurement]]:
    """Return measurements with the interval of every value that follows from its places.

    Values and landmarks that the samples leave open by more than `GOOD_WITHIN` are to be checked.

    Args:
        measured: by region.
        bones: by label name, on which they were measured.
        motions: of the bones.
    """
    every = [one for found in measured.values() for one in found]
    geometry = shared_geometry(every)
    moved = [
        one
        for one in every
        if one.value is not None
        and one.unit != "point"
        and can_be_settled(one)
        and _valued(key_of(one), geometry, geometry.places, geometry.normals) is not None
    ]
    if not motions.count or not motions.bones or not geometry.places:
        return {region: list(found) for region, found in measured.items()}
    owners = _owners(geometry, bones, motions.bones)
    samples = list(_samples(moved, geometry, owners, motions))
    found = {key_of(one): _flagged_if_open(one) for one in with_intervals(moved, _centred(moved, samples))}
    for one in every:
        if one.unit == "point" and one.is_present:
            marks = [place for place in geometry.bindings[key_of(one)].landmarks if place]
            found[key_of(one)] = _place_flagged_if_open(
                one, [_spread_mm(geometry.places[m], owners[m], motions) for m in marks]
            )
    return {region: [found.get(key_of(one), one) for one in ones] for region, ones in measured.items()}


def _flagged_if_open(one: Measurement) -> Measurement:
    """Return a measurement, to be checked where its interval is wide."""
    if one.interval is None or one.unit not in ("mm", "deg"):
        return one
    low, high = one.interval
    if high - low <= 2 * GOOD_WITHIN:
        return one
    unit = "degrees" if one.unit == "deg" else one.unit
    # The same words for every value: the page says them once, as a numbered note.
    return one.flagged([f"Its interval is wider than {2 * GOOD_WITHIN:.0f} {unit}."])


def _place_flagged_if_open(one: Measurement, spreads_mm: list[float]) -> Measurement:
    """Return landmarks, to be checked where one of them may lie elsewhere."""
    is_open = max(spreads_mm, default=0.0) > GOOD_WITHIN
    return one.flagged([f"Its place is uncertain by more than {GOOD_WITHIN:.0f} mm."] if is_open else [])


def _spread_mm(place: np.ndarray, owner: int, motions: BoneMotions) -> float:
    """Return within which distance of a place nine of ten samples have it."""
    matrices = motions.matrices[:, owner].astype(np.float64)
    moved = matrices[:, :, :3] @ place + matrices[:, :, 3]
    return float(np.percentile(np.linalg.norm(moved - place, axis=1), 90))


def _samples(
    measurements: list[Measurement], geometry: SharedGeometry, owners: Mapping[str, int], motions: BoneMotions
) -> Iterator[list[Measurement]]:
    """Yield the measurements with their values in each sample."""
    for matrices in motions.matrices.astype(np.float64):
        places = {
            key: matrices[owners[key], :, :3] @ place + matrices[owners[key], :, 3]
            for key, place in geometry.places.items()
        }
        normals = {
            key: _turned(matrices[owners[geometry.origins[key]], :, :3], normal)
            for key, normal in geometry.normals.items()
        }
        yield [one for key in map(key_of, measurements) if (one := _valued(key, geometry, places, normals))]


def _centred(measurements: list[Measurement], samples: list[list[Measurement]]) -> list[list[Measurement]]:
    """Return samples whose medians are the values measured: lengths and angles of shaken places are larger."""
    measured = {key_of(one): one.value or 0.0 for one in measurements}
    values: dict[Key, list[float]] = {}
    for sample in samples:
        for one in sample:
            values.setdefault(key_of(one), []).append(one.value or 0.0)
    shift = {key: measured[key] - float(np.median(own)) for key, own in values.items()}
    return [
        [replace(one, value=(one.value or 0.0) + shift[key_of(one)]) for one in sample] for sample in samples
    ]


def _turned(matrix: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return the normal of a plane moved by a linear map `(3, 3)`."""
    moved = np.linalg.solve(matrix.T, normal)
    return moved / np.linalg.norm(moved)


def _valued(
    key: Key, geometry: SharedGeometry, places: Mapping[str, np.ndarray], normals: Mapping[str, np.ndarray]
) -> Measurement | None:
    """Return a measurement with the value of its places, None where they give none."""
    found = geometry.placed(key, places, normals)
    others = {
        other: geometry.placed(other, places, normals)
        for other in companions(found)
        if other in geometry.bindings
    }
    try:
        # A curve may bow to the other side in a sample.
        return replace(value_from_landmarks(found, others), side=found.side)
    except (UndefinedValueError, KeyError):
        return None


def _owners(geometry: SharedGeometry, bones: Mapping[str, Bone], names: tuple[str, ...]) -> dict[str, int]:
    """Return the number of the bone with which each place moves: the one it is named by, or the nearest."""
    number = {name: index for index, name in enumerate(names)}
    points, owner = [], []
    for name, bone in bones.items():
        if name in number:
            points.append(bone.vertices_ras_mm)
            owner.append(np.full(len(bone.vertices_ras_mm), number[name]))
    named = {key: number.get(key.split("/")[0]) for key in geometry.places}
    if not points:
        return {key: own or 0 for key, own in named.items()}
    keys = list(geometry.places)
    _, nearest = cKDTree(np.concatenate(points)).query(np.array([geometry.places[key] for key in keys]))
    owners = np.concatenate(owner)
    found = {}
    for key, place in zip(keys, nearest, strict=True):
        own = named[key]
        found[key] = int(owners[place]) if own is None else own
    return found
