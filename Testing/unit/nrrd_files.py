"""NRRD files as other programs write them, made from the text of the format and not by what is tested."""

import bz2
import gzip
import io
from pathlib import Path

import numpy as np

TYPES = {
    "u1": "uint8", "i1": "int8", "u2": "uint16", "i2": "int16", "u4": "uint32", "i4": "int32", "u8": "uint64",
    "i8": "int64", "f4": "float", "f8": "double",
}  # fmt: skip
STANDARD = ("space", "space directions", "space origin", "spacings", "kinds", "space units", "encoding")
PACK = {"raw": bytes, "gzip": gzip.compress, "bzip2": bz2.compress}


def write_nrrd(path: Path, array: np.ndarray, header: dict | None = None, detached: bool = False) -> Path:
    """Write an array, its first axis the fastest; rows of directions that are NaN become "none"."""
    header = {"encoding": "gzip", **(header or {})}
    lines = ["NRRD0005", f"type: {TYPES[array.dtype.str[1:]]}", f"dimension: {array.ndim}"]
    lines += [f"sizes: {' '.join(map(str, array.shape))}", "endian: little"]
    lines += [f"{name}: {_text(name, header[name])}" for name in STANDARD if name in header]
    lines += [f"{name}:={value}" for name, value in header.items() if name not in STANDARD]
    content = _packed(array, header["encoding"])
    if detached:
        data = path.with_suffix(".raw.gz" if header["encoding"] == "gzip" else ".raw")
        data.write_bytes(content)
        lines += [f"data file: {data.name}", ""]
        content = b""
    else:
        lines += ["", ""]
    path.write_bytes("\n".join(lines).encode() + content)
    return path


def read_nrrd(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """Return the array, its first axis the fastest, and the texts of the header, of an attached gzip or raw file."""
    head, _, content = path.read_bytes().partition(b"\n\n")
    fields = {}
    for line in head.decode().splitlines()[1:]:
        name, _, value = line.partition(":")
        fields[name] = value.removeprefix("=").strip()
    names = {long: short for short, long in TYPES.items()} | {"unsigned char": "u1", "short": "i2"}
    raw = content if fields["encoding"] == "raw" else gzip.decompress(content)
    array = np.frombuffer(raw, "<" + names[fields["type"]])
    return array.reshape([int(size) for size in fields["sizes"].split()], order="F"), fields


def _text(name: str, value) -> str:
    if name == "space directions":
        return " ".join("none" if np.isnan(row).any() else _vector(row) for row in np.asarray(value, float))
    if name == "space origin":
        return _vector(value)
    if name == "space units":
        return " ".join(f'"{unit}"' for unit in value)
    return value if isinstance(value, str) else " ".join(map(str, value))


def _vector(numbers) -> str:
    return f"({','.join(repr(float(number)) for number in numbers)})"


def _packed(array: np.ndarray, encoding: str) -> bytes:
    if encoding == "ascii":
        stream = io.BytesIO()
        np.savetxt(stream, array.ravel(order="F"), "%d")
        return stream.getvalue()
    return PACK[encoding](array.astype(array.dtype.newbyteorder("<")).tobytes(order="F"))
