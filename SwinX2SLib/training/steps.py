"""What the steps since the last entry of the log had in common: mean losses and pace."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from SwinX2SLib.training.distributed import Process


class StepMeans:
    """Collects the losses of micro-batches and the time of steps; the numbers stay on their device until asked for.

    Args:
        process: among whose likes the means are taken.
    """

    def __init__(self, process: Process):
        self.process = process
        self._clear()

    def add_losses(self, parts: Mapping[str, Tensor]) -> None:
        """Take in the parts of a micro-batch's loss."""
        for name, value in parts.items():
            self._values.setdefault(name, []).append(value.detach().float())

    def add_step(self, seconds: float, waiting: float, gradient_norm: Tensor) -> None:
        """Take in a step's time, and how much of it was spent waiting for samples."""
        self._steps += 1
        self._seconds += seconds
        self._waiting += waiting
        self.add_losses({"gradient_norm": gradient_norm})

    def take(self) -> dict[str, float]:
        """Return the means over the steps and the processes, and start anew; every process must call it."""
        names = list(self._values)
        means = self.process.average(torch.stack([torch.stack(self._values[name]).mean() for name in names]))
        entry = {
            "seconds_per_step": round(self._seconds / self._steps, 3),
            "seconds_waiting": round(self._waiting / self._steps, 3),
            **{name: round(value, 4) for name, value in zip(names, means.tolist(), strict=True)},
        }
        self._clear()
        return entry

    def _clear(self) -> None:
        self._values: dict[str, list[Tensor]] = {}
        self._steps, self._seconds, self._waiting = 0, 0.0, 0.0
