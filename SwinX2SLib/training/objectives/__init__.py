"""What a network is trained for: from a network and a batch to named parts of the loss."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.competitors import SingleOutputNetwork
from SwinX2SLib.models.film_orientation import FilmOrientationNet
from SwinX2SLib.models.fused import FusedSwinX2S
from SwinX2SLib.models.spine_discs import SpineDiscNet
from SwinX2SLib.models.swinx2s import SwinX2S
from SwinX2SLib.training.batches import Batch
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.objectives.fused import fused_objective
from SwinX2SLib.training.objectives.orientation import orientation_loss
from SwinX2SLib.training.objectives.paper import paper_objective
from SwinX2SLib.training.objectives.phase import Phase
from SwinX2SLib.training.objectives.single import single_objective
from SwinX2SLib.training.objectives.spine_discs import spine_disc_loss

Objective = Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]

__all__ = ["Objective", "Phase", "objective_for"]


class UnknownObjectiveError(TypeError):
    """No objective is known for a network's type."""


def objective_for(model: nn.Module, config: TrainingConfig) -> Objective:
    """Return the objective that belongs to the network's type.

    Args:
        model: a network of `models.builder`.
        config: the run's parameters; ablations of the loss are read from it.

    Raises:
        UnknownObjectiveError: there is none.
    """
    if isinstance(model, FusedSwinX2S):
        if not config.cross_loss:
            sentence = (
                f"{config.model} predicts once from both views: it has no loss between them to leave out."
            )
            raise InputError([Fault("cross-loss", sentence, "Remove cross_loss.")])
        return fused_objective(config)
    if isinstance(model, SwinX2S):
        return paper_objective(config)
    if isinstance(model, SingleOutputNetwork):
        return single_objective(model, config)
    if isinstance(model, FilmOrientationNet):
        return orientation_loss
    if isinstance(model, SpineDiscNet):
        return spine_disc_loss
    raise UnknownObjectiveError(f"There is no objective for {type(model).__name__}.")
