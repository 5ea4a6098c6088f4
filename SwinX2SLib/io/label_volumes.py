"""Label volumes of the 54 bones, whatever file holds them, and maps of how unsure a network was of each voxel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from SwinX2SLib.anatomy import BACKGROUND, CLASS_COUNT, Label, Structure, label_by_id, label_of_term
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import orientation_of, reorient
from SwinX2SLib.io.header import refuse, unreadable
from SwinX2SLib.io.segmentations import Segment, segments_of
from SwinX2SLib.io.volumes import Volume, read_volume

_MOST_NAMED = 8
_MOST_VALUES = 4096
_SAME_PLACE_MM = 0.01
# How far numbers may be from whole ones: errors of floating point, and those of labels up to 117 packed into 8 bits.
_LEAST_ROUNDED, _MOST_ROUNDED = 1e-3, 0.25
_SAVE_AGAIN = "Save the segmentation again."


class NumberedLabels(Protocol):
    """What the values, or the names of segments, of a file mean."""

    @property
    def names(self) -> Mapping[str, int]:
        """Our label by the name of a segment in small letters."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the values that were read, in sentences."""

    def to_labels_with_unnamed(self, labels: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """Return the values as our labels, uint8; values above 54 stand for bone without a name."""


@dataclass(frozen=True, eq=False)
class LabelVolume:
    """A label volume of the 54 bones.

    Attributes:
        labels: uint8 `(I, J, K)`, the file's own array order; above 54, bone that a `NumberedLabels` does not name.
        affine: 4x4 float64, index -> RAS mm.
        notes: what a reader of the result must know, in sentences.
    """

    labels: np.ndarray
    affine: np.ndarray
    notes: tuple[str, ...] = ()


def read_label_volume(
    path: Path, ignore_unknown: bool = False, mapping: NumberedLabels | None = None
) -> LabelVolume:
    """Read a `.seg.nrrd` by its segments, any other volume by its values.

    Args:
        path: see `volumes.read_volume`.
        ignore_unknown: whether values that are no bone are left out instead of being a fault.
        mapping: what values, and names of segments, mean; names that it does not have mean what they always do.

    Raises:
        InputError: unreadable, no volume, not placed in the patient, values that are no label, or segments that
            contradict themselves or each other.
    """
    volume = read_volume(path)
    affine, notes = volume.affine, volume.header.notes
    _require_numbers(volume)
    volume, rounding = whole_numbers(volume)
    notes += rounding
    try:
        segments = segments_of(volume.header.fields, volume.array.ndim == 4)
    except ValueError as error:
        raise unreadable("segmentation", f"a segment's value or layer: {error}", path) from error
    new_notes: Sequence[str]
    if segments:
        labels, new_notes = _labels_of_segments(volume, segments, mapping)
    else:
        labels, new_notes = label_values(volume.array, affine, ignore_unknown, path, mapping)
    return LabelVolume(labels, affine, (*notes, *new_notes))


def read_uncertainty(path: Path, volume: LabelVolume) -> np.ndarray:
    """Read a map of 1 minus the probability of the label taken, as `swinx2s reconstruct` writes it.

    Args:
        path: a volume.
        volume: on whose grid it has to lie.

    Returns:
        float32 `(I, J, K)`, 0..1, in the array order of `volume`.

    Raises:
        InputError: unreadable, another grid, or values outside 0..1.
    """
    read = read_volume(path)
    values, affine = read.array, read.affine
    if values.ndim == 3:
        # The same voxels may be stored in another order: Slicer's file and the map of one result are.
        values, affine = reorient(values, affine, orientation_of(volume.affine))
    if values.shape != volume.labels.shape or not np.allclose(affine, volume.affine, atol=_SAME_PLACE_MM):
        message = "The uncertainty map has another grid than the segmentation."
        raise refuse("grid-mismatch", message, "Use the map of this segmentation.", path)
    values = values.astype(np.float32)
    # Stored in steps of 1/255, a sum may end a rounding error above 1.
    if not np.isfinite(values).all() or values.min(initial=0) < 0 or values.max(initial=0) > 1 + 1e-5:
        message = "The map has values outside 0..1."
        hint = "It must contain 1 minus the probability of the label."
        raise refuse("not-uncertainty", message, hint, path)
    return np.minimum(values, 1.0)


def whole_numbers(volume: Volume) -> tuple[Volume, tuple[str, ...]]:
    """Return a volume whose numbers, where they are nearly whole, are whole, and a note of the rounding.

    Programs pack labels that they hold as floating-point numbers into few bits, by a slope and an intercept in the
    header; what comes back is off by up to half a slope.

    Raises:
        InputError: the header scales the numbers, and they are too far from whole ones.
    """
    array, step = volume.array, volume.header.step
    if array.dtype.kind != "f":
        return volume, ()
    off = max((float(np.abs(slab - np.rint(slab)).max(initial=0.0)) for slab in array), default=0.0)
    allowed = min(max(_LEAST_ROUNDED, 0.51 * step), _MOST_ROUNDED)
    if off > allowed and step and np.isfinite(off):
        message = (
            f"The numbers, which the header scales by {step:.4g}, are up to {off:.2g} from whole ones; labels are "
            f"rounded by {allowed:.2g} at most."
        )
        raise refuse("not-labels", message, "Save the labels as whole numbers.", volume.header.path)
    if off == 0 or not off <= allowed:
        return volume, ()
    note = f"Labels were rounded to whole numbers, by up to {off:.2g} (at most {allowed:.2g} is allowed)."
    return Volume(np.rint(array), volume.header), (note,)


def label_values(
    values: np.ndarray,
    affine: np.ndarray,
    ignore_unknown: bool,
    path: Path,
    mapping: NumberedLabels | None = None,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a volume of numbers as uint8 labels, and a note of what was left out.

    Args:
        values: three axes.
        affine: index -> RAS mm.
        ignore_unknown: whether values that are no bone become background instead of a fault.
        path: for the faults.
        mapping: what the values mean, when not our labels.

    Raises:
        InputError: the array has not three axes, or holds values that are no label.
    """
    if values.ndim != 3 or not values.size:
        message = f"The file has {values.ndim} axes ({' x '.join(map(str, values.shape))})."
        raise refuse("not-a-volume", message, "Use a three-dimensional label volume.", path)
    found = _distinct(values, path)
    if mapping is not None:
        try:
            return mapping.to_labels_with_unnamed(values, affine), mapping.notes
        except InputError as error:
            raise InputError([replace(fault, path=str(path)) for fault in error.faults]) from error
    strange = [value for value in found if not 0 <= value < CLASS_COUNT]
    if strange and not ignore_unknown:
        hint = (
            "Valid labels are 0 to 54 as in Resources/labels.json; files with another label numbering would "
            "be misinterpreted. Convert the labels, or add --ignore-unknown to ignore these values."
        )
        raise refuse("unknown-labels", f"These values are not bones: {named(strange)}.", hint, path)
    if not strange:
        return values.astype(np.uint8), ()
    known = np.where((values >= 0) & (values < CLASS_COUNT), values, 0).astype(np.uint8)
    return known, (f"Values that are not bones were ignored: {named(strange)}.",)


def named(values: Sequence) -> str:
    """Return a list as text, not all of a long one."""
    # A number of hundreds of digits says no more than its size.
    texts = [
        f"{value:.6g}" if not isinstance(value, str) and abs(value) >= 1e15 else str(value)
        for value in values[:_MOST_NAMED]
    ]
    shown = ", ".join(texts)
    return shown if len(values) <= _MOST_NAMED else f"{shown} and {len(values) - _MOST_NAMED} more"


def _require_numbers(volume: Volume) -> None:
    if volume.header.is_colour or np.iscomplexobj(volume.array):
        what = "colours" if volume.header.is_colour else "complex numbers"
        message = f"The file has {what}, not one number per voxel."
        raise refuse("not-labels", message, "Use a label volume.", volume.header.path)


def _distinct(values: np.ndarray, path: Path) -> list[int]:
    """Return the distinct whole numbers of a volume, in order.

    Raises:
        InputError: some are not whole, or not finite.
    """
    found: set[float] = set()
    # A slice at a time: a whole volume need not be sorted at once.
    for slab in np.moveaxis(values, -1, 0):
        found.update(np.unique(slab).tolist())
        if len(found) > _MOST_VALUES:
            break
    if not all(np.isfinite(value) for value in found):
        message = "The file has values that are not finite (NaN or infinity)."
        raise refuse("not-labels", message, "Use the label volume itself, with 0 for background.", path)
    if len(found) > _MOST_VALUES or any(value != int(value) for value in found):
        message = (
            "The file has fractional or thousands of different values: it is an image, not a label volume."
        )
        raise refuse("not-labels", message, "Use the label volume itself.", path)
    return sorted(int(value) for value in found)


def _labels_of_segments(
    volume: Volume, segments: Sequence[Segment], mapping: NumberedLabels | None
) -> tuple[np.ndarray, list[str]]:
    """Return one volume of our labels, and notes of overlaps and of segments that are left out.

    Raises:
        InputError: no volume; or faults of the segments.
    """
    path, array = volume.header.path, volume.array
    if array.ndim not in (3, 4) or volume.header.space_axes != 3:
        message = f"The file has {array.ndim} axes, {volume.header.space_axes} of them in space."
        raise refuse("not-a-volume", message, "Use a three-dimensional segmentation.", path)
    layers = array if array.ndim == 4 else array[..., np.newaxis]
    renamed = {} if mapping is None else dict(mapping.names)
    parts = [segment for segment in segments if segment.name.lower() in renamed]
    others = [segment for segment in segments if segment.name.lower() not in renamed]
    known = _bones(others, layers.shape[-1], path) + _renamed(parts, renamed, layers.shape[-1], path)
    labels, notes = _merged(layers, known)
    strangers = [segment.name or segment.id for segment in others if segment.structure() is None]
    if strangers and not known:
        message = f"No segment is a bone by its name or its terminology: {named(strangers)}."
        hint = (
            "Name them by their bones (Left femur, L1) in the Segmentations module, or provide a label map."
        )
        raise refuse("segments-unnamed", message, hint, path)
    if strangers:
        notes.append(f"Segments that are not among the 54 bones were ignored: {named(strangers)}.")
    return labels, notes


def _bones(segments: Iterable[Segment], layers: int, path: Path) -> list[tuple[Segment, Label]]:
    """Return the segments that are bones.

    Raises:
        InputError: a segment contradicts itself, two mean the same, or a layer is not there.
    """
    faults: list[Fault] = []
    known: dict[Structure, tuple[Segment, Label]] = {}
    for segment in segments:
        meant = segment.structure()
        coded = label_of_term(segment.term)
        if coded is not None and segment.contradicts_itself():
            message = f"The segment {segment.name!r} is coded as {coded.title}."
            hint = "Correct its name or terminology in the Segmentations module."
            faults.append(Fault("segment-contradiction", message, hint, str(path)))
        elif meant is None:
            continue
        elif meant in known:
            both = f"{known[meant][0].name!r} and {segment.name!r}"
            message = f"The segments {both} are both {meant.part or meant.label.title}."
            faults.append(Fault("segment-twice", message, "Keep one, or rename the other.", str(path)))
        elif not 0 <= segment.layer < layers:
            faults.append(_layer_fault(segment, layers, path))
        else:
            known[meant] = (segment, meant.label)
    if faults:
        raise InputError(faults)
    return list(known.values())


def _renamed(
    segments: Sequence[Segment], names: Mapping[str, int], layers: int, path: Path
) -> list[tuple[Segment, Label]]:
    """Return the segments that a mapping names; several may be parts of one bone.

    Raises:
        InputError: layers are not there.
    """
    if lost := [segment for segment in segments if not 0 <= segment.layer < layers]:
        raise InputError([_layer_fault(segment, layers, path) for segment in lost])
    meant = [(segment, names[segment.name.lower()]) for segment in segments]
    return [(segment, label_by_id(label)) for segment, label in meant if label != BACKGROUND]


def _layer_fault(segment: Segment, layers: int, path: Path) -> Fault:
    message = f"The segment {segment.name!r} is in layer {segment.layer}, but the file has {layers} layers."
    return Fault("layer-missing", message, _SAVE_AGAIN, str(path))


def _merged(layers: np.ndarray, known: Iterable[tuple[Segment, Label]]) -> tuple[np.ndarray, list[str]]:
    """Return one volume of our labels, and a note where segments overlap."""
    labels = np.zeros(layers.shape[:3], dtype=np.uint8)
    overlap = 0
    for segment, label in known:
        mask = layers[..., segment.layer] == segment.value
        overlap += int(np.count_nonzero(labels[mask]))
        labels[mask] = label.id
    if not overlap:
        return labels, []
    return labels, [f"Segments overlap in {overlap} voxels; the later segment in the file is used there."]
