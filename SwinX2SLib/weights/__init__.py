"""Weights: what there is, where it lies, whether it is whole, and loading it; safetensors only.

Listing and verifying need no torch; it is loaded with the first weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.weights.manifest import StoredWeights, find_weights, stored_weights
from SwinX2SLib.weights.record import WeightsError, WeightsRecord

if TYPE_CHECKING:
    import torch


__all__ = [
    "StoredWeights",
    "WeightsError",
    "WeightsRecord",
    "find_weights",
    "load_weights",
    "stored_weights",
]


def load_weights(
    name_or_path: str | Path, device: str | torch.device = "cpu"
) -> tuple[torch.nn.Module, WeightsRecord]:
    """Return a network with its weights, ready for inference, and their record.

    Args:
        name_or_path: a name of the manifests, "default", or a `.safetensors` file that this library wrote.
        device: where the network goes.

    Returns:
        The network in evaluation mode and the record of its weights: name, variant, licence, training data, scores.

    Raises:
        WeightsError: there are no such weights, or they are damaged, tampered with or of another network; names
            every fault.

    Examples:
        >>> from SwinX2SLib import load_weights
        >>> network, record = load_weights("spine-discs-v2")
        >>> record.variant, network.training
        ('spine-discs', False)
    """
    from SwinX2SLib.weights.storage import load

    return load(name_or_path, device)
