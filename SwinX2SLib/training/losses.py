"""Losses for partly annotated people: unknown classes are merged into the background, never punished as absent."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.anatomy import GROUPS, label_ids


def merge_unknown(logits: Tensor, known: Tensor) -> Tensor:
    """Marginalise the classes that are not annotated into the background.

    A voxel labelled background in a case without drawn ribs is "background or rib": its probability is the sum.

    Args:
        logits: `(B, K, *space)`, float32.
        known: bool `(B, K)`; channel 0 is known.

    Returns:
        Logits of the same shape; unknown channels are -1e4, channel 0 holds the log of the merged mass.
    """
    if bool(known.all()):
        return logits
    mask = known.view(*known.shape, *([1] * (logits.ndim - 2)))
    merged = torch.logsumexp(torch.where(mask, torch.full_like(logits, -1e4), logits), dim=1)
    background = torch.logaddexp(logits[:, 0], merged)
    return torch.cat([background[:, None], torch.where(mask[:, 1:], logits[:, 1:], -1e4)], dim=1)


def dice_ce(
    logits: Tensor, labels: Tensor, known: Tensor, background_weight: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Return cross entropy and Dice loss (eq. 8 of the paper) over the bones present, plus Dice over the groups.

    Per-class sums are gathered and scattered by label, never looped over nor one-hot encoded.

    Args:
        logits: `(B, K, X, Y, Z)`.
        labels: uint8 or int64 `(B, X, Y, Z)`.
        known: bool `(B, K)`.
        background_weight: of voxels without a bone in the cross entropy; those of bones weigh 1.
    """
    logits = merge_unknown(logits.float().contiguous(), known)
    labels = labels.long()
    log_p = functional.log_softmax(logits, dim=1)
    log_true = log_p.gather(1, labels[:, None])[:, 0]
    cross_entropy = -log_true.mean()
    if background_weight != 1:
        weight = torch.where(labels > 0, 1.0, background_weight)
        cross_entropy = -(log_true * weight).sum() / weight.sum()
    batch, classes = logits.shape[:2]
    mass = log_p.exp().flatten(2).sum(-1)
    flat = labels.flatten(1)
    hit = mass.new_zeros(batch, classes).scatter_add(1, flat, log_true.exp().flatten(1))
    size = mass.new_zeros(batch, classes).scatter_add(1, flat, torch.ones_like(flat, dtype=mass.dtype))
    group_hit, group_mass, group_size = (
        torch.stack([column[:, list(label_ids(name))].sum(1) for name in GROUPS], dim=1)
        for column in (hit, mass, size)
    )
    dice = _mean_dice_loss(hit[:, 1:], mass[:, 1:], size[:, 1:])
    # A rib called by its neighbour's name still counts as rib: the groups are learned before the names.
    return cross_entropy, 0.5 * (dice + _mean_dice_loss(group_hit, group_mass, group_size))


def silhouette_loss(logits: Tensor, occupied: Tensor, known: Tensor) -> Tensor:
    """Binary cross entropy plus Dice of the silhouettes of one plane, of bones and of whole groups.

    A rib called by its neighbour's name still counts as rib: the groups are learned before the names.

    Args:
        logits: `(B, K-1, W, H)`, that a ray meets the bone.
        occupied: uint8 `(B, K-1, W, H)`.
        known: bool `(B, K)`.
    """
    logits, occupied = logits.float(), occupied.float()
    weight = known[:, 1:, None, None].float()
    entropy, dice = _single_losses(logits, occupied, weight)
    # log(1 - p) of each bone; that of a group is their sum.
    absent = (functional.logsigmoid(-logits) * weight).clamp(min=-20)
    any_of = 1 - torch.stack([absent[:, _bones(name)].sum(1) for name in GROUPS], dim=1).exp()
    shown = torch.stack([(occupied * weight)[:, _bones(name)].amax(1) for name in GROUPS], dim=1)
    group_sums = [x.flatten(2).sum(-1) for x in (any_of * shown, any_of, shown)]
    return entropy + 0.5 * (dice + _mean_dice_loss(*group_sums))


def single_silhouette_loss(logits: Tensor, occupied: Tensor, known: Tensor) -> Tensor:
    """Binary cross entropy plus Dice of single silhouettes.

    Args:
        logits: `(B, S, W, H)`, that a ray meets the bone.
        occupied: `(B, S, W, H)`, 0..1.
        known: bool `(B, S)`.
    """
    entropy, dice = _single_losses(logits.float(), occupied, known[:, :, None, None].float())
    return entropy + dice


def _single_losses(logits: Tensor, occupied: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return cross entropy and Dice loss of single silhouettes `(B, S, W, H)`, weighted `(B, S, 1, 1)`."""
    entropy = functional.binary_cross_entropy_with_logits(logits, occupied, reduction="none") * weight
    p = logits.sigmoid()
    sums = [(x * weight).flatten(2).sum(-1) for x in (p * occupied, p, occupied)]
    return entropy.sum(1).mean(), _mean_dice_loss(*sums)


def _bones(group: str) -> list[int]:
    """Return the places of a group's bones among the silhouettes."""
    return [label - 1 for label in label_ids(group)]


def _mean_dice_loss(hit: Tensor, mass: Tensor, size: Tensor) -> Tensor:
    """1 - Dice, averaged over the entries of a sample that hold anything, then over the samples `(B, entries)`.

    A mean over samples, so that the mean over processes or micro-batches is the one over all their samples.
    """
    present = size > 0
    dice = (2 * hit + 1.0) / (mass + size + 1.0)
    return (1 - (dice * present).sum(1) / present.sum(1).clamp(min=1)).mean()
