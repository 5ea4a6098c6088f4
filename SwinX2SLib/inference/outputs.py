"""The files of a result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np

from SwinX2SLib.geometry.frames import reorient
from SwinX2SLib.inference.segmentation_file import write_segmentation

if TYPE_CHECKING:
    from SwinX2SLib.inference.reconstructor import Reconstruction

FILES = {
    "segmentation": "segmentation.seg.nrrd",
    "labels": "labels.nii.gz",
    "uncertainty": "uncertainty.nii.gz",
    "provenance": "provenance.json",
}
_UNCERTAINTY_STEP = 1 / 255


def write_volumes(folder: Path, reconstruction: Reconstruction) -> None:
    """Write the segmentation, the labels and the uncertainty into a folder.

    The NIfTI arrays are in RAS order, labels as uint8 and uncertainty in steps of 1/255.
    """
    write_segmentation(folder / FILES["segmentation"], reconstruction.labels, reconstruction.affine)
    write_nifti_labels(folder / FILES["labels"], reconstruction.labels, reconstruction.affine)
    uncertainty, affine = reorient(reconstruction.uncertainty, reconstruction.affine, "RAS")
    steps = np.rint(uncertainty.astype(np.float32) / _UNCERTAINTY_STEP).astype(np.uint8)
    _write_nifti(folder / FILES["uncertainty"], steps, affine, slope=_UNCERTAINTY_STEP)


def write_nifti_labels(path: Path, labels: np.ndarray, affine: np.ndarray) -> None:
    """Write a label volume as NIfTI, its array in RAS order.

    Args:
        path: ends in `.nii.gz`.
        labels: uint8 `(I, J, K)`, any order of axes.
        affine: 4x4, index -> RAS mm.
    """
    labels, affine = reorient(labels, affine, "RAS")
    _write_nifti(path, np.ascontiguousarray(labels), affine)


def write_provenance(folder: Path, provenance: dict[str, Any]) -> None:
    """Write where a result comes from, as JSON."""
    text = json.dumps(provenance, indent=2, ensure_ascii=False)
    # A file name that is no UTF-8 becomes an escape of JSON.
    path = folder / FILES["provenance"]
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def _write_nifti(path: Path, volume: np.ndarray, affine: np.ndarray, slope: float = 1.0) -> None:
    """Write a uint8 volume whose values, times `slope`, are meant."""
    image = nibabel.Nifti1Image(volume, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code="scanner")
    image.set_qform(affine, code="scanner")
    image.header.set_slope_inter(slope, 0)
    image.to_filename(path)
