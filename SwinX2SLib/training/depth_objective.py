"""Depth maps: their truth in a sample, and the losses of 3DDX (Gu et al., MICCAI 2024).

The scale-invariant loss is that of Eigen et al. (NeurIPS 2014) with 3DDX's weight; the centre-aligned one (CASI)
first takes the mean error of all channels out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.depth_maps import DepthMapNet, mean_shift
from SwinX2SLib.training.data import Batch
from SwinX2SLib.training.losses import single_silhouette_loss
from SwinX2SLib.training.schedule import Phase

LOG_EPSILON, MEAN_WEIGHT, LEAST_SQUARE = 1e-8, 0.15, 1e-8
# A relative error of the depth of 1 %, about 10 mm, counts as much as a cross entropy of 1.
DEPTH_WEIGHT = 100.0


def scale_invariant_loss(depth: Tensor, truth: Tensor, mask: Tensor, *, per_channel: bool = False) -> Tensor:
    """Return sqrt(max(mean g^2 - (mean g)^2 + 0.15 (mean g)^2, 1e-8)), g = log(relu(d) + 1e-8) - log(d* + 1e-8).

    Args:
        depth: `(B, C, X, Z)`.
        truth: positive where masked.
        mask: bool, the pixels that count.
        per_channel: whether means are those of each channel, whose losses are averaged, or those over all channels.

    Returns:
        The mean over the samples (and their channels) that have a masked pixel; 0 without any.
    """
    dims = (2, 3) if per_channel else (1, 2, 3)
    expected = torch.where(mask, truth, 1.0)
    g = torch.log(functional.relu(depth) + LOG_EPSILON) - torch.log(expected + LOG_EPSILON)
    g = torch.where(mask, g, 0.0)
    count = mask.sum(dim=dims)
    mean, square = (value.sum(dim=dims) / count.clamp(min=1) for value in (g, g**2))
    loss = (square - mean**2 + MEAN_WEIGHT * mean**2).clamp(min=LEAST_SQUARE).sqrt()
    present = count > 0
    return torch.where(present, loss, 0.0).sum() / present.sum().clamp(min=1)


def centre_aligned_loss(depth: Tensor, truth: Tensor, mask: Tensor, *, per_channel: bool = False) -> Tensor:
    """Return the scale-invariant loss of depths moved by the masked mean of `truth - depth` over all channels.

    Args: as of `scale_invariant_loss`.
    """
    return scale_invariant_loss(depth + mean_shift(depth, truth, mask), truth, mask, per_channel=per_channel)


def depth_map_loss(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
    """Return the parts of the loss: depths, their common depth, and silhouettes.

    Args:
        model: a `DepthMapNet`.
        batch: samples with depths of its bones.
        phase: not used; there is one.
    """
    if not isinstance(model, DepthMapNet) or batch.depths is None:
        raise TypeError(f"{type(model).__name__} has no depths to learn from.")
    config, depths = model.config, batch.depths
    bones = len(config.bones)
    output = model(batch.coronal[:, :1], depths.spacing_mm, depths.divergence)
    known = batch.known[:, list(config.labels)]
    truth = depths.depth_mm[:, : config.faces * bones]
    mask = (truth > 0) & known.repeat(1, config.faces)[:, :, None, None]
    loss = centre_aligned_loss if config.centre_aligned else scale_invariant_loss
    parts = {"depth": DEPTH_WEIGHT * loss(output.depth_mm, truth, mask)}
    if config.centre_aligned:
        parts["place"] = DEPTH_WEIGHT * scale_invariant_loss(output.placed_mm, truth, mask)
    seen = (depths.depth_mm[:, :bones] > 0).float()
    parts["silhouettes"] = single_silhouette_loss(output.masks, seen, known)
    return parts
