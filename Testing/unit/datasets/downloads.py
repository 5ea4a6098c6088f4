"""Small downloads in the layouts of the public data sets, made of a phantom, with headers as they occur."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np

from SwinX2SLib.anatomy import label_by_id, label_ids
from SwinX2SLib.geometry.frames import reorient
from SwinX2SLib.parallel import Outcome
from SwinX2SLib.parallel.tasks import attempt
from SwinX2SLib.phantom import FieldOfView, build_phantom
from SwinX2SLib.phantom.build import phantom_ct

SPACING_MM = 5.0
V2_ONLY = ("skull", "sternum")


@dataclass(frozen=True, eq=False)
class Person:
    """A phantom as a scan: labels of ours and CT, in network order."""

    labels: np.ndarray
    ct: np.ndarray
    affine: np.ndarray


@cache
def person(upper: float = 515.0, lower: float = -125.0) -> Person:
    """Return a person between two heights [mm above the hips]."""
    phantom = build_phantom(None, SPACING_MM, FieldOfView((-185.0, -145.0, lower), (185.0, 175.0, upper)))
    ct = np.round(phantom_ct(phantom)).astype(np.int16)
    # Something that is only on the right and in front, to tell the sides of the films.
    ct[4:24, 4:8, 4:8] = 3000
    return Person(phantom.labels, ct, phantom.affine)


def tilted(affine: np.ndarray, degrees: float = 9.0) -> np.ndarray:
    """Return the affine of the same array, turned in the patient about two axes."""
    a = np.deg2rad(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turned = np.eye(4)
    turned[:3, :3] = about_z @ about_x
    return turned @ affine


def write_volume(
    path: Path,
    volume: np.ndarray,
    affine: np.ndarray,
    orientation: str = "RAS",
    dtype: type = np.int16,
    slope: float | None = None,
    inter: float = 0.0,
    singleton: bool = False,
    codes: tuple[int, int] = (1, 1),
) -> Path:
    """Write a NIfTI file.

    Args:
        path: `.nii` or `.nii.gz`.
        volume: in network order.
        affine: of it.
        orientation: order of the file's axes.
        dtype: as stored.
        slope, inter: of the header's scaling; the stored numbers are such that the volume comes out.
        singleton: add a fourth axis of length one.
        codes: of sform and qform.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stored, own = reorient(volume, affine, orientation)
    if slope is not None:
        stored = np.round((stored.astype(np.float64) - inter) / slope)
    stored = np.ascontiguousarray(stored).astype(dtype)
    image = nib.Nifti1Image(stored[..., None] if singleton else stored, own)
    image.set_sform(own, codes[0])
    image.set_qform(own, codes[1])
    nib.save(image, path)
    if slope is not None:
        _set_scaling(path, slope, inter)
    return path


def _set_scaling(path: Path, slope: float, inter: float) -> None:
    """Put the scaling into the header, which nibabel would undo in the numbers (NIfTI-1, bytes 112 to 119)."""
    content = bytearray(
        gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    )
    content[112:120] = np.array([slope, inter], dtype="<f4").tobytes()
    path.write_bytes(gzip.compress(bytes(content)) if path.name.endswith(".gz") else bytes(content))


def numbered(labels: np.ndarray, numbers: dict[int, int]) -> np.ndarray:
    """Return labels in another numbering: `{our label: value}`; others become background."""
    table = np.zeros(55, dtype=np.int16)
    for ours, value in numbers.items():
        table[ours] = value
    return table[labels]


def spine_numbers(labels: np.ndarray) -> np.ndarray:
    """Return the spine as VerSe and CTSpine1K number it."""
    return numbered(labels, {i: i for i in label_ids("spine")})


def pelvis_numbers(labels: np.ndarray) -> np.ndarray:
    """Return the pelvis as CTPelvic1K numbers it, the lumbar spine as one."""
    lumbar = dict.fromkeys(range(20, 25), 4)
    return numbered(labels, {50: 1, 51: 2, 52: 3, **lumbar})


def rib_numbers(labels: np.ndarray, right_first: bool = False) -> np.ndarray:
    """Return the ribs as RibSeg numbers them, either side first."""
    first, second = label_ids("ribs")[:12], label_ids("ribs")[12:]
    if right_first:
        first, second = second, first
    return numbered(labels, {bone: i for i, bone in enumerate((*first, *second), 1)})


def write_totalsegmentator(root: Path, scans: dict[str, str], v2: bool = True, **header) -> Path:
    """Write scans with their parts, `{name: split}`, as TotalSegmentator does; returns the download."""
    root.mkdir(parents=True, exist_ok=True)
    rows = [f"{name};60;m;i;ct thorax;{split}" for name, split in scans.items()]
    (root / "meta.csv").write_text(
        "\ufeffimage_id;age;gender;institute;study_type;split\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    for name in scans:
        write_totalsegmentator_scan(root / name, person(), v2, **header)
    return root


def write_totalsegmentator_scan(folder: Path, shown: Person, v2: bool = True, **header) -> None:
    """Write one scan with a mask for each bone."""
    write_volume(folder / "ct.nii.gz", shown.ct, shown.affine, **header)
    masks = {label_by_id(i).name: shown.labels == i for i in range(1, 55) if i != 25}
    if v2:
        sacrum = np.argwhere(masks["sacrum"])
        upper = np.zeros_like(masks["sacrum"])
        if len(sacrum):
            cut = int(np.quantile(sacrum[:, 2], 0.3)) + 1
            upper[:, :, :cut] = masks["sacrum"][:, :, :cut]
        masks["vertebrae_S1"] = upper
        masks["sacrum"] = masks["sacrum"] & ~upper
        masks |= {name: np.zeros_like(upper) for name in V2_ONLY}
    for name, mask in masks.items():
        path = folder / "segmentations" / f"{name}.nii.gz"
        write_volume(path, mask, shown.affine, dtype=np.uint8, **header)


def write_ctpelvic1k(root: Path) -> Path:
    """Write one scan of each kind of source, and the authors' split."""
    shown = person(upper=200.0)
    masks = {
        "CTPelvic1K_dataset1_mask_mappingback/dataset1_img0001_mask_4label.nii.gz": "btcv/img/img0001.nii.gz",
        "CTPelvic1K_dataset2_mask_mappingback/dataset2_1.3.6.1.4.1.9328.50.4.0001_3_325_mask_4label.nii.gz": (
            "colonog/1.3.6.1.4.1.9328.50.4.0001.nii.gz"
        ),
        "CTPelvic1K_dataset3_mask_mappingback/dataset3_colon_001_mask_4label.nii.gz": (
            "Task10_Colon/imagesTr/colon_001.nii.gz"
        ),
        "CTPelvic1K_dataset4_mask_mappingback/dataset4_case_00014_mask_4label.nii.gz": (
            "kits19/data/case_00014/imaging.nii.gz"
        ),
        "CTPelvic1K_dataset5_mask_mappingback/dataset5_0507688_Image_mask_4label.nii": (
            "cervix/img/0507688-Image.nii.gz"
        ),
        "CTPelvic1K_dataset6_Anonymized_mask/ipcai2021/dataset6_CLINIC_0001_mask_4label.nii.gz": (
            "CTPelvic1K_dataset6_data/dataset6_CLINIC_0001_data.nii.gz"
        ),
        "CTPelvic1K_dataset7_mask/CLINIC_metal_0000_mask_4label.nii.gz": (
            "CTPelvic1K_dataset7_data/dataset7_CLINIC_metal_0000_data.nii.gz"
        ),
    }
    for mask, image in masks.items():
        write_volume(root / mask, pelvis_numbers(shown.labels), shown.affine, "LPS", np.uint8)
        write_volume(root / image, shown.ct, shown.affine, "LPS")
    published = {
        "training": ["img0001", "1.3.6.1.4.1.9328.50.4.0001", "colon001"],
        "validation": ["case00014", "0507688Image"],
        "test": ["CLINIC0001"],
    }
    entries = {
        part: [{"img": f"{name}_image.npy", "seg": f"{name}_label.nii.gz"} for name in names]
        for part, names in published.items()
    }
    (root / "data_list.json").write_text(json.dumps(entries))
    return root


def write_ctspine1k(root: Path, copy: bool = False) -> Path:
    """Write three scans, with the authors' split; `copy`: in the folders of the copy on Hugging Face."""
    shown = person(lower=0.0)
    names = {
        "1.3.6.1.4.1.9328.50.4.0001": "COLONOG",
        "liver_110": "MSD-T10",
        "volume-covid19-A-0319_ct": "COVID-19",
    }
    for name, source in names.items():
        volumes, labels = (
            (f"volumes/{source}", f"labels/{source}") if copy else ("trainset/data", "trainset/gt")
        )
        write_volume(root / volumes / f"{name}.nii.gz", shown.ct, shown.affine, "LAS")
        write_volume(
            root / labels / f"{name}_seg.nii.gz", spine_numbers(shown.labels), shown.affine, "LAS", np.uint8
        )
    (root / "data_split.txt").write_text(
        "trainset:\n1.3.6.1.4.1.9328.50.4.0001.nii.gz\n\ntest_public:\nliver_110.nii.gz\n\n"
        "test_private:\nvolume-covid19-A-0319_ct.nii.gzvolume-covid19-A-0319_ct.nii.gz\n"
    )
    return root


def write_verse19(root: Path) -> Path:
    """Write a scan in each part, by subject, the second of several series; one of VerSe'20 beside them."""
    shown = person(lower=0.0)
    parts = {
        "dataset-verse19training": "sub-verse004",
        "dataset-verse19validation": "sub-verse400_split-verse155",
        "dataset-verse19test": "sub-verse012_dir-ax",
        "dataset-verse20test": "sub-verse500",
    }
    for part, name in parts.items():
        subject = name.split("_")[0]
        raw, derived = root / part / "rawdata" / subject, root / part / "derivatives" / subject
        write_volume(raw / f"{name}_ct.nii.gz", shown.ct, shown.affine, "PIR")
        write_volume(
            derived / f"{name}_seg-vert_msk.nii.gz",
            spine_numbers(shown.labels),
            shown.affine,
            "PIR",
            np.uint8,
        )
        centroids = [{"direction": ["P", "I", "R"]}, {"label": 20, "X": 1.0, "Y": 2.0, "Z": 3.0}]
        (derived / f"{name}_seg-subreg_ctd.json").write_text(json.dumps(centroids))
    return root


def write_verse19_challenge(root: Path) -> Path:
    """Write a scan in each part, as for the challenge."""
    shown = person(lower=0.0)
    for part, name in {"training": "verse004", "validation": "verse010", "test": "verse012"}.items():
        write_volume(root / part / f"{name}.nii.gz", shown.ct, shown.affine, "RPI")
        write_volume(
            root / part / f"{name}_seg.nii.gz", spine_numbers(shown.labels), shown.affine, "RPI", np.uint8
        )
        (root / part / f"{name}_ctd.json").write_text("[]")
    return root


def write_ribseg(root: Path, images: Path) -> Path:
    """Write three masks, and the CTs elsewhere, in RibFrac's folders."""
    shown = person(lower=100.0)
    folders = {
        7: "ribfrac-train-images-1/Part1",
        421: "ribfrac-val-images",
        501: "ribfrac-test-images",
    }
    for number, folder in folders.items():
        mask = root / "ribseg_v2" / "seg" / f"RibFrac{number}-rib-seg.nii.gz"
        write_volume(
            mask, rib_numbers(shown.labels, right_first=number == 421), shown.affine, "LPS", np.uint8
        )
        write_volume(images / folder / f"RibFrac{number}-image.nii.gz", shown.ct, shown.affine, "LPS")
    return root


def run_here(tasks, work, out: Path, **_) -> Outcome:
    """Do every task in this process: `run_resumable` without its processes, which cost seconds to start."""
    out.mkdir(parents=True, exist_ok=True)
    answers = {task.key: attempt(work, task) for task in tasks}
    for key, answer in answers.items():
        if answer.text is not None:
            (out / f"{key}.json").write_text(answer.text, encoding="utf-8")
    failed = tuple(answer.failure for answer in answers.values() if answer.failure)
    return Outcome(tuple(key for key, answer in answers.items() if not answer.failure), failed)
