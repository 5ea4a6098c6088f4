"""DICOM files, whose compressed parts are measured before pydicom unpacks them into memory.

Standard: PS3.10 7.1 (file meta information), PS3.5 A.5 (deflated), A.4 and G (encapsulated pictures, RLE).
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from SwinX2SLib.errors import InputError
from SwinX2SLib.io.limits import PIXEL_BYTES, largest_bytes, require_size
from SwinX2SLib.io.packing import FileWithinItsEnd, zlib_lengths

if TYPE_CHECKING:
    from pydicom import Dataset

WHAT = "DICOM file"
_PREAMBLE, _MARK, _META_GROUP, _TRANSFER_SYNTAX = 128, b"DICM", 2, (2, 0x10)
_LONG_LENGTHS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UR", b"UT", b"UN", b"SV", b"UV")
_DEFLATED = "1.2.840.10008.1.2.1.99"
_RLE = "1.2.840.10008.1.2.5"
_MOST_FROM_RLE = 64  # 128 bytes from two
_JPEG_2000 = b"\xff\x4f\xff\x51"
# Start of frame of JPEG (T.81 B.1.1.3) and JPEG-LS (T.87 C.1.1).
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}


def read_dicom(path: Path, *, stop_before_pixels: bool = False, force: bool = False) -> Dataset:
    """Read a DICOM file by pydicom.

    Args:
        path: of the file.
        stop_before_pixels: whether the header is enough.
        force: whether a file without the mark is read, too.

    Raises:
        InputError: it holds more than `limits.largest_bytes`.
        OSError, pydicom.errors.InvalidDicomError, and what pydicom raises over damaged files.
    """
    import pydicom

    path = Path(path)
    require_inflated(path)
    if not stop_before_pixels:
        require_size(path.stat().st_size, WHAT, path)
    with FileWithinItsEnd(path) as stream:
        return pydicom.dcmread(stream, stop_before_pixels=stop_before_pixels, force=force)


def require_inflated(path: Path) -> None:
    """Refuse a deflated file that holds too much; others, and those that are no DICOM files, pass.

    Raises:
        InputError: it holds more than `limits.largest_bytes`.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        if _transfer_syntax(stream) != _DEFLATED:
            return
        try:
            zlib_lengths(stream, lambda held: require_size(held, WHAT, path), -zlib.MAX_WBITS)
        except InputError:
            raise
        except ValueError:
            # Cut short or damaged: the decoder says so in its words.
            pass


def require_picture(dataset: Dataset, path: Path) -> None:
    """Refuse a picture that is too large, by the header and by what the compressed picture itself states.

    Args:
        dataset: with pixels.
        path: of the file.

    Raises:
        InputError: it is too large.
    """
    samples = int(dataset.get("SamplesPerPixel") or 1)
    sizes = [(int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0))]
    syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None) if hasattr(dataset, "file_meta") else None
    if syntax is not None and syntax.is_encapsulated:
        frame = _first_frame(dataset)
        if syntax == _RLE:
            _require_rle(frame, path)
        sizes += _stated_in(frame)
    require_size(max(map(math.prod, sizes)) * samples * PIXEL_BYTES, WHAT, path)


def _transfer_syntax(stream: BinaryIO) -> str:
    """Return the transfer syntax, "" where none is stated; the stream then stands behind the meta information."""
    stream.seek(_PREAMBLE)
    syntax = ""
    if stream.read(len(_MARK)) != _MARK:
        return syntax
    while True:
        begin = stream.tell()
        head = stream.read(8)
        if len(head) < 8 or struct.unpack("<H", head[:2])[0] != _META_GROUP:
            stream.seek(begin)
            return syntax
        length = struct.unpack("<H", head[6:])[0]
        if head[4:6] in _LONG_LENGTHS:
            (length,) = struct.unpack("<I", stream.read(4).ljust(4, b"\0"))
        if struct.unpack("<HH", head[:4]) == _TRANSFER_SYNTAX:
            syntax = stream.read(min(length, 64)).decode("ascii", "replace").strip("\0 ")
        else:
            stream.seek(length, 1)


def _first_frame(dataset: Dataset) -> bytes:
    from pydicom.encaps import get_frame

    try:
        return bytes(get_frame(dataset.PixelData, 0, number_of_frames=1))
    except Exception:  # pydicom raises many types; the decoder names what is wrong
        return b""


def _stated_in(frame: bytes) -> list[tuple[int, int]]:
    """Return height and width as a JPEG, JPEG-LS or JPEG 2000 picture states them."""
    if (at := frame.find(_JPEG_2000, 0, 1 << 16)) >= 0 and len(frame) >= at + 16:
        width, height = struct.unpack(">II", frame[at + 8 : at + 16])
        return [(height, width)]
    at = 2 if frame.startswith(b"\xff\xd8") else len(frame)
    while at + 9 <= len(frame) and frame[at] == 0xFF:
        if frame[at + 1] in _FRAMES:
            height, width = struct.unpack(">HH", frame[at + 5 : at + 9])
            return [(height, width)]
        at += 2 + struct.unpack(">H", frame[at + 2 : at + 4])[0]
    return []


def _require_rle(frame: bytes, path: Path) -> None:
    """Refuse runs that unpack to too much; they are counted where the bytes could hold so many."""
    if len(frame) * _MOST_FROM_RLE <= largest_bytes():
        return
    held, at = 0, 64
    while at < len(frame):
        code = frame[at]
        held += code + 1 if code < 128 else 257 - code if code > 128 else 0
        at += code + 2 if code < 128 else 2 if code > 128 else 1
        if held & 0xFFFF < 256:
            require_size(held, WHAT, path)
    require_size(held, WHAT, path)
