"""Ways to damage a file at random: `damaged(name, content, others, rng)` returns it after one to three of them.

Damage is done to the bytes as they lie on the disk and, where the format is known, behind its check sums: inside a
compressed stream, an archive's member, a chunk of a PNG, a JSON document, a header of texts, a DICOM element.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Damage = Callable[[bytes, Rng], bytes]

_NUMBERS = (
    *(
        b"nan",
        b"inf",
        b"-inf",
        b"0",
        b"-1",
        b"1e999",
        b"-1e308",
        b"1e-320",
        b"",
        b"2147483648",
        b"-9223372036854775809",
    ),
    *(
        b"9" * 5000,
        b"0x10",
        b"1_000",
        b"32767",
        b"65536",
        b"1,5",
        b"true",
        b"null",
        "٣".encode(),
        b"3.0000000001",
    ),
)
_PACKED_NUMBERS = (
    *(struct.pack("<i", n) for n in (0, -1, 1, 2**31 - 1, -(2**31), 1 << 20, 32767)),
    *(struct.pack(">I", n) for n in (0, 2**32 - 1, 2**31, 1 << 24, 60000)),
    *(struct.pack("<f", n) for n in (np.nan, np.inf, -np.inf, 3e38, 1e-40)),
    *(struct.pack("<d", n) for n in (np.nan, np.inf, 1e300)),
    *(struct.pack("<h", n) for n in (0, -1, 32767, -32768)),
    *(struct.pack("<q", n) for n in (-1, 2**63 - 1, 2**40)),
)
_TEXTS = (
    *(
        b"\xff\xfe",
        b"\0",
        b"\xc3(",
        b"\xed\xa0\x80",
        "\u202e".encode(),
        b"\r",
        b"\n\n",
        b"%s%n",
        b"A" * 100_000,
        b"'",
    ),
    *(
        b"<!ENTITY a 'a'>",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"../../etc/passwd",
        b"=cmd()",
        b'"',
        b",,,,",
        b"\xef\xbb\xbf",
    ),
)
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1e308,
        -1e308,
        1e-320,
        2**70,
        10**30,
        32768,
        "",
        "nan",
        "A" * 5000,
        "\u0000",
        "\ud800",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        {"": None},
        float("nan"),
        float("inf"),
        "../x",
        [0] * 1000,
        [1e308] * 3,
        {"a": [1, {"b": 2}]},
    ),
)
_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_MOST_CHANGES = 3


def damaged(name: str, content: bytes, others: tuple[bytes, ...], rng: Rng) -> bytes:
    """Return a damaged file.

    Args:
        name: of the file; its endings say what it holds.
        content: of the undamaged file.
        others: undamaged files of all kinds, of which pieces are spliced in.
        rng: decides.
    """
    for _ in range(1 if rng.random() < 0.6 else int(rng.integers(2, _MOST_CHANGES + 1))):
        if rng.random() < 0.1:
            content = _spliced(content, others, rng)
        elif rng.random() < 0.5 and (inner := _of_kind(name, content)):
            content = inner(content, rng)
        else:
            content = _any(_BYTES if rng.random() < 0.6 else _LINES)(content, rng)
    return content


def _any(damages: tuple[Damage, ...]) -> Damage:
    return lambda content, rng: damages[int(rng.integers(len(damages)))](content, rng)


def _at(content: bytes, rng: Rng) -> int:
    """Return a place, in the first 400 bytes as often as anywhere else: headers are there."""
    return int(rng.integers(max(min(len(content), 400) if rng.random() < 0.5 else len(content), 1)))


def _flipped(content: bytes, rng: Rng) -> bytes:
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 9)) if content else 0):
        changed[_at(content, rng)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _cut(content: bytes, rng: Rng) -> bytes:
    return content[: _at(content, rng)]


def _hole(content: bytes, rng: Rng) -> bytes:
    start = _at(content, rng)
    return content[:start] + content[start + int(rng.integers(1, 64)) :]


def _zeros(content: bytes, rng: Rng) -> bytes:
    start, length = _at(content, rng), int(rng.integers(1, 200))
    return content[:start] + bytes(len(content[start : start + length])) + content[start + length :]


def _noise(content: bytes, rng: Rng) -> bytes:
    start, new = _at(content, rng), rng.bytes(int(rng.integers(1, 64)))
    return content[:start] + new + content[start + (len(new) if rng.random() < 0.7 else 0) :]


def _number_of_bytes(content: bytes, rng: Rng) -> bytes:
    new = _PACKED_NUMBERS[int(rng.integers(len(_PACKED_NUMBERS)))]
    start = _at(content, rng) // 2 * 2
    return content[:start] + new + content[start + len(new) :]


def _repeated(content: bytes, rng: Rng) -> bytes:
    start = _at(content, rng)
    piece = content[start : start + int(rng.integers(1, 300))]
    return content[:start] + piece * int(rng.integers(2, 20)) + content[start:]


def _emptied(content: bytes, rng: Rng) -> bytes:
    return b"" if rng.random() < 0.3 else rng.bytes(int(rng.integers(1, 600)))


def _appended(content: bytes, rng: Rng) -> bytes:
    return content + (rng.bytes(int(rng.integers(1, 300))) if rng.random() < 0.5 else content)


_BYTES: tuple[Damage, ...] = (
    *(
        _flipped,
        _flipped,
        _cut,
        _cut,
        _hole,
        _zeros,
        _noise,
        _number_of_bytes,
        _number_of_bytes,
        _repeated,
        _appended,
    ),
    _emptied,
)


def _number_of_text(content: bytes, rng: Rng) -> bytes:
    found = list(_NUMBER.finditer(content[:20_000]))
    if not found:
        return _flipped(content, rng)
    match = found[int(rng.integers(len(found)))]
    return content[: match.start()] + _NUMBERS[int(rng.integers(len(_NUMBERS)))] + content[match.end() :]


def _text_put_in(content: bytes, rng: Rng) -> bytes:
    start = _at(content, rng)
    return content[:start] + _TEXTS[int(rng.integers(len(_TEXTS)))] + content[start:]


def _lines_changed(content: bytes, rng: Rng) -> bytes:
    lines = content.split(b"\n")
    one, other = (int(n) for n in rng.integers(min(len(lines), 60), size=2))
    way = int(rng.integers(5))
    if way == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif way == 1:
        del lines[one]
    elif way == 2:
        lines.insert(other, lines[one])
    elif way == 3:
        lines[one] = lines[one].partition(b":" if b":" in lines[one] else b"=")[0]
    else:
        words = lines[one].split(b" ")
        words.insert(int(rng.integers(len(words) + 1)), words[int(rng.integers(len(words)))])
        lines[one] = b" ".join(words)
    return b"\n".join(lines)


_LINES: tuple[Damage, ...] = (_number_of_text, _number_of_text, _text_put_in, _lines_changed)


def _spliced(content: bytes, others: tuple[bytes, ...], rng: Rng) -> bytes:
    """Put in a piece of another file, or have another file altogether under this name."""
    other = others[int(rng.integers(len(others)))]
    if rng.random() < 0.3:
        return other
    start, from_ = _at(content, rng), _at(other, rng)
    return content[:start] + other[from_ : from_ + int(rng.integers(1, 2000))] + content[start:]


def _of_kind(name: str, content: bytes) -> Damage | None:
    """Return what damages the content behind its check sums, for the formats that have them."""
    if content.startswith(b"\x1f\x8b"):
        return _in_gzip
    if content.startswith(b"PK\x03\x04"):
        return _in_archive
    if content.startswith(b"\x89PNG"):
        return _in_png
    if content[128:132] == b"DICM":
        return _in_dicom
    if name.endswith(".safetensors"):
        return _in_safetensors
    if name.endswith(".json"):
        return _in_json
    return _any(_LINES) if name.endswith((".csv", ".toml", ".txt", ".obj", ".vtp", ".jsonl")) else None


def _in_gzip(content: bytes, rng: Rng) -> bytes:
    try:
        inner = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return _flipped(content, rng)
    return gzip.compress(_any(_BYTES)(inner, rng), 1, mtime=0)


def _in_archive(content: bytes, rng: Rng) -> bytes:
    """Damage, rename, drop or repeat one member; check sums and directory are those of the new content."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        ValueError,
        OSError,
        RuntimeError,
        KeyError,
    ):
        return _flipped(content, rng)
    if not members:
        return _noise(content, rng)
    at, way = int(rng.integers(len(members))), rng.random()
    name, inner = members[at]
    if way < 0.7:
        members[at] = (name, _any(_BYTES + _LINES)(inner, rng))
    elif way < 0.8:
        members[at] = (name[: len(name) // 2] or "x", inner)
    elif way < 0.9:
        del members[at]
    else:
        members.append((name, members[int(rng.integers(len(members)))][1]))
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")
        for name, inner in members:
            archive.writestr(zipfile.ZipInfo(name), inner)
    return stream.getvalue()


def _in_png(content: bytes, rng: Rng) -> bytes:
    """Damage the content of one chunk, whose check sum then fits."""
    chunks, at = [], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return _flipped(content, rng)
    chosen = int(rng.integers(len(chunks)))
    kind, inner = chunks[chosen]
    if kind == b"IDAT" and rng.random() < 0.5:
        try:
            inner = zlib.compress(_any(_BYTES)(zlib.decompress(inner), rng))
        except zlib.error:
            inner = _flipped(inner, rng)
    else:
        inner = _any(_BYTES)(inner, rng)
    chunks[chosen] = (kind, inner)
    parts = (struct.pack(">I", len(i)) + k + i + struct.pack(">I", zlib.crc32(k + i)) for k, i in chunks)
    return content[:8] + b"".join(parts)


_DICOM_VALUES: tuple[Any, ...] = (
    *(
        "",
        "nan",
        "inf",
        "0",
        "-1",
        "1e400",
        "1\\2\\3\\4\\5\\6\\7\\8\\9",
        "\\\\",
        "A" * 300,
        "0\\0",
        "1e-300\\1e-300",
        "99999999",
    ),
    *(
        "MONOCHROME1",
        "RGB",
        "YBR_FULL",
        "PALETTE COLOR",
        "1.2.840.10008.1.2.4.50",
        "A\\F",
        "L\\R\\P",
        "CT",
        "\u00e9",
    ),
)
_DICOM_NUMBERS = (0, 1, 2, 3, 7, 8, 12, 16, 32, 64, 65535, 60000)


def _in_dicom(content: bytes, rng: Rng) -> bytes:
    """Change, empty or remove one element, and write the file anew."""
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(io.BytesIO(content))
            elements = [element for element in dataset if element.VR != "OW"] or list(dataset)
            element = elements[int(rng.integers(len(elements)))]
            if rng.random() < 0.25:
                del dataset[element.tag]
            elif element.VR in ("US", "SS", "UL", "SL"):
                element.value = int(rng.choice(_DICOM_NUMBERS))
            elif element.VR in ("OB", "OW"):
                element.value = _any(_BYTES)(bytes(element.value), rng)
            elif element.VR == "SQ":
                element.value = list(element.value) * int(rng.choice([0, 2, 3]))
            else:
                element._value = _DICOM_VALUES[int(rng.integers(len(_DICOM_VALUES)))]
            stream = io.BytesIO()
            dataset.save_as(stream, enforce_file_format=False)
        except Exception:  # what cannot be read or written any more is damaged by its bytes
            return _any(_BYTES)(content, rng)
    return stream.getvalue()


def _in_safetensors(content: bytes, rng: Rng) -> bytes:
    """Damage the JSON of the header; its length is stated as it is then."""
    length = int.from_bytes(content[:8], "little")
    if length > len(content):
        return _flipped(content, rng)
    head = (
        _in_json(content[8 : 8 + length], rng)
        if rng.random() < 0.7
        else _number_of_text(content[8 : 8 + length], rng)
    )
    return len(head).to_bytes(8, "little") + head + content[8 + length :]


def _in_json(content: bytes, rng: Rng) -> bytes:
    """Replace, remove, move or nest one value of a document."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _any(_LINES)(content, rng)
    places = list(_places(document))
    if not places or rng.random() < 0.05:
        return json.dumps(_VALUES[int(rng.integers(len(_VALUES)))]).encode()
    (holder, key), (other, other_key) = (places[int(rng.integers(len(places)))] for _ in range(2))
    way = rng.random()
    if way < 0.55:
        holder[key] = _VALUES[int(rng.integers(len(_VALUES)))]
    elif way < 0.75:
        del holder[key]
    elif way < 0.85:
        holder[key], other[other_key] = _copy(other[other_key]), _copy(holder[key])
    elif way < 0.95:
        holder[key] = [_copy(holder[key])] * 2
    else:
        nested = b"[" * 3000 + b"]" * 3000
        holder[key] = "@nested@"
        return json.dumps(document).encode().replace(b'"@nested@"', nested)
    return json.dumps(document).encode()


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _places(document: Any) -> Any:
    """Yield each place of a value: what holds it, and its key there; deep documents by their first levels."""
    level = [document]
    for _ in range(8):
        inner = []
        for holder in level:
            keys = (
                list(holder)
                if isinstance(holder, dict)
                else range(len(holder))
                if isinstance(holder, list)
                else ()
            )
            for key in list(keys)[:40]:
                yield holder, key
                inner.append(holder[key])
        level = inner[:400]
