"""The objective of the paper's networks: Dice and cross entropy of either view, and their divergence (section 3.5).

The 55 class channels exist for one slab of the volume at a time: the head is applied, scored and, on the way back,
applied again slab by slab, since only sums over voxels are needed in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.single import SingleOutputNetwork
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch
from SwinX2SLib.training.losses import merge_unknown
from SwinX2SLib.training.schedule import Phase

# Class probabilities of a slab, at most: 16 MB in float32, of which the backward pass holds about ten.
SLAB_ELEMENTS = 2**22
# MONAI's default for numerator and denominator, with which the published networks were trained.
DICE_SMOOTHING = 1e-5


@dataclass(frozen=True)
class VoxelSums:
    """What the loss needs of a stretch of the volume, for V predictions (one or two) and B samples.

    Attributes:
        log_likelihood: sum of the log-probability of the true class, `(V, B)`.
        overlap: probability of each class on the voxels that have it, `(V, B, K)`.
        mass: probability of each class on all voxels, `(V, B, K)`.
        size: voxels of each class, `(B, K)`.
        divergence: Kullback-Leibler divergences in both directions, summed, `(B,)`.
    """

    log_likelihood: Tensor
    overlap: Tensor
    mass: Tensor
    size: Tensor
    divergence: Tensor

    @staticmethod
    def total(parts: list[VoxelSums]) -> VoxelSums:
        """Return the sums over all stretches."""
        return VoxelSums(
            *(
                torch.stack([getattr(part, field.name) for part in parts]).sum(0)
                for field in fields(VoxelSums)
            )
        )


def paper_objective(config: TrainingConfig) -> Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]:
    """Return the paper's objective for a run, with or without its cross-view part (table 5, "w/o cross loss").

    Raises:
        InputError: the run asks for steps that learn silhouettes alone, which these networks do not predict.
    """
    if config.layout_steps:
        sentence = f"{config.model} does not predict silhouettes, but layout_steps is {config.layout_steps}."
        raise InputError([Fault("layout-phase", sentence, "Set layout_steps = 0.")])

    def objective(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
        if phase is not Phase.VOLUME:
            raise ValueError(f"The paper's networks have no phase {phase.value!r}.")
        return paper_loss(model, batch, config.cross_loss)

    return objective


def paper_loss(model: nn.Module, batch: Batch, cross_loss: bool = True) -> dict[str, Tensor]:
    """Return the parts of equation 7, whose sum is the loss; the mean of the loss of the batch's samples.

    Args:
        model: `models.swinx2s.SwinX2S`, bare or wrapped for data-parallel training.
        batch: radiographs, labels and the classes that are known.
        cross_loss: whether the divergence between the views counts.
    """
    views = model(batch.coronal, batch.sagittal, apply_head=False)
    head = (model.module if isinstance(model, DistributedDataParallel) else model).get_submodule("head")
    # A head that names voxels ends in as many channels as there are classes.
    parts = volume_loss(views, batch, head, batch.known.shape[1], cross_loss)
    if not cross_loss:
        del parts["cross_view"]
    return parts


def volume_loss(
    views: Sequence[Tensor], batch: Batch, head: nn.Module, classes: int, cross_loss: bool
) -> dict[str, Tensor]:
    """Return Dice, cross entropy and divergence of predictions that a head makes of features.

    Args:
        views: features of each prediction `(B, C, X, Y, Z)`: two, or one of a network that predicts once.
        batch: labels and the classes that are known.
        head: from features to class logits, slab by slab.
        classes: that the head knows.
        cross_loss: whether the divergence between two predictions is wanted; else it is 0.
    """
    batch_size, _, x, y, z = views[0].shape
    thickness = max(SLAB_ELEMENTS // (batch_size * classes * y * z), 1)
    slabs = zip(batch.labels.split(thickness, 1), *(view.split(thickness, 2) for view in views), strict=True)
    sums = VoxelSums.total(
        [
            checkpoint(
                _slab_sums,
                head,
                batch.known,
                cross_loss,
                *slab,
                use_reentrant=False,
                preserve_rng_state=False,
            )
            for slab in slabs
        ]
    )
    return _loss_parts(sums, batch.known, x * y * z)


def _slab_sums(head: nn.Module, known: Tensor, cross_loss: bool, labels: Tensor, *views: Tensor) -> VoxelSums:
    """Return the sums over a slab.

    Args:
        head: from features to class logits.
        known: bool `(B, K)`.
        cross_loss: whether the divergence is wanted; else it is 0.
        labels: uint8 `(B, D, Y, Z)`.
        views: features of each prediction `(B, C, D, Y, Z)`.
    """
    labels = labels.long().flatten(1)
    # What is drawn of a class that is not known throughout counts as the background that it is merged into.
    labels = labels * known.gather(1, labels)
    log_p = [
        functional.log_softmax(merge_unknown(head(view).float(), known).flatten(2), dim=1) for view in views
    ]
    probabilities = [view.exp() for view in log_p]
    log_true = [view.gather(1, labels[:, None])[:, 0] for view in log_p]
    zeros = log_p[0].new_zeros(known.shape)
    divergence = zeros[:, 0]
    if cross_loss:
        divergence = ((probabilities[0] - probabilities[1]) * (log_p[0] - log_p[1])).sum((1, 2))
    return VoxelSums(
        log_likelihood=torch.stack([view.sum(1) for view in log_true]),
        overlap=torch.stack([zeros.scatter_add(1, labels, view.exp()) for view in log_true]),
        mass=torch.stack([view.sum(2) for view in probabilities]),
        size=zeros.scatter_add(1, labels, torch.ones_like(log_true[0])),
        divergence=divergence,
    )


def _loss_parts(sums: VoxelSums, known: Tensor, voxels: int) -> dict[str, Tensor]:
    """Return equations 7 to 9 out of the sums over the whole volume.

    The printed equations leave the averaging open (8) or sum over the voxels (9), which would drown equation 8 a
    million to one. This follows the published code, from which the paper's figures come: Dice is averaged over the
    classes, background and absent ones too, cross entropy over the voxels, the divergence over voxels and classes.
    Classes that are not known for a sample take no part: it costs what it would cost a network without them.
    """
    classes = known.sum(1)
    dice = (2 * sums.overlap + DICE_SMOOTHING) / (sums.mass + sums.size + DICE_SMOOTHING)
    return {
        "cross_entropy": -(sums.log_likelihood / voxels).mean(),
        "dice": (((1 - dice) * known).sum(2) / classes).mean(),
        "cross_view": (sums.divergence / (2 * voxels * classes)).mean(),
    }


def single_objective(
    model: SingleOutputNetwork, config: TrainingConfig
) -> Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]:
    """Return the objective of a baseline.

    Raises:
        InputError: the run asks for what these networks have not; names every fault.
    """
    faults = []
    if config.layout_steps:
        sentence = f"{config.model} does not predict silhouettes, but layout_steps is {config.layout_steps}."
        faults.append(Fault("layout-phase", sentence, "Set layout_steps = 0."))
    if not config.cross_loss:
        sentence = f"{config.model} makes one prediction: it has no cross-view loss."
        faults.append(Fault("cross-loss", sentence, "Remove cross_loss."))
    if config.batch_size < model.least_batch:
        sentence = (
            f"{config.model} normalises over the samples of a batch, and {config.batch_size} is too few."
        )
        faults.append(Fault("batch-size", sentence, f"Set batch_size to {model.least_batch} or more."))
    if faults:
        raise InputError(faults)
    return single_loss


def single_loss(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
    """Return the parts of equation 8, whose sum is the loss; the mean of the loss of the batch's samples.

    Classes that are not known for a sample are merged into its background and take no part.

    Args:
        model: a baseline.
        batch: radiographs, labels and the classes that are known.
        phase: always that of volumes.
    """
    if phase is not Phase.VOLUME:
        raise ValueError(f"Networks that predict once have no phase {phase.value!r}.")
    logits = model(batch.coronal, batch.sagittal)
    parts = volume_loss([logits], batch, nn.Identity(), logits.shape[1], cross_loss=False)
    del parts["cross_view"]
    return parts
