"""Triangles from VTK's XML file of surfaces (`.vtp`): ASCII, inline and appended data, raw or zlib.

Damaged files must end in a fault in words. VTK's own readers (9.6) may end the process instead: in each of two runs
over up to 400 files that were cut short or had bytes changed, `vtkPolyDataReader` ended in a segmentation fault;
`vtkXMLPolyDataReader` aborted in one, and was not done after 100 s in the other.

Format: https://docs.vtk.org/en/latest/vtk_file_formats/vtkxml_file_format.html
"""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from SwinX2SLib.io.limits import require_size
from SwinX2SLib.io.packing import Check, zlib_lengths

WHAT = "VTP file"
# Numbers become int64 or float64.
_NUMBER_BYTES = 8
_TYPES = {
    **{f"Int{bits}": f"i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"UInt{bits}": f"u{bits // 8}" for bits in (8, 16, 32, 64)},
    **{"Float32": "f4", "Float64": "f8", "String": "u1"},
}
_APPENDED = re.compile(rb'<AppendedData\s+encoding="(\w+)"\s*>\s*_')


class VtpError(ValueError):
    """The file is no surface that can be read; the message states why."""


def read_vtp(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Read the polygons of a file as triangles.

    Returns:
        Vertices `(V, 3)`, faces `(F, 3)`, and the texts of its fields by name (Slicer's "SPACE": "LPS" or "RAS").

    Raises:
        InputError: it holds more than `limits.largest_bytes`.
        VtpError, ElementTree.ParseError, ValueError, zlib.error: the file is damaged or of another kind.
    """
    require_size(path.stat().st_size, WHAT, path)
    content = path.read_bytes()
    match = _APPENDED.search(content)
    appended, encoding = b"", "raw"
    if match:
        # Raw bytes are no XML; the document is read without them.
        appended, encoding = content[match.end() :], match[1].decode()
        content = content[: match.start()] + b"</VTKFile>"
    root = ElementTree.fromstring(content)
    if root.tag != "VTKFile" or root.get("type") != "PolyData":
        raise VtpError("it is not a VTK surface file")
    take = _reader(root, appended, encoding, path)
    vertices, faces, first = [], [], 0
    for piece in root.iterfind("PolyData/Piece"):
        points = take(_array(piece, "Points", None)).reshape(-1, 3).astype(np.float64)
        if int(piece.get("NumberOfStrips", 0)):
            raise VtpError("it has triangle strips instead of triangles")
        if int(piece.get("NumberOfPolys", 0)):
            polygons = [take(_array(piece, "Polys", name)) for name in ("connectivity", "offsets")]
            faces.append(first + _triangles(*polygons))
        vertices.append(points)
        first += len(points)
    if not faces:
        raise VtpError("it has no polygons")
    fields = {
        field.get("Name", ""): _text(take(field))
        for field in root.iterfind("PolyData/FieldData/*[@type='String']")
    }
    return np.concatenate(vertices), np.concatenate(faces), fields


def _text(codes: np.ndarray) -> str:
    return bytes(codes.astype(np.uint8)).decode("ascii", "replace").strip("\0 ")


def _array(piece: ElementTree.Element, group: str, name: str | None) -> ElementTree.Element:
    found = piece.find(f"{group}/DataArray" + (f"[@Name='{name}']" if name else ""))
    if found is None:
        raise VtpError(f"it has no {name or group}")
    return found


def _triangles(connectivity: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Cut polygons into fans of triangles `(F, 3)`."""
    ends, corners = offsets.astype(np.int64), connectivity.astype(np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    if (ends < starts).any() or ends.max(initial=0) > len(corners):
        raise VtpError("its polygons have other corners than it states")
    counts = np.maximum(ends - starts - 2, 0)
    if not counts.any():
        raise VtpError("its polygons have fewer than three corners")
    first = np.repeat(starts, counts)
    step = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    return np.stack([corners[first], corners[first + step], corners[first + step + 1]], axis=1)


def _reader(
    root: ElementTree.Element, appended: bytes, encoding: str, path: Path
) -> Callable[[ElementTree.Element], np.ndarray]:
    held = 0
    order = "<" if root.get("byte_order", "LittleEndian") == "LittleEndian" else ">"
    head = np.dtype(order + ("u8" if root.get("header_type") == "UInt64" else "u4"))
    compressor = root.get("compressor")
    if compressor not in (None, "vtkZLibDataCompressor"):
        raise VtpError(f"it is compressed with {compressor}; save it with zlib or uncompressed")

    def take(array: ElementTree.Element) -> np.ndarray:
        # Several arrays may lie at one place: all that are taken count.
        nonlocal held
        values = stored_values(array)
        held += values.size * _NUMBER_BYTES
        require_size(held, WHAT, path)
        return values

    def check(count: int) -> None:
        require_size(held + count, WHAT, path)

    def stored_values(array: ElementTree.Element) -> np.ndarray:
        kind = np.dtype(order + _TYPES[array.get("type", "")])
        place = array.get("format", "ascii")
        if place == "ascii":
            return np.array((array.text or "").split(), dtype=np.float64).astype(kind)
        if place == "appended":
            stored, coded = appended[int(array.get("offset", "")) :], encoding == "base64"
        else:
            stored, coded = "".join((array.text or "").split()).encode(), True
        content = _unpacked(stored, coded, head, check) if compressor else _plain(stored, coded, head)
        return np.frombuffer(content, dtype=kind)

    return take


def _plain(stored: bytes, coded: bool, head: np.dtype) -> bytes:
    """Return a block that its length precedes."""
    if coded:
        start = _decoded(stored, head.itemsize)
        length = int(np.frombuffer(start, head, 1)[0])
        return _decoded(stored, head.itemsize + length)[head.itemsize :]
    length = int(np.frombuffer(stored, head, 1)[0])
    return stored[head.itemsize : head.itemsize + length]


def _unpacked(stored: bytes, coded: bool, head: np.dtype, check: Check) -> bytes:
    """Return zlib blocks that a table precedes: count, size, last size, packed sizes."""
    start = _decoded(stored, head.itemsize) if coded else stored
    count = int(np.frombuffer(start, head, 1)[0])
    table_bytes = (3 + count) * head.itemsize
    table = _decoded(stored, table_bytes) if coded else stored[:table_bytes]
    sizes = np.frombuffer(table, head, 3 + count)[3:].astype(np.int64)
    # Table and blocks are encoded apart.
    rest = stored[4 * -(-table_bytes // 3) if coded else table_bytes :]
    blocks = _decoded(rest, int(sizes.sum())) if coded else rest
    ends = np.cumsum(sizes)
    unpacked = bytearray()
    for begin, end in zip(ends - sizes, ends, strict=True):
        unpacked += _inflated(blocks[begin:end], len(unpacked), check)
    return bytes(unpacked)


def _inflated(block: bytes, before: int, check: Check) -> bytes:
    zlib_lengths(io.BytesIO(block), lambda held: check(before + held))
    return zlib.decompress(block)


def _decoded(stored: bytes, count: int) -> bytes:
    """Return the first bytes of what base64 says."""
    return base64.b64decode(stored[: 4 * -(-count // 3)])[:count]
