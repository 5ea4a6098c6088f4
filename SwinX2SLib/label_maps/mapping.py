"""One numbering of label volumes: which value is which of our bones, and which is a bone that it does not name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_ids, mirrored_ids
from SwinX2SLib.errors import Fault, InputError

# Marks of voxels that are a bone of a group, but nobody says which one ("lumbar spine" as one label): neither
# background nor a bone. They lie above every label, so that one uint8 volume carries both.
UNKNOWN = {"spine": 255, "ribs": 254, "pelvis": 253, "femur": 252}
# Few sixth lumbar vertebrae exist; a scheme that names all other bones of the spine draws the spine.
_RARE = frozenset({25})
_MOST_NAMED = 8
HIGHEST_VALUE = 65535


@dataclass(frozen=True)
class LabelMapping:
    """A numbering.

    Attributes:
        name: what a user calls it, `verse`.
        title: what a reader sees.
        source: where the numbering is stated.
        targets: our label id of each source value; several values may be parts of one bone.
        unnamed: group of each source value that is bone without a name among ours.
        others: source values of the scheme that are no bone of ours, and so background.
        names: our label id of source names (lower case), for files that hold names.
        sides_by_position: whether "left" and "right" of `targets` only distinguish the two sides, and which is which
            has to be seen from where they lie in the patient.
    """

    name: str
    title: str
    source: str
    targets: Mapping[int, int]
    unnamed: Mapping[int, str] = field(default_factory=dict)
    others: frozenset[int] = frozenset()
    names: Mapping[str, int] = field(default_factory=dict)
    sides_by_position: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing is to be said of a numbering that a user stated."""
        return ()

    @property
    def label_ids(self) -> frozenset[int]:
        """Our labels that the scheme can name."""
        return frozenset({*self.targets.values(), *self.names.values()} - {0})

    @property
    def annotated(self) -> tuple[str, ...]:
        """Groups that the scheme can name whole (a sixth lumbar vertebra may be missing)."""
        known = self.label_ids | _RARE
        return tuple(group for group in GROUPS if known.issuperset(label_ids(group)))

    def to_swinx2s(self, labels: np.ndarray, affine: np.ndarray | None = None) -> np.ndarray:
        """Return the labels in our numbering; whatever is none of the 54 bones, or cannot be named, is 0.

        Args:
            labels: whole numbers of the scheme, any shape and number type; three axes when `affine` is given.
            affine: index -> RAS mm; needed where the scheme does not say which side is left.

        Returns:
            uint8 of the same shape.

        Raises:
            InputError: there are values that the scheme does not have.
            ValueError: the scheme needs the affine to find the sides, and there is none.
        """
        return drop_unnamed(self.to_labels_with_unnamed(labels, affine))

    def to_labels_with_unnamed(self, labels: np.ndarray, affine: np.ndarray | None = None) -> np.ndarray:
        """Return the labels as `to_swinx2s` does, with bone that cannot be named marked by `UNKNOWN` of its group.

        Raises:
            InputError, ValueError: as `to_swinx2s`.
        """
        if not self.sides_by_position:
            return self._marked(labels)
        if affine is None:
            raise ValueError(f"{self.title} does not define left and right; provide the affine.")
        return _sided(self._marked(labels), affine)

    def _marked(self, labels: np.ndarray) -> np.ndarray:
        """Return the labels in ours, with sides as the scheme has them.

        Raises:
            InputError: there are values that the scheme does not have.
        """
        labels = np.asarray(labels)
        marked = np.zeros(labels.shape, dtype=np.uint8)
        strange: set[float] = set()
        # A slab at a time: the largest CTs need no second volume of wide numbers.
        for source, target in zip(np.atleast_2d(labels), np.atleast_2d(marked), strict=True):
            strange |= self._convert(source, target)
        if strange:
            raise InputError([self._fault(sorted(strange))])
        return marked

    def _convert(self, source: np.ndarray, target: np.ndarray) -> set[float]:
        """Fill `target`, and return the values that are not in the scheme."""
        low, high = (float(source.min()), float(source.max())) if source.size else (0.0, 0.0)
        whole = source.dtype.kind in "biu" or np.array_equal(source, np.trunc(source))
        if not whole or low < 0 or high > HIGHEST_VALUE:
            return {value.item() for value in np.unique(source) if not self._has(value)}
        source = source.astype(np.uint16, copy=False)
        values = np.flatnonzero(np.bincount(source.ravel()))
        table = np.zeros(int(high) + 1, dtype=np.uint8)
        table[values] = [self._code(int(value)) for value in values]
        np.take(table, source, out=target)
        return {float(value) for value in values if not self._has(value)}

    def _has(self, value: np.number) -> bool:
        if not np.isfinite(value) or value != int(value):
            return False
        return int(value) == 0 or any(
            int(value) in known for known in (self.targets, self.unnamed, self.others)
        )

    def _code(self, value: int) -> int:
        if value in self.unnamed:
            return UNKNOWN[self.unnamed[value]]
        return self.targets.get(value, 0)

    def _fault(self, strange: list[float]) -> Fault:
        shown = ", ".join(f"{value:g}" for value in strange[:_MOST_NAMED])
        more = f" and {len(strange) - _MOST_NAMED} more" if len(strange) > _MOST_NAMED else ""
        message = (
            f"These values are not part of the label numbering {self.name} ({self.title}): {shown}{more}."
        )
        return Fault("wrong-scheme", message, "Set the label numbering of the file, or provide a label map.")


def drop_unnamed(marked: np.ndarray) -> np.ndarray:
    """Return a volume with marks of `UNKNOWN` as plain labels, with background in their place."""
    table = np.arange(256, dtype=np.uint8)
    table[CLASS_COUNT:] = 0
    return table[marked]


def without_unnamed(marked: np.ndarray, title: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a volume as `drop_unnamed` does, and notes of the groups whose bone was left out.

    Args:
        marked: with marks of `UNKNOWN`.
        title: of the numbering.
    """
    lost = [group for group, mark in UNKNOWN.items() if (marked == mark).any()]
    notes = tuple(
        f"Bone of the {group} without an individual label in {title} was ignored." for group in lost
    )
    return (drop_unnamed(marked) if lost else marked), notes


def _sided(labels: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Swap left and right where the bones called left lie to the right of those called right.

    Raises:
        InputError: only one of the two sides is there, so that it cannot be assigned.
    """
    mirrored = np.arange(256, dtype=np.uint8)
    mirrored[:CLASS_COUNT] = mirrored_ids()
    pairs = [(i, int(j)) for i, j in enumerate(mirrored) if i < j]
    sides = [np.isin(labels, ids) for ids in zip(*pairs, strict=True)]
    if not any(side.any() for side in sides):
        return labels
    if not all(side.any() for side in sides):
        message = "Only one side is present, and the label numbering does not define which one."
        raise InputError(
            [Fault("side-unknown", message, "Provide a label map that defines the side of every value.")]
        )
    left, right = (_mean_right_mm(side, affine) for side in sides)
    return labels if left < right else mirrored[labels]


def _mean_right_mm(mask: np.ndarray, affine: np.ndarray) -> float:
    """Return the mean place of a mask along the patient's axis to the right [mm]."""
    counts = [mask.sum(axis=tuple(other for other in range(3) if other != axis)) for axis in range(3)]
    centre = [np.average(np.arange(len(count)), weights=count) for count in counts]
    return float(np.asarray(affine)[0, :3] @ centre + np.asarray(affine)[0, 3])
