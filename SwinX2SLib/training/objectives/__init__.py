"""What a network is trained for: from a network and a batch to named parts of the loss."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from SwinX2SLib.models.fused import FusedSwinX2S
from SwinX2SLib.training.batches import Batch
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.objectives.fused import fused_loss
from SwinX2SLib.training.objectives.phase import Phase

Objective = Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]

__all__ = ["Objective", "Phase", "objective_for"]


class UnknownObjectiveError(TypeError):
    """No objective is known for a network's type."""


def objective_for(model: nn.Module, config: TrainingConfig) -> Objective:
    """Return the objective that belongs to the network's type.

    Args:
        model: a network of `models.builder`.
        config: the run's parameters; ablations of the loss are read from it.

    Raises:
        UnknownObjectiveError: there is none.
    """
    if isinstance(model, FusedSwinX2S):
        return fused_loss
    raise UnknownObjectiveError(f"There is no objective for {type(model).__name__}.")
