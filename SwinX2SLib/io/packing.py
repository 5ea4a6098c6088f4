"""Compressed bytes, checked to their end before a decoder that does not check them reads them."""

from __future__ import annotations

import gzip
import zlib
from typing import BinaryIO

BLOCK_BYTES = 1 << 20
# Of zlib, by its documentation: 1032 bytes from one at the most.
MOST_COMPRESSED = 1032


def gzip_length(stream: BinaryIO) -> int:
    """Return how many bytes a gzip stream holds unpacked.

    Raises:
        ValueError: it is cut short or damaged; its check sums say so.
    """
    try:
        with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
            return sum(len(block) for block in iter(lambda: unpacked.read(BLOCK_BYTES), b""))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(str(error).rstrip(".")) from error


def zlib_lengths(stream: BinaryIO) -> tuple[int, int]:
    """Return how many bytes a zlib stream holds unpacked, and how many it takes; what follows it is passed over.

    Raises:
        ValueError: it is cut short or damaged; its check sum says so.
    """
    unpacker, unpacked, packed = zlib.decompressobj(), 0, 0
    try:
        while not unpacker.eof and (block := stream.read(BLOCK_BYTES)):
            unpacked += len(unpacker.decompress(block))
            packed += len(block) - len(unpacker.unused_data)
    except zlib.error as error:
        raise ValueError(str(error).rstrip(".")) from error
    if not unpacker.eof:
        raise ValueError("the compressed data is truncated")
    return unpacked, packed
