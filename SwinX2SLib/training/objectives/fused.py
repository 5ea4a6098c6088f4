"""The objective of the fused variants: silhouettes in both films, and the volume within their hull."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from SwinX2SLib.training.batches import Batch
from SwinX2SLib.training.losses import dice_ce, silhouette_loss
from SwinX2SLib.training.objectives.phase import Phase


def fused_loss(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
    """Return the parts of the loss: both silhouettes', and in the volume phase the voxels' cross entropy and Dice."""
    output = model(batch.coronal, batch.sagittal, layout_only=phase is Phase.LAYOUT)
    parts = {
        "coronal": silhouette_loss(output.coronal_layout, batch.coronal_occupied, batch.known),
        "sagittal": silhouette_loss(output.sagittal_layout, batch.sagittal_occupied, batch.known),
    }
    if phase is Phase.VOLUME:
        labels = _half_resolution(batch.labels, batch.seeds)
        logits = output.half_resolution_logits()
        parts["cross_entropy"], parts["dice"] = dice_ce(logits, labels, batch.known)
    return parts


def _half_resolution(labels: Tensor, seeds: Tensor) -> Tensor:
    """Let a random one of its eight voxels stand for a half-resolution voxel: no half-voxel shift on average."""
    halves = []
    for volume, seed in zip(labels, seeds.tolist(), strict=True):
        a, b, c = seed & 1, seed >> 1 & 1, seed >> 2 & 1
        halves.append(volume[a::2, b::2, c::2])
    return torch.stack(halves)
