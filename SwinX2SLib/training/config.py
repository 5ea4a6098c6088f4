"""The parameters of a training run, read from a TOML file."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError


@dataclass(frozen=True)
class TrainingConfig:
    """One training run.

    Attributes:
        model: variant, as `models.builder` knows it.
        steps: optimiser steps in all.
        layout_steps: how many of them, at the start, learn the silhouettes alone.
        batch_size: samples of a step that learns volumes.
        layout_batch_size: samples of a step that learns silhouettes alone.
        learning_rate: peak of the schedule.
        warmup_steps: linear rise to the peak; a cosine falls from it to a hundredth.
        weight_decay: AdamW's, on matrices and kernels only.
        gradient_norm: gradients are clipped to this norm.
        ema_decay: decay of the averaged weights, which are the ones that are kept.
        seed: of the weights and of the samples.
        mixed_precision: bfloat16 autocast.
        checkpoint_seconds: time between checkpoints.
        case_weights: how often each case is drawn (by name); cases not named have weight 1.
        phantoms: how many random phantoms join the cases.
        phantom_weight: how often each of them is drawn.
    """

    model: str = "fused-tiny"
    steps: int = 4000
    layout_steps: int = 2000
    batch_size: int = 4
    layout_batch_size: int = 8
    learning_rate: float = 1.5e-3
    warmup_steps: int = 100
    weight_decay: float = 0.02
    gradient_norm: float = 2.0
    ema_decay: float = 0.998
    seed: int = 2026
    mixed_precision: bool = True
    checkpoint_seconds: float = 120.0
    case_weights: dict[str, float] = dataclasses.field(default_factory=dict)
    phantoms: int = 0
    phantom_weight: float = 0.1


def load_config(path: Path) -> TrainingConfig:
    """Read a run's parameters.

    Raises:
        InputError: the file is unreadable or names unknown or wrongly typed parameters; all are listed.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        fault = Fault(
            "config-unreadable", f"The run's parameters cannot be read: {error}.", "Check it.", str(path)
        )
        raise InputError([fault]) from error
    fields = {field.name: field for field in dataclasses.fields(TrainingConfig)}
    faults = [
        Fault(
            "unknown-parameter", f"There is no parameter {name!r}.", f"Known: {', '.join(fields)}.", str(path)
        )
        for name in values
        if name not in fields
    ]
    defaults = TrainingConfig()
    for name, value in values.items():
        wanted = type(getattr(defaults, name, value))
        if not isinstance(value, (int, float) if wanted is float else wanted) or (
            wanted is not bool and isinstance(value, bool)
        ):
            faults.append(
                Fault("wrong-type", f"{name} is {value!r}.", f"It must be a {wanted.__name__}.", str(path))
            )
    if faults:
        raise InputError(faults)
    return TrainingConfig(**values)
