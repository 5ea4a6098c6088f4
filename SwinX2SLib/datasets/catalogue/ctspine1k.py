"""CTSpine1K: spines from colonographies, necks, livers and chests.

Layouts: of its authors (github.com/MIRACLE-Center/CTSpine1K): CTs `<scan>.nii.gz` and masks `<scan>_seg.nii.gz`, in
folders of any name (`data` and `label`, `trainset/gt`, by source); of the copy on Hugging Face: `volumes/<source>/`
and `labels/<source>/` with the same names. `data_split.txt` lists trainset, test_public and test_private.
"""

from __future__ import annotations

import re
from pathlib import Path

from SwinX2SLib.datasets.dataset import DataSet, RawCase, something
from SwinX2SLib.datasets.raw_files import RawFiles, read_split, scan_key, stem

# Its README: all parts are CC BY-NC-SA, "and we will keep the license unchanged".
_LICENCE = "CC BY-NC-SA (CTSpine1K)"
_LABEL_FOLDERS = {"gt", "label", "labels", "mask", "masks", "seg", "segmentation", "segmentations"}


def find(raw: RawFiles) -> list[RawCase]:
    """List the scans that have a mask, or are in the official split."""
    split_file = raw.named("data_split.txt")
    split = read_split(split_file) if split_file else {}
    masks: dict[str, Path] = {}
    images: dict[str, Path] = {}
    names: dict[str, str] = {}
    for path in raw.volumes:
        key = scan_key(path.name)
        folders = {part.lower() for part in raw.relative(path).parts[:-1]}
        is_mask = stem(path).lower().endswith("_seg") or bool(folders & _LABEL_FOLDERS)
        (masks if is_mask else images)[key] = path
        names.setdefault(key, re.sub(r"(_seg|_ct)+$", "", stem(path), flags=re.IGNORECASE))
    return [
        RawCase(
            name=names[key],
            labels=(masks[key],) if key in masks else (),
            image=images.get(key),
            split=split.get(key),
            licence=_LICENCE,
            aliases=(key,),
            missing=() if key in masks else ("Its mask is missing.",),
        )
        for key in sorted(names)
        if key in masks or key in split
    ]


CTSPINE1K = DataSet(
    name="ctspine1k",
    title="CTSpine1K-Spine-Dataset",
    groups=("spine",),
    scheme="ctspine1k",
    source="https://github.com/MIRACLE-Center/CTSpine1K",
    licence=_LICENCE,
    split_source="data_split.txt of its authors: trainset, test_public (validation), test_private (test)",
    find=find,
    exclusions=(something,),
    complete=1005,
    counts={"its authors: 610 + 197 + 198": 1005, "the paper's text": 1005},
)
