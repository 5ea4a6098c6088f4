"""What a public data set is: where its cases lie, in which numbering, how they are split, and which are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.anatomy import label_by_id, label_ids

if TYPE_CHECKING:
    from SwinX2SLib.datasets.raw_files import RawFiles


SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class RawCase:
    """One scan of a download.

    Attributes:
        name: becomes the name of the case.
        labels: the label volume, or one mask for each bone, whose file name is that of the bone.
        image: the CT, or None where it is not there.
        split: one of `SPLITS`, or None where the download does not say.
        licence: of this scan.
        aliases: other names under which split files know it.
        missing: what the download lacks of this case, in sentences.
    """

    name: str
    labels: tuple[Path, ...]
    image: Path | None
    split: str | None
    licence: str
    aliases: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """What a scan shows, as far as the paper leaves scans out for it.

    Attributes:
        present: ids of the bones in it.
        extent_mm: size of what attenuates more than water, along right-left, front-back and head-feet `(3,)` [mm].
    """

    present: frozenset[int]
    extent_mm: tuple[float, float, float]


Exclusion = Callable[[Contents], str | None]
Finder = Callable[["RawFiles"], Sequence[RawCase]]


@dataclass(frozen=True)
class DataSet:
    """A public data set, or the part of one that the paper calls a data set.

    Attributes:
        name: what a user calls it, `ctpelvic1k`.
        title: the paper's name for it.
        groups: groups of `anatomy.GROUPS` that it draws whole; the rest of the skeleton is unknown in it.
        scheme: its numbering, for `label_maps.numbering`.
        source: where to get it.
        licence: as text; each case carries its own.
        split_source: where the official split stands.
        find: lists the cases of a download.
        exclusions: reasons of the paper to leave a scan out; each returns a sentence, or None to keep the scan.
        masks: whether every bone has a file of its own, named as the bone.
        complete: how many scans the whole download has.
        counts: how many scans others count, by origin of the distances.
    """

    name: str
    title: str
    groups: tuple[str, ...]
    scheme: str | Path
    source: str
    licence: str
    split_source: str
    find: Finder
    exclusions: tuple[Exclusion, ...] = ()
    masks: bool = False
    complete: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    def excluded(self, contents: Contents) -> str | None:
        """Return why the paper leaves a scan out, or None."""
        reasons = (exclusion(contents) for exclusion in self.exclusions)
        return next((reason for reason in reasons if reason), None)


_L5 = 24


def at_least(bones: int, group: str) -> Exclusion:
    """Return the rule that fewer than `bones` bones of a group are too few."""

    def rule(contents: Contents) -> str | None:
        found = len(contents.present & set(label_ids(group)))
        return (
            None
            if found >= bones
            else f"It has only {found} bones of the {group}; at least {bones} are required."
        )

    return rule


def something(contents: Contents) -> str | None:
    """Leave out scans without any bone of the data set."""
    return None if contents.present else "It has none of the bones."


def unbroken_spine(contents: Contents) -> str | None:
    """Leave out spines with a gap, and those with a sixth lumbar vertebra."""
    shown = sorted(contents.present & set(label_ids("spine")))
    if shown and shown[-1] > _L5:
        return "It has a sixth lumbar vertebra."
    gaps = sorted(set(range(shown[0], shown[-1] + 1)) - set(shown)) if shown else []
    if gaps:
        return f"Vertebrae are missing in the sequence: {', '.join(label_by_id(i).title for i in gaps)}."
    return None


def not_overcropped(contents: Contents) -> str | None:
    """Leave out scans that are more than three times as wide, or deep, as high."""
    right_left, front_back, head_feet = contents.extent_mm
    if max(right_left, front_back) <= 3 * head_feet:
        return None
    return f"It is cropped: {right_left:.0f} x {front_back:.0f} mm wide, but only {head_feet:.0f} mm high."
