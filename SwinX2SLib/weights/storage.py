"""Files of weights: written, and loaded into a network."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.atomic_output import atomic_file
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.weights.header import METADATA_KEY, read_header
from SwinX2SLib.weights.locating import locate, sha256_of
from SwinX2SLib.weights.manifest import write_json
from SwinX2SLib.weights.packing import pack, unpack
from SwinX2SLib.weights.record import WeightsError, WeightsRecord, key_faults

_MOST_VOXELS = 1024  # along an axis
# safetensors reports errors of the system as Rust words them.
_SYSTEM_ERROR = re.compile(r"(?:code: |os error )(\d+)")


def write_weights(
    state: Mapping[str, Tensor], path: Path, record: WeightsRecord, half: bool = False, bits: int = 0
) -> WeightsRecord:
    """Write weights and, beside them, their record as `<stem>.json`; either file is whole or absent.

    Args:
        state: state dictionary of the network.
        path: the file, with the suffix `.safetensors`.
        record: all that is known; file, size and hash are filled in here.
        half: store as float16, which loads as float32.
        bits: of a weight, if they are packed (`weights.packing`); 0 for no packing.

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
        Fault("weights-not-finite", f"{key} has values that are not finite in {dtype}.", "", str(path))
        for key, value in tensors.items()
        if not bool(value.isfinite().all())
    ]
    if faults:
        raise WeightsError(faults)
    record = dataclasses.replace(record, file=path.name, sha256="", bytes=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    packed, metadata = pack(tensors, bits) if bits else (tensors, {})
    _save(packed, path, {METADATA_KEY: json.dumps(record.to_json(), sort_keys=True), **metadata})
    record = dataclasses.replace(record, sha256=sha256_of(path), bytes=path.stat().st_size)
    write_json(path.with_suffix(".json"), record.to_json())
    return record


def _save(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    with atomic_file(path) as partial:
        try:
            save_file(tensors, partial, metadata)
        except SafetensorError as error:
            if code := _SYSTEM_ERROR.search(str(error)):
                raise OSError(int(code[1]), os.strerror(int(code[1])), str(path)) from error
            raise


def load(name_or_path: str | Path, device: str | torch.device) -> tuple[nn.Module, WeightsRecord]:
    """Return a network in evaluation mode and the record of its weights; see `SwinX2SLib.weights.load_weights`."""
    path, record = locate(name_or_path)
    model = _empty(path, record)
    if faults := _key_faults(model, path):
        raise WeightsError(faults)
    # float32 whatever the precision on disk; what is float32 there stays mapped.
    state = {k: v.float() if v.is_floating_point() else v for k, v in read_tensors(path).items()}
    model.load_state_dict(state, assign=True)
    if any(tensor.is_meta for tensor in model.buffers()):
        # It has tables that are not stored.
        model = _build(path, record)
        model.load_state_dict(state)
    return model.to(device).eval(), record


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file of weights, unpacked."""
    return unpack(load_file(path), read_header(path)[1])


def content_faults(path: Path, record: WeightsRecord) -> list[Fault]:
    """Return which tensors of a file do not fit the network of its record; empty when all do."""
    return _key_faults(_empty(path, record), path)


def _key_faults(model: nn.Module, path: Path) -> list[Fault]:
    expected = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    return key_faults(expected, read_header(path)[0], str(path))


def _empty(path: Path, record: WeightsRecord) -> nn.Module:
    """Return the network of a record without memory for its tensors: nothing is drawn at random for them."""
    found = read_header(path)[0]
    # A network of more blocks than there are tensors may take hours to build.
    if not _blocks(record.overrides) <= len(found):
        raise _unbuildable(path, "it has more blocks than the file has tensors")
    # Tensors of some networks do not depend on the grid.
    if "grid_shape" in record.overrides and not _is_grid(record.overrides["grid_shape"]):
        raise _unbuildable(path, "its grid is not three whole numbers of voxels")
    with torch.device("meta"), _NothingFilled():
        return _build(path, record)


class _NothingFilled(TorchFunctionMode):
    """Leave out what fills tensors of the meta device, which hold nothing: it would import PyTorch's compiler."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        tensor = kwargs["tensor"] if "tensor" in kwargs else args[0] if args else None
        name = func.__name__
        in_place = name.endswith("_") and not name.endswith("__") and name != "requires_grad_"
        if in_place and isinstance(tensor, Tensor) and tensor.is_meta:
            return tensor
        return func(*args, **kwargs)


def _blocks(sizes: Mapping[str, Any]) -> float:
    depths = sizes.get("depths", ())
    counts = depths if isinstance(depths, list | tuple) else [depths]
    return sum(count for count in counts if isinstance(count, int | float))


def _is_grid(shape: Any) -> bool:
    is_list = isinstance(shape, list | tuple) and len(shape) == 3
    return is_list and all(type(side) is int and 0 < side <= _MOST_VOXELS for side in shape)


def _build(path: Path, record: WeightsRecord) -> nn.Module:
    try:
        return build_model(record.variant, **record.overrides)
    except InputError as error:
        raise WeightsError([dataclasses.replace(fault, path=str(path)) for fault in error.faults]) from error
    except Exception as error:  # sizes of wrong types end anywhere in a network
        raise _unbuildable(path, " ".join(str(error).split()) or type(error).__name__) from error


def _unbuildable(path: Path, reason: str) -> WeightsError:
    message = f"The network that its record describes cannot be built ({reason})."
    return WeightsError([Fault("model-sizes", message, "Download or import the weights again.", str(path))])
