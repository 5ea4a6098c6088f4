"""From radiographs to probabilities and labels, a slab of slices at a time, so that 55 channels never exist twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.anatomy import CLASS_COUNT, mirrored_ids
from SwinX2SLib.models.fused import FusedSwinX2S
from SwinX2SLib.models.reconstruction import ReconstructionModel
from SwinX2SLib.models.rewrites import RewrittenSwinX2S
from SwinX2SLib.models.silhouettes import SilhouetteModel
from SwinX2SLib.reconstruct.label_assignment import LabelAssignment, assign_labels
from SwinX2SLib.reconstruct.variations import VARIATIONS

# Slices along Z; even, as the fused variant asks.
SLAB = 16


def predict(model: ReconstructionModel, coronal: Tensor, sagittal: Tensor, tta: int = 1) -> LabelAssignment:
    """Return labels of one pair of radiographs, on the radiographs' device.

    Args:
        model: in evaluation mode, on the radiographs' device.
        coronal: `(1, N, X, Z)`.
        sagittal: `(1, N, Y, Z)`.
        augmentations: how many of `VARIATIONS` are averaged; disagreement lowers the probability.
    """
    return assign_labels(mean_probability(model, coronal, sagittal, tta))


def mean_probability(model: ReconstructionModel, coronal: Tensor, sagittal: Tensor, tta: int = 1) -> Tensor:
    """Return the mean probability `(55, X, Y, Z)`, half precision: all that exists of it at full resolution.

    Args: as of `predict`.
    """
    test_time_variations = VARIATIONS[:tta]
    shape = (CLASS_COUNT, coronal.shape[-2], sagittal.shape[-2], coronal.shape[-1])
    total = torch.zeros(shape, dtype=torch.float16, device=coronal.device)
    for variation in test_time_variations:
        frontal, lateral = zoomed(coronal, variation.zoom), zoomed(sagittal, variation.zoom)
        frontal = frontal.flip(-2) if variation.mirrored else frontal
        start = 0
        for slab in _unzoomed(logit_slabs(model, frontal, lateral), variation.zoom, shape[-1]):
            slab = slab.flip(1)[list(mirrored_ids())] if variation.mirrored else slab
            total[..., start : start + slab.shape[-1]] += (slab / len(test_time_variations)).half()
            start += slab.shape[-1]
    return total


def mean_silhouettes(
    model: ReconstructionModel, pair: tuple[Tensor, Tensor], shape: Sequence[int], tta: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return how probable it is that a ray meets each bone, float32 `(54, X, Z)` and `(54, Y, Z)`.

    Args:
        model: in evaluation mode, on the radiographs' device. What fills a volume has the silhouettes of its volume.
        pair: radiographs `(1, N, x, z)` and `(1, N, y, z)` on the model's own grid.
        shape: `(X, Y, Z)` of the pixels wanted, of the same field of view.
        tta: how many of `VARIATIONS` are averaged.
    """
    sizes = [(int(shape[0]), int(shape[2])), (int(shape[1]), int(shape[2]))]
    if not isinstance(model, SilhouetteModel):
        greatest = _greatest_along_rays(model, pair, tta)
        views = [_resampled(view[None], size, 1.0) for view, size in zip(greatest, sizes, strict=True)]
        return views[0][0].cpu().numpy(), views[1][0].cpu().numpy()
    variations, sides = VARIATIONS[:tta], [label - 1 for label in mirrored_ids()[1:]]
    total = [torch.zeros((1, CLASS_COUNT - 1, *size), device=pair[0].device) for size in sizes]
    for variation in variations:
        frontal, lateral = (zoomed(radiograph, variation.zoom) for radiograph in pair)
        maps = list(model(frontal.flip(-2) if variation.mirrored else frontal, lateral))
        if variation.mirrored:
            maps = [maps[0].flip(-2)[:, sides], maps[1][:, sides]]
        for sum_, map_, size in zip(total, maps, sizes, strict=True):
            sum_ += _resampled(map_, size, variation.zoom).sigmoid() / len(variations)
    coronal, sagittal = (maps[0].cpu().numpy() for maps in total)
    return coronal, sagittal


def _greatest_along_rays(
    model: ReconstructionModel, pair: tuple[Tensor, Tensor], tta: int
) -> tuple[Tensor, Tensor]:
    """Return the greatest mean probability of each bone along every ray, float16 `(54, X, Z)` and `(54, Y, Z)`."""
    if tta == 1 and isinstance(model, FusedSwinX2S):
        return model(*pair).silhouettes_of_volume(0)
    slabs: Iterable[Tensor]
    if tta == 1:
        slabs = (slab.float().softmax(dim=0).half() for slab in logit_slabs(model, *pair))
    else:
        slabs = [mean_probability(model, *pair, tta)]
    parts = [(slab[1:].amax(dim=2), slab[1:].amax(dim=1)) for slab in slabs]
    front, side = (torch.cat(view, dim=-1) for view in zip(*parts, strict=True))
    return front, side


def frontal_silhouettes(
    model: nn.Module, coronal: Tensor, shape: tuple[int, int], tta: int = 1
) -> np.ndarray:
    """Return how probable it is that a ray of a frontal radiograph meets each bone, float32 `(54, X, Z)`.

    The radiograph stands in for the lateral one as well, whose rows tell of the same heights.

    Args:
        model: in evaluation mode, on the radiograph's device; one of those that predict silhouettes.
        coronal: `(1, N, x, z)` on the model's own grid.
        shape: `(X, Z)` of the pixels wanted, of the same field of view.
        tta: how many of `VARIATIONS` are averaged.

    Raises:
        TypeError: the model predicts no silhouettes of a radiograph.
    """
    variations, sides = VARIATIONS[:tta], [label - 1 for label in mirrored_ids()[1:]]
    total = torch.zeros((1, CLASS_COUNT - 1, *shape), device=coronal.device)
    for variation in variations:
        radiograph = zoomed(coronal, variation.zoom)
        maps = _frontal_logits(model, radiograph.flip(-2) if variation.mirrored else radiograph)
        maps = maps.flip(-2)[:, sides] if variation.mirrored else maps
        total += _resampled(maps, shape, variation.zoom).sigmoid() / len(variations)
    return total[0].cpu().numpy()


def predicts_silhouettes(model: nn.Module) -> bool:
    """Return whether `frontal_silhouettes` can use a network."""
    return isinstance(model, FusedSwinX2S | SilhouetteModel)


def _frontal_logits(model: nn.Module, radiograph: Tensor) -> Tensor:
    if isinstance(model, FusedSwinX2S):
        return model(radiograph, radiograph, volumes=0).coronal_layout
    if isinstance(model, SilhouetteModel):
        return model(radiograph, radiograph)[0]
    raise TypeError(f"{type(model).__name__} predicts no silhouettes.")


def _resampled(maps: Tensor, size: tuple[int, int], zoom: float) -> Tensor:
    """Return zoomed maps `(B, C, w, h)` as they are without the zoom, float32 `(B, C, *size)`."""
    place = torch.eye(2, 3, device=maps.device)[None] * zoom
    grid = functional.affine_grid(place.expand(len(maps), -1, -1), [len(maps), 1, *size], align_corners=False)
    return functional.grid_sample(maps.float(), grid, padding_mode="border", align_corners=False)


def logit_slabs(model: ReconstructionModel, coronal: Tensor, sagittal: Tensor) -> Iterator[Tensor]:
    """Yield logits `(55, X, Y, slices)` from superior to inferior."""
    if isinstance(model, FusedSwinX2S):
        # It holds half-resolution volumes and makes full-resolution logits when asked.
        output = model(coronal, sagittal)
        for start, stop in _bounds(coronal.shape[-1]):
            yield output.logits(start, stop)[0]
        return
    if isinstance(model, RewrittenSwinX2S):
        features = model.reconstruct_features(coronal, sagittal)
        for start, stop in _bounds(coronal.shape[-1]):
            yield model.head_logits(features[..., start:stop])[0]
        return
    logits = model.reconstruct_logits(coronal, sagittal)[0]
    for start, stop in _bounds(logits.shape[-1]):
        yield logits[..., start:stop]


def _bounds(slices: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + SLAB, slices)) for start in range(0, slices, SLAB))


def zoomed(radiograph: Tensor, zoom: float) -> Tensor:
    """Magnify radiographs `(B, N, A, Z)` about their middle; what lies beyond them is 0, as air."""
    if zoom == 1:
        return radiograph
    turn = torch.eye(2, 3, device=radiograph.device)[None] / zoom
    places = functional.affine_grid(
        turn.expand(len(radiograph), -1, -1), list(radiograph.shape), align_corners=False
    )
    return functional.grid_sample(radiograph, places.to(radiograph.dtype), align_corners=False)


def _unzoomed(slabs: Iterator[Tensor], zoom: float, slices: int) -> Iterator[Tensor]:
    """Yield probabilities `(55, X, Y, slices)` on the grid of the radiographs as they were.

    Args:
        slabs: logits of the zoomed radiographs, superior to inferior.
        zoom: of those radiographs.
        slices: of the whole grid.
    """
    if zoom == 1:
        yield from (slab.float().softmax(dim=0) for slab in slabs)
        return
    middle, held, first = (slices - 1) / 2, None, 0
    wanted = _bounds(slices)
    start, stop = next(wanted)
    for slab in slabs:
        slab = slab.float().softmax(dim=0)
        held = slab if held is None else torch.cat([held, slab], dim=-1)
        # A wanted slab is made as soon as the slices on which its last one lies are there.
        while start < slices and _reach(stop, middle, zoom, slices) < first + held.shape[-1]:
            heights = (torch.arange(start, stop) - middle) * zoom + middle - first
            yield _sampled(held, heights, zoom)
            start, stop = next(wanted, (slices, slices))
            lowest = int(max((start - middle) * zoom + middle - 1, first))
            held, first = held[..., max(lowest - first, 0) :], max(lowest, first)


def _reach(stop: int, middle: float, zoom: float, slices: int) -> int:
    """Return the last slice of the zoomed grid that the slices before `stop` need."""
    return min(int(np.ceil((stop - 1 - middle) * zoom + middle)), slices - 1)


def _sampled(probability: Tensor, heights: Tensor, zoom: float) -> Tensor:
    """Sample `(55, X, Y, D)` at slices `heights`, and across about the middle; beyond the edge its value stays."""
    depth = probability.shape[-1]
    axes = [(torch.arange(n) - (n - 1) / 2) * zoom * 2 / n for n in probability.shape[1:3]]
    axes.append((2 * heights + 1) / depth - 1)
    x, y, z = torch.meshgrid(*axes, indexing="ij")
    # grid_sample names the last axis of the volume first.
    places = torch.stack([z, y, x], dim=-1)[None].to(probability.device, torch.float32)
    return functional.grid_sample(probability[None], places, padding_mode="border", align_corners=False)[0]
