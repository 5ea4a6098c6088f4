"""NRRD and NIfTI radiographs: two-dimensional, or three-dimensional with one slice.

Array order. Along the first array axis of the file (the fastest, ITK's x) the column of the picture changes, along
the second its row, first row on top; an axis of length one is dropped wherever it stands. Where the header places the
radiograph upright in the patient (one axis along head-feet, the other along left-right or front-back) those
directions orient it. A picture that a program wrapped into a volume lies in the axial plane, which says nothing of
a radiograph: it stays as stored.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.io.header import VolumeHeader
from SwinX2SLib.io.limits import PIXEL_BYTES, require_size
from SwinX2SLib.io.volumes import read_header, read_volume
from SwinX2SLib.radiographs.decoded_image import (
    DecodedImage,
    DecodeError,
    HeaderSpacing,
    decoding,
    gray_of_channels,
    multi_frame_error,
)
from SwinX2SLib.radiographs.transforms import upright_letters

# Key of a NRRD header, and attribute of a volume in 3D Slicer: who states the size of a pixel.
SPACING_KEY = "SwinX2S.spacing_stated_by"
# Written by programs that do not know the spacing.
_UNKNOWN_SPACING_MM = 1.0


def decode_volume(path: Path) -> DecodedImage:
    """Decode a NRRD (`.nrrd`, or `.nhdr` with its data file), NIfTI-1 or NIfTI-2 file.

    Raises:
        DecodeError: broken, truncated, more than one slice, no picture.
    """
    try:
        _require_picture_size(read_header(path))
        volume = read_volume(path)
    except InputError as error:
        fault = error.faults[0]
        raise DecodeError(fault.kind, fault.message, fault.hint) from error
    header = volume.header
    with decoding(f"{header.format} file"):
        data = volume.array
        notes: list[str] = []
        faults: list[Fault] = []
        if header.is_colour or data.ndim > max(header.space_axes, 2):
            data, notes, faults = gray_of_channels(data[..., :3], white=float(np.max(data, initial=1)))
        radiograph = _radiograph(data, _directions(header, data.ndim), header)
        radiograph.notes.extend(notes)
        radiograph.faults.extend(faults)
        return radiograph


def _require_picture_size(header: VolumeHeader) -> None:
    """Refuse a picture that is too large; a volume is refused as one later."""
    lengths = [length for length in header.shape if length > 1]
    if len(lengths) == 2 or header.is_colour:
        require_size(math.prod(lengths) * PIXEL_BYTES, f"{header.format} file", header.path)


def _directions(header: VolumeHeader, dimensions: int) -> np.ndarray:
    """Return the step along each array axis, `(axes, 3)` in LPS mm; 0 where the header states none."""
    directions = np.zeros((dimensions, 3))
    for axis, length in enumerate(header.spacing_mm[:dimensions]):
        if length is not None:
            directions[axis, axis] = length
            if header.affine is not None:
                directions[axis] = ras_to_lps(header.affine[:3, axis])
    return directions


def _radiograph(data: np.ndarray, directions: np.ndarray, header: VolumeHeader) -> DecodedImage:
    """Make a radiograph of an array whose axes step by `directions` (rows, LPS mm where the header places it)."""
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
    row_mm, column_mm = (float(np.linalg.norm(directions[axis])) for axis in (row_axis, column_axis))
    notes, spacing, remark = [], None, ""
    stated_by = header.fields.get(SPACING_KEY, "")
    if all(np.isfinite(length) and length > 0 for length in (row_mm, column_mm)):
        spacing = HeaderSpacing(row_mm, column_mm, stated_by or f"{header.format} header")
        if row_mm == column_mm == _UNKNOWN_SPACING_MM and not stated_by:
            notes.append(
                "The header states exactly 1 mm, which many programs write when the spacing is unknown: "
                "check it."
            )
    else:
        remark = "the spacing in the header is missing, zero or not a number"
    is_placed = header.affine is not None
    orientation = upright_letters(directions[column_axis], directions[row_axis]) if is_placed else None
    return DecodedImage(values, spacing=spacing, spacing_remark=remark, orientation=orientation, notes=notes)
