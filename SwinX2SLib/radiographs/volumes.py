"""NRRD and NIfTI radiographs: two-dimensional, or three-dimensional with one slice.

Array order. Along the first array axis of the file (the fastest, ITK's x) the column of the picture changes, along
the second its row, first row on top; an axis of length one is dropped wherever it stands. Where the header places the
radiograph upright in the patient (one axis along head-feet, the other along left-right or front-back) those
directions orient it. A picture that a program wrapped into a volume lies in the axial plane, which says nothing of
a radiograph: it stays as stored.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import nrrd
import numpy as np

from SwinX2SLib.radiographs.decoded_image import (
    DecodedImage,
    DecodeError,
    HeaderSpacing,
    decoding,
    gray_of_channels,
    multi_frame_error,
)
from SwinX2SLib.radiographs.transforms import upright_letters

# What NRRD calls axes that hold colours instead of places (teem.sourceforge.net/nrrd/format.html, "kinds").
_COLOUR_KINDS = {"RGB-color", "RGBA-color", "3-color", "4-color", "vector", "3-vector", "4-vector", "list"}
_TO_LPS = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}
_GZIP = b"\x1f\x8b"
# What marks a file that holds header and picture, and where it stands.
_SINGLE_FILES = {nibabel.Nifti1Image: (344, b"n+1\0"), nibabel.Nifti2Image: (4, b"n+2\0")}
_LARGEST_HEADER_BYTES = 540
# Written by programs that do not know the spacing.
_UNKNOWN_SPACING_MM = 1.0


def decode_nrrd(path: Path) -> DecodedImage:
    """Decode a NRRD (`.nrrd`, or `.nhdr` with its data file).

    Raises:
        DecodeError: broken, truncated, more than one slice, no picture.
    """
    with decoding("NRRD file"):
        return _nrrd_radiograph(path)


def _nrrd_radiograph(path: Path) -> DecodedImage:
    try:
        data, header = nrrd.read(str(path), index_order="F")
    except FileNotFoundError as error:
        raise DecodeError(
            "unreadable-file",
            f"The NRRD header refers to a data file that does not exist ({error.filename}).",
            "Copy the data file next to its header.",
        ) from None
    directions = _nrrd_directions(header, data.ndim)
    kinds = header.get("kinds") or ["domain"] * data.ndim
    colour = [
        axis
        for axis, kind in enumerate(kinds)
        if kind in _COLOUR_KINDS or not np.isfinite(directions[axis]).all()
    ]
    notes, faults = [], []
    if colour and data.ndim > 2:
        axis = colour[0]
        channels = np.moveaxis(data, axis, -1)[..., :3]
        data, notes, faults = gray_of_channels(channels, white=float(np.max(channels, initial=1)))
        directions = np.delete(directions, axis, axis=0)
    radiograph = _radiograph(data, directions, "NRRD", oriented=header.get("space", "").lower() in _TO_LPS)
    radiograph.notes.extend(notes)
    radiograph.faults.extend(faults)
    return radiograph


def decode_nifti(path: Path) -> DecodedImage:
    """Decode a NIfTI-1 or NIfTI-2 file.

    Raises:
        DecodeError: broken, truncated, more than one slice, no picture.
    """
    with decoding("NIfTI file"):
        return _nifti_radiograph(path)


def _nifti_radiograph(path: Path) -> DecodedImage:
    image, data, stated = _read_nifti(path)
    notes, faults = [], []
    if data.dtype.names:
        channels = np.stack([data[name] for name in data.dtype.names[:3]], axis=-1)
        data, notes, faults = gray_of_channels(channels, white=255.0)
    oriented = int(stated["sform_code"]) > 0 or int(stated["qform_code"]) > 0
    radiograph = _radiograph(data, _nifti_directions(image, stated, data.ndim), "NIfTI", oriented)
    radiograph.notes.extend(notes)
    radiograph.faults.extend(faults)
    return radiograph


def _read_nifti(path: Path) -> tuple[nibabel.Nifti1Image, np.ndarray, nibabel.Nifti1Header]:
    """Return the image, its values, and its header as stored; told by the bytes, since names lie."""
    with path.open("rb") as stored:
        zipped = stored.read(len(_GZIP)) == _GZIP
    with gzip.open(path) if zipped else path.open("rb") as stream:
        head = stream.read(_LARGEST_HEADER_BYTES)
        kind = next(
            (kind for kind, (at, magic) in _SINGLE_FILES.items() if head[at:].startswith(magic)), None
        )
        stream.seek(0)
        # A header whose picture lies in a file of its own is found by names alone.
        image = kind.from_stream(stream) if kind else nibabel.load(path)
        data = np.asanyarray(image.dataobj)
        stream.seek(0)
        # nibabel replaces a spacing of 0 by 1 mm unless it is told not to check.
        return image, data, type(image.header).from_fileobj(stream, check=False)


def _nifti_directions(
    image: nibabel.Nifti1Image, stated: nibabel.Nifti1Header, dimensions: int
) -> np.ndarray:
    """Return the step along each array axis, `(axes, 3)` in LPS mm; 0 where the header states none."""
    directions = np.zeros((dimensions, 3))
    spatial = min(dimensions, 3)
    directions[:spatial] = (image.affine[:3, :spatial] * np.array([[-1], [-1], [1]])).T
    if int(stated["sform_code"]) <= 0:
        directions[:spatial][stated["pixdim"][1 : spatial + 1] == 0] = 0
    return directions


def _radiograph(data: np.ndarray, directions: np.ndarray, format_name: str, oriented: bool) -> DecodedImage:
    """Make a radiograph of an array whose axes step by `directions` (rows, LPS mm where `oriented`)."""
    axes = [axis for axis in range(data.ndim) if data.shape[axis] > 1]
    if len(axes) > 2:
        raise multi_frame_error(min(data.shape[axis] for axis in axes))
    if len(axes) < 2:
        raise DecodeError(
            "not-a-picture",
            f"The file has an array of shape {data.shape}, which is not an image.",
            "Choose a radiograph.",
        )
    column_axis, row_axis = axes
    values = np.squeeze(data).T.astype(np.float32)
    lengths = [float(np.linalg.norm(directions[axis])) for axis in (row_axis, column_axis)]
    notes, spacing, remark = [], None, ""
    if all(np.isfinite(length) and length > 0 for length in lengths):
        spacing = HeaderSpacing(*lengths, f"{format_name} header")
        if lengths == [_UNKNOWN_SPACING_MM] * 2:
            notes.append(
                "The header states exactly 1 mm, which many programs write when the spacing is unknown: "
                "check it."
            )
    else:
        remark = "the spacing in the header is missing, zero or not a number"
    orientation = upright_letters(directions[column_axis], directions[row_axis]) if oriented else None
    return DecodedImage(values, spacing=spacing, spacing_remark=remark, orientation=orientation, notes=notes)


def _nrrd_directions(header: dict, dimensions: int) -> np.ndarray:
    """Return the step along each array axis, `(axes, 3)` in LPS mm; NaN rows for axes without a place."""
    if header.get("space directions") is not None:
        directions = np.asarray(header["space directions"], dtype=np.float64)
        signs = _TO_LPS.get(header.get("space", "").lower(), (1, 1, 1))
        return directions * np.array(signs[: directions.shape[1]])
    spacings = np.asarray(header.get("spacings", np.zeros(dimensions)), dtype=np.float64)
    directions = np.zeros((dimensions, max(dimensions, 3)))
    # A spacing of NaN marks an axis that is no place, as a missing direction does.
    np.fill_diagonal(directions, np.where(np.isfinite(spacings), spacings, np.nan))
    directions[~np.isfinite(spacings)] = np.nan
    return directions
