"""From films to labels and uncertainty, a slab of slices at a time, so that 55 channels never exist twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.anatomy import mirrored_ids
from SwinX2SLib.models.fused import FusedSwinX2S

# Slices along Z; even, as the fused variant asks.
SLAB = 16


class ReconstructionModel(Protocol):
    """What a model offers, whatever its kind."""

    grid_shape: tuple[int, int, int]

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return `(B, 55, X, Y, Z)` from films `(B, N, X, Z)` and `(B, N, Y, Z)`."""


def predict(
    model: ReconstructionModel, coronal: Tensor, sagittal: Tensor, mirrored_pass: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and uncertainty of one pair of films.

    Args:
        model: in evaluation mode, on the films' device.
        coronal: `(1, N, X, Z)`.
        sagittal: `(1, N, Y, Z)`.
        mirrored_pass: average with the prediction for the mirrored patient, mirrored back: the frontal film flipped
            left-right, the lateral film as it is (parallel rays sum up the same from either side), sides swapped.

    Returns:
        Labels uint8 and uncertainty float16 `(X, Y, Z)`: 1 minus the probability of the label taken.
    """
    passes = [logit_slabs(model, coronal, sagittal)]
    if mirrored_pass:
        passes.append(_unmirrored(logit_slabs(model, coronal.flip(-2), sagittal)))
    labels, uncertainty = [], []
    for slabs in zip(*passes, strict=True):
        slab_labels, slab_uncertainty = _most_probable(slabs)
        labels.append(slab_labels.to(torch.uint8).cpu().numpy())
        uncertainty.append(slab_uncertainty.half().cpu().numpy())
    return np.concatenate(labels, axis=-1), np.concatenate(uncertainty, axis=-1)


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


def _most_probable(slabs: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Return label and uncertainty `(X, Y, slices)` of the mean probability of one or more predictions."""
    if len(slabs) == 1:
        logits = slabs[0].float()
        highest, labels = logits.max(dim=0)
        return labels, 1 - torch.exp(highest - torch.logsumexp(logits, dim=0))
    probability = sum(slab.float().softmax(dim=0) for slab in slabs) / len(slabs)
    highest, labels = probability.max(dim=0)
    return labels, 1 - highest


def _unmirrored(slabs: Iterator[Tensor]) -> Iterator[Tensor]:
    """Turn logits of the mirrored patient back: flip right-left, give each side's labels to the other."""
    for slab in slabs:
        yield slab.flip(1)[list(mirrored_ids())]
