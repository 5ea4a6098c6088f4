"""Label volumes and uncertainty maps from NIfTI files."""

from __future__ import annotations

import math
from pathlib import Path

import nibabel
import numpy as np

from SwinX2SLib.io.volumes import LabelVolume, Numbering, checked_affine, label_values, reading, refuse

_MM_PER_UNIT = {"meter": 1000.0, "micron": 0.001}
_SUFFIXES = (".nii", ".nii.gz")
# Of zlib, by its documentation: 1032 bytes from one at the most.
_MOST_COMPRESSED = 1032


def is_nifti(path: Path) -> bool:
    """Whether a file name is one of NIfTI."""
    return path.name.lower().endswith(_SUFFIXES)


def read_nifti_labels(
    path: Path, ignore_unknown: bool = False, numbering: Numbering | None = None
) -> LabelVolume:
    """Read a NIfTI label volume.

    Args:
        path: file.
        ignore_unknown: whether values that are no bone are left out instead of being a fault.
        numbering: what the values mean, when not our labels.

    Raises:
        InputError: unreadable, no volume, no place in the patient, or values that are no label.
    """
    values, affine = read_nifti(path)
    labels, notes = label_values(values, affine, ignore_unknown, path, numbering)
    return LabelVolume(labels, affine, notes)


def read_nifti(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a NIfTI file.

    Returns:
        The values as stored, or float32 where the header scales them, and the affine (index -> RAS mm).

    Raises:
        InputError: unreadable, or the header places it not in the patient.
    """
    with reading(path, "NIfTI file"):
        image = nibabel.load(path)
        proxy = image.dataobj
        _require_room(path, proxy)
        scaled = (proxy.slope, proxy.inter) != (1, 0)
        values = np.asarray(proxy, dtype=np.float32) if scaled else proxy.get_unscaled()
        unit = image.header.get_xyzt_units()[0]
        coded = int(image.header["sform_code"]) > 0 or int(image.header["qform_code"]) > 0
    if not coded:
        message = "The header does not say how the volume lies in the patient (sform and qform codes are 0)."
        raise refuse("orientation-absent", message, "Export it with its orientation.", path)
    affine = np.array(image.affine, dtype=np.float64)
    affine[:3] *= _MM_PER_UNIT.get(unit, 1.0)
    return np.asarray(values), checked_affine(affine, path)


def _require_room(path: Path, proxy: nibabel.arrayproxy.ArrayProxy) -> None:
    """Refuse a damaged header, before memory is asked for that no file of this size can fill."""
    told, stored = math.prod(map(int, proxy.shape)) * proxy.dtype.itemsize, path.stat().st_size
    if told > stored * (_MOST_COMPRESSED if path.name.lower().endswith(".gz") else 1):
        size = " x ".join(map(str, proxy.shape))
        message = f"The header tells of {size} voxels, more than a file of {stored} bytes can hold."
        raise refuse("segmentation-unreadable", message, "Export or copy it again.", path)
