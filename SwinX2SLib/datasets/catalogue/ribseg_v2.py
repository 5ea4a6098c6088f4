"""RibSeg v2: the ribs of the CTs of RibFrac.

Layout: masks `RibFrac<N>-rib-seg.nii.gz` (github.com/M3DV/RibSeg, `ribseg_v2/seg`), CTs `RibFrac<N>-image.nii.gz` in
`ribfrac-train-images-1/Part1`, `ribfrac-train-images-2/Part2`, `ribfrac-val-images`, `ribfrac-test-images` (Zenodo
records, linked from ribfrac.grand-challenge.org), which are often elsewhere: name their folder with --images. RibFrac
numbers its scans through its parts: 1-420 training, 421-500 validation, 501-660 test.
"""

from __future__ import annotations

import re

from SwinX2SLib.datasets.dataset import DataSet, RawCase, something
from SwinX2SLib.datasets.raw_files import RawFiles, stem

_LICENCE = "CC BY-NC 4.0 (RibFrac)"
_MASK = re.compile(r"^RibFrac0*(\d+)-rib-seg$", re.IGNORECASE)
_IMAGE = re.compile(r"^RibFrac0*(\d+)-image$", re.IGNORECASE)
_LAST_OF_PART = (("train", 420), ("val", 500), ("test", 660))


def find(raw: RawFiles) -> list[RawCase]:
    """List the scans that have a mask of the ribs, or a CT that should have one."""
    masks = {int(match[1]): path for path in raw.volumes if (match := _MASK.match(stem(path)))}
    images = {int(match[1]): path for path in raw.volumes if (match := _IMAGE.match(stem(path)))}
    return [
        RawCase(
            name=f"RibFrac{number}",
            labels=(masks[number],) if number in masks else (),
            image=images.get(number),
            split=next((part for part, last in _LAST_OF_PART if 1 <= number <= last), None),
            licence=_LICENCE,
            aliases=(f"ribfrac{number}",),
            missing=() if number in masks else ("Its mask (RibFrac...-rib-seg.nii.gz) is missing.",),
        )
        for number in sorted(masks.keys() | images.keys())
    ]


RIBSEG_V2 = DataSet(
    name="ribseg-v2",
    title="RibSeg v2-Rib-Dataset",
    groups=("ribs",),
    scheme="ribseg",
    source="https://github.com/M3DV/RibSeg, CTs: https://ribfrac.grand-challenge.org",
    licence=_LICENCE,
    split_source="the numbers of RibFrac: 1-420, 421-500, 501-660",
    find=find,
    exclusions=(something,),
    complete=660,
    counts={"its authors: 420 + 80 + 160": 660, "the paper's text": 660},
)
