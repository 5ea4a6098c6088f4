"""From a file to a decoded image: which decoder reads what, and pictures (PNG, JPEG, TIFF)."""

from __future__ import annotations

import stat
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from SwinX2SLib.radiographs.decoded_image import (
    DecodedImage,
    DecodeError,
    decoding,
    gray_of_channels,
    multi_frame_error,
)

_GRAY_MODES = ("L", "I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_TIFF_PHOTOMETRIC = 262
_TIFF_WHITE_IS_ZERO = 0


def decode_picture(path: Path) -> DecodedImage:
    """Decode a PNG, JPEG or TIFF; the stored picture is the one that a picture viewer shows.

    The resolution written in such a file (dots per inch) is that of a screen or printer: it is reported, but not
    used.

    Raises:
        DecodeError: broken, truncated, too large, or several frames.
    """
    with decoding("picture"):
        try:
            return _load(path)
        except Image.DecompressionBombError:
            raise DecodeError(
                "too-large",
                "The image has far more pixels than a radiograph.",
                "Resample it to at most 10000 pixels per side.",
            ) from None


def _load(path: Path) -> DecodedImage:
    with warnings.catch_warnings():
        # Pillow warns from half the size on that it refuses; long radiographs are that large.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(path)
    with image:
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            raise multi_frame_error(frames)
        image.load()
        return _decode(image)


def _decode(image: Image.Image) -> DecodedImage:
    notes = []
    white_is_zero = _white_is_zero_left_alone(image)
    dpi = image.info.get("dpi")
    upright = ImageOps.exif_transpose(image)
    if image.getexif().get(ExifTags.Base.Orientation, 1) not in (0, 1):
        notes.append("The image was reoriented according to its EXIF orientation.")
    values, padding, colour_notes, faults = _gray(upright)
    notes += colour_notes
    remark = "image files of this type do not store a pixel spacing"
    if dpi and all(np.isfinite(float(value)) and value > 0 for value in dpi):
        remark = (
            f"the file states {float(dpi[0]):.0f} dots per inch; this is a screen or printer resolution, not "
            "a pixel size at the patient, and is not used"
        )
    return DecodedImage(
        values,
        bone_bright=not white_is_zero,
        spacing_remark=remark,
        padding=padding,
        notes=notes,
        faults=faults,
    )


def _white_is_zero_left_alone(image: Image.Image) -> bool:
    """Return whether a TIFF's smallest value is white and Pillow kept it so (it inverts 8-bit ones automatically)."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO and image.mode not in ("1", "L")


def _gray(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None, list, list]:
    if image.mode in _GRAY_MODES:
        return np.asarray(image).astype(np.float32), None, [], []
    if image.mode == "1":
        return np.asarray(image.convert("L")).astype(np.float32), None, [], []
    transparent = None
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        transparent = rgba[..., 3] == 0
        channels = rgba[..., :3]
    else:
        channels = np.asarray(image.convert("RGB"))
    values, notes, faults = gray_of_channels(channels, white=255.0)
    return values, transparent if transparent is not None and transparent.any() else None, notes, faults


_PICTURE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_DICOM_AT = 128
# sizeof_hdr of NIfTI-1 and NIfTI-2.
_NIFTI_HEADER_SIZES = (348, 540)
_HEAD_BYTES = 512


def decoder_of(path: Path) -> Callable[[Path], DecodedImage]:
    """Return the function that decodes a file.

    Raises:
        DecodeError: missing, no file, empty, not allowed, or of a kind that is no radiograph.
    """
    head = _head(path)
    if head.startswith(_PICTURE_STARTS):
        return decode_picture
    if head.startswith(b"NRRD") or _is_nifti(head):
        from SwinX2SLib.radiographs.volumes import decode_volume

        return decode_volume
    if head[_DICOM_AT : _DICOM_AT + 4] == b"DICM" or path.suffix.lower() in (".dcm", ".dicom"):
        from SwinX2SLib.radiographs.dicom import decode_dicom

        return decode_dicom
    raise DecodeError(
        "unsupported-format",
        "The file is not a PNG, JPEG, TIFF, DICOM, NRRD or NIfTI file.",
        "Export the radiograph in one of these formats.",
    )


def _head(path: Path) -> bytes:
    try:
        _require_ordinary_file(path.stat().st_mode)
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise DecodeError("missing-file", "The file does not exist.", "Check the path.") from None
    except OSError as error:
        raise DecodeError(
            "unreadable-file",
            f"The file cannot be opened ({error.strerror}).",
            "Check the path and the file's permissions.",
        ) from error
    if not head:
        raise DecodeError("unreadable-file", "The file is empty.", "Export or copy it again.")
    return head


def _require_ordinary_file(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise DecodeError(
            "unreadable-file", "This is a folder, not a file.", "Specify the file of a single radiograph."
        )
    if not stat.S_ISREG(mode):
        # Reading from a pipe may wait for ever.
        raise DecodeError(
            "unreadable-file",
            "This is a pipe or a device, not a file.",
            "Save the radiograph to a file first.",
        )


def _is_nifti(head: bytes) -> bool:
    if head.startswith(b"\x1f\x8b"):
        try:
            # Enough of the stream for the header's first bytes, even where the rest is cut off.
            head = zlib.decompressobj(wbits=31).decompress(head, _HEAD_BYTES)
        except zlib.error:
            return False
    if len(head) < 4:
        return False
    return any(struct.unpack(order + "i", head[:4])[0] in _NIFTI_HEADER_SIZES for order in "<>")
