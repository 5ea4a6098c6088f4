"""Which decoder reads which file; decoders are imported when a file needs them: their packages may be missing."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from SwinX2SLib.radiographs.decoded_image import (
    DecodedImage,
    DecodeError,
)

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
        from SwinX2SLib.radiographs.pictures import decode_picture

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
