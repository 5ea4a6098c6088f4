"""Batches of samples with their targets, drawn by index so that any step can be drawn again."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.training.synthesis import Synthesiser


@dataclass
class Batch:
    """Films and targets, network order.

    Attributes:
        coronal: float32 `(B, N, X, Z)`.
        sagittal: float32 `(B, N, Y, Z)`.
        labels: uint8 `(B, X, Y, Z)`.
        coronal_occupied: uint8 `(B, 54, X, Z)`; whether the ray meets the bone.
        sagittal_occupied: uint8 `(B, 54, Y, Z)`.
        known: bool `(B, 55)`.
        seeds: int64 `(B,)`; a seed for each sample's share of what an objective draws at random.
    """

    coronal: Tensor
    sagittal: Tensor
    labels: Tensor
    coronal_occupied: Tensor
    sagittal_occupied: Tensor
    known: Tensor
    seeds: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on a device."""
        return Batch(
            **{field.name: getattr(self, field.name).to(device, non_blocking=True) for field in fields(self)}
        )


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
            coronal=torch.stack([s.coronal_films for s in samples]),
            sagittal=torch.stack([s.sagittal_films for s in samples]),
            labels=torch.stack([s.labels for s in samples]),
            coronal_occupied=torch.stack([occupied_rays(s.labels, 1) for s in samples]),
            sagittal_occupied=torch.stack([occupied_rays(s.labels, 0) for s in samples]),
            known=torch.stack([s.known for s in samples]),
            seeds=torch.tensor(seeds),
        )


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
