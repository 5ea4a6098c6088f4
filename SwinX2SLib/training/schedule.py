"""What a run learns when, and how fast."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from SwinX2SLib.training.config import TrainingConfig


class Phase(Enum):
    """What a step learns: the silhouettes in the radiographs alone, or the volume too."""

    LAYOUT = "layout"
    VOLUME = "volume"


@dataclass(frozen=True)
class Schedule:
    """Phases and learning rate along a run.

    Attributes:
        config: the run's parameters.
        phases: what the network learns, one after the other.
    """

    config: TrainingConfig
    phases: tuple[Phase, ...]

    def position(self, step: int, seconds: float) -> float:
        """Return where the run stands, in steps; by the clock if the run has a time budget.

        Args:
            step: steps taken.
            seconds: of training, so far.
        """
        if self.config.minutes:
            return self.config.steps * seconds / (60 * self.config.minutes)
        return float(step)

    def is_over(self, position: float) -> bool:
        """Return whether the run is complete."""
        return position >= self.config.steps

    def phase(self, position: float) -> Phase:
        """Return what is learned at a position."""
        if len(self.phases) > 1 and position >= self.config.layout_steps:
            return self.phases[1]
        return self.phases[0]

    def batch_size(self, phase: Phase) -> int:
        """Return the samples of a micro-batch on one device."""
        return self.config.layout_batch_size if phase is Phase.LAYOUT else self.config.batch_size

    def learning_rate(self, position: float) -> float:
        """Return the rate of the step taken at a position.

        A linear warm-up and a cosine (section 4.4 of the paper, which does not say where it ends: here, a hundredth).
        """
        config = self.config
        if position < config.warmup_steps:
            return config.learning_rate * min((position + 1) / config.warmup_steps, 1.0)
        progress = (position - config.warmup_steps) / max(config.steps - config.warmup_steps, 1)
        return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))
