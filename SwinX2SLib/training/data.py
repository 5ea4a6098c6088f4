"""What a run learns from: its sources, and batches of samples."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.datasets import Case
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.models.builder import variant_config
from SwinX2SLib.models.depth_maps import DepthMapConfig
from SwinX2SLib.models.implicit_ct import ImplicitCTConfig
from SwinX2SLib.phantom import PhantomParameters, build_phantom, phantom_ct
from SwinX2SLib.skeleton.population import random_torso
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.depths import SampleDepths
from SwinX2SLib.training.synthesis.subject_mixing import compose_subjects
from SwinX2SLib.training.synthesis.subjects import Subject

PHANTOM_SPACING_MM, POPULATION_SPACING_MM = 3.0, 2.5
COMPOSITION, POPULATION = 1, 2  # keep their random numbers apart from others of the same seed
logger = logging.getLogger(__name__)


def load_sources(
    config: TrainingConfig,
    cases: Sequence[Case],
    grid_shape: tuple[int, int, int],
    device: torch.device | str = "cpu",
) -> Synthesiser:
    """Load everything that the run draws samples from into memory.

    Args:
        config: names the cases' weights and how many phantoms, composed people and people of the statistical
            skeleton join them.
        cases: the people.
        grid_shape: `(X, Y, Z)` of the samples.
        device: where they are drawn.

    Raises:
        InputError: the network takes more than one radiograph of each plane, and X differs from Y; or it learns CT
            numbers and there is no CT to learn from.
    """
    views = radiographs_per_plane(config)
    if views > 1 and grid_shape[0] != grid_shape[1]:
        sentence = (
            f"Radiographs from {2 * views} directions require a grid with equal width (X) and depth (Y), not "
            f"{grid_shape}."
        )
        raise InputError([Fault("grid-not-square", sentence, "Change grid_shape.")])
    with_ct = learns_ct(config)
    cases = usable_cases(config, cases)
    synthesiser = Synthesiser(
        grid_shape,
        device=device,
        augment=config.augmentation,
        published_look=config.published_look,
        views_per_plane=views,
        depth_bones=depth_bones(config),
        with_ct=with_ct,
    )
    synthesiser.add_cases(cases, [config.case_weights.get(case.name, 1.0) for case in cases])
    rng, everything = np.random.default_rng(config.seed), np.ones(CLASS_COUNT, dtype=bool)
    for _ in range(config.phantoms):
        phantom = build_phantom(PhantomParameters.random(rng), PHANTOM_SPACING_MM)
        spacing = voxel_spacing_mm(phantom.affine)
        ct = (phantom_ct(phantom), "HU") if with_ct else (None, None)
        synthesiser.add_volume(phantom.labels, spacing, everything, config.phantom_weight, *ct)
    rng = np.random.default_rng((config.seed, POPULATION))
    for _ in range(config.population):
        labels, affine = random_torso(rng, POPULATION_SPACING_MM)
        synthesiser.add_volume(labels, voxel_spacing_mm(affine), everything, config.population_weight)
    for person in _composed(config, cases):
        synthesiser.add_volume(person.labels, person.spacing_mm, person.known, config.composed_weight)
    return synthesiser


def radiographs_per_plane(config: TrainingConfig) -> int:
    """Return how many radiographs of each plane the run's network takes (N of the paper)."""
    return getattr(variant_config(config.model, **config.network_overrides), "views_per_plane", 1)


def depth_bones(config: TrainingConfig) -> tuple[int, ...]:
    """Return the labels of the bones whose depths the run's network learns; none for other networks."""
    sizes = variant_config(config.model, **config.network_overrides)
    return sizes.labels if isinstance(sizes, DepthMapConfig) else ()


def learns_ct(config: TrainingConfig) -> bool:
    """Return whether the run's network learns CT numbers."""
    return isinstance(variant_config(config.model, **config.network_overrides), ImplicitCTConfig)


def usable_cases(config: TrainingConfig, cases: Sequence[Case]) -> list[Case]:
    """Return the cases that a run learns from: those that have a CT in HU where it learns CT numbers, else all.

    Raises:
        InputError: there is nothing to learn from, or people without a CT were asked for; names every fault.
    """
    if not learns_ct(config):
        return list(cases)
    kept = [case for case in cases if case.ct_kind == "HU"]
    logger.info("%d of %d cases have a CT in HU: %s", len(kept), len(cases), ", ".join(c.name for c in kept))
    hint = "Set it to 0: these people have labels only."
    faults = [
        Fault("no-ct", f"{config.model} learns CT numbers, but {name} is {getattr(config, name)}.", hint)
        for name in ("composed", "population")
        if getattr(config, name)
    ]
    if not kept and not config.phantoms:
        sentence = f"{config.model} learns CT numbers, and none of the {len(cases)} cases has a CT in HU."
        faults.append(Fault("no-ct", sentence, 'Give cases with "ct": "HU" in the case list.'))
    if faults:
        raise InputError(faults)
    return kept


def _composed(config: TrainingConfig, cases: Sequence[Case]) -> list[Subject]:
    """Return the people composed of the run's cases: the same ones for the same cases and seed."""
    if not config.composed:
        return []
    donors = [
        Subject(case.name, *case.load_labels(), case.known_classes)
        for case in cases
        if config.case_weights.get(case.name, 1.0) > 0
    ]
    made = compose_subjects(donors, config.composed, np.random.default_rng((config.seed, COMPOSITION)))
    logger.info("%d composite subjects from the cases: %s", len(made), ", ".join(p.name for p in made))
    return made


@dataclass
class Batch:
    """Radiographs and targets, network order.

    Attributes:
        coronal: float32 `(B, N, X, Z)`.
        sagittal: float32 `(B, N, Y, Z)`.
        labels: uint8 `(B, X, Y, Z)`.
        coronal_occupied: uint8 `(B, 54, X, Z)`; whether the ray meets the bone.
        sagittal_occupied: uint8 `(B, 54, Y, Z)`.
        known: bool `(B, 55)`.
        seeds: int64 `(B,)`; a seed for each sample's share of what an objective draws at random.
        depths: of bones in the frontal radiographs, for networks that learn them.
        ct: float32 `(B, X, Y, Z)` [HU], where the run learns CT numbers.
        matrices: float32 `(B, 2, 3, 4)`, from the grid's box to both radiographs; likewise.
    """

    coronal: Tensor
    sagittal: Tensor
    labels: Tensor
    coronal_occupied: Tensor
    sagittal_occupied: Tensor
    known: Tensor
    seeds: Tensor
    ct: Tensor | None = None
    matrices: Tensor | None = None
    depths: SampleDepths | None = None

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on a device."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {
            name: value if value is None else value.to(device, non_blocking=True)
            for name, value in given.items()
        }
        return Batch(**moved)


@dataclass(frozen=True)
class Share:
    """Which of a step's samples one process draws.

    Attributes:
        rank: number of the process.
        world: processes of the run.
        accumulate: micro-batches of a step.
    """

    rank: int = 0
    world: int = 1
    accumulate: int = 1


class BatchDataset(Dataset):
    """Micro-batches of the steps of a run, each a function of the seed and its index alone.

    A resumed run draws what the interrupted one would have. Sample `n` of a step is the same however the step is
    split into processes and micro-batches.
    """

    def __init__(self, synthesiser: Synthesiser, batch_size: int, seed: int, share: Share = Share()):
        self.synthesiser, self.batch_size, self.seed, self.share = synthesiser, batch_size, seed, share

    def __getitem__(self, index: int) -> Batch:
        """Return micro-batch `index`, counted from the first one of the run's first step."""
        step, part = divmod(index, self.share.accumulate)
        first = (part * self.share.world + self.share.rank) * self.batch_size
        generators = [
            np.random.default_rng((self.seed, step, number))
            for number in range(first, first + self.batch_size)
        ]
        samples = [self.synthesiser.draw(rng) for rng in generators]
        seeds = [int(rng.integers(0, 2**62)) for rng in generators]
        return Batch(
            coronal=torch.stack([s.coronal_radiographs for s in samples]),
            sagittal=torch.stack([s.sagittal_radiographs for s in samples]),
            labels=torch.stack([s.labels for s in samples]),
            coronal_occupied=torch.stack([occupied_rays(s.labels, 1) for s in samples]),
            sagittal_occupied=torch.stack([occupied_rays(s.labels, 0) for s in samples]),
            known=torch.stack([s.known for s in samples]),
            seeds=torch.tensor(seeds),
            depths=SampleDepths.stacked([s.depths for s in samples if s.depths is not None])
            if samples[0].depths is not None
            else None,
            ct=_stacked([s.ct for s in samples]),
            matrices=_stacked([s.matrices for s in samples]),
        )


def _stacked(values: Sequence[Tensor | None]) -> Tensor | None:
    """Return what all samples have as one tensor; None of what they have not."""
    given = [value for value in values if value is not None]
    return torch.stack(given) if given else None


def occupied_rays(labels: Tensor, axis: int) -> Tensor:
    """Return, for every bone, which rays along `axis` meet it: uint8 `(54, W, H)`.

    Args:
        labels: uint8 `(X, Y, Z)`.
    """
    shape = [size for i, size in enumerate(labels.shape) if i != axis]
    rays = torch.arange(shape[0] * shape[1]).view(shape).unsqueeze(axis).expand(labels.shape)
    result = torch.zeros(CLASS_COUNT * shape[0] * shape[1], dtype=torch.uint8)
    bone = labels > 0
    result[labels[bone].long() * (shape[0] * shape[1]) + rays[bone]] = 1
    return result.view(CLASS_COUNT, *shape)[1:]
