"""Trains one network of the tables, and predicts with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from SwinX2SLib.datasets import Case
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.components import remove_small_components
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.io.volumes import write_volume
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.reconstruction import reconstructs
from SwinX2SLib.paper.plan import Training, ViewRadiographs
from SwinX2SLib.parallel import RUN_AGAIN
from SwinX2SLib.parallel.records import fingerprint
from SwinX2SLib.reconstruct.device import choose_device, fast_autocast
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.scoring import reconstruct_case
from SwinX2SLib.reconstruct.test_time_augmentation import predict
from SwinX2SLib.training.distributed import joined
from SwinX2SLib.training.log import RunReport
from SwinX2SLib.training.run import train
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.views import whole_view
from SwinX2SLib.weights import load_weights
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
        say: called with sentences about the progress.
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
        if (record.variant, _radiographs(record.overrides)) != (
            wanted.model,
            _radiographs(wanted.network_overrides),
        ):
            sentence = (
                f"{training.name} requires {wanted.model} with {_radiographs(wanted.network_overrides)} "
                f"radiographs per view, but the weights belong to {record.variant} with "
                f"{_radiographs(record.overrides)}."
            )
            raise InputError(
                [Fault("weights-other", sentence, "Set other weights under [weights].", str(path))]
            )
        about = {
            "loaded": str(path),
            "notes": ["Loaded weights: the training budget differs from the other rows."],
        }
        return Trained(f"{training.name}-{record.sha256[:8]}", found, about)

    def is_trained(self, training: Training, cases: Sequence[Case], kept_aside: Sequence[Case]) -> bool:
        """Return whether `train` has nothing left to do."""
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
            if result is None:
                raise RuntimeError("Only the first process of a training has its result.")
            about = _about(training, len(cases), result.step)
            atomic_write(folder / DONE, json.dumps(about, indent=1), hint=RUN_AGAIN)
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


def _radiographs(overrides: dict[str, Any]) -> int:
    return overrides.get("views_per_plane", 1)


MIN_COMPONENT_FRACTION = 0.1
Labelled = tuple[np.ndarray, np.ndarray]


def predict_cases(
    weights: Path, cases: Sequence[Case], radiographs: ViewRadiographs, folder: Path, device: str
) -> tuple[dict[str, Path], list[str]]:
    """Reconstruct every case that has no reconstruction in the folder yet; one with faulty radiographs is passed
    over.

    Args:
        weights: of the network.
        cases: with radiographs if these are given.
        radiographs: see `plan.Cell`.
        folder: receives `<case>.nii.gz`.
        device: "auto", "cpu" or "cuda".

    Returns:
        The reconstructions by the case's name, and why others are missing.

    Raises:
        InputError: the weights or the device cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {case.name: folder / f"{case.name}.nii.gz" for case in cases}
    waiting = [case for case in cases if not paths[case.name].is_file()]
    if not waiting:
        return paths, []
    reconstruct = _reconstruction(weights, radiographs, device)
    failed: list[str] = []
    for case in waiting:
        path = paths[case.name]
        try:
            write_volume(path, *reconstruct(case), orientation="RAS")
        except InputError as error:
            failed.append(f"{case.name}: {' '.join(str(fault) for fault in error.faults)}")
            del paths[case.name]
    return paths, failed


def _reconstruction(weights: Path, radiographs: ViewRadiographs, device: str) -> Callable[[Case], Labelled]:
    if radiographs == "projected":
        return _FromVolumes(weights, device)
    reconstructor = Reconstructor(weights, device)

    def from_radiographs(case: Case) -> Labelled:
        found = reconstruct_case(reconstructor, case)
        return found.labels, found.affine

    return from_radiographs


class _FromVolumes:
    """Reconstructs from plain parallel projections of a case's CT, or of its bones where it has none."""

    def __init__(self, weights: Path, device: str):
        self.device = choose_device(device)
        model, _ = load_weights(weights, self.device)
        if not reconstructs(model):
            raise TypeError(f"The weights {weights} are of a network that reconstructs nothing.")
        self.model = model

    @torch.inference_mode()
    def __call__(self, case: Case) -> Labelled:
        shape = self.model.grid_shape
        drawn = Synthesiser(
            shape, ct_share=1.0, augment=False, views_per_plane=self.model.config.views_per_plane
        )
        drawn.add_cases([case], [1.0])
        sample = drawn.draw(np.random.default_rng(0))
        coronal, sagittal = (
            group[None].to(self.device) for group in (sample.coronal_radiographs, sample.sagittal_radiographs)
        )
        with fast_autocast(self.device):
            assignment = predict(self.model, coronal, sagittal)
        labels, _ = remove_small_components(assignment.labels, MIN_COMPONENT_FRACTION)
        return labels, network_affine(whole_view(drawn.sources[0].extent_mm, shape).spacing_mm, shape)
