"""`.seg.nrrd`, the file in which Slicer keeps a segmentation: label volumes whose header describes every segment.

A segment says in the header which value in which layer it is; neither need be ours. Format:
https://slicer.readthedocs.io/en/latest/user_guide/modules/segmentations.html#segmentation-file-format
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SwinX2SLib.anatomy import (
    CLASS_COUNT,
    TERMINOLOGY_TAG,
    Label,
    Structure,
    labels,
    structure_named,
    structure_of_term,
    terminology_entry,
)
from SwinX2SLib.io.atomic_output import atomic_file
from SwinX2SLib.io.volumes import image_of, write_image

_FIELD = re.compile(r"^Segment(\d+)_(ID|Name|LabelValue|Layer|Tags)$")
# How Slicer writes the extent of a segment without voxels.
_EMPTY_EXTENT = "0 -1 0 -1 0 -1"
# Slicer's own tag and words; its segment table shows them as an icon and filters by them.
_STATUS_TAG, _ABSENT_STATUS, _PRESENT_STATUS = "Segmentation.Status", "notstarted", "inprogress"
_ABOUT_FILE = {
    "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
    "Segmentation_SourceRepresentation": "Binary labelmap",
    # The name of the same field before Slicer 5.2.
    "Segmentation_MasterRepresentation": "Binary labelmap",
    "Segmentation_ReferenceImageExtentOffset": "0 0 0",
}


@dataclass(frozen=True)
class Segment:
    """One segment of a header.

    Attributes:
        id: which no other segment of the file has.
        name: human-readable.
        term: serialised entry of its terminology (see `anatomy.terminology_entry`), or "".
        value: of its voxels in its layer.
        layer: along the last axis of the array, from 0.
    """

    id: str
    name: str
    term: str
    value: int
    layer: int

    def structure(self) -> Structure | None:
        """Return what the segment means: by its name, else by its code, else by its id; or None."""
        return structure_named(self.name) or structure_of_term(self.term) or structure_named(self.id)

    def contradicts_itself(self) -> bool:
        """Whether its name means one bone and its code another."""
        by_name, by_term = structure_named(self.name), structure_of_term(self.term)
        return by_name is not None and by_term is not None and by_name.label is not by_term.label


def segments_of(fields: Mapping[str, str], layered: bool) -> list[Segment]:
    """Return the segments that a header describes, in their order; none of a plain NRRD.

    Args:
        fields: of `VolumeHeader`.
        layered: whether the array has an axis of layers.

    Raises:
        ValueError: a value or a layer is no whole number.
    """
    found: dict[int, dict[str, str]] = {}
    for key, text in fields.items():
        if match := _FIELD.match(key):
            found.setdefault(int(match[1]), {})[match[2]] = text
    return [
        Segment(
            id=attributes.get("ID", ""),
            name=attributes.get("Name", ""),
            term=_tags(attributes.get("Tags", "")).get(TERMINOLOGY_TAG, ""),
            # Files before Slicer 4.11 state neither: each segment has a layer of its own, of ones.
            value=int(attributes.get("LabelValue", 1)),
            layer=int(attributes.get("Layer", index if layered else 0)),
        )
        for index, attributes in sorted(found.items())
    ]


def write_segmentation(path: Path, volume: np.ndarray, affine: np.ndarray) -> None:
    """Write all 54 segments, atomically: ids, names, colours and terminology; absent bones are empty.

    Args:
        path: ends in `.seg.nrrd`; its folder exists.
        volume: uint8 `(I, J, K)`, ids of `anatomy`.
        affine: 4x4, index -> RAS mm.

    Raises:
        OSError: it cannot be written.
    """
    volume = np.asarray(volume, dtype=np.uint8)
    image = image_of(volume, affine)
    fields = dict(_ABOUT_FILE)
    from scipy import ndimage  # not there yet where the panel has never installed anything

    boxes = ndimage.find_objects(volume, max_label=CLASS_COUNT - 1)
    for index, (label, box) in enumerate(zip(labels(), boxes, strict=True)):
        fields.update({f"Segment{index}_{name}": text for name, text in _described(label, box).items()})
    for name, text in fields.items():
        image.SetMetaData(name, text)
    with atomic_file(path) as partial:
        write_image(partial, image)


def _tags(text: str) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in text.split("|") if ":" in part)
    return {name.strip(): value for name, value in pairs}


def _described(label: Label, box: tuple[slice, ...] | None) -> dict[str, str]:
    """Return the header fields of one segment; `box` holds its voxels."""
    extent = " ".join(f"{part.start} {part.stop - 1}" for part in box) if box else _EMPTY_EXTENT
    tags = {
        TERMINOLOGY_TAG: terminology_entry(label),
        _STATUS_TAG: _PRESENT_STATUS if box else _ABSENT_STATUS,
        "SwinX2S.group": label.group,
    }
    return {
        "ID": label.name,
        "Name": label.title,
        "NameAutoGenerated": "0",
        "Color": " ".join(f"{channel / 255:.6g}" for channel in label.colour),
        "ColorAutoGenerated": "0",
        "LabelValue": str(label.id),
        "Layer": "0",
        "Extent": extent,
        "Tags": "".join(f"{name}:{value}|" for name, value in tags.items()),
    }
