"""CTPelvic1K: pelves from six public collections and one clinic.

Layout (zenodo.org/records/4588403, unpacked): masks `dataset<N>_<scan>_mask_4label.nii.gz` in
`CTPelvic1K_dataset1..5_mask_mappingback`, `CTPelvic1K_dataset6_Anonymized_mask` and `CTPelvic1K_dataset7_mask`
(there without `dataset7_`); CTs `dataset6_..._data.nii.gz` and `dataset7_..._data.nii.gz`. The CTs of 1 to 5 come
from their own projects: BTCV abdomen (`img0001.nii.gz`), CT COLONOGRAPHY (`1.3.6.1.4.1.9328.50.4.0001`, a folder of
DICOM: convert it, keep that name), MSD Task10 (`colon_001.nii.gz`), KiTS19 (`case_00014/imaging.nii.gz`), BTCV cervix
(`0507688-Image.nii.gz`). Of dataset7 (metal) 13 masks of 75 were published; the paper leaves it out.
"""

from __future__ import annotations

import re
from pathlib import Path

from SwinX2SLib.datasets.dataset import DataSet, RawCase, something
from SwinX2SLib.datasets.raw_files import RawFiles, read_split, scan_key, stem

_MASK = re.compile(r"^(?:dataset([1-7])_)?(.+)_mask_4label$", re.IGNORECASE)
_COLONOGRAPHY_SERIES = re.compile(r"^([0-9.]+\.\d{4})_\d+_\d+$")
_METAL = re.compile(r"^CLINIC_metal_\d+$", re.IGNORECASE)
_MASKS_NOT_STATED = "; masks: see zenodo.org/records/4588403"
_LICENCES = {
    1: f"BTCV, Synapse terms of use{_MASKS_NOT_STATED}",
    2: f"CT: CC BY 3.0{_MASKS_NOT_STATED}",
    3: f"CT: CC BY-SA 4.0{_MASKS_NOT_STATED}",
    4: f"CT: CC BY-NC-SA 4.0{_MASKS_NOT_STATED}",
    5: f"BTCV, Synapse terms of use{_MASKS_NOT_STATED}",
    6: "see zenodo.org/records/4588403",
}


def find(raw: RawFiles) -> list[RawCase]:
    """List the scans that have a mask; those of the clinic without one are reported as incomplete."""
    split_file = raw.named("splits_final.pkl", "splits_final.json", "data_list.json")
    split = read_split(split_file) if split_file else {}
    imaging = {path.parent.name.lower(): path for path in raw.volumes if stem(path).lower() == "imaging"}
    cases: list[RawCase] = []
    drawn: set[str] = set()
    for path in raw.volumes:
        match = _MASK.match(stem(path))
        if match and not _METAL.match(match[2]):
            number = int(match[1] or 6)
            cases.append(_case(raw, path, number, match[2], imaging, split))
            drawn.update(cases[-1].aliases)
    for path in raw.volumes:
        if re.match(r"dataset6_.*_data$", stem(path)) and scan_key(path.name) not in drawn:
            lacking = ("Its mask is missing.",)
            name = stem(path).removesuffix("_data")
            cases.append(
                RawCase(name, (), path, split.get(scan_key(path.name)), _LICENCES[6], missing=lacking)
            )
    return cases


def _case(
    raw: RawFiles, mask: Path, number: int, scan: str, imaging: dict[str, Path], split: dict[str, str]
) -> RawCase:
    series = _COLONOGRAPHY_SERIES.match(scan)
    bare = series[1] if series else scan
    # The paper's list calls the scans of the cervix "0507688Image".
    aliases = tuple(dict.fromkeys((scan_key(scan), scan_key(bare), re.sub(r"[^a-z0-9]", "", scan.lower()))))
    images = [
        path for key in aliases for path in raw.volumes_by_key.get(key, ()) if not _MASK.match(stem(path))
    ]
    image = min(images, key=lambda path: (scan not in path.name, path), default=imaging.get(scan.lower()))
    part = next((split[key] for key in aliases if key in split), None)
    return RawCase(
        f"dataset{number}_{bare}", (mask,), image, part, _LICENCES.get(number, _LICENCES[6]), aliases
    )


CTPELVIC1K = DataSet(
    name="ctpelvic1k",
    title="CTPelvic1K-Pelvic-Dataset",
    groups=("pelvis",),
    scheme="ctpelvic1k",
    source="https://github.com/MIRACLE-Center/CTPelvic1K, https://zenodo.org/records/4588403",
    licence="by source: CC BY 3.0, CC BY-SA 4.0, CC BY-NC-SA 4.0, Synapse terms; masks: see Zenodo",
    split_source="splits_final.pkl of its authors (their issue 5), first fold; or --split",
    find=find,
    exclusions=(something,),
    complete=1109,
    counts={"its authors, without metal": 1109, "the paper's text": 1106},
)
