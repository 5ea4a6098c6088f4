"""Label volumes and CTs of a download, whatever their headers, as the grid of a case needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nibabel
import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT, label_ids
from SwinX2SLib.bone_names import label_named
from SwinX2SLib.datasets.rib_regions import name_ribs
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.label_schemes import UNKNOWN, scheme, without_marks
from SwinX2SLib.measurements.reading.nifti import read_nifti

# Headers are written in single precision, and rounded by some programs.
SAME_PLACE_MM = 0.5
RIB_SCHEME = "ribseg"
_LETTERS = "RLAPSI"


@dataclass(frozen=True, eq=False)
class Labels:
    """Bones of a scan, in the file's own array order.

    Attributes:
        values: uint8 `(I, J, K)`, our labels.
        affine: index -> RAS mm.
        notes: what a reader of the result must know, in sentences.
    """

    values: np.ndarray
    affine: np.ndarray
    notes: list[str] = field(default_factory=list)


def read_volume(path: Path, assumed_orientation: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Read a NIfTI volume of one channel.

    Args:
        path: `.nii` or `.nii.gz`; further axes of length one are dropped.
        assumed_orientation: of files whose header states none, "LPS" for example; without it they are refused.

    Returns:
        The values, `(I, J, K)`, as stored or float32 where the header scales them, and the affine (index -> RAS mm).

    Raises:
        InputError: it cannot be read, is no volume, or has no place in the patient.
    """
    try:
        values, affine = read_nifti(path)
    except InputError as error:
        if assumed_orientation is None or error.faults[0].kind != "orientation-absent":
            raise
        values, affine = _oriented(path, assumed_orientation)
    if values.dtype.names or np.iscomplexobj(values):
        raise _fault("not-a-volume", f"The file holds {values.dtype}, not one number a voxel.", path)
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3 or min(values.shape) < 2:
        size = " x ".join(map(str, values.shape))
        raise _fault("not-a-volume", f"The file has the size {size}, which is no volume.", path)
    return values, affine


def read_labels(
    paths: Sequence[Path],
    groups: Sequence[str],
    scheme_name: str,
    masks: bool,
    assumed_orientation: str | None = None,
) -> Labels:
    """Read the bones of some groups.

    Args:
        paths: the label volume, or the mask of each bone.
        groups: of `anatomy.GROUPS`; bones of others become background.
        scheme_name: numbering of the label volume.
        masks: whether each file is the mask of the bone that its name tells.
        assumed_orientation: see `read_volume`.

    Raises:
        InputError: see `read_volume`; values that the numbering does not have; masks on different grids.
    """
    if masks:
        read = _read_masks(paths, assumed_orientation)
    else:
        read = _read_numbered(paths[0], scheme_name, assumed_orientation)
    kept = np.zeros(CLASS_COUNT, dtype=np.uint8)
    for group in groups:
        kept[list(label_ids(group))] = label_ids(group)
    return Labels(kept[read.values], read.affine, read.notes)


def same_grid(
    first: np.ndarray, second: np.ndarray, shape: Sequence[int], within_mm: float = SAME_PLACE_MM
) -> bool:
    """Tell whether two affines put every corner of an array to the same place."""
    corners = corners_of(shape)
    apart = transform_points(first, corners) - transform_points(second, corners)
    return bool(np.linalg.norm(apart, axis=1).max() <= within_mm)


def corners_of(shape: Sequence[int]) -> np.ndarray:
    """Return the indices of the eight corner voxels, `(8, 3)`."""
    last = np.asarray(shape) - 1
    return np.array(np.meshgrid(*([0, n] for n in last), indexing="ij")).reshape(3, -1).T


def _read_numbered(path: Path, scheme_name: str, assumed: str | None) -> Labels:
    values, affine = read_volume(path, assumed)
    numbering = scheme(scheme_name)
    notes = []
    if scheme_name == RIB_SCHEME and values.max() == 1:
        # The first release of RibSeg tells no ribs apart.
        values, notes = name_ribs(values > 0, affine)
        return Labels(values, affine, notes)
    try:
        marked = numbering.to_marked(values, affine)
    except InputError as error:
        faults = [Fault(f.kind, f.message, f.hint, str(path)) for f in error.faults]
        raise InputError(faults) from error
    for group, mark in UNKNOWN.items():
        if (marked == mark).any():
            notes.append(f"Bone of the {group} that {numbering.title} does not name was left out.")
    return Labels(without_marks(marked), affine, notes)


def _read_masks(paths: Sequence[Path], assumed: str | None) -> Labels:
    labels, affine, overlap = None, None, 0
    for path in paths:
        bone = _bone_of(path)
        mask, own = read_volume(path, assumed)
        if labels is None:
            labels, affine = np.zeros(mask.shape, dtype=np.uint8), own
        if mask.shape != labels.shape or not same_grid(affine, own, mask.shape):
            raise _fault("grids-differ", f"This mask lies on another grid than {paths[0].name}.", path)
        drawn = mask > 0
        overlap += int(np.count_nonzero(labels[drawn] & (labels[drawn] != bone)))
        labels[drawn & (labels == 0)] = bone
    notes = [f"{overlap} voxels are drawn as two bones; the first by name has them."] if overlap else []
    return Labels(labels, affine, notes)


def _bone_of(path: Path) -> int:
    """Return our label of the bone that a mask's file name tells; S1 is part of our sacrum."""
    name = path.name.split(".")[0]
    label = label_named("sacrum" if name.lower() == "vertebrae_s1" else name)
    if label is None:
        raise _fault("unknown-bone", f"{name!r} is none of our bones.", path)
    return label.id


def _oriented(path: Path, code: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a file whose header has no orientation, as if its axes ran as `code` says, around the origin."""
    image = nibabel.load(path)
    values = np.asanyarray(image.dataobj)
    spacing = np.abs(np.asarray(image.header.get_zooms()[:3], dtype=np.float64))
    if not (spacing > 0).all():
        raise _fault("spacing-absent", "The header states no spacing either.", path)
    shape = np.asarray(values.shape[:3])
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    for axis, letter in enumerate(code):
        affine[_LETTERS.index(letter) // 2, axis] = spacing[axis] if letter in "RAS" else -spacing[axis]
    affine[:3, 3] = -affine[:3, :3] @ ((shape - 1) / 2)
    return values, affine


def _fault(kind: str, message: str, path: Path) -> InputError:
    return InputError([Fault(kind, message, "Copy or unpack it again, or leave this scan out.", str(path))])
