"""The 54 bones: id, name, group, side, SNOMED CT code and colour, read from `Resources/labels.json`.

Ids are the paper's (supplement of Swin-X2S): 1-25 vertebrae C1..L6, 26-37 left ribs, 38-49 right ribs, 50 sacrum,
51 right hip, 52 left hip, 53 left femur, 54 right femur; 0 is background.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from SwinX2SLib.resources import resource_path

BACKGROUND = 0
CLASS_COUNT = 55
GROUPS = ("spine", "ribs", "pelvis", "femur")


@dataclass(frozen=True)
class Code:
    """A coded term: scheme (`SCT`, SNOMED CT), value and meaning."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Label:
    """One bone of the segmentation.

    Attributes:
        id: value in label volumes, 1..54.
        name: stable machine name, `vertebrae_L1`, `rib_left_7`, `hip_right`...
        title: the name a person reads, "L1 vertebra".
        group: one of `GROUPS`.
        side: "left", "right" or None.
        colour: red, green, blue, 0..255.
        category: coded category of the segment.
        type: coded type of the segment.
        modifier: coded laterality, or None.
    """

    id: int
    name: str
    title: str
    group: str
    side: str | None
    colour: tuple[int, int, int]
    category: Code
    type: Code
    modifier: Code | None


@cache
def labels() -> tuple[Label, ...]:
    """Return the 54 labels in the order of their ids."""
    entries = json.loads(resource_path("labels.json").read_text(encoding="utf-8"))["labels"]
    return tuple(_label(entry) for entry in entries)


def label_by_id(label_id: int) -> Label:
    """Return the label with this id.

    Raises:
        KeyError: no bone has this id.
    """
    if not 1 <= label_id < CLASS_COUNT:
        raise KeyError(f"No bone has the label id {label_id}; ids run from 1 to {CLASS_COUNT - 1}.")
    return labels()[label_id - 1]


@cache
def label_ids(group: str) -> tuple[int, ...]:
    """Return the ids of one group of `GROUPS`.

    Raises:
        KeyError: there is no such group.
    """
    if group not in GROUPS:
        raise KeyError(f"There is no group {group!r}; groups are {', '.join(GROUPS)}.")
    return tuple(label.id for label in labels() if label.group == group)


@cache
def ids_by_name() -> dict[str, int]:
    """Return the id of each bone by its machine name, in the order of the ids; not to be changed."""
    return {label.name: label.id for label in labels()}


@cache
def mirrored_ids() -> tuple[int, ...]:
    """Return, for each label value 0..54, the value it takes when the patient is mirrored left to right."""
    swap = {"left": "right", "right": "left"}
    mirrored = [BACKGROUND]
    for label in labels():
        other = label.name.replace(label.side, swap[label.side]) if label.side else label.name
        mirrored.append(ids_by_name()[other])
    return tuple(mirrored)


def _label(entry: dict) -> Label:
    return Label(
        id=entry["id"],
        name=entry["name"],
        title=entry["title"],
        group=entry["group"],
        side=entry["side"],
        colour=tuple(entry["colour"]),
        category=Code(**entry["category"]),
        type=Code(**entry["type"]),
        modifier=Code(**entry["modifier"]) if entry["modifier"] else None,
    )
