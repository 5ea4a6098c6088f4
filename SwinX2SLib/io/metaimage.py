"""The header of MetaImage files (`.mha`, `.mhd`).

Format: https://docs.itk.org/en/latest/learn/metaio.html
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.io.header import (
    COPY_HINT,
    VolumeHeader,
    affine_of_steps,
    refuse,
    stated_lengths,
    unreadable,
    without_single_ends,
)
from SwinX2SLib.io.limits import require_size
from SwinX2SLib.io.packing import MOST_COMPRESSED, zlib_lengths

_WHAT = "MetaImage file"
_START = re.compile(rb"\s*(ObjectType|ObjectSubType|Comment|NDims)\s*=")
_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": (
        "u4"
    ),
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip
_MATRIX, _OFFSET = ("TransformMatrix", "Rotation", "Orientation"), ("Offset", "Origin", "Position")
_LARGEST_HEADER_BYTES = 1 << 16


@dataclass(frozen=True, eq=False)
class MetaImageHeader(VolumeHeader):
    """What a MetaImage states; `fields` holds its own names and texts.

    Attributes:
        header_bytes: length of the header.
    """

    header_bytes: int = 0

    @property
    def is_detached(self) -> bool:
        """Whether the voxels lie in a file of their own."""
        return self.fields["ElementDataFile"].upper() != "LOCAL"

    @property
    def is_packed(self) -> bool:
        """Whether the voxels are compressed."""
        return self.fields.get("CompressedData", "")[:1] in ("T", "t", "1")

    @property
    def data_path(self) -> Path:
        """Where the voxels lie; no file where they lie in several."""
        return self.path.parent / self.fields["ElementDataFile"] if self.is_detached else self.path

    @property
    def data_bytes(self) -> int:
        """How many bytes the voxels take, not compressed."""
        return math.prod(self.shape) * self.voxel_bytes


def looks_like_metaimage(head: bytes) -> bool:
    """Return whether a file begins as a MetaImage does."""
    return _START.match(head) is not None


def read_metaimage_header(path: Path) -> MetaImageHeader:
    """Read the header of a MetaImage.

    Raises:
        InputError: damaged, or fewer bytes than its voxels need.
        OSError: it cannot be opened.
    """
    fields, header_bytes = _fields(path)
    try:
        header = _described(path, fields, header_bytes)
    except (ValueError, KeyError) as error:
        told = f"its header has no {error}" if isinstance(error, KeyError) else f"{error}".rstrip(".")
        raise unreadable(_WHAT, told, path) from error
    _require_room(header)
    return header


def require_whole(header: MetaImageHeader) -> None:
    """Unpack the voxels to their end, since ITK takes what is damaged for zeros.

    Raises:
        InputError: voxels are missing, or the check sum is wrong.
    """
    if not header.is_packed or not header.data_path.is_file():
        return
    try:
        with header.data_path.open("rb") as stream:
            stream.seek(0 if header.is_detached else header.header_bytes)
            held, packed = zlib_lengths(stream, lambda count: require_size(count, _WHAT, header.path))
        told = int(header.fields.get("CompressedDataSize", 0))
    except InputError:
        raise
    except ValueError as error:
        raise unreadable(_WHAT, f"{error}", header.path) from error
    if held != header.data_bytes:
        raise unreadable(_WHAT, f"it contains {held} bytes of voxels, not {header.data_bytes}", header.path)
    if told not in (0, packed):
        raise unreadable(_WHAT, f"it contains {packed} compressed bytes, not {told}", header.path)


def _fields(path: Path) -> tuple[dict[str, str], int]:
    fields, size = {}, 0
    with path.open("rb") as stream:
        while size < _LARGEST_HEADER_BYTES and (line := stream.readline(_LARGEST_HEADER_BYTES)):
            size += len(line)
            name, _, value = line.decode("utf-8", "surrogateescape").partition("=")
            fields[name.strip()] = value.strip()
            if name.strip() == "ElementDataFile":
                return fields, size
    raise unreadable(_WHAT, "it ends within its header", path)


def _described(path: Path, fields: dict[str, str], header_bytes: int) -> MetaImageHeader:
    count = int(fields["NDims"])
    sizes = [int(text) for text in fields["DimSize"].split()]
    if len(sizes) != count or min(sizes) < 0:
        raise ValueError(f"its header states {count} axes, of {fields['DimSize']} voxels")
    if fields["ElementType"] not in _TYPES:
        raise ValueError(f"its voxels are of an unsupported type, {fields['ElementType']}")
    channels = int(fields.get("ElementNumberOfChannels", 1))
    spacings = _numbers(fields, ("ElementSpacing", "ElementSize"), count)
    axes = min(count, 3)
    return MetaImageHeader(
        path=path,
        format="MetaImage",
        shape=without_single_ends(sizes) + ((channels,) if channels > 1 else ()),
        space_axes=axes,
        affine=_affine(fields, spacings, count),
        spacing_mm=stated_lengths((spacings or [0.0] * count)[:axes]),
        dtype=np.dtype(_TYPES[fields["ElementType"]]),
        is_colour=channels in (3, 4),
        fields=fields,
        header_bytes=header_bytes,
    )


def _numbers(fields: dict[str, str], names: tuple[str, ...], count: int) -> list[float] | None:
    text = next((fields[name] for name in names if name in fields), None)
    if text is None:
        return None
    numbers = [float(part) for part in text.split()]
    if len(numbers) != count:
        raise ValueError(f"its header states {len(numbers)} numbers for {count} ({names[0]})")
    return numbers


def _affine(fields: dict[str, str], spacings: list[float] | None, count: int) -> np.ndarray | None:
    """Return the affine (index -> RAS mm); the header's own frame is LPS, each row of its matrix an array axis."""
    if count < 3 or spacings is None:
        return None
    matrix, offset = _numbers(fields, _MATRIX, count * count), _numbers(fields, _OFFSET, count)
    if matrix is None:
        return None
    rows = np.reshape(matrix, (count, count))[:3, :3] * np.reshape(spacings[:3], (3, 1))
    return ras_to_lps(affine_of_steps(rows, np.array((offset or [0.0] * count)[:3])))


def _require_room(header: MetaImageHeader) -> None:
    """Refuse a damaged header, before memory is asked for that no file of this size can fill."""
    if not header.data_path.is_file():
        return
    stored = header.data_path.stat().st_size - (0 if header.is_detached else header.header_bytes)
    if header.data_bytes > stored * (MOST_COMPRESSED if header.is_packed else 1):
        size = " x ".join(map(str, header.shape))
        message = f"The header states {size} voxels, more than a file of {stored} bytes can contain."
        raise refuse("unreadable-file", message, COPY_HINT, header.path)
