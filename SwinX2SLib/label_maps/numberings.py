"""The numberings of the public data sets.

Where each is stated:
- TotalSegmentator v1 (104 classes) and v2 (117): `class_map` of its `map_to_binary.py`. Transitional vertebrae are
  skipped there (its issue 88). v2 draws S1 next to the sacrum; our sacrum contains it.
- VerSe: the data descriptions of VerSe'19 and '20 (osf.io/4skx2): 1-7 C1-C7, 8-19 T1-T12, 20-25 L1-L6, 28 T13;
  26 sacrum and 27 coccyx, which the data set itself does not draw.
- CTSpine1K: the same 1-25 (its evaluation runs over 1-25).
- CTPelvic1K: the `dataset.json` that its authors' conversion writes: 1 sacrum, 2 right hip, 3 left hip, 4 lumbar
  spine as one. Texts that list "left hip, right hip" give the order of the words, not of the values.
- RibSeg (v1 and v2): 24 values, 1-12 one side and 13-24 the other, each from the first rib down. Readers of the data
  disagree which side comes first, so the side is taken from where the ribs lie in the patient.
"""

from __future__ import annotations

from functools import cache

from SwinX2SLib.anatomy import ids_by_name
from SwinX2SLib.label_maps.mapping import LabelMapping

OURS = "swinx2s"
SCHEME_NAMES = (
    OURS,
    "totalsegmentator_v1",
    "totalsegmentator_v2",
    "verse",
    "ctspine1k",
    "ctpelvic1k",
    "ribseg",
)
_L6 = 25
_VERTEBRAE_L5_UP = [
    *(f"vertebrae_L{i}" for i in range(5, 0, -1)),
    *(f"vertebrae_T{i}" for i in range(12, 0, -1)),
    *(f"vertebrae_C{i}" for i in range(7, 0, -1)),
]
_RIBS = [f"rib_{side}_{i}" for side in ("left", "right") for i in range(1, 13)]
_TOTAL_V1 = {
    **dict(enumerate(_VERTEBRAE_L5_UP, 18)),
    **dict(enumerate(_RIBS, 58)),
    **dict(enumerate(("femur_left", "femur_right", "hip_left", "hip_right", "sacrum"), 88)),
}
_TOTAL_V2 = {
    **{25: "sacrum", 26: "sacrum"},
    **dict(enumerate(_VERTEBRAE_L5_UP, 27)),
    **dict(enumerate(("femur_left", "femur_right", "hip_left", "hip_right"), 75)),
    **dict(enumerate(_RIBS, 92)),
}


@cache
def builtin_mappings() -> dict[str, LabelMapping]:
    """Return the built-in numberings by name, in the order of `SCHEME_NAMES`."""
    ids = ids_by_name()
    own = {i: i for i in ids.values()}
    vertebrae = {i: i for i in range(1, _L6 + 1)}
    made = (
        LabelMapping(OURS, "the 54 bones of SwinX2S", "Resources/labels.json", own, names=ids),
        _totalsegmentator("totalsegmentator_v1", "TotalSegmentator v1", _TOTAL_V1, ids, 104),
        _totalsegmentator("totalsegmentator_v2", "TotalSegmentator v2", _TOTAL_V2, ids, 117),
        LabelMapping(
            "verse",
            "VerSe",
            "https://osf.io/4skx2",
            {**vertebrae, 26: ids["sacrum"]},
            unnamed={27: "pelvis", 28: "spine"},
        ),
        LabelMapping("ctspine1k", "CTSpine1K", "https://github.com/MIRACLE-Center/CTSpine1K", vertebrae),
        LabelMapping(
            "ctpelvic1k",
            "CTPelvic1K",
            "https://github.com/MIRACLE-Center/CTPelvic1K",
            {1: ids["sacrum"], 2: ids["hip_right"], 3: ids["hip_left"]},
            unnamed={4: "spine"},
        ),
        LabelMapping(
            "ribseg",
            "RibSeg",
            "https://github.com/M3DV/RibSeg",
            {value: ids[name] for value, name in enumerate(_RIBS, 1)},
            sides_by_position=True,
        ),
    )
    return {made_scheme.name: made_scheme for made_scheme in made}


def _totalsegmentator(
    name: str, title: str, names_by_value: dict[int, str], ids: dict[str, int], classes: int
) -> LabelMapping:
    source = "https://github.com/wasserth/TotalSegmentator, totalsegmentator/map_to_binary.py"
    targets = {value: ids[bone] for value, bone in names_by_value.items()}
    others = frozenset(range(1, classes + 1)) - set(targets)
    names = {bone.lower(): ids[bone] for bone in names_by_value.values()}
    return LabelMapping(name, title, source, targets, others=others, names=names)
