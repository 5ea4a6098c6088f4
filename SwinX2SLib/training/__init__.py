"""Training: cases, synthesis of radiographs from label maps, losses, the loop and its checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from SwinX2SLib.lazy import lazy_names

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
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
