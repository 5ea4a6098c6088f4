"""The parameters of a training run, read from a TOML file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.json_files import read_toml

DEVICES = ("auto", "cpu", "cuda")
_AT_LEAST_ONE = ("steps", "batch_size", "layout_batch_size", "accumulate", "validation_samples")
_AT_LEAST_NOUGHT = (
    *("minutes", "layout_steps", "warmup_steps", "weight_decay", "ema_decay", "seed", "workers"),
    *("checkpoint_seconds", "validate_every", "validate_seconds", "phantoms", "phantom_weight"),
    *("composed", "composed_weight", "volumes", "population", "population_weight"),
)
_ABOVE_NOUGHT = ("learning_rate", "gradient_norm")


@dataclass(frozen=True)
class TrainingConfig:
    """One training run.

    The paper's own run (section 4.4): AdamW, peak rate 3e-5, weight decay 0.5, one sample a step, 250 epochs of which
    20 warm up, then a cosine, Swin weights of ImageNet-22K. The defaults are for few people and no such weights.

    Attributes:
        model: variant, as `models.builder` knows it.
        steps: optimiser steps in all.
        minutes: if above 0, the run takes so many minutes of training instead: warm-up, silhouettes and cosine go
            by the clock, in proportion to their steps. Time to validate and to write checkpoints is not counted. Two
            such runs never take the same steps, so a resumed one ends in other weights than an uninterrupted one.
        layout_steps: how many steps, at the start, learn the silhouettes alone; only the fused variants know them.
        batch_size: samples of a micro-batch that learns volumes, on each device.
        volumes: how many of a micro-batch's samples the fused variants decode to volumes, the rest teaching
            silhouettes alone; 0 for all. Silhouettes are cheap, and need the more variety.
        layout_batch_size: samples of a micro-batch that learns silhouettes alone, on each device.
        accumulate: micro-batches of a step.
        learning_rate: peak of the schedule.
        warmup_steps: linear rise to the peak; a cosine falls from it to a hundredth.
        weight_decay: AdamW's, on matrices and kernels only.
        gradient_norm: gradients are clipped to this norm.
        ema_decay: decay of the averaged weights, which are the ones that are validated and kept.
        seed: of the weights and of the samples.
        device: "auto" (a CUDA card if there is one), "cpu" or "cuda".
        mixed_precision: bfloat16 autocast, on devices that compute it fast; others keep float32.
        workers: processes that draw samples on the processor; 0 draws them between the steps, on the run's device.
        checkpoint_seconds: time between checkpoints.
        validate_every: steps between validations; 0 for none by steps.
        validate_seconds: time between validations; 0 for none by time.
        validation_samples: synthetic samples of a validation, always the same ones.
        tensorboard: write TensorBoard events next to the log.
        warm_start: weights (.safetensors) or checkpoint to start from, as far as its tensors fit; "" for none.
        pretrained: start the Swin encoder from ImageNet weights.
        pretrained_file: these weights, on a machine that cannot download them; "" to download.
        transformer_skip: keep the Swin pyramid's skip connections (table 5 of the paper).
        cross_loss: keep the loss between both views' predictions (equation 9, table 5).
        augmentation: deform people and vary the radiographs (table 5).
        published_look: how often radiographs look as the published ones (parallel, bone standing out, hardly
            degraded); the others vary as real radiographs do. Few steps learn more from few looks.
        case_weights: how often each case is drawn (by name); cases not named have weight 1.
        network: sizes that differ from the variant's, as `models.builder.variant_config` takes them.
        loss: parameters of the loss that differ from its own defaults, of networks that have some
            (`training.implicit_ct.CTLoss`).
        phantoms: how many random phantoms join the cases.
        phantom_weight: how often each of them is drawn.
        composed: how many people composed of two or three cases join the cases.
        composed_weight: how often each of them is drawn.
        population: how many people of the statistical skeleton join the cases.
        population_weight: how often each of them is drawn.
    """

    model: str = "fused-tiny"
    steps: int = 4000
    minutes: float = 0.0
    layout_steps: int = 0
    batch_size: int = 4
    volumes: int = 0
    layout_batch_size: int = 8
    accumulate: int = 1
    learning_rate: float = 1.5e-3
    warmup_steps: int = 100
    weight_decay: float = 0.02
    gradient_norm: float = 2.0
    ema_decay: float = 0.998
    seed: int = 2026
    device: str = "auto"
    mixed_precision: bool = True
    workers: int = 1
    checkpoint_seconds: float = 120.0
    validate_every: int = 500
    validate_seconds: float = 0.0
    validation_samples: int = 8
    tensorboard: bool = False
    warm_start: str = ""
    pretrained: bool = False
    pretrained_file: str = ""
    transformer_skip: bool = True
    cross_loss: bool = True
    augmentation: bool = True
    published_look: float = 0.0
    case_weights: dict[str, float] = dataclasses.field(default_factory=dict)
    network: dict[str, object] = dataclasses.field(default_factory=dict)
    loss: dict[str, float] = dataclasses.field(default_factory=dict)
    phantoms: int = 0
    phantom_weight: float = 0.1
    composed: int = 0
    composed_weight: float = 0.3
    population: int = 0
    population_weight: float = 1.0

    @property
    def network_overrides(self) -> dict[str, object]:
        """What the network has otherwise than its variant says; for the builder and for the record of the weights."""
        return self.network | ({} if self.transformer_skip else {"transformer_skip": False})

    def faults(self) -> list[str]:
        """Return what is wrong with the values, in sentences."""
        found = [f"{name} must be 1 or more." for name in _AT_LEAST_ONE if not getattr(self, name) >= 1]
        found += [f"{name} must be 0 or more." for name in _AT_LEAST_NOUGHT if not getattr(self, name) >= 0]
        found += [
            f"{name} must be more than 0." for name in _ABOVE_NOUGHT if not 0 < getattr(self, name) < math.inf
        ]
        if not self.ema_decay < 1:
            found.append("ema_decay must be less than 1.")
        if self.device not in DEVICES:
            found.append(f"device must be one of {', '.join(DEVICES)}, not {self.device!r}.")
        if not 0 <= self.published_look <= 1:
            found.append("published_look must be between 0 and 1.")
        if self.layout_steps > self.steps:
            found.append(f"layout_steps ({self.layout_steps}) must not exceed steps ({self.steps}).")
        wrong = [name for name, weight in self.case_weights.items() if not _is_weight(weight)]
        return found + [f"case_weights: the weight of {name} must be a number, 0 or more." for name in wrong]


def load_config(path: Path) -> TrainingConfig:
    """Read a run's parameters.

    Raises:
        InputError: the file is unreadable or names unknown, wrongly typed or impossible parameters; all are listed.
    """
    try:
        values = read_toml(path)
    except (OSError, ValueError) as error:
        fault = Fault(
            "config-unreadable",
            f"The training configuration cannot be read: {error}.",
            "Check it.",
            str(path),
        )
        raise InputError([fault]) from error
    return parse_config(values, path)


def parse_config(values: Mapping[str, Any], path: Path) -> TrainingConfig:
    """Check a run's parameters.

    Args:
        values: of a TOML file.
        path: that file, for messages.

    Raises:
        InputError: they name unknown, wrongly typed or impossible parameters; all are listed.
    """
    fields = {field.name: field for field in dataclasses.fields(TrainingConfig)}
    faults = [
        Fault("unknown-parameter", f"Unknown parameter {name!r}.", f"Known: {', '.join(fields)}.", str(path))
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
    if not faults:
        config = TrainingConfig(**values)
        faults = [Fault("wrong-value", sentence, "Correct it.", str(path)) for sentence in config.faults()]
    if faults:
        raise InputError(faults)
    return config


def _is_weight(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf
