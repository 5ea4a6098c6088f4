"""What a network of CT numbers is trained for, and at which points.

SPIDER's loss is L1 on the intensity plus cross entropy and Dice on the structures, at points of which half lie in or
near structures. It is sensitive to the weights of its parts, and parts of the CT without structures become worse.
Against the first, weights can be learned as homoscedastic uncertainties (Kendall et al., CVPR 2018). Against the
second, a share of the points lies in the body away from structures, and differences between neighbouring points count
(ours).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.implicit_ct import CTModel, grid_to_box, to_unit, transformed
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch
from SwinX2SLib.training.losses import dice_ce
from SwinX2SLib.training.schedule import Phase

# Points this many voxels from a structure are near it; CT numbers above this are body, not air or lung.
NEAR_VOXELS, BODY_HU = 2, -500.0


@dataclass(frozen=True)
class CTLoss:
    """Parameters of the loss; a training configuration changes them under `[loss]`.

    Attributes:
        points: of each sample and step.
        near: share of the points in structures or within two voxels of them.
        body: share of the points in the body, away from structures; the rest lies anywhere in the box.
        intensity: weight of L1 on the CT numbers, in units of the window (0..1).
        cross_entropy: weight.
        dice: weight.
        background: weight of points without a structure in the cross entropy.
        gradient: weight of L1 on the difference of CT numbers between neighbouring points, one voxel apart.
    """

    points: float = 10_000
    near: float = 0.5
    body: float = 0.3
    intensity: float = 10.0
    cross_entropy: float = 0.5
    dice: float = 0.5
    background: float = 0.3
    gradient: float = 2.0

    def faults(self) -> list[str]:
        """Return what is wrong with the values, in sentences."""
        found = [
            f"loss.{field.name} must be a number, 0 or more, not {getattr(self, field.name)!r}."
            for field in fields(self)
            if not _is_weight(getattr(self, field.name))
        ]
        if found:
            return found
        if self.points < 1:
            found.append("loss.points must be 1 or more.")
        if self.near + self.body > 1:
            found.append(
                f"loss.near and loss.body are shares, together 1 at most, not {self.near + self.body:g}."
            )
        if not self.intensity + self.cross_entropy + self.dice + self.gradient > 0:
            found.append("At least one part of the loss must have a weight above 0.")
        return found


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def parse_loss(values: Mapping[str, float]) -> CTLoss:
    """Return the parameters of a loss.

    Raises:
        InputError: they are unknown or impossible; all are listed.
    """
    known = [field.name for field in fields(CTLoss)]
    faults = [
        Fault("unknown-parameter", f"Unknown parameter loss.{name}.", f"Known: {', '.join(known)}.")
        for name in values
        if name not in known
    ]
    if not faults:
        loss = CTLoss(**values)
        faults = [Fault("wrong-value", sentence, "Correct it.") for sentence in loss.faults()]
    if faults:
        raise InputError(faults)
    return loss


def ct_objective(
    model: CTModel, config: TrainingConfig
) -> Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]:
    """Return the objective of a network of CT numbers.

    Raises:
        InputError: parameters are unknown or impossible, or ask for what these networks have not; names every fault.
    """
    faults = []
    if config.layout_steps:
        sentence = f"{config.model} does not predict silhouettes, but layout_steps is {config.layout_steps}."
        faults.append(Fault("layout-phase", sentence, "Set layout_steps = 0."))
    if not config.cross_loss:
        sentence = f"{config.model} makes one prediction from both views: it has no cross-view loss."
        faults.append(Fault("cross-loss", sentence, "Remove cross_loss."))
    if model.config.out_channels == 0 and (config.validate_every or config.validate_seconds):
        sentence = f"Weights are chosen by the Dice of structures, and {config.model} has none here."
        faults.append(Fault("no-structures", sentence, "Set validate_every = 0 and validate_seconds = 0."))
    try:
        loss = parse_loss(config.loss)
    except InputError as error:
        faults += error.faults
    if faults:
        raise InputError(faults)
    return lambda network, batch, phase: ct_loss(network, batch, loss)


def ct_loss(model: nn.Module, batch: Batch, loss: CTLoss) -> dict[str, Tensor]:
    """Return the weighted parts of the loss at random points.

    Args:
        model: a `CTModel`.
        batch: with CT numbers and projection matrices.
        loss: the weights.

    Raises:
        ValueError: the batch has no CT numbers.
    """
    if batch.ct is None or batch.matrices is None or not isinstance(model, CTModel):
        raise ValueError("CT numbers are learned by a CTModel from samples that hold them.")
    index = torch.stack(
        [_points(*person, loss) for person in zip(batch.labels, batch.ct, batch.seeds.tolist(), strict=True)]
    )
    neighbours = _neighbours(index, batch) if loss.gradient else index[:, :0]
    asked = torch.cat([index, neighbours], dim=1)
    box = grid_to_box(batch.ct.shape[1:]).to(index)
    values = model(batch.coronal, batch.sagittal, transformed(asked, box), batch.matrices)
    true = values_at(to_unit(batch.ct), asked)
    count, apart = index.shape[1], neighbours.shape[1]
    parts = {"intensity": loss.intensity * (values.intensity - true)[:, :count].abs().mean()}
    if apart:
        # The first points have a neighbour each.
        steps = [each[:, count:] - each[:, :apart] for each in (values.intensity, true)]
        parts["gradient"] = loss.gradient * (steps[0] - steps[1]).abs().mean()
    if values.structure is not None:
        labels = _labels_at(batch.labels, index)
        entropy, dice = dice_ce(values.structure[..., :count], labels, batch.known, loss.background)
        parts |= {"cross_entropy": loss.cross_entropy * entropy, "dice": loss.dice * dice}
    return parts if model.log_variances is None else _by_uncertainty(parts, model.log_variances)


def _by_uncertainty(parts: dict[str, Tensor], log_variances: Tensor) -> dict[str, Tensor]:
    """Weigh the parts by learned uncertainties: `exp(-s) L + s / 2`, or `+ s` for L1 (a Laplace likelihood)."""
    weighed = dict(parts)
    for name, log_variance, share in zip(
        ("intensity", "cross_entropy", "dice"), log_variances, (1.0, 0.5, 0.5), strict=True
    ):
        if name in weighed:
            weighed[name] = (-log_variance).exp() * weighed[name] + share * log_variance
    return weighed


def _points(labels: Tensor, ct: Tensor, seed: int, loss: CTLoss) -> Tensor:
    """Return random points of one person, float32 `(P, 3)` in voxels; drawn alike on every device.

    Args:
        labels: uint8 `(X, Y, Z)`.
        ct: `(X, Y, Z)` [HU].
        seed: of this sample.
        loss: how many, and where.
    """
    generator = torch.Generator().manual_seed(seed)
    total = int(loss.points)
    bone = (labels > 0).float()[None, None]
    near = functional.max_pool3d(bone, 2 * NEAR_VOXELS + 1, 1, NEAR_VOXELS)[0, 0] > 0
    body = (ct > BODY_HU) & ~near
    chosen = [
        _some(where, round(share * total), generator)
        for where, share in ((near, loss.near), (body, loss.body))
        if share and bool(where.any())
    ]
    rest = total - sum(len(each) for each in chosen)
    sides = torch.tensor(labels.shape)
    anywhere = (torch.rand((rest, 3), generator=generator) * sides).long().to(labels.device)
    voxels = torch.cat([*chosen, anywhere])
    # The first points get a neighbour, so every kind must be among them.
    voxels = voxels[torch.randperm(total, generator=generator).to(voxels.device)]
    shifted = voxels + (torch.rand(voxels.shape, generator=generator) - 0.5).to(labels.device)
    return torch.minimum(shifted.clamp(min=0), (sides - 1).to(shifted))


def _some(where: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` random voxels `(N, 3)` of a mask that is not empty."""
    voxels = torch.nonzero(where)
    return voxels[torch.randint(len(voxels), (count,), generator=generator).to(voxels.device)]


# A quarter of the points get a neighbour: what the gradient costs.
NEIGHBOUR_SHARE = 4


def _neighbours(index: Tensor, batch: Batch) -> Tensor:
    """Return points one voxel from the first of each sample's points, along a random axis; `(B, P / 4, 3)`."""
    count = max(index.shape[1] // NEIGHBOUR_SHARE, 1)
    last = torch.tensor(batch.labels.shape[1:], device=index.device) - 1
    found = []
    for points, seed in zip(index[:, :count], batch.seeds.tolist(), strict=True):
        generator = torch.Generator().manual_seed(seed + 1)
        axes = torch.randint(3, (count,), generator=generator)
        step = functional.one_hot(axes, 3).to(points)
        # Inwards at the far border.
        found.append(torch.where(points + step > last, points - step, points + step))
    return torch.stack(found)


def values_at(volume: Tensor, index: Tensor) -> Tensor:
    """Return values `(B, P)` of volumes `(B, X, Y, Z)` at points `(B, P, 3)` in voxels, interpolated linearly."""
    box = grid_to_box(volume.shape[1:]).to(index)
    points = transformed(index, box).flip(-1)
    found = functional.grid_sample(
        volume[:, None], points[:, :, None, None], mode="bilinear", padding_mode="border", align_corners=True
    )
    return found[:, 0, :, 0, 0]


def _labels_at(labels: Tensor, index: Tensor) -> Tensor:
    """Return the labels `(B, P)` of the nearest voxels."""
    x, y, z = index.round().long().unbind(-1)
    return labels[torch.arange(len(labels), device=labels.device)[:, None], x, y, z]
