"""A scan of a download: its labels and its CT, read, and checked against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SwinX2SLib.datasets.dataset import DataSet
from SwinX2SLib.datasets.grid import box_of
from SwinX2SLib.datasets.volumes import read_labels
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import same_grid, voxel_spacing_mm
from SwinX2SLib.io.volumes import read_three_axes

# Fat has about -100 HU and is in every scan of a person, air about -1000 and is in nearly every one.
_DARKEST_OF_A_PERSON_HU = -50.0


@dataclass(frozen=True, eq=False)
class Scan:
    """What the files of a scan hold, each in its own array order.

    Attributes:
        labels: uint8 `(I, J, K)`, our labels.
        labels_affine: index -> RAS mm.
        ct: `(I, J, K)` [HU], or None.
        ct_affine: index -> RAS mm, or None.
        notes: what a reader of the case must know, in sentences.
    """

    labels: np.ndarray
    labels_affine: np.ndarray
    ct: np.ndarray | None
    ct_affine: np.ndarray | None
    notes: tuple[str, ...]


def read_scan(
    label_files: Sequence[Path],
    image: Path | None,
    data_set: DataSet,
    assumed_orientation: str | None = None,
    labels_on_image_grid: bool = False,
) -> Scan:
    """Read a scan.

    Args:
        label_files: as in `RawCase.labels`.
        image: the CT, or None to do without.
        data_set: says how the labels are numbered and which count.
        assumed_orientation: of files whose header states none.
        labels_on_image_grid: whether labels of the CT's size lie on its voxels, whatever their own header says.

    Raises:
        InputError: files cannot be read, or do not belong together; the problems of both are listed.
    """
    faults: list[Fault] = []
    labels = ct = None
    try:
        labels = read_labels(
            label_files, data_set.groups, data_set.scheme, data_set.masks, assumed_orientation
        )
    except InputError as error:
        faults += error.faults
    try:
        ct = None if image is None else _read_ct(image, assumed_orientation)
    except InputError as error:
        faults += error.faults
    if labels is None or faults:
        raise InputError(faults)
    if ct is None:
        return Scan(labels.values, labels.affine, None, None, tuple(labels.notes))
    affine, notes = labels.affine, list(labels.notes)
    if (
        labels_on_image_grid
        and labels.values.shape == ct[0].shape
        and not same_grid(affine, ct[1], ct[0].shape)
    ):
        affine = ct[1]
        notes.append(
            "The header of the labels, which has a different position, was replaced by the header of the CT."
        )
    notes += _together(labels.values.shape, affine, ct[0].shape, ct[1], label_files[0])
    return Scan(labels.values, affine, *ct, tuple(notes))


def _read_ct(path: Path, assumed_orientation: str | None) -> tuple[np.ndarray, np.ndarray]:
    values, affine = read_three_axes(path, assumed_orientation)
    hint = "Convert it again using the rescale slope and intercept of the DICOM files, or exclude this scan."
    if not np.isfinite(values).all():
        message = "The CT contains NaN values."
        raise InputError([Fault("ct-not-hu", message, hint, str(path))])
    darkest, brightest = float(values.min()), float(values.max())
    if darkest > _DARKEST_OF_A_PERSON_HU:
        message = f"The CT values range from {darkest:g} to {brightest:g}, which are not Hounsfield units."
        raise InputError([Fault("ct-not-hu", message, hint, str(path))])
    return values, affine


def _together(
    shape: Sequence[int], affine: np.ndarray, ct_shape: Sequence[int], ct_affine: np.ndarray, path: Path
) -> list[str]:
    """Check that labels and CT show the same place, and return what is odd.

    Raises:
        InputError: they do not.
    """
    if tuple(shape) == tuple(ct_shape):
        # Half a voxel is what roundings of headers and corner conventions make.
        allowed = max(0.5, 0.51 * float(voxel_spacing_mm(ct_affine).min()))
        if same_grid(affine, ct_affine, shape, allowed):
            return []
        message = "The labels have the size of the CT, but a different position in the header."
        hint = "Inspect both; if they match voxel by voxel, add --labels-on-image-grid."
        raise InputError([Fault("grids-differ", message, hint, str(path))])
    lower, upper = box_of(shape, affine)
    ct_lower, ct_upper = box_of(ct_shape, ct_affine)
    slack = 2 * float(max(voxel_spacing_mm(affine).max(), voxel_spacing_mm(ct_affine).max()))
    if (lower < ct_lower - slack).any() or (upper > ct_upper + slack).any():
        message = "The labels are partly or entirely outside the CT."
        hint = "The two files belong to different scans, or a header is wrong: exclude this scan."
        raise InputError([Fault("grids-differ", message, hint, str(path))])
    return ["Labels and CT have different grids; each was resampled using its header."]
