"""From a name or a file to a network that is ready for inference."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.weights.header import read_header
from SwinX2SLib.weights.keys import key_faults
from SwinX2SLib.weights.locating import locate
from SwinX2SLib.weights.record import WeightsError, WeightsRecord


def load(name_or_path: str | Path, device: str | torch.device) -> tuple[nn.Module, WeightsRecord]:
    """Return a network in evaluation mode and the record of its weights; see `SwinX2SLib.weights.load_weights`."""
    path, record = locate(name_or_path)
    if faults := content_faults(path, record):
        raise WeightsError(faults)
    model = _build(path, record)
    # Copies into the network's own float32 tensors, whatever the precision on disk.
    model.load_state_dict(load_file(path))
    return model.to(device).eval(), record


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
