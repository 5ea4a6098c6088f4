"""The 54 labels of the paper: names, groups, sides, colours, and their SNOMED CT codes."""

from __future__ import annotations

import json
import re
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
    """Return the 54 labels in the order of their ids.

    Returns:
        A `Label` for each bone: id (its value in label volumes, 1..54), name, title, group, side, colour, and the
        SNOMED CT codes of its category, type and side.

    Examples:
        >>> from SwinX2SLib import labels
        >>> len(labels()), labels()[0].name, labels()[-1].title
        (54, 'vertebrae_C1', 'Right femur')
        >>> [label.id for label in labels() if label.group == "femur"]
        [53, 54]
    """
    entries = json.loads(resource_path("labels.json").read_text(encoding="utf-8"))["labels"]
    return tuple(_label(entry) for entry in entries)


def label_by_id(label_id: int) -> Label:
    """Return the label with this id.

    Raises:
        KeyError: no bone has this id.
    """
    if not 1 <= label_id < CLASS_COUNT:
        raise KeyError(f"Unknown label id {label_id}; ids are 1 to {CLASS_COUNT - 1}.")
    return labels()[label_id - 1]


@cache
def label_ids(group: str) -> tuple[int, ...]:
    """Return the ids of one group of `GROUPS`.

    Raises:
        KeyError: there is no such group.
    """
    if group not in GROUPS:
        raise KeyError(f"Unknown group {group!r}; groups are {', '.join(GROUPS)}.")
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


_SIDES = {"l": "left", "r": "right", "lt": "left", "rt": "right", "sin": "left", "dex": "right"}
_SAME = {
    "hipbone": "hip",
    "innominate": "hip",
    "coxae": "hip",
    "coxal": "hip",
    "hemipelvis": "hip",
    "ribs": "rib",
    "costa": "rib",
}
# Words that name no bone by themselves.
_FILLERS = {
    *("bone", "os", "the", "of", "vertebra", "vertebrae", "vertebral", "th", "st", "nd"),
    *("segment", "segmentation", "seg", "label", "mask", "mesh", "model", "surface"),
}
_ORDINAL = re.compile(r"^(\d+)(?:st|nd|rd|th)$")


# The sacral vertebrae, which some programs draw apart (TotalSegmentator v2, Slicer) and our sacrum contains, by their
# SNOMED CT codes: structure of first to fifth sacral vertebra.
_SACRAL = {"S1": "65985001", "S2": "11808007", "S3": "49967005", "S4": "69950008", "S5": "21452006"}
_ORDINAL_WORDS = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True)
class Structure:
    """What a name or a code means: a bone, or a part of one that some programs draw apart.

    Attributes:
        label: the bone.
        part: "S1" to "S5" of the sacrum; "" for the whole bone.
    """

    label: Label
    part: str = ""


def structure_named(text: str) -> Structure | None:
    """Return what a name means, or None: "femur_left", "Hip_R", "L1 vertebra", "left 7th rib", "vertebrae_S1".

    A name with a word more ("proximal femur left") is no known name.
    """
    return _structures_by_words().get(_words(text))


def structure_of_term(entry: str) -> Structure | None:
    """Return what a serialised terminology entry codes (see `terminology_entry`), or None.

    L6 has no code of its own; its general code for lumbar vertebrae means none.
    """
    fields = entry.split("~")
    if len(fields) < 4:
        return None
    codes = [tuple(field.split("^")[:2]) for field in fields[2:4]]
    return _structures_by_code().get((codes[0], codes[1] if codes[1] != ("", "") else None))


def label_named(text: str) -> Label | None:
    """Return the bone that a name means, or that holds what it means (see `structure_named`), or None."""
    found = structure_named(text)
    return None if found is None else found.label


def label_of_term(entry: str) -> Label | None:
    """Return the bone that a terminology entry codes (see `structure_of_term`), or None."""
    found = structure_of_term(entry)
    return None if found is None else found.label


def _words(text: str) -> frozenset[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()
    words = set()
    for word in re.findall(r"[a-z0-9]+", spaced):
        word = _ORDINAL.sub(r"\1", word)
        word = (word.lstrip("0") or "0") if word.isdigit() else word
        words.add(_SIDES.get(word, _SAME.get(word, word)))
    return frozenset(words - _FILLERS)


@cache
def _structures_by_words() -> dict[frozenset[str], Structure]:
    found = {_words(label.name): Structure(label) for label in labels()}
    for part, ordinal in zip(_SACRAL, _ORDINAL_WORDS, strict=True):
        for name in (part, f"sacrum {part}", f"sacral {part}", f"sacral {part[1]}", f"{ordinal} sacral"):
            found[_words(name)] = _sacral(part)
    return found


@cache
def _structures_by_code() -> dict[tuple, Structure]:
    found = {
        (
            (label.type.scheme, label.type.value),
            (label.modifier.scheme, label.modifier.value) if label.modifier else None,
        ): Structure(label)
        for label in labels()
        if label.name != "vertebrae_L6"
    }
    return found | {(("SCT", value), None): _sacral(part) for part, value in _SACRAL.items()}


def _sacral(part: str) -> Structure:
    return Structure(label_by_id(ids_by_name()["sacrum"]), part)


TERMINOLOGY_TAG = "TerminologyEntry"
_CATEGORY_CONTEXT = "Segmentation category and type - DICOM master list"
_ANATOMY_CONTEXT = "Anatomic codes - DICOM master list"


def terminology_entry(label: Label) -> str:
    """Return the serialised entry of a bone, in the format of Slicer's `vtkSlicerTerminologiesModuleLogic`.

    Seven fields between tildes: context, category, type, type modifier, anatomic context, anatomic region and its
    modifier; a code is `scheme^value^meaning`.
    """
    codes = [_code(code) for code in (label.category, label.type, label.modifier)]
    return "~".join([_CATEGORY_CONTEXT, *codes, _ANATOMY_CONTEXT, _code(None), _code(None)])


def _code(code: Code | None) -> str:
    return f"{code.scheme}^{code.value}^{code.meaning}" if code else "^^"
