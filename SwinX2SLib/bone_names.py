"""Which of the 54 bones a name or a coded term means: names of segments, of mesh files, of arrays in a file."""

from __future__ import annotations

import re
from functools import cache

from SwinX2SLib.anatomy import Label, labels

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


def label_named(text: str) -> Label | None:
    """Return the bone that a name means, or None: "femur_left", "Left femur", "Hip_R", "L1 vertebra", "left 7th rib".

    A name with a word more ("proximal femur left") is no known name.
    """
    return _labels_by_words().get(_words(text))


def label_of_term(entry: str) -> Label | None:
    """Return the bone that a serialised terminology entry codes (see `terminology`), or None.

    L6 has no code of its own; its general code for lumbar vertebrae means none.
    """
    fields = entry.split("~")
    if len(fields) < 4:
        return None
    codes = [tuple(field.split("^")[:2]) for field in fields[2:4]]
    return _labels_by_code().get((codes[0], codes[1] if codes[1] != ("", "") else None))


def _words(text: str) -> frozenset[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()
    words = set()
    for word in re.findall(r"[a-z0-9]+", spaced):
        word = _ORDINAL.sub(r"\1", word)
        word = str(int(word)) if word.isdigit() else word
        words.add(_SIDES.get(word, _SAME.get(word, word)))
    return frozenset(words - _FILLERS)


@cache
def _labels_by_words() -> dict[frozenset[str], Label]:
    return {_words(label.name): label for label in labels()}


@cache
def _labels_by_code() -> dict[tuple, Label]:
    return {
        (
            (label.type.scheme, label.type.value),
            (label.modifier.scheme, label.modifier.value) if label.modifier else None,
        ): label
        for label in labels()
        if label.name != "vertebrae_L6"
    }
