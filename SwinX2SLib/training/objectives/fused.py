"""The objective of the fused variants: silhouettes in both films, and the volume within their hull."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.fused import FusedOutput
from SwinX2SLib.models.voxels import voxels_of
from SwinX2SLib.training.batches import Batch
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.losses import dice_ce, silhouette_loss
from SwinX2SLib.training.objectives.phase import Phase

# Cells of each sample whose voxels enter the loss.
CELLS = 8192


def fused_objective(config: TrainingConfig) -> Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]:
    """Return the objective; of a batch it decodes as many volumes as the run's parameters say."""
    return partial(fused_loss, volumes=config.volumes or None)


def fused_loss(model: nn.Module, batch: Batch, phase: Phase, volumes: int | None = None) -> dict[str, Tensor]:
    """Return the parts of the loss: both silhouettes', and in the volume phase the voxels' cross entropy and Dice.

    Args:
        model: a fused variant.
        batch: films and targets.
        phase: in the layout phase no volume is decoded.
        volumes: in the volume phase, how many of the samples are decoded; None for all.
    """
    output = model(batch.coronal, batch.sagittal, volumes=0 if phase is Phase.LAYOUT else volumes)
    parts = {
        "coronal": silhouette_loss(output.coronal_layout, batch.coronal_occupied, batch.known),
        "sagittal": silhouette_loss(output.sagittal_layout, batch.sagittal_occupied, batch.known),
    }
    if phase is Phase.VOLUME:
        logits, labels = sampled_voxels(output, batch)
        parts["cross_entropy"], parts["dice"] = dice_ce(logits, labels, batch.known[: len(logits)])
    return parts


def sampled_voxels(output: FusedOutput, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return logits `(B, K, 8 CELLS)` and labels `(B, 8 CELLS)` of random cells that hold a bone or may do so.

    Cells outside are background already by the silhouettes, and learn nothing.
    """
    logits, labels = [], []
    count = len(output.volume)
    for index, (volume, seed) in enumerate(
        zip(batch.labels[:count], batch.seeds[:count].tolist(), strict=True)
    ):
        wanted = output.hull(index) | (functional.max_pool3d(volume[None].float(), 2)[0] > 0)
        cells = _choose(torch.nonzero(wanted), seed)
        x, y, z = voxels_of(cells).unbind(-1)
        logits.append(output.person(index)(cells).flatten(0, 1).T)
        labels.append(volume[x, y, z].flatten())
    return torch.stack(logits), torch.stack(labels)


def _choose(cells: Tensor, seed: int) -> Tensor:
    """Return `CELLS` of the cells `(N, 3)`; with repetitions where there are fewer."""
    if len(cells) == 0:
        return torch.zeros((CELLS, 3), dtype=torch.int64, device=cells.device)
    # Drawn on the processor: the same cells on every device.
    generator = torch.Generator().manual_seed(seed)
    if len(cells) >= CELLS:
        chosen = torch.randperm(len(cells), generator=generator)[:CELLS]
    else:
        chosen = torch.randint(len(cells), (CELLS,), generator=generator)
    return cells[chosen.to(cells.device)]
