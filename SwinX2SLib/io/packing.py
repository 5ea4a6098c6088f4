"""Compressed bytes and archives, checked before a decoder that does not check them reads them.

Nothing here holds more than a block of what is unpacked.
"""

from __future__ import annotations

import gzip
import io
import lzma
import math
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from SwinX2SLib.io.limits import require_size

BLOCK_BYTES = 1 << 20
# Of zlib, by its documentation: 1032 bytes from one at the most.
MOST_COMPRESSED = 1032
_LARGEST_ARRAY_HEADER = 10_000

# What zipfile and numpy raise over damaged archives beside OSError and ValueError; RuntimeError of encrypted ones.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError),
    *(struct.error, tokenize.TokenError, SyntaxError, TypeError, OverflowError),
)

Check = Callable[[int], None]
"""Called with the bytes that were unpacked so far; raises where they are too many."""


class FileWithinItsEnd(io.BufferedReader):
    """A file of which no more is asked for than it has: damaged files state lengths of gigabytes, for which
    Python would ask memory first."""

    def __init__(self, path: Path):
        super().__init__(io.FileIO(str(path)))
        self._size = os.fstat(self.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """Return as many bytes, or those that are left."""
        left = max(self._size - self.tell(), 0)
        return super().read(left if size is None or size < 0 else min(size, left))


def gzip_length(stream: BinaryIO, check: Check) -> int:
    """Return how many bytes a gzip stream holds unpacked.

    Raises:
        ValueError: it is cut short or damaged; its check sums say so.
    """
    held = 0
    try:
        with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
            while block := unpacked.read(BLOCK_BYTES):
                held += len(block)
                check(held)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(str(error).rstrip(".")) from error
    return held


def zlib_lengths(stream: BinaryIO, check: Check, wbits: int = zlib.MAX_WBITS) -> tuple[int, int]:
    """Return how many bytes a zlib stream holds unpacked, and how many it takes; what follows it is passed over.

    Args:
        stream: at the begin of the stream.
        check: see `Check`.
        wbits: of zlib; negative for a stream without header and check sum.

    Raises:
        ValueError: it is cut short or damaged; its check sum says so.
    """
    unpacker, unpacked, packed = zlib.decompressobj(wbits), 0, 0
    try:
        while not unpacker.eof and (block := stream.read(BLOCK_BYTES)):
            packed += len(block)
            while block and not unpacker.eof:
                unpacked += len(unpacker.decompress(block, BLOCK_BYTES))
                check(unpacked)
                block = unpacker.unconsumed_tail
            packed -= len(unpacker.unused_data)
    except zlib.error as error:
        raise ValueError(str(error).rstrip(".")) from error
    if not unpacker.eof:
        raise ValueError("the compressed data is truncated")
    return unpacked, packed


def require_archive(path: Path, what: str) -> None:
    """Refuse an archive (ZIP) whose members hold too much; what takes that much on the disk may hold it.

    Raises:
        InputError: see `limits.require_size`.
        OSError: it cannot be read.
    """
    path = Path(path)
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        held = sum(member.file_size for member in archive.infolist())
    require_size(held, what, path, most=path.stat().st_size)


@contextmanager
def open_arrays(path: Path, what: str) -> Iterator[Any]:
    """Open an `.npz`, once the sizes that its members and their headers state were checked.

    Raises:
        InputError: it holds too much.
        OSError, KeyError, ValueError: it, or an array that the block asks for, cannot be read.
    """
    path = Path(path)
    try:
        require_archive(path, what)
        with path.open("rb") as stream:
            if zipfile.is_zipfile(stream):
                _require_headers(stream)
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as arrays:
                if not isinstance(arrays, np.lib.npyio.NpzFile):
                    raise ValueError("it is no archive of arrays")
                yield arrays
    except _DAMAGED as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _require_headers(stream: BinaryIO) -> None:
    """Refuse arrays whose header states another size than they have: numpy asks for that memory."""
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(".npy"):
                continue
            with archive.open(member) as array:
                version = np.lib.format.read_magic(array)
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, _, dtype = read(array, max_header_size=_LARGEST_ARRAY_HEADER)
                held = member.file_size - array.tell()
            if dtype.hasobject or math.prod(shape) * dtype.itemsize != held:
                raise ValueError(f"the array {member.filename} does not have the size that it states")
