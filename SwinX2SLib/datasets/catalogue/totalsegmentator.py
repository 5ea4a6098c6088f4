"""TotalSegmentator, v1 and v2, and the five parts that the paper makes of it.

Layout (zenodo.org/records/6802614 and 10047292): `meta.csv`, separated by semicolons, with the columns `image_id` and
`split`; for each scan `s0123/ct.nii.gz` and `s0123/segmentations/<bone>.nii.gz`. v2 draws S1 apart from the sacrum.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from SwinX2SLib.anatomy import GROUPS, label_by_id, label_ids
from SwinX2SLib.datasets.dataset import (
    DataSet,
    Exclusion,
    Finder,
    RawCase,
    at_least,
    something,
    unbroken_spine,
)
from SwinX2SLib.datasets.raw_files import RawFiles, read_split, scan_key, stem

_LICENCE = "CC BY 4.0"
_SACRUM, _S1, _L6 = "sacrum", "vertebrae_S1", "vertebrae_L6"
# Structures that only v2 has: their presence implies that S1 should be there too.
_ONLY_IN_V2 = {"skull", "sternum", "costal_cartilages", "spinal_cord"}


def _finder(groups: tuple[str, ...]) -> Finder:
    wanted = {label_by_id(i).name for group in groups for i in label_ids(group)}

    def find(raw: RawFiles) -> list[RawCase]:
        split_file = raw.named("meta.csv")
        split = read_split(split_file) if split_file else {}
        masks: dict[Path, dict[str, Path]] = defaultdict(dict)
        scans = {path.parent for path in raw.volumes if stem(path) == "ct"}
        for path in raw.volumes:
            if path.parent.name == "segmentations":
                masks[path.parent.parent][stem(path)] = path
        return [_case(raw, scan, masks[scan], wanted, split) for scan in sorted(scans | set(masks))]

    return find


def _case(
    raw: RawFiles, scan: Path, masks: dict[str, Path], wanted: set[str], split: dict[str, str]
) -> RawCase:
    needed = set(wanted) - {_L6}
    if _SACRUM in wanted and masks.keys() & _ONLY_IN_V2:
        needed.add(_S1)
    absent = sorted(needed - masks.keys())
    missing = (
        [f"Masks are missing: {', '.join(absent[:6])}{' ...' if len(absent) > 6 else ''}."] if absent else []
    )
    used = wanted | ({_S1} if _SACRUM in wanted else set())
    labels = tuple(path for name, path in sorted(masks.items()) if name in used)
    image = raw.beside(scan, "ct.nii.gz", "ct.nii")
    key = scan_key(scan.name)
    return RawCase(scan.name, labels, image, split.get(key), _LICENCE, (key,), tuple(missing))


def _part(
    part: str, groups: tuple[str, ...], rule: Exclusion, paper: int, published: int
) -> tuple[str, DataSet]:
    return part, DataSet(
        name=f"totalsegmentator-{part}",
        title=f"TotalSegmentator-{part.capitalize()}-Dataset",
        groups=groups,
        scheme="totalsegmentator_v2",
        source="https://zenodo.org/records/10047292 (v2: 1228 scans; v1: https://zenodo.org/records/6802614, 1204)",
        licence=_LICENCE,
        split_source="meta.csv of the download",
        find=_finder(groups),
        exclusions=(something, rule),
        masks=True,
        complete=1228,
        counts={"the paper's text": paper, "its published list": published},
    )


TOTALSEGMENTATOR = dict(
    (
        _part("femur", ("femur",), at_least(2, "femur"), 571, 547),
        _part("pelvic", ("pelvis",), at_least(3, "pelvis"), 1086, 575),
        _part("spine", ("spine",), unbroken_spine, 1189, 888),
        _part("rib", ("ribs",), at_least(6, "ribs"), 1086, 868),
        _part("all", GROUPS, something, 1005, 1025),
    )
)
