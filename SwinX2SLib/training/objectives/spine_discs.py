"""The objective of the network that finds discs: a ridge along the middle of each disc, in both films."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.geometry.discs import Disc, find_discs
from SwinX2SLib.training.batches import Batch
from SwinX2SLib.training.objectives.phase import Phase

# One standard deviation of the ridge [pixels].
RIDGE_PX = 1.0
# Rows beyond the outermost discs that teach as well; further off, vertebrae may lie that nobody annotated.
MARGIN_PX = 3
# Discs are rare among pixels.
DISC_WEIGHT = 4.0


def spine_disc_loss(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
    """Return the cross entropy of both planes, over the rows between the outermost discs.

    Args:
        model: a `SpineDiscNet`.
        batch: samples; those without two neighbouring vertebrae teach nothing.
        phase: not used; there is one.
    """
    discs = [find_discs(labels.cpu().numpy()) for labels in batch.labels]
    planes = ((batch.coronal, False), (batch.sagittal, True))
    return {
        name: _plane_loss(model(films[:, :1], lateral), [ridges(d, films.shape[-2:], lateral) for d in discs])
        for name, (films, lateral) in zip(("frontal", "lateral"), planes, strict=True)
    }


def ridges(discs: list[Disc], shape: tuple[int, int], lateral: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return targets 0..1 and which pixels teach (bool), both `(W, H)`."""
    target, teaches = np.zeros(shape, np.float32), np.zeros(shape, bool)
    rows = np.arange(shape[1])
    reach = []
    for disc in discs:
        position, height = (disc.along, disc.lateral) if lateral else (disc.across, disc.frontal)
        ridge = np.exp(-0.5 * ((rows - height[:, None]) / RIDGE_PX) ** 2)
        target[position] = np.maximum(target[position], ridge)
        reach += [height.min(), height.max()]
    if reach:
        teaches[:, max(int(min(reach)) - MARGIN_PX, 0) : int(max(reach)) + MARGIN_PX + 1] = True
    return target, teaches


def _plane_loss(logits: Tensor, wanted: list[tuple[np.ndarray, np.ndarray]]) -> Tensor:
    target, teaches = (
        torch.from_numpy(np.stack(arrays)).to(logits.device) for arrays in zip(*wanted, strict=True)
    )
    loss = functional.binary_cross_entropy_with_logits(
        logits.float(), target, reduction="none", pos_weight=torch.tensor(DISC_WEIGHT)
    )
    return (loss * teaches).sum() / teaches.sum().clamp(min=1)
