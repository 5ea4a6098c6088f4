"""A whole result as the worker writes it: block bones, their uncertainty, both radiographs, and where it all comes
from."""

import hashlib
import json
from pathlib import Path

import nibabel
import numpy as np
from block_bones import AFFINE
from PIL import Image

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.drr import project_grid
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.io.segmentations import write_segmentation
from SwinX2SLib.radiographs import RadiographOptions
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.verdict import BoneVerdict, Verdict

FINER = 3  # radiograph pixels for each voxel
# Of one bone the network is unsure; of all others it is sure to this degree.
SURE, UNSURE, UNSURE_BONE = 0.9, 0.3, 37


def write_whole_result(folder: Path, labels: np.ndarray) -> Path:
    """Write `segmentation.seg.nrrd`, `labels.nii.gz`, `uncertainty.nii.gz`, `provenance.json` and two PNG
    radiographs."""
    folder.mkdir(parents=True)
    write_segmentation(folder / "segmentation.seg.nrrd", labels, AFFINE)
    write_nifti(folder / "labels.nii.gz", labels, AFFINE)
    uncertainty = np.where(labels == UNSURE_BONE, 1 - UNSURE, 1 - SURE).astype(np.float32)
    write_nifti(folder / "uncertainty.nii.gz", uncertainty, AFFINE)
    radiographs = {view: _radiograph(folder / f"{view}.png", labels, view) for view in ("ap", "lateral")}
    spacing = float(voxel_spacing_mm(AFFINE)[0]) / FINER
    options = RadiographOptions(spacing_mm=spacing)
    job = Job(folder / "ap.png", folder / "lateral.png", folder, options, options)
    bones = [label_by_id(int(value)).name for value in np.unique(labels) if value]
    provenance = {
        "program": {"name": "SwinX2S", "version": "test"},
        "inputs": radiographs,
        "options": job.to_dict(),
        "model": {"name": "none"},
        "grid": {"shape": list(labels.shape), "affine_ras_mm": AFFINE.tolist()},
        "expected_dice": dict.fromkeys(bones, 0.8),
        "verdict": Verdict("look", dict.fromkeys(bones, BoneVerdict("look", 0.8))).to_json(),
    }
    (folder / "provenance.json").write_text(json.dumps(provenance))
    return folder


def write_nifti(path: Path, values: np.ndarray, affine: np.ndarray) -> None:
    nibabel.save(nibabel.Nifti1Image(values, affine), path)


def _radiograph(path: Path, labels: np.ndarray, view: str) -> dict:
    projection = project_grid((labels > 0).astype(np.float32), AFFINE, view)
    pixels = np.kron(projection / projection.max(), np.ones((FINER, FINER)))
    # Soft tissue: a radiograph of a few gray levels is none.
    pixels = np.rint(220 * pixels + np.linspace(0, 30, pixels.shape[0])[:, None]).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    spacing = float(voxel_spacing_mm(AFFINE)[0]) / FINER
    return {
        "path": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "view": view,
        "pixels": {"rows": pixels.shape[0], "columns": pixels.shape[1]},
        "spacing_mm": {"row": spacing, "column": spacing},
        "notes": [],
    }
