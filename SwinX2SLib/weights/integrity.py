"""Is a file of weights the one that its record describes?"""

from __future__ import annotations

import hashlib
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
