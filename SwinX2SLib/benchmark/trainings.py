"""Trainings of a benchmark: done, taken up again, or loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from SwinX2SLib.benchmark.plan import Training
from SwinX2SLib.datasets import Case
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.parallel import write_whole
from SwinX2SLib.parallel.fingerprints import fingerprint
from SwinX2SLib.training.distributed import joined
from SwinX2SLib.training.progress import RunReport
from SwinX2SLib.training.run import train
from SwinX2SLib.weights.locating import locate

DONE = "trained.json"
# What does not change what a network learns.
_IRRELEVANT = ("device", "workers", "checkpoint_seconds", "tensorboard")


@dataclass(frozen=True)
class Trained:
    """A network that is ready.

    Attributes:
        name: of its training, with a mark of all that it came from.
        weights: the file.
        about: what a reader must know: steps, minutes, parameters, people; or that it was loaded.
    """

    name: str
    weights: Path
    about: dict[str, Any]


class Trainer:
    """Trains or loads.

    Args:
        out: folder of the benchmark.
        device: "auto", "cpu" or "cuda".
        say: told what is done, in sentences.
    """

    def __init__(self, out: Path, device: str, say: Callable[[str], None]):
        self.out, self.device, self.say = out, device, say

    def load(self, training: Training, path: Path) -> Trained:
        """Return given weights in the place of a training.

        Raises:
            InputError: they are damaged, or of another network; names every fault.
        """
        found, record = locate(path)
        wanted = training.config
        if (record.variant, _films(record.overrides)) != (wanted.model, _films(wanted.network_overrides)):
            sentence = (
                f"{training.name} asks for {wanted.model} with {_films(wanted.network_overrides)} films of each "
                f"plane, and the weights are of {record.variant} with {_films(record.overrides)}."
            )
            raise InputError([Fault("weights-other", sentence, "Name others under [weights].", str(path))])
        about = {"loaded": str(path), "notes": ["Loaded: its budget is not that of the others."]}
        return Trained(f"{training.name}-{record.sha256[:8]}", found, about)

    def is_trained(self, training: Training, cases: Sequence[Case], kept_aside: Sequence[Case]) -> bool:
        """Tell whether `train` has nothing left to do."""
        folder = self._folder(training, cases, kept_aside)
        return (folder / DONE).is_file() and _weights(folder, training).is_file()

    def train(self, training: Training, cases: Sequence[Case], kept_aside: Sequence[Case]) -> Trained:
        """Train, or return what was trained before from the same people with the same parameters.

        Args:
            training: what to train.
            cases: that it learns from.
            kept_aside: people by whom the weights are chosen.

        Raises:
            InputError: see `training.run.train`.
        """
        folder = self._folder(training, cases, kept_aside)
        weights = _weights(folder, training)
        if not self.is_trained(training, cases, kept_aside):
            self.say(
                f"Training {training.name} (people: {len(cases) + training.config.phantoms}) into {folder}"
            )
            folder.mkdir(parents=True, exist_ok=True)
            config = replace(training.config, device=self.device)
            with (
                joined(config.device) as process,
                RunReport(None if config.minutes else config.steps, process.rank > 0) as report,
            ):
                result = train(config, cases, kept_aside, folder, training.name, report, process)
            about = _about(training, len(cases), result.step)
            write_whole(folder / DONE, [json.dumps(about, indent=1).encode()])
        return Trained(folder.name, weights, json.loads((folder / DONE).read_text(encoding="utf-8")))

    def _folder(self, training: Training, cases: Sequence[Case], kept_aside: Sequence[Case]) -> Path:
        mark = training_mark(training, cases, kept_aside)[:8]
        return self.out / "trainings" / f"{training.name}-{mark}"


def _weights(folder: Path, training: Training) -> Path:
    return folder / f"{training.name}.safetensors"


def _about(training: Training, people: int, step: int) -> dict[str, Any]:
    """Return what a reader must know about a training that has ended."""
    config = training.config
    with torch.device("meta"):
        model = build_model(config.model, **config.network_overrides)
    return {
        "people": people + config.phantoms + config.composed,
        "budget": f"{config.minutes:g} minutes" if config.minutes else f"{config.steps} steps",
        "step": step,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "notes": list(training.notes),
    }


def training_mark(training: Training, cases: Sequence[Case], kept_aside: Sequence[Case]) -> str:
    """Return a text that changes whenever parameters, people or their files do."""
    config = {name: value for name, value in asdict(training.config).items() if name not in _IRRELEVANT}
    people = {
        part: [{"name": case.name, "annotated": case.annotated, "files": case.folder} for case in chosen]
        for part, chosen in (("learned", cases), ("kept aside", kept_aside))
    }
    return fingerprint({"config": config, **people})


def _films(overrides: dict[str, Any]) -> int:
    return overrides.get("views_per_plane", 1)
