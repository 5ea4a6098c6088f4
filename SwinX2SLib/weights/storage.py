"""Writing weights: safetensors that say which network they are for, and a record of them."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from SwinX2SLib.errors import Fault
from SwinX2SLib.weights.header import METADATA_KEY
from SwinX2SLib.weights.integrity import sha256_of
from SwinX2SLib.weights.manifest import write_json
from SwinX2SLib.weights.record import WeightsError, WeightsRecord


def write_weights(
    state: Mapping[str, Tensor], path: Path, record: WeightsRecord, half: bool = False
) -> WeightsRecord:
    """Write weights and, beside them, their record as `<stem>.json`; either file is whole or absent.

    Args:
        state: state dictionary of the network.
        path: the file, with the suffix `.safetensors`.
        record: all that is known; file, size and hash are filled in here.
        half: store as float16, which loads as float32.

    Returns:
        The completed record.

    Raises:
        WeightsError: a value is not finite, or too large for float16; nothing is written.
    """
    dtype = torch.float16 if half else torch.float32
    tensors = {
        # Tables of places and counts stay whole numbers: half precision would blur them.
        key: value.detach().to("cpu", dtype if value.is_floating_point() else value.dtype).contiguous()
        for key, value in state.items()
    }
    faults = [
        Fault("weights-not-finite", f"{key} holds values that are not finite in {dtype}.", "", str(path))
        for key, value in tensors.items()
        if not bool(value.isfinite().all())
    ]
    if faults:
        raise WeightsError(faults)
    record = dataclasses.replace(record, file=path.name, sha256="", bytes=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(tensors, path, {METADATA_KEY: json.dumps(record.to_json(), sort_keys=True)})
    record = dataclasses.replace(record, sha256=sha256_of(path), bytes=path.stat().st_size)
    write_json(path.with_suffix(".json"), record.to_json())
    return record


def _save(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(tensors, partial, metadata)
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
