"""From a name or a file to a network that is ready for inference."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.weights.integrity import file_faults, sha256_of
from SwinX2SLib.weights.keys import key_faults
from SwinX2SLib.weights.manifest import find_weights
from SwinX2SLib.weights.record import WeightsError, WeightsRecord
from SwinX2SLib.weights.storage import METADATA_KEY, SUFFIX, read_header


def load(name_or_path: str | Path, device: str | torch.device) -> tuple[nn.Module, WeightsRecord]:
    """Return a network in evaluation mode and the record of its weights; see `SwinX2SLib.weights.load_weights`."""
    path, record = locate(name_or_path)
    if faults := content_faults(path, record):
        raise WeightsError(faults)
    model = _build(path, record)
    # Copies into the network's own float32 tensors, whatever the precision on disk.
    model.load_state_dict(load_file(path))
    return model.to(device).eval(), record


def locate(name_or_path: str | Path) -> tuple[Path, WeightsRecord]:
    """Return the file of a name or path and its record, once its size and hash are those of the record.

    Raises:
        WeightsError: there is no such name or file, or the file is not what its record says.
    """
    path = Path(name_or_path)
    if path.suffix.lower() == SUFFIX or isinstance(name_or_path, Path) or path.parent != Path("."):
        record = _record_beside(path)
    else:
        stored = find_weights(str(name_or_path))
        path, record = stored.path, stored.record
    if faults := file_faults(path, record):
        raise WeightsError(faults)
    return path, record


def content_faults(path: Path, record: WeightsRecord) -> list[Fault]:
    """Return which tensors of a file do not fit the network of its record; empty when all do."""
    with torch.device("meta"):
        model = _build(path, record)
    expected = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    return key_faults(expected, read_header(path)[0], str(path))


def _build(path: Path, record: WeightsRecord) -> nn.Module:
    try:
        return build_model(record.variant, **record.overrides)
    except InputError as error:
        raise WeightsError([dataclasses.replace(fault, path=str(path)) for fault in error.faults]) from error


def _record_beside(path: Path) -> WeightsRecord:
    """Return the record of a file outside the manifests: from `<stem>.json`, else from its own metadata."""
    if not path.is_file():
        hint = "Check the path, or name weights of `swinx2s weights list`."
        raise WeightsError([Fault("weights-missing", "There is no such file of weights.", hint, str(path))])
    beside = path.with_suffix(".json")
    if beside.is_file():
        return WeightsRecord.from_json(_parse(beside.read_text(encoding="utf-8"), beside), str(beside))
    described = read_header(path)[1].get(METADATA_KEY)
    if described is None:
        hint = "Convert checkpoints of the published code with `swinx2s weights import`."
        sentence = "The file does not say which network it belongs to."
        raise WeightsError([Fault("weights-undescribed", sentence, hint, str(path))])
    record = WeightsRecord.from_json(_parse(described, path), str(path))
    # A file cannot hold its own hash: without a record beside it there is nothing to compare with.
    return dataclasses.replace(record, file=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)


def _parse(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        hint = "Import or export the weights again."
        raise WeightsError(
            [Fault("record-damaged", f"The record is no JSON ({error}).", hint, str(path))]
        ) from error
