"""A whole run: sources, training, validation, and in the end weights that others can load."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from SwinX2SLib.datasets import Case
from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.models.builder import variant_config
from SwinX2SLib.reconstruct.device import choose_device
from SwinX2SLib.training.checkpoint import load_best, writing
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import load_sources, radiographs_per_plane, usable_cases
from SwinX2SLib.training.distributed import Process
from SwinX2SLib.training.log import Listener, write_curves
from SwinX2SLib.training.loop import Trainer
from SwinX2SLib.training.validation import Validator
from SwinX2SLib.weights.record import WeightsRecord
from SwinX2SLib.weights.storage import write_weights


def export_weights(
    state: Mapping[str, Tensor],
    config: TrainingConfig,
    cases: Sequence[Case],
    folder: Path,
    name: str,
    step: int,
) -> WeightsRecord:
    """Write `<name>.safetensors` and its record into a folder.

    Args:
        state: averaged weights of the run.
        config: of the run.
        cases: that it learned from; their names and licences go into the record.
        folder: receives both files.
        name: what users will call the weights.
        step: after which they are taken.

    Returns:
        The record, complete with hash and size.
    """
    share = all(case.may_train_default_weights for case in cases)
    record = WeightsRecord(
        name=name,
        variant=config.model,
        file="",
        sha256="",
        bytes=0,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        licence="CC BY-SA 4.0"
        if share
        else "not for distribution: trained on cases whose licence forbids it",
        overrides=config.network_overrides,
        training_data=[{"case": case.name, "licence": case.licence} for case in cases],
        notes=(
            f"{step} training steps on radiographs synthesised from label maps and CTs, seed {config.seed}."
        ),
    )
    return write_weights(state, folder / f"{name}.safetensors", record, half=True)


@dataclass(frozen=True)
class Trained:
    """What a run ends in.

    Attributes:
        weights: the exported file.
        step: after which its weights were taken: the best validated ones, or the last ones without validation.
        score: their validation mean, foreground Dice 0..1; None without validation.
    """

    weights: Path
    step: int
    score: float | None


def train(
    config: TrainingConfig,
    cases: Sequence[Case],
    validation_cases: Sequence[Case],
    folder: Path,
    name: str,
    listener: Listener = lambda entry: None,
    process: Process | None = None,
) -> Trained | None:
    """Train, or go on training, and export the weights.

    Args:
        config: the run's parameters.
        cases: that it learns from.
        validation_cases: people kept aside, with published radiographs; of use to networks of one pair of
            radiographs.
        folder: receives everything.
        name: of the exported weights.
        listener: receives each entry of the log.
        process: this process among those of the run; None where it is the only one.

    Returns:
        The result in the run's first process, None in the others.

    Raises:
        InputError: see `Trainer`; or a file cannot be written.
    """
    process = process or Process(choose_device(config.device))
    shape = shape3(variant_config(config.model, **config.network_overrides).grid_shape)
    cases = usable_cases(config, cases)
    # A forked worker cannot use a card that its parent uses.
    synthesiser = load_sources(config, cases, shape, "cpu" if config.workers else process.device)
    validate = None
    if process.is_first and (config.validate_every or config.validate_seconds):
        # A published pair is one radiograph of each plane, and no more can be made of it.
        published = validation_cases if radiographs_per_plane(config) == 1 else []
        validate = Validator(synthesiser, config.validation_samples, published, process.device)
    trainer = Trainer(config, synthesiser, folder, listener, validate, process)
    average = trainer.run()
    if not process.is_first:
        return None
    best = load_best(folder) if validate else None
    kept = best or {"average": average, "step": trainer.step, "score": None}
    with writing(folder / f"{name}.safetensors"):
        export_weights(kept["average"], config, cases, folder, name, kept["step"])
        write_curves(folder)
    return Trained(folder / f"{name}.safetensors", kept["step"], kept["score"])
