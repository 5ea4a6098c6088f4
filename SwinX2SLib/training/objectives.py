"""What a network is trained for: from a network and a batch to named parts of the loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.tuples import shape2
from SwinX2SLib.models.bone_names import BoneNameNet
from SwinX2SLib.models.depth_maps import DepthMapNet
from SwinX2SLib.models.fused import FusedOutput, FusedSwinX2S
from SwinX2SLib.models.implicit_ct import CTModel
from SwinX2SLib.models.orientation import (
    ORIENTATIONS,
    Orientation,
    RadiographOrientationNet,
    View,
    as_square,
    reorient,
)
from SwinX2SLib.models.silhouettes import SilhouetteModel, standardise
from SwinX2SLib.models.single import SingleOutputNetwork
from SwinX2SLib.models.spine_discs import SpineDiscNet
from SwinX2SLib.models.swinx2s import SwinX2S
from SwinX2SLib.models.voxel_head import voxels_of
from SwinX2SLib.skeleton.discs import Disc, find_discs
from SwinX2SLib.skeleton.spine_frame import BESIDE_MM, DEPTH_MM, SIDES, SpineFrame, drawn_about
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch
from SwinX2SLib.training.depth_objective import depth_map_loss
from SwinX2SLib.training.implicit_ct import ct_objective
from SwinX2SLib.training.losses import dice_ce, silhouette_loss, single_silhouette_loss
from SwinX2SLib.training.paper_objective import paper_objective, single_objective
from SwinX2SLib.training.schedule import Phase

# Cells of each sample whose voxels enter the loss.
CELLS = 8192


def fused_objective(config: TrainingConfig) -> Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]:
    """Return the objective; of a batch it decodes as many volumes as the run's parameters say."""
    return partial(fused_loss, volumes=config.volumes or None)


def fused_loss(model: nn.Module, batch: Batch, phase: Phase, volumes: int | None = None) -> dict[str, Tensor]:
    """Return the parts of the loss: both silhouettes', and in the volume phase the voxels' cross entropy and Dice.

    Args:
        model: a fused variant.
        batch: radiographs and targets.
        phase: in the layout phase no volume is decoded.
        volumes: in the volume phase, how many of the samples are decoded; None for all.
    """
    output = model(batch.coronal, batch.sagittal, volumes=0 if phase is Phase.LAYOUT else volumes)
    parts = _silhouette_parts(output.coronal_layout, output.sagittal_layout, batch)
    if phase is Phase.VOLUME:
        logits, labels = sampled_voxels(output, batch)
        parts["cross_entropy"], parts["dice"] = dice_ce(logits, labels, batch.known[: len(logits)])
    return parts


def silhouettes_loss(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
    """Return the parts of the loss of both planes' silhouettes.

    Args:
        model: a `SilhouetteModel`.
        batch: radiographs and targets.
        phase: not used; there is one.
    """
    coronal, sagittal = model(batch.coronal, batch.sagittal)
    return _silhouette_parts(coronal, sagittal, batch)


def _silhouette_parts(coronal: Tensor, sagittal: Tensor, batch: Batch) -> dict[str, Tensor]:
    return {
        "coronal": silhouette_loss(coronal, batch.coronal_occupied, batch.known),
        "sagittal": silhouette_loss(sagittal, batch.sagittal_occupied, batch.known),
    }


def sampled_voxels(output: FusedOutput, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return logits `(B, K, 8 CELLS)` and labels `(B, 8 CELLS)` of random cells that hold a bone or may do so.

    Cells outside are background already by the silhouettes, and learn nothing.
    """
    logits, labels = [], []
    count = len(output.decoded)
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


# Orientations of each radiograph in a batch: drawing a person costs more than one more orientation.
WAYS = 3
# The least share of either side of a radiograph that a random section keeps.
LEAST_SECTION = 0.6


def orientation_loss(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
    """Return the cross entropy of both views' radiographs, each in several orientations.

    Args:
        model: a `RadiographOrientationNet`.
        batch: radiographs in standard display orientation.
        phase: not used; there is one.
    """
    if not isinstance(model, RadiographOrientationNet):
        raise UnknownObjectiveError(f"{type(model).__name__} predicts no orientation.")
    generator = torch.Generator().manual_seed(int(batch.seeds[0]))
    radiographs, targets = [], []
    for view, stack in ((View.FRONTAL, batch.coronal), (View.LATERAL, batch.sagittal)):
        for radiograph in stack.repeat_interleave(WAYS, dim=0):
            square = as_square(_section(radiograph[None], generator), model.config.radiograph_px)
            orientation, target = _random_orientation(view, generator)
            radiographs.append(reorient(square, orientation))
            targets.append(target)
    logits = model(torch.cat(radiographs))
    return {
        "orientation": functional.cross_entropy(logits.float(), torch.tensor(targets, device=logits.device))
    }


def _section(radiograph: Tensor, generator: torch.Generator) -> Tensor:
    """Return a random rectangle of a radiograph `(1, 1, W, H)`: real radiographs are cut to any proportions."""
    for axis in (-2, -1):
        size = radiograph.shape[axis]
        share = LEAST_SECTION + (1 - LEAST_SECTION) * torch.rand((), generator=generator).item()
        kept = max(round(size * share), 1)
        start = int(torch.randint(size - kept + 1, (), generator=generator))
        radiograph = radiograph.narrow(axis, start, kept)
    return radiograph


def _random_orientation(view: View, generator: torch.Generator) -> tuple[Orientation, int]:
    """Return the orientation of a radiograph and the index of its name; a mirrored frontal one counts as
    upright."""
    turns, mirrored = (
        int(torch.randint(4, (), generator=generator)),
        torch.rand((), generator=generator) < 0.5,
    )
    shown = Orientation(view, turns, bool(mirrored))
    named = shown if view is View.LATERAL else Orientation(view, turns)
    return shown, ORIENTATIONS.index(named)


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
        name: _plane_loss(
            model(radiographs[:, :1], lateral),
            [ridges(d, shape2(radiographs.shape[-2:]), lateral) for d in discs],
        )
        for name, (radiographs, lateral) in zip(("frontal", "lateral"), planes, strict=True)
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


# Errors of the places of vertebrae that a network sees: of each [pixels], and of all together.
PLACE_PX, COURSE_PX = 0.7, 0.7


def bone_name_loss(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
    """Return the loss of silhouettes in radiographs drawn about a straight spine.

    Args:
        model: a `BoneNameNet`.
        batch: samples; a radiograph without vertebrae teaches nothing.
        phase: not used; there is one.
    """
    columns = zip(*(_drawn_sample(batch, number) for number in range(len(batch.seeds))), strict=True)
    frontal, left_right, known, lateral, either, known_pairs = (torch.stack(column) for column in columns)
    beside, deep = model(frontal, lateral)
    return {
        "frontal": single_silhouette_loss(
            beside.flatten(0, 1), left_right.flatten(0, 1), known.flatten(0, 1)
        ),
        "lateral": single_silhouette_loss(deep, either, known_pairs),
    }


def _drawn_sample(batch: Batch, number: int) -> tuple[Tensor, ...]:
    """Return a sample's drawn radiographs, silhouettes of the bones of a side and which are known:
    frontal ones `(2, C, R)`, `(2, N, C, R)`, `(2, N)`, and lateral ones `(1, D, R)`, `(N, D, R)`, `(N,)`."""
    rng = np.random.default_rng(int(batch.seeds[number]))
    frontal, lateral = (
        standardise(view[number : number + 1, :1])[0] for view in (batch.coronal, batch.sagittal)
    )
    front, side = batch.coronal_occupied[number], batch.sagittal_occupied[number]
    frames = [
        SpineFrame.of(
            occupied.numpy(force=True), rng.normal(0, PLACE_PX, (23, 2)) + rng.normal(0, COURSE_PX, 2)
        )
        for occupied in (front, side)
    ]
    left, right = (bones for bones, _ in SIDES)
    known = batch.known[number, 1:]
    halves = [
        drawn_about(frames[0], torch.cat([frontal, front[own].float()]), BESIDE_MM, sign)
        for own, sign in SIDES
    ]
    deep = drawn_about(frames[1], torch.cat([lateral, (side[left] | side[right]).float()]), DEPTH_MM)
    beside = torch.stack(halves)
    known_sides, known_pairs = torch.stack([known[left], known[right]]), known[left] & known[right]
    return (
        *(beside[:, 0], beside[:, 1:], known_sides & (frames[0] is not None)),
        *(deep[:1], deep[1:], known_pairs & (frames[1] is not None)),
    )


Objective = Callable[[nn.Module, Batch, Phase], dict[str, Tensor]]

__all__ = ["Objective", "Phase", "objective_for", "phases_of"]


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
    if isinstance(model, CTModel):
        return ct_objective(model, config)
    if config.loss:
        sentence = f"{config.model} has no parameters of its loss, but loss sets {', '.join(config.loss)}."
        raise InputError([Fault("loss-parameters", sentence, "Remove [loss].")])
    if isinstance(model, FusedSwinX2S):
        if not config.cross_loss:
            sentence = f"{config.model} makes one prediction from both views: it has no cross-view loss."
            raise InputError([Fault("cross-loss", sentence, "Remove cross_loss.")])
        return fused_objective(config)
    if isinstance(model, SilhouetteModel):
        return silhouettes_loss
    if isinstance(model, SwinX2S):
        return paper_objective(config)
    if isinstance(model, SingleOutputNetwork):
        return single_objective(model, config)
    if isinstance(model, RadiographOrientationNet):
        return orientation_loss
    if isinstance(model, SpineDiscNet):
        return spine_disc_loss
    if isinstance(model, BoneNameNet):
        return bone_name_loss
    if isinstance(model, DepthMapNet):
        return depth_map_loss
    raise UnknownObjectiveError(f"There is no objective for {type(model).__name__}.")


def phases_of(model: nn.Module) -> tuple[Phase, ...]:
    """Return what a network learns, one after the other."""
    if isinstance(model, FusedSwinX2S):
        return Phase.LAYOUT, Phase.VOLUME
    return (Phase.LAYOUT,) if isinstance(model, SilhouetteModel) else (Phase.VOLUME,)
