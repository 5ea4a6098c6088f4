"""Training: cases, synthesis of radiographs from label maps, losses, the loop and its checkpoints."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from SwinX2SLib.training.config import TrainingConfig, load_config
    from SwinX2SLib.training.log import read_log
    from SwinX2SLib.training.run import Trained, train

__all__ = ["Trained", "TrainingConfig", "load_config", "read_log", "train"]
_HOMES = {
    "Trained": "run",
    "TrainingConfig": "config",
    "load_config": "config",
    "read_log": "log",
    "train": "run",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for: parameters of a run are read where PyTorch is not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
