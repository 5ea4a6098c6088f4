"""From films to probabilities and labels, a slab of slices at a time, so that 55 channels never exist twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.anatomy import CLASS_COUNT, mirrored_ids
from SwinX2SLib.models.fused import FusedSwinX2S
from SwinX2SLib.reconstruct.label_assignment import Decision, decide
from SwinX2SLib.reconstruct.variations import VARIATIONS

# Slices along Z; even, as the fused variant asks.
SLAB = 16


class ReconstructionModel(Protocol):
    """What a model offers, whatever its kind."""

    grid_shape: tuple[int, int, int]

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return `(B, 55, X, Y, Z)` from films `(B, N, X, Z)` and `(B, N, Y, Z)`."""


def predict(
    model: ReconstructionModel, coronal: Tensor, sagittal: Tensor, augmentations: int = 1
) -> Decision:
    """Return labels of one pair of films, on the films' device.

    Args:
        model: in evaluation mode, on the films' device.
        coronal: `(1, N, X, Z)`.
        sagittal: `(1, N, Y, Z)`.
        augmentations: how many of `VARIATIONS` are averaged; where they disagree, the probability says so.
    """
    return decide(mean_probability(model, coronal, sagittal, augmentations))


def mean_probability(
    model: ReconstructionModel, coronal: Tensor, sagittal: Tensor, augmentations: int = 1
) -> Tensor:
    """Return the mean probability `(55, X, Y, Z)`, half precision: all that exists of it at full resolution.

    Args: as of `predict`.
    """
    variations = VARIATIONS[:augmentations]
    shape = (CLASS_COUNT, coronal.shape[-2], sagittal.shape[-2], coronal.shape[-1])
    total = torch.zeros(shape, dtype=torch.float16, device=coronal.device)
    for variation in variations:
        films = [zoomed(film, variation.zoom) for film in (coronal, sagittal)]
        films[0] = films[0].flip(-2) if variation.mirrored else films[0]
        start = 0
        for slab in _unzoomed(logit_slabs(model, *films), variation.zoom, shape[-1]):
            slab = slab.flip(1)[list(mirrored_ids())] if variation.mirrored else slab
            total[..., start : start + slab.shape[-1]] += (slab / len(variations)).half()
            start += slab.shape[-1]
    return total


def logit_slabs(model: ReconstructionModel, coronal: Tensor, sagittal: Tensor) -> Iterator[Tensor]:
    """Yield logits `(55, X, Y, slices)` from superior to inferior."""
    if isinstance(model, FusedSwinX2S):
        # It holds half-resolution volumes and makes full-resolution logits when asked.
        output = model(coronal, sagittal)
        for start, stop in _bounds(coronal.shape[-1]):
            yield output.logits(start, stop)[0]
        return
    logits = model.reconstruct_logits(coronal, sagittal)[0]
    for start, stop in _bounds(logits.shape[-1]):
        yield logits[..., start:stop]


def _bounds(slices: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + SLAB, slices)) for start in range(0, slices, SLAB))


def zoomed(film: Tensor, zoom: float) -> Tensor:
    """Magnify films `(B, N, A, Z)` about their middle; what lies beyond them is 0, as air."""
    if zoom == 1:
        return film
    turn = torch.eye(2, 3, device=film.device)[None] / zoom
    places = functional.affine_grid(turn.expand(len(film), -1, -1), list(film.shape), align_corners=False)
    return functional.grid_sample(film, places.to(film.dtype), align_corners=False)


def _unzoomed(slabs: Iterator[Tensor], zoom: float, slices: int) -> Iterator[Tensor]:
    """Yield probabilities `(55, X, Y, slices)` on the grid of the films as they were.

    Args:
        slabs: logits of the zoomed films, superior to inferior.
        zoom: of those films.
        slices: of the whole grid.
    """
    if zoom == 1:
        yield from (slab.float().softmax(dim=0) for slab in slabs)
        return
    middle, held, first = (slices - 1) / 2, None, 0
    wanted = _bounds(slices)
    start, stop = next(wanted)
    for slab in slabs:
        slab = slab.float().softmax(dim=0)
        held = slab if held is None else torch.cat([held, slab], dim=-1)
        # A wanted slab is made as soon as the slices on which its last one lies are there.
        while start < slices and _reach(stop, middle, zoom, slices) < first + held.shape[-1]:
            heights = (torch.arange(start, stop) - middle) * zoom + middle - first
            yield _sampled(held, heights, zoom)
            start, stop = next(wanted, (slices, slices))
            lowest = int(max((start - middle) * zoom + middle - 1, first))
            held, first = held[..., max(lowest - first, 0) :], max(lowest, first)


def _reach(stop: int, middle: float, zoom: float, slices: int) -> int:
    """Return the last slice of the zoomed grid that the slices before `stop` need."""
    return min(int(np.ceil((stop - 1 - middle) * zoom + middle)), slices - 1)


def _sampled(probability: Tensor, heights: Tensor, zoom: float) -> Tensor:
    """Sample `(55, X, Y, D)` at slices `heights`, and across about the middle; beyond the edge its value stays."""
    depth = probability.shape[-1]
    axes = [(torch.arange(n) - (n - 1) / 2) * zoom * 2 / n for n in probability.shape[1:3]]
    axes.append((2 * heights + 1) / depth - 1)
    x, y, z = torch.meshgrid(*axes, indexing="ij")
    # grid_sample names the last axis of the volume first.
    places = torch.stack([z, y, x], dim=-1)[None].to(probability.device, torch.float32)
    return functional.grid_sample(probability[None], places, padding_mode="border", align_corners=False)[0]
