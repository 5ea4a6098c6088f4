"""The moving average of the weights, which is what a run validates and keeps."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class AveragedWeights:
    """Exponential moving average of a network's state.

    Args:
        model: the network that learns.
        decay: of the average, per step.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after step `step`, counted from 0."""
        # Early on the average follows the weights closely, or it would remember the random start for long.
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - decay)

    def restore(self, values: dict[str, Tensor]) -> None:
        """Take the values of a checkpoint, on whatever device they are."""
        for name, value in self.values.items():
            value.copy_(values[name])

    def network(self, model: nn.Module) -> nn.Module:
        """Return a copy of the network with the averaged weights, in evaluation mode."""
        averaged = copy.deepcopy(model)
        averaged.load_state_dict(self.values)
        return averaged.eval().requires_grad_(False)
