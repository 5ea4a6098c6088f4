"""The header of NRRD files, and the volume as ITK takes it.

Format: https://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import bz2
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import orientation_of
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
from SwinX2SLib.io.packing import BLOCK_BYTES, MOST_COMPRESSED, gzip_length

_WHAT = "NRRD file"
# ITK 5.4 repeats a longer field that it does not know or refuses in a buffer of fixed size, and ends the process;
# keys, comments and the field "content" may have any length.
_LONGEST_FIELD = 500
MAGIC = b"NRRD"
# Signs that bring places in a space into RAS.
_TO_RAS = {
    "left-posterior-superior": (-1, -1, 1), "lps": (-1, -1, 1), "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1), "left-anterior-superior": (-1, 1, 1), "las": (-1, 1, 1),
}  # fmt: skip
# Kinds of axes that hold numbers of one place instead of places, and of those, colours.
_COLOUR_KINDS = ("RGB-color", "RGBA-color", "3-color", "4-color")
_RANGE_KINDS = (
    "list",
    "vector",
    "3-vector",
    "4-vector",
    "stub",
    "scalar",
    "complex",
    "2-vector",
    *_COLOUR_KINDS,
)
_MM_PER_UNIT = {"m": 1000.0, "cm": 10.0, "mm": 1.0, "um": 0.001, "µm": 0.001}
_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"), "i8"),
    **dict.fromkeys(
        ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), "u8"
    ),
    "float": "f4",
    "double": "f8",
}
_BZIP2, _GZIP, _RAW = ("bzip2", "bz2"), ("gzip", "gz"), ("raw",)
# Other spellings of a field's name.
_ALIASES = {"centerings": "centers", "centering": "centers", "datafile": "data file"}
_VECTOR = re.compile(r"none|\(([^)]*)\)")
_QUOTED = re.compile(r'"([^"]*)"')
# A header longer than this is none: 54 segments of Slicer take 40 kB.
_LARGEST_HEADER_BYTES = 1 << 24


@dataclass(frozen=True, eq=False)
class NrrdHeader(VolumeHeader):
    """What a NRRD file states; `fields` holds the texts of its fields (names in lower case) and of its own keys.

    Attributes:
        stored_axes: axes of the file in the order of the array: those in space first.
        header_bytes: length of the header.
    """

    stored_axes: tuple[int, ...] = ()
    header_bytes: int = 0

    @property
    def is_detached(self) -> bool:
        """Whether the voxels lie in a file of their own."""
        return "data file" in self.fields

    @property
    def data_path(self) -> Path:
        """Where the voxels lie; no file where they lie in several."""
        return self.path.parent / self.fields["data file"] if self.is_detached else self.path

    @property
    def data_bytes(self) -> int:
        """How many bytes the voxels take, not compressed."""
        return math.prod(map(int, self.fields["sizes"].split())) * self.voxel_bytes


def read_nrrd_header(path: Path) -> NrrdHeader:
    """Read the header of a NRRD (`.nrrd`, `.seg.nrrd`, `.nhdr`).

    Raises:
        InputError: damaged, or more voxels than the file can hold.
        OSError: it cannot be opened.
    """
    header_bytes, fields = _split(path)
    try:
        return _described(path, fields, header_bytes)
    except InputError:
        raise
    except (ValueError, KeyError) as error:
        message = f"its header has no {error}" if isinstance(error, KeyError) else f"{error}".rstrip(".")
        raise unreadable(_WHAT, message, path) from error


def _split(path: Path) -> tuple[int, dict[str, str]]:
    """Return the header's length, and its fields: names of the format in lower case, keys as they are."""
    lines: list[bytes] = []
    with path.open("rb") as stream:
        size = 0
        while line := stream.readline(_LARGEST_HEADER_BYTES):
            lines.append(line)
            size += len(line)
            if not line.strip() or size > _LARGEST_HEADER_BYTES:
                break
    if not lines or not lines[0].startswith(MAGIC):
        raise unreadable(_WHAT, "it does not start like a NRRD file", path)
    fields = {}
    for line in lines:
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        name, colon, value = text.partition(":")
        if text.startswith("#"):
            continue
        if value.startswith("="):
            fields[name] = value[1:].replace("\\n", "\n").replace("\\\\", "\\")
            continue
        name = name.strip().lower()
        if len(text) > _LONGEST_FIELD and name != "content":
            raise unreadable(_WHAT, f"its header has a line of {len(text)} characters", path)
        if colon:
            fields[_ALIASES.get(name, name)] = value.strip()
    if lines[-1].strip() and "data file" not in fields:
        raise unreadable(_WHAT, "it ends within its header", path)
    return size, fields


def _described(path: Path, fields: dict[str, str], header_bytes: int) -> NrrdHeader:
    sizes = [int(text) for text in fields["sizes"].split()]
    if len(sizes) != int(fields["dimension"]) or min(sizes) < 0:
        raise ValueError(f"its header states {fields['dimension']} axes, of {fields['sizes']} voxels")
    dtype = np.dtype(_TYPES[fields["type"].lower()]) if fields["type"].lower() in _TYPES else None
    if dtype is None:
        raise ValueError(f"its voxels are of an unsupported type, {fields['type']}")
    kinds = fields.get("kinds", "").split() or ["domain"] * len(sizes)
    if len(kinds) != len(sizes):
        raise ValueError(f"its header states {len(kinds)} kinds of {len(sizes)} axes")
    steps, spacings = _steps(fields, len(sizes))
    lengths = spacings if steps is None else _lengths(steps)
    order = _space_first(kinds, lengths, len(sizes))
    count = len(sizes) - sum(_is_range(kinds[axis], lengths[axis], len(sizes)) for axis in order)
    mm, unit = _unit(fields)
    affine = _affine(fields, steps, order[:count], mm)
    shape = [sizes[axis] for axis in order]
    header = NrrdHeader(
        path=path,
        format="NRRD",
        shape=without_single_ends(shape),
        space_axes=min(count, 3),
        affine=affine,
        spacing_mm=stated_lengths([lengths[axis] * mm for axis in order[: min(count, 3)]]),
        dtype=dtype,
        is_colour=any(kind in _COLOUR_KINDS for kind in kinds),
        unit=unit,
        fields=fields,
        stored_axes=tuple(order),
        header_bytes=header_bytes,
    )
    _require_room(header)
    return header


def _steps(fields: dict[str, str], count: int) -> tuple[np.ndarray | None, list[float]]:
    """Return the step of each axis `(axes, 3)`, NaN for those without, or None; and the spacings, NaN likewise."""
    spacings = [float(text) for text in fields["spacings"].split()] if "spacings" in fields else None
    if spacings is not None and len(spacings) != count:
        raise ValueError(f"its header states {len(spacings)} spacings of {count} axes")
    if "space directions" not in fields:
        return None, spacings or [0.0] * count
    found = [match[1] for match in _VECTOR.finditer(fields["space directions"])]
    rows = [[math.nan] * 3 if text is None else _three(text) for text in found]
    if len(rows) != count:
        raise ValueError(f"its header states {len(rows)} directions of {count} axes")
    return np.array(rows), spacings or [0.0] * count


def _three(text: str) -> list[float]:
    """Return a vector in space; those of a plane get a third number, 0."""
    numbers = [float(part) for part in text.split(",")]
    if not 1 <= len(numbers) <= 3:
        raise ValueError(f"its header has a direction of {len(numbers)} numbers")
    return numbers + [0.0] * (3 - len(numbers))


def _lengths(steps: np.ndarray) -> list[float]:
    return np.linalg.norm(steps, axis=1).tolist()


def _is_range(kind: str, length: float, count: int) -> bool:
    """Return whether an axis holds numbers of one place; a plane of two axes has none of that kind."""
    return count > 2 and (kind in _RANGE_KINDS or not math.isfinite(length))


def _space_first(kinds: list[str], lengths: list[float], count: int) -> list[int]:
    """Return the axes in the order of the array: those in space as they stand, then the others."""
    return sorted(range(count), key=lambda axis: _is_range(kinds[axis], lengths[axis], count))


def _unit(fields: dict[str, str]) -> tuple[float, str]:
    """Return millimetres in a unit of the header, and its name, "" where it states none."""
    stated = _QUOTED.findall(fields.get("space units", fields.get("units", "")))
    unit = next((text for text in stated if text), "")
    return _MM_PER_UNIT.get(unit.lower(), 1.0), unit


def _affine(
    fields: dict[str, str], steps: np.ndarray | None, axes: list[int], mm: float
) -> np.ndarray | None:
    signs = _TO_RAS.get(fields.get("space", "").lower())
    if signs is None or steps is None or not 1 <= len(axes) <= 3:
        return None
    origin = _three(fields["space origin"].strip("() ")) if "space origin" in fields else [0.0] * 3
    affine = affine_of_steps(steps[axes] * mm, np.array(origin) * mm)
    return np.diag([*signs, 1.0]) @ affine


def _require_room(header: NrrdHeader) -> None:
    """Refuse a damaged header, before memory is asked for that no file of this size can fill."""
    encoding = header.fields["encoding"].lower()
    if not header.data_path.is_file() or encoding not in (*_RAW, *_GZIP):
        return
    stored = header.data_path.stat().st_size - (0 if header.is_detached else header.header_bytes)
    if header.data_bytes > stored * (1 if encoding in _RAW else MOST_COMPRESSED):
        size = " x ".join(map(str, header.shape))
        message = f"The header states {size} voxels, more than a file of {stored} bytes can contain."
        raise refuse("unreadable-file", message, COPY_HINT, header.path)


def require_whole(header: NrrdHeader) -> None:
    """Unpack the voxels to their end, since ITK does not look at the check sum.

    Raises:
        InputError: voxels are missing, or the check sum is wrong.
    """
    if header.fields["encoding"].lower() not in _GZIP or not header.data_path.is_file():
        return
    skips = any("skip" in name for name in header.fields)
    try:
        with header.data_path.open("rb") as stream:
            stream.seek(0 if header.is_detached else header.header_bytes)
            held = gzip_length(stream, lambda count: require_size(count, _WHAT, header.path))
    except InputError:
        raise
    except ValueError as error:
        if skips:
            # Lines before the compressed ones may be none of it.
            return
        raise unreadable(_WHAT, f"{error}", header.path) from error
    if held < header.data_bytes and not skips:
        raise unreadable(_WHAT, f"it ends after {held} of {header.data_bytes} bytes", header.path)


def itk_takes(header: NrrdHeader) -> bool:
    """Return whether ITK reads the file as it is, apart from its name.

    It knows no bzip2; it refuses spacings that are no numbers, axes that run the same way, and an axis out of space
    that is not called so.
    """
    spacings = [float(text) for text in header.fields.get("spacings", "").split()]
    kinds = header.fields.get("kinds", "").split() or ["domain"] * len(header.stored_axes)
    outside = header.stored_axes[header.space_axes :]
    return (
        header.fields["encoding"].lower() not in _BZIP2
        and all(math.isfinite(one) and one != 0 for one in spacings)
        and ("space directions" not in header.fields or _is_regular(header.affine))
        and all(kinds[axis] in _RANGE_KINDS for axis in outside)
    )


def _is_regular(affine: np.ndarray | None) -> bool:
    try:
        return affine is not None and bool(np.isfinite(affine).all()) and bool(orientation_of(affine))
    except ValueError:
        return False


def _unpacked_bzip2(content: bytes, header: NrrdHeader) -> bytes:
    """Return what bzip2 streams hold, as far as the header states voxels.

    Raises:
        InputError: they are damaged or hold too much.
    """
    parts: list[bytes] = []
    held = 0
    try:
        while content:
            unpacker = bz2.BZ2Decompressor()
            while not unpacker.eof and (part := unpacker.decompress(content, BLOCK_BYTES)):
                content = b""
                held += len(part)
                require_size(held, _WHAT, header.path)
                parts.append(part)
            if not unpacker.eof:
                raise ValueError("Compressed data ended before the end-of-stream marker was reached")
            content = unpacker.unused_data
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise unreadable(_WHAT, f"{error}", header.path) from error
    return b"".join(parts)


def write_plain_copy(header: NrrdHeader, path: Path) -> None:
    """Write the voxels as a NRRD file that says nothing of where they lie, for ITK to decode.

    Raises:
        InputError: the voxels lie in a file of their own, or cannot be unpacked.
    """
    if header.is_detached:
        raise unreadable(_WHAT, "ITK rejects its header, and its voxels are in another file", header.path)
    fields, content = header.fields, header.path.read_bytes()[header.header_bytes :]
    kept = {
        name: fields[name] for name in ("type", "dimension", "sizes", "endian", "encoding") if name in fields
    }
    kept |= {
        name: fields[name] for name in ("line skip", "byte skip", "lineskip", "byteskip") if name in fields
    }
    if kept["encoding"].lower() in _BZIP2:
        content = _unpacked_bzip2(content, header)
        kept["encoding"] = "raw"
    text = "".join(f"{name}: {value}\n" for name, value in kept.items())
    path.write_bytes(b"NRRD0004\n" + text.encode("utf-8", "surrogateescape") + b"\n" + content)
