"""Is a file of weights the one that its record describes?"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from SwinX2SLib.errors import Fault
from SwinX2SLib.weights.record import WeightsRecord

_HINT = "Reinstall SwinX2S or import the weights again."


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_faults(path: Path, record: WeightsRecord) -> list[Fault]:
    """Return what is wrong with a file of weights: missing, truncated or altered; empty when it is the one.

    Args:
        path: the file.
        record: what it should be.
    """
    where = str(path)
    if not path.is_file():
        return [Fault("weights-missing", f"The weights {record.name} are not there.", _HINT, where)]
    size = path.stat().st_size
    if size != record.bytes:
        word = "truncated" if size < record.bytes else "longer than it was"
        sentence = f"The file is {word}: {size} bytes instead of {record.bytes}."
        return [Fault("weights-size", sentence, _HINT, where)]
    found = sha256_of(path)
    if found != record.sha256:
        sentence = f"The file was altered: its SHA-256 is {found} instead of {record.sha256}."
        return [Fault("weights-altered", sentence, _HINT, where)]
    return []


def expectation_faults(path: Path, expected: str) -> list[Fault]:
    """Return whether a file is not the one that somebody announced by its hash; empty when nothing was announced.

    Args:
        path: the file.
        expected: its SHA-256 in hexadecimal, perhaps behind "sha256:", or "".
    """
    digest = expected.strip().lower().removeprefix("sha256:").strip()
    if not digest:
        return []
    if not re.fullmatch("[0-9a-f]{64}", digest):
        hint = "Copy all 64 hexadecimal digits."
        return [Fault("hash-invalid", f"{expected!r} is no SHA-256.", hint)]
    if not path.is_file():
        return [Fault("checkpoint-missing", "There is no such file.", "Check the path.", str(path))]
    found = sha256_of(path)
    if found == digest:
        return []
    sentence = f"The file is not the announced one: its SHA-256 is {found} instead of {digest}."
    return [Fault("hash-differs", sentence, "Download it again, from a source that you trust.", str(path))]
