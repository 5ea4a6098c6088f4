"""Where weights lie, and whether the file is the one that the record names."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

from SwinX2SLib.errors import Fault
from SwinX2SLib.io.json_files import parse_json
from SwinX2SLib.weights.header import METADATA_KEY, SUFFIX, read_header, text_faults
from SwinX2SLib.weights.manifest import find_weights
from SwinX2SLib.weights.record import WeightsError, WeightsRecord

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
        return [Fault("weights-missing", f"The weights {record.name} are missing.", _HINT, where)]
    if faults := text_faults(path):
        return faults
    size = path.stat().st_size
    if size != record.bytes:
        word = "truncated" if size < record.bytes else "longer than it was"
        sentence = f"The file is {word}: {size} bytes instead of {record.bytes}."
        return [Fault("weights-size", sentence, _HINT, where)]
    found = sha256_of(path)
    if found != record.sha256:
        sentence = f"The file was modified: its SHA-256 is {found} instead of {record.sha256}."
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
        return [Fault("hash-invalid", f"{expected!r} is not a valid SHA-256.", hint)]
    if not path.is_file():
        return [Fault("checkpoint-missing", "The file does not exist.", "Check the path.", str(path))]
    found = sha256_of(path)
    if found == digest:
        return []
    sentence = f"The file has an unexpected hash: its SHA-256 is {found} instead of {digest}."
    return [Fault("hash-differs", sentence, "Download it again from a trusted source.", str(path))]


def locate(name_or_path: str | Path) -> tuple[Path, WeightsRecord]:
    """Return the file of a name or path and its record, once its size and hash are those of the record.

    Raises:
        WeightsError: there is no such name or file, or the file is not what its record says.
    """
    path = Path(name_or_path)
    try:
        return _located(path, name_or_path)
    except OSError as error:
        sentence = f"The weights cannot be read ({error.strerror or error})."
        hint = "Check the path and the file's permissions."
        raise WeightsError([Fault("weights-unreadable", sentence, hint, str(path))]) from error


def _located(path: Path, name_or_path: str | Path) -> tuple[Path, WeightsRecord]:
    if path.suffix.lower() == SUFFIX or isinstance(name_or_path, Path) or path.parent != Path("."):
        record = _record_beside(path)
    else:
        stored = find_weights(str(name_or_path))
        path, record = stored.path, stored.record
    if faults := file_faults(path, record):
        raise WeightsError(faults)
    return path, record


def _record_beside(path: Path) -> WeightsRecord:
    """Return the record of a file outside the manifests: from `<stem>.json`, else from its own metadata."""
    if not path.is_file():
        hint = "Check the path, or use weights shown by `swinx2s weights list`."
        raise WeightsError([Fault("weights-missing", "The weights file does not exist.", hint, str(path))])
    beside = path.with_suffix(".json")
    if beside.is_file():
        return WeightsRecord.from_json(_parse(beside.read_bytes(), beside), str(beside))
    described = read_header(path)[1].get(METADATA_KEY)
    if described is None:
        hint = "Convert checkpoints of the published code with `swinx2s weights import`."
        sentence = "The file does not state its network."
        raise WeightsError([Fault("weights-undescribed", sentence, hint, str(path))])
    record = WeightsRecord.from_json(_parse(described, path), str(path))
    # A file cannot hold its own hash: without a record beside it there is nothing to compare with.
    return dataclasses.replace(record, file=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)


def _parse(text: str | bytes, path: Path) -> object:
    try:
        return parse_json(text if isinstance(text, str) else text.decode("utf-8"))
    except ValueError as error:
        hint = "Import or export the weights again."
        raise WeightsError(
            [Fault("record-damaged", f"The record is not valid JSON ({error}).", hint, str(path))]
        ) from error
