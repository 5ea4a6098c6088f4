"""Starting from weights at hand, as far as they fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.weights.checkpoint import read_checkpoint

# More names than these do not help a reader.
NAMED = 12


def start_from(model: nn.Module, path: Path) -> str:
    """Copy every tensor of a file that has its counterpart, by name and shape, in the network.

    Args:
        model: changed in place.
        path: weights (`.safetensors`), or a checkpoint, of which the averaged weights are taken.

    Returns:
        A sentence that names what did not match.

    Raises:
        InputError: the file cannot be read, or nothing in it fits.
    """
    found, wanted = read_checkpoint(path), model.state_dict()
    fitting = {
        key: value for key, value in found.items() if key in wanted and value.shape == wanted[key].shape
    }
    if not fitting:
        hint = "Choose weights of the same variant, or remove warm_start."
        raise InputError([Fault("warm-start", "No tensor of the file fits the network.", hint, str(path))])
    model.load_state_dict(fitting, strict=False)
    misshapen = [key for key in found if key in wanted and key not in fitting]
    lists = {
        "of another shape": misshapen,
        "not in the file": [key for key in wanted if key not in found],
        "not in the network": [key for key in found if key not in wanted],
    }
    rest = "".join(f"; {words}: {_names(keys)}" for words, keys in lists.items() if keys)
    return f"Warm start from {path}: {len(fitting)} of the network's {len(wanted)} tensors{rest}."


def _names(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return ", ".join(keys[:NAMED]) + more
