"""Taking over files of weights that this library wrote: another person's training, another machine's import."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

from safetensors.torch import load_file

from SwinX2SLib.weights.header import METADATA_KEY, SUFFIX, read_header
from SwinX2SLib.weights.integrity import sha256_of
from SwinX2SLib.weights.loading import content_faults
from SwinX2SLib.weights.locating import locate
from SwinX2SLib.weights.manifest import write_json
from SwinX2SLib.weights.record import WeightsError, WeightsRecord
from SwinX2SLib.weights.storage import write_weights


def is_own(path: Path) -> bool:
    """Return whether a file says that this library wrote it."""
    if path.suffix.lower() != SUFFIX or not path.is_file():
        return False
    try:
        return METADATA_KEY in read_header(path)[1]
    except WeightsError:
        # Damaged: whoever reads it next says so.
        return False


def store_own(source: Path, target: Path, name: str, half: bool = False) -> WeightsRecord:
    """Copy a file of weights, after comparing it with its record and its network.

    Args:
        source: as `is_own` knows it.
        target: the file to write; its record is written beside it.
        name: what to call the weights here.
        half: store as float16.

    Returns:
        The record of the copy.

    Raises:
        WeightsError: the file is not what its record says, or does not fit its network; nothing is written.
    """
    path, record = locate(source)
    if faults := content_faults(path, record):
        raise WeightsError(faults)
    origin = record.source or {"file": source.name, "sha256": sha256_of(source)}
    record = dataclasses.replace(record, name=name, file=target.name, source=origin)
    if half:
        return write_weights(load_file(path), target, record, half=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(path, partial)
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    write_json(target.with_suffix(".json"), record.to_json())
    return record
