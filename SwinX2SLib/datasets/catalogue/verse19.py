"""VerSe'19, in both forms in which it is distributed.

By subject (osf.io/jtfa5, s3.bonescreen.de; github.com/anjany/verse):
`dataset-verse19training/rawdata/sub-verse004/sub-verse004_ct.nii.gz`,
`.../derivatives/sub-verse004/sub-verse004_seg-vert_msk.nii.gz` and `sub-verse004_seg-subreg_ctd.json`; the same with
`...validation` and `...test`. A patient with several series has `_split-verse201_` in the names.

As in the challenge (osf.io/nqjyw): folders of the three parts with `verse004.nii.gz`, `verse004_seg.nii.gz`,
`verse004_ctd.json`. The centroids (JSON) are not needed: the masks have them.
"""

from __future__ import annotations

import re
from pathlib import Path

from SwinX2SLib.datasets.dataset import DataSet, RawCase, not_overcropped, something
from SwinX2SLib.datasets.raw_files import RawFiles, scan_key, stem

_LICENCE = "CC BY-SA 4.0"
_MASK = re.compile(r"(_seg-vert_msk|_seg)$", re.IGNORECASE)
_SERIES = re.compile(r"split-((?:verse|gl)\d+)", re.IGNORECASE)
# VerSe'20 lies beside VerSe'19 at the same places.
_PARTS = (
    ("train", re.compile(r"train")),
    ("val", re.compile(r"validation|_val|public")),
    ("test", re.compile(r"test|hidden")),
)


def find(raw: RawFiles) -> list[RawCase]:
    """List the scans; the part follows from a folder's name."""
    masks: dict[str, Path] = {}
    images: dict[str, Path] = {}
    for path in raw.volumes:
        if "verse20" in str(raw.relative(path)).lower():
            continue
        is_mask = bool(_MASK.search(stem(path)))
        name = re.sub(r"_ct$", "", _MASK.sub("", stem(path)), flags=re.IGNORECASE)
        (masks if is_mask else images)[name] = path
    return [
        _case(raw, name, masks.get(name), images.get(name)) for name in sorted(masks.keys() | images.keys())
    ]


def _case(raw: RawFiles, name: str, mask: Path | None, image: Path | None) -> RawCase:
    series = _SERIES.search(name)
    key = scan_key(name)
    aliases = {key, f"sub{key}", key.removeprefix("sub"), *((series[1].lower(),) if series else ())}
    missing = () if mask else ("Its mask is missing.",)
    either = mask or image
    return RawCase(
        name,
        (mask,) if mask else (),
        image,
        _part(raw, either) if either else None,
        _LICENCE,
        tuple(sorted(aliases)),
        missing,
    )


def _part(raw: RawFiles, path: Path) -> str | None:
    """Return the part that the innermost telling folder names; the download's own folder comes last."""
    inside = path.relative_to(raw.folder_of(path)).parts[:-1]
    for folder in (*reversed(inside), raw.folder_of(path).name):
        for part, words in _PARTS:
            if words.search(folder.lower()):
                return part
    return None


VERSE19 = DataSet(
    name="verse19",
    title="VerSe'19-Spine-Dataset",
    groups=("spine",),
    scheme="verse",
    source="https://github.com/anjany/verse, https://osf.io/jtfa5, https://osf.io/nqjyw",
    licence=_LICENCE,
    split_source="folders of the download: training, validation, test",
    find=find,
    exclusions=(something, not_overcropped),
    complete=160,
    counts={
        "its authors: 80 + 40 + 40": 160,
        "the paper's text": 160,
        "its published list: 66 + 31 + 30": 127,
    },
)
