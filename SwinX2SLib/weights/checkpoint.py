"""Reading other people's checkpoints without running what is in them."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.limits import require_size
from SwinX2SLib.io.packing import require_archive
from SwinX2SLib.weights.header import SUFFIX, read_header, text_faults
from SwinX2SLib.weights.packing import unpack

_WHAT = "checkpoint"
# Under these keys training loops keep the state dictionary, beside epoch, score and optimiser; our own one keeps the
# averaged weights next to the raw ones.
WRAPPERS = ("average", "state_dict", "model_state_dict", "model", "net")
# Left by torch.nn.DataParallel and DistributedDataParallel.
PARALLEL_PREFIX = "module."
_GLOBAL = re.compile(r"(?:GLOBAL|global|class) ([A-Za-z_][\w.]*\.[\w.]*\w)")
# The published training loop stores its best score as a NumPy number: data, no code. NumPy 1 and 2 name it apart.
_SCALAR = np.float64(0).__reduce__()[0]
_NUMPY_NUMBERS: list[Any] = [
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64)),
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
]


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Return the state dictionary of a checkpoint, freed of wrappers and of the prefix of parallel training.

    Args:
        path: `.safetensors`, or a file of `torch.save`.

    Raises:
        InputError: the file is missing, damaged, holds code, or holds no state dictionary.
    """
    if not path.is_file():
        raise _fault("checkpoint-missing", "The file does not exist.", "Check the path.", path)
    if faults := text_faults(path):
        raise InputError(faults)
    content = _unwrap(_read(path))
    others = {key: value for key, value in content.items() if not isinstance(value, Tensor)}
    if not content or others:
        kinds = ", ".join(f"{key} ({type(value).__name__})" for key, value in list(others.items())[:8])
        sentence = f"The file has no state dictionary of tensors{': ' + kinds if kinds else ''}."
        hint = f"Save model.state_dict(), bare or under one of the keys {', '.join(WRAPPERS)}."
        raise _fault("checkpoint-content", sentence, hint, path)
    _require_tensors(content, path)
    return {str(key).removeprefix(PARALLEL_PREFIX): value for key, value in content.items()}


def _read(path: Path) -> Any:
    damaged = "Copy or download the file again."
    try:
        require_archive(path, _WHAT)
        if path.suffix.lower() == SUFFIX:
            return unpack(load_file(path), read_header(path)[1])
        with torch.serialization.safe_globals(_NUMPY_NUMBERS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # PyTorch's own words advise to open it nonetheless.
        found = _GLOBAL.search(str(error))
        sentence = (
            "The file is damaged or contains objects other than tensors and numbers"
            f"{f' ({found[1]})' if found else ''}, which could execute code."
        )
        hint = "It was not opened. Save it again as model.state_dict() or as safetensors."
        raise _fault("checkpoint-unsafe", sentence, hint, path) from error
    except (MemoryError, InputError):
        raise
    except Exception as error:  # the unpickler meets any text with whatever its letters happen to mean
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        reason = "its content is unknown" if "weights_only" in reason else reason.rstrip(".")
        sentence = f"The file is damaged or not a checkpoint ({reason})."
        raise _fault("checkpoint-damaged", sentence, damaged, path) from error


def _require_tensors(content: Mapping[str, Tensor], path: Path) -> None:
    """Refuse tensors that are not stored in full: a single number can be stated as gigabytes.

    Raises:
        InputError: sparse tensors, or more values than the limit and the file allow.
    """
    if others := [key for key, value in content.items() if value.layout is not torch.strided]:
        message = f"The file has tensors that are not dense: {', '.join(map(str, others[:8]))}."
        raise _fault("checkpoint-content", message, "Save model.state_dict() of a dense network.", path)
    held = sum(value.numel() * value.element_size() for value in content.values())
    require_size(held, _WHAT, path, most=path.stat().st_size)


def _unwrap(content: Any) -> Mapping[str, Any]:
    """Go down to the state dictionary, in nested dictionaries and in names joined with a dot."""
    if not isinstance(content, Mapping):
        return {}
    for key in WRAPPERS:
        if isinstance(content.get(key), Mapping):
            return _unwrap(content[key])
        inside = {
            str(name).removeprefix(f"{key}."): value
            for name, value in content.items()
            if str(name).startswith(f"{key}.")
        }
        if inside:
            return _unwrap(inside)
    return content


def _fault(kind: str, sentence: str, hint: str, path: Path) -> InputError:
    return InputError([Fault(kind, sentence, hint, str(path))])
