"""The objective of networks that predict once: Dice and cross entropy, with which the paper trained them."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.competitors import SingleOutputNetwork
from SwinX2SLib.training.batches import Batch
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.objectives.paper import volume_loss
from SwinX2SLib.training.objectives.phase import Phase


def single_objective(
    model: SingleOutputNetwork, config: TrainingConfig
) -> Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]:
    """Return the objective of a competitor.

    Raises:
        InputError: the run asks for what these networks have not; names every fault.
    """
    faults = []
    if config.layout_steps:
        sentence = (
            f"{config.model} predicts no silhouettes, but {config.layout_steps} steps are to learn them."
        )
        faults.append(Fault("layout-phase", sentence, "Set layout_steps = 0."))
    if not config.cross_loss:
        sentence = f"{config.model} predicts once: it has no loss between views to leave out."
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
        model: a competitor.
        batch: films, labels and the classes that are known.
        phase: always that of volumes.
    """
    if phase is not Phase.VOLUME:
        raise ValueError(f"Networks that predict once have no phase {phase.value!r}.")
    logits = model(batch.coronal, batch.sagittal)
    parts = volume_loss([logits], batch, nn.Identity(), logits.shape[1], cross_loss=False)
    del parts["cross_view"]
    return parts
