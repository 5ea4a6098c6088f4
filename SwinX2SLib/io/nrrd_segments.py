"""Segmentations of 3D Slicer (`.seg.nrrd`), and label volumes in plain NRRD files.

A segment says in the header which value in which layer it is; neither need be ours. Format:
https://slicer.readthedocs.io/en/latest/user_guide/modules/segmentations.html#segmentation-file-format
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nrrd
import numpy as np

from SwinX2SLib.anatomy import BACKGROUND, TERMINOLOGY_TAG, Label, label_by_id, label_named, label_of_term
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.volumes import LabelVolume, Numbering, checked_affine, label_values, named, reading, refuse

_TO_RAS = {
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
}
_FIELD = re.compile(r"^Segment(\d+)_(ID|Name|LabelValue|Layer|Tags)$")


@dataclass(frozen=True)
class Segment:
    """One segment of a header: what it is called and coded, and its value in its layer."""

    id: str
    name: str
    term: str
    value: int
    layer: int

    def label(self) -> Label | None:
        """Return the bone that the segment means: by its name, else by its code, else by its id; or None."""
        return label_named(self.name) or label_of_term(self.term) or label_named(self.id)

    def contradicts_itself(self) -> bool:
        """Whether its name means one bone and its code another."""
        by_name, by_term = label_named(self.name), label_of_term(self.term)
        return None not in (by_name, by_term) and by_name is not by_term


def read_nrrd_labels(
    path: Path, ignore_unknown: bool = False, numbering: Numbering | None = None
) -> LabelVolume:
    """Read a `.seg.nrrd` by its segments, or a plain NRRD by its values.

    Args:
        path: file.
        ignore_unknown: whether values that are no bone are left out instead of being a fault.
        numbering: what values, and names of segments, mean; names that it does not have mean what they always do.

    Raises:
        InputError: unreadable, not placed in the patient, segments that contradict themselves or each other, or
            values that are no label.
    """
    with reading(path, "NRRD file"):
        data, header = nrrd.read(str(path), index_order="F")
        data, affine = _layers_last(data, header, path)
        segments = _segments(header, data.ndim == 4)
    affine = checked_affine(affine, path)
    if not segments:
        labels, notes = label_values(data, affine, ignore_unknown, path, numbering)
        return LabelVolume(labels, affine, notes)
    layers = data if data.ndim == 4 else data[..., np.newaxis]
    renamed = {} if numbering is None else dict(numbering.names)
    parts = [segment for segment in segments if segment.name.lower() in renamed]
    known = _known_segments(
        [segment for segment in segments if segment not in parts], layers.shape[-1], path
    ) + _renamed_segments(parts, renamed, layers.shape[-1], path)
    labels, notes = _merged(layers, known)
    strangers = [
        segment.name or segment.id for segment in segments if segment not in parts and segment.label() is None
    ]
    if strangers:
        notes.append(f"Segments that are none of the 54 bones were left out: {named(strangers)}.")
    return LabelVolume(labels, affine, tuple(notes))


def _layers_last(data: np.ndarray, header: dict, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the array with its axis of layers, if any, at the end, and the affine (index -> RAS mm)."""
    signs = _TO_RAS.get(str(header.get("space", "")).lower())
    directions = header.get("space directions")
    if signs is None or directions is None:
        message = "The header does not say how the volume lies in the patient (no space, or no directions)."
        raise refuse("orientation-absent", message, "Export it with its orientation.", path)
    steps = np.asarray([[np.nan] * 3 if row is None else row for row in directions], dtype=np.float64)
    placed = np.isfinite(steps).all(axis=1)
    if placed.sum() != 3 or data.ndim not in (3, 4):
        message = f"The file has {data.ndim} axes, {int(placed.sum())} of them in space."
        raise refuse("not-a-volume", message, "Give one three-dimensional segmentation.", path)
    if data.ndim == 4:
        data = np.moveaxis(data, int(np.flatnonzero(~placed)[0]), -1)
    affine = np.eye(4)
    affine[:3, :3] = steps[placed].T
    affine[:3, 3] = np.asarray(header.get("space origin", np.zeros(3)), dtype=np.float64)
    return data, np.diag([*signs, 1]) @ affine


def _segments(header: dict, layered: bool) -> list[Segment]:
    fields: dict[int, dict[str, str]] = {}
    for key, text in header.items():
        if match := _FIELD.match(key):
            fields.setdefault(int(match[1]), {})[match[2]] = str(text)
    return [
        Segment(
            id=told.get("ID", ""),
            name=told.get("Name", ""),
            term=_tags(told.get("Tags", "")).get(TERMINOLOGY_TAG, ""),
            # Files before Slicer 4.11 state neither: each segment has a layer of its own, of ones.
            value=int(told.get("LabelValue", 1)),
            layer=int(told.get("Layer", index if layered else 0)),
        )
        for index, told in sorted(fields.items())
    ]


def _tags(text: str) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in text.split("|") if ":" in part)
    return {name.strip(): value for name, value in pairs}


def _known_segments(segments: list[Segment], layers: int, path: Path) -> list[tuple[Segment, Label]]:
    """Return the segments that are bones.

    Raises:
        InputError: a segment contradicts itself, two mean the same bone, or a layer is not there.
    """
    faults = []
    known: dict[str, Segment] = {}
    for segment in segments:
        label = segment.label()
        if segment.contradicts_itself():
            message = f"The segment {segment.name!r} is coded as {label_of_term(segment.term).title}."
            hint = "Correct its name or its terminology in the module Segmentations."
            faults.append(Fault("segment-contradiction", message, hint, str(path)))
        elif label is not None and label.name in known:
            message = f"The segments {known[label.name].name!r} and {segment.name!r} are both {label.title}."
            faults.append(Fault("segment-twice", message, "Keep one, or rename the other.", str(path)))
        elif label is not None and not 0 <= segment.layer < layers:
            message = f"The segment {segment.name!r} lies in layer {segment.layer}, of {layers} layers."
            faults.append(Fault("layer-missing", message, "Save the segmentation again.", str(path)))
        elif label is not None:
            known[label.name] = segment
    if faults:
        raise InputError(faults)
    return [(segment, segment.label()) for segment in known.values()]


def _renamed_segments(
    segments: list[Segment], names: dict[str, int], layers: int, path: Path
) -> list[tuple[Segment, Label]]:
    """Return the segments that a numbering names; several may be parts of one bone.

    Raises:
        InputError: a layer is not there.
    """
    lost = [segment for segment in segments if not 0 <= segment.layer < layers]
    if lost:
        message = f"The segment {lost[0].name!r} lies in layer {lost[0].layer}, of {layers} layers."
        raise refuse("layer-missing", message, "Save the segmentation again.", path)
    meant = [(segment, names[segment.name.lower()]) for segment in segments]
    return [(segment, label_by_id(label)) for segment, label in meant if label != BACKGROUND]


def _merged(layers: np.ndarray, known: list[tuple[Segment, Label]]) -> tuple[np.ndarray, list[str]]:
    """Return one volume of our labels, and a note where segments overlap."""
    labels = np.zeros(layers.shape[:3], dtype=np.uint8)
    overlap = 0
    for segment, label in known:
        mask = layers[..., segment.layer] == segment.value
        overlap += int(np.count_nonzero(labels[mask]))
        labels[mask] = label.id
    if not overlap:
        return labels, []
    return labels, [f"Segments overlap in {overlap} voxels; there the later segment of the file counts."]
