"""From a name or a path to a file of weights that is whole, without torch."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from SwinX2SLib.errors import Fault
from SwinX2SLib.weights.header import METADATA_KEY, SUFFIX, read_header
from SwinX2SLib.weights.integrity import file_faults, sha256_of
from SwinX2SLib.weights.manifest import find_weights
from SwinX2SLib.weights.record import WeightsError, WeightsRecord


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
        hint = "Check the path, or name weights of `swinx2s weights list`."
        raise WeightsError([Fault("weights-missing", "There is no such file of weights.", hint, str(path))])
    beside = path.with_suffix(".json")
    if beside.is_file():
        return WeightsRecord.from_json(_parse(beside.read_bytes(), beside), str(beside))
    described = read_header(path)[1].get(METADATA_KEY)
    if described is None:
        hint = "Convert checkpoints of the published code with `swinx2s weights import`."
        sentence = "The file does not say which network it belongs to."
        raise WeightsError([Fault("weights-undescribed", sentence, hint, str(path))])
    record = WeightsRecord.from_json(_parse(described, path), str(path))
    # A file cannot hold its own hash: without a record beside it there is nothing to compare with.
    return dataclasses.replace(record, file=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)


def _parse(text: str | bytes, path: Path) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        hint = "Import or export the weights again."
        raise WeightsError(
            [Fault("record-damaged", f"The record is no JSON ({error}).", hint, str(path))]
        ) from error
