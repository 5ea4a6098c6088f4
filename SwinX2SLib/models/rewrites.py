"""The paper's network in fewer operations: exact rewrites of its forward pass, for inference.

The result is that of `models.swinx2s.SwinX2S` up to rounding. Each rewrite has its switch; `Docs/performance.md` says
what each one gains. Shapes are those of `models.swinx2s`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.layers import (
    CORONAL_MISSING_AXIS,
    SAGITTAL_MISSING_AXIS,
    DimensionExpansion,
    ResidualBlock,
    UpBlock,
    radiograph_faults,
)
from SwinX2SLib.models.reconstruction import ReconstructionModel
from SwinX2SLib.models.swinx2s import LEVELS, SwinX2S, SwinX2SConfig

Layer = TypeVar("Layer", bound=nn.Module)
# The axis that each view's maps lack, coronal first.
_AXES = (CORONAL_MISSING_AXIS, SAGITTAL_MISSING_AXIS)
_SLOPE = 0.01
# A merged kernel is read in about the time of as many voxels: smaller volumes are not worth one.
LEAST_MERGED_VOXELS = 4096


@dataclass(frozen=True)
class Rewrites:
    """Which rewrites are used.

    Attributes:
        averaged_features: both views' features are averaged before the head, which is linear.
        batched_views: both views run in one batch, since they share the weights; at full resolution one follows the
            other, which takes no longer and half the memory.
        planar_convolutions: an expanded map is the map times a function of the slice, so that the first convolution
            of an encoder block is three 2D convolutions and a product.
        merged_upsampling: a transposed convolution and the convolution of its output are one transposed convolution
            with a kernel of 4, and what is upsampled is never joined with the skip.
        channels_last: volumes have their channels last in memory, as vectorised convolutions want them.
        fused_normalisation: instance normalisation as batch normalisation of one sample, which PyTorch computes in
            two passes whatever the layout.
    """

    averaged_features: bool = True
    batched_views: bool = True
    planar_convolutions: bool = True
    merged_upsampling: bool = True
    channels_last: bool = True
    fused_normalisation: bool = True

    @classmethod
    def none(cls) -> Rewrites:
        """Return the published forward pass."""
        return cls(False, False, False, False, False, False)


def for_inference(network: ReconstructionModel) -> ReconstructionModel:
    """Return a network that computes the same faster: rewritten, or the network itself with kernels laid out anew.

    A convolution whose kernel has the channels last makes its output so, and all that follows.

    Args:
        network: in evaluation mode; it must not be trained afterwards.
    """
    if isinstance(network, SwinX2S):
        network = RewrittenSwinX2S(network)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)
        elif isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
            module.to(memory_format=torch.channels_last_3d)
    return network


class RewrittenSwinX2S(ReconstructionModel):
    """The paper's network with rewrites, for inference.

    Args:
        network: whose tensors it shares; they must not change afterwards.
        rewrites: which are used.
    """

    config: SwinX2SConfig

    def __init__(self, network: SwinX2S, rewrites: Rewrites = Rewrites()):
        super().__init__()
        self.network, self.rewrites = network, rewrites
        self.config, self.grid_shape = network.config, network.grid_shape
        self.head = network.head
        voxels = self.grid_shape[0] * self.grid_shape[1] * self.grid_shape[2]
        self.merged = nn.ModuleDict(
            {
                str(level): MergedUpBlock(block)
                for level, block in enumerate(network.decoders)
                if rewrites.merged_upsampling and isinstance(block, UpBlock)
                if voxels // 8 ** (level + 1) >= LEAST_MERGED_VOXELS
            }
        )
        self.eval()

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return the mean of both views' class logits `(B, K, X, Y, Z)`; errors as of `SwinX2S.forward`."""
        if self.rewrites.averaged_features:
            return self.head_logits(self.reconstruct_features(coronal, sagittal))
        self._check(coronal, sagittal)
        first, second = self._features(coronal, sagittal)
        return (self.head(first) + self.head(second)) / 2

    def reconstruct_features(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return the mean of both views' features `(B, C, X, Y, Z)`; the head makes the class logits of it."""
        self._check(coronal, sagittal)
        return self.computed(coronal, sagittal)[0]

    def head_logits(self, features: Tensor) -> Tensor:
        """Return the class logits `(B, K, X, Y, Z)` of features, the classes last in memory: who compares the classes
        of a voxel reads them in a row."""
        kernel, bias = self.head.weight.flatten(1), self.head.bias
        return functional.linear(features.movedim(1, -1), kernel, bias).movedim(-1, 1)

    def tensors(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, ...]:
        """Return `reconstruct_features` alone."""
        first, second = self._features(coronal, sagittal)
        return ((first + second) / 2,)

    def _check(self, coronal: Tensor, sagittal: Tensor) -> None:
        if faults := radiograph_faults(coronal, sagittal, self.grid_shape, self.config.views_per_plane):
            raise ValueError(" ".join(faults))

    def _features(self, coronal: Tensor, sagittal: Tensor) -> list[Tensor]:
        """Return the features of the coronal and of the sagittal view."""
        views = (coronal, sagittal)
        pyramids = (
            [level.chunk(2) for level in self.network.pyramid(torch.cat(views))]
            if self.rewrites.batched_views
            else zip(*(self.network.pyramid(view) for view in views), strict=True)
        )
        levels = [views, *pyramids]
        volumes = self._on_views(partial(self._encode, LEVELS - 1), levels[-1])
        volumes = list(self.network.fusion(torch.cat(volumes)).chunk(2))
        for level in reversed(range(1, LEVELS - 1)):
            volumes = self._on_views(partial(self._level, level), levels[level], volumes)
        finest = zip(_AXES, levels[0], volumes, strict=True)
        return [self._level(0, (axis,), maps, volume) for axis, maps, volume in finest]

    def _on_views(
        self, work: Callable[..., Tensor], *pairs: tuple[Tensor, ...] | list[Tensor]
    ) -> list[Tensor]:
        """Apply some work to what the views have, in one batch or one after the other."""
        if self.rewrites.batched_views:
            return list(work(_AXES, *(torch.cat(tuple(pair)) for pair in pairs)).chunk(2))
        return [work((axis,), *view) for axis, *view in zip(_AXES, *pairs, strict=True)]

    def _level(self, level: int, axes: tuple[int, ...], maps: Tensor, volume: Tensor) -> Tensor:
        """Return the volume of a level from the one below and the level's maps."""
        block, volume = self.network.decoders[level], self._laid_out(volume)
        if not isinstance(block, UpBlock):
            upsample, residual = block.children()
            return self._residual(*_inputs(_of_kind(ResidualBlock, residual), upsample(volume)))
        skip = self._encode(level, axes, maps)
        if str(level) in self.merged:
            return self._residual(block.conv_block, *self.merged[str(level)](volume, skip))
        joined = torch.cat((block.transp_conv(volume), skip), dim=1)
        return self._residual(*_inputs(block.conv_block, joined))

    def _encode(self, level: int, axes: tuple[int, ...], maps: Tensor) -> Tensor:
        """Expand maps `(V B, C, H, W)` of V views into volumes and encode them."""
        expand = _of_kind(DimensionExpansion, self.network.expansions[level])
        block = _of_kind(ResidualBlock, self.network.encoders[level])
        views = list(zip(maps.chunk(len(axes)), axes, strict=True))

        def volumes() -> Tensor:
            return self._laid_out(torch.cat([expand(view, axis) for view, axis in views]))

        def convolved(kernel: Tensor) -> Tensor:
            parts = [expanded_convolution(view, axis, expand, kernel) for view, axis in views]
            return self._laid_out(torch.cat(parts))

        if not self.rewrites.planar_convolutions:
            return self._residual(*_inputs(block, volumes()))
        shortcut = convolved(_kernel(block.conv3)) if block.downsample else volumes()
        return self._residual(block, convolved(_kernel(block.conv1)), shortcut)

    def _residual(self, block: ResidualBlock, first: Tensor, shortcut: Tensor) -> Tensor:
        """Return what a block makes of the outputs of its convolutions 1 and 3 (or of its input, without one)."""
        out = functional.leaky_relu_(self._normalised(first), _SLOPE)
        out = self._normalised(block.conv2(out))
        out += self._normalised(shortcut) if block.downsample else shortcut
        return functional.leaky_relu_(out, _SLOPE)

    def _normalised(self, volume: Tensor) -> Tensor:
        if not self.rewrites.fused_normalisation:
            return functional.instance_norm(volume)
        samples = [functional.batch_norm(each, None, None, training=True) for each in volume.split(1)]
        return samples[0] if len(samples) == 1 else torch.cat(samples)

    def _laid_out(self, volume: Tensor) -> Tensor:
        layout = torch.channels_last_3d if self.rewrites.channels_last else torch.contiguous_format
        return volume.contiguous(memory_format=layout)


class MergedUpBlock(nn.Module):
    """The first convolutions of an `UpBlock` applied to the volume below and the skip without joining them."""

    # Kernels, channels of the input first where they upsample.
    up_first: Tensor
    up_shortcut: Tensor
    skip_first: Tensor
    skip_shortcut: Tensor

    def __init__(self, block: UpBlock):
        super().__init__()
        up, wide, narrow = (
            _kernel(layer).detach().float()
            for layer in (block.transp_conv, block.conv_block.conv1, block.conv_block.conv3)
        )
        middle = up.shape[1]
        # The full convolution of both kernels; a convolution of PyTorch is a correlation.
        flipped = wide[:, :middle].flip(2, 3, 4).transpose(0, 1)
        kernels = {
            "up_first": functional.conv_transpose3d(up, flipped),
            "up_shortcut": torch.einsum("lmxyz,om->loxyz", up, narrow[:, :middle, 0, 0, 0]),
            "skip_first": wide[:, middle:].contiguous(),
            "skip_shortcut": narrow[:, middle:].contiguous(),
        }
        for name, kernel in kernels.items():
            self.register_buffer(name, kernel, persistent=False)

    def forward(self, volume: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs of convolutions 1 and 3 of the block `(B, C, 2X, 2Y, 2Z)`.

        Args:
            volume: of the level below, `(B, D, X, Y, Z)`.
            skip: `(B, C, 2X, 2Y, 2Z)`.
        """
        first = functional.conv3d(skip, self.skip_first, padding=1)
        first += functional.conv_transpose3d(volume, self.up_first, stride=2, padding=1)
        shortcut = functional.conv3d(skip, self.skip_shortcut)
        shortcut += functional.conv_transpose3d(volume, self.up_shortcut, stride=2)
        return first, shortcut


def _of_kind(kind: type[Layer], layer: nn.Module) -> Layer:
    if not isinstance(layer, kind):
        raise TypeError(f"{type(layer).__name__} in place of {kind.__name__}")
    return layer


def _kernel(convolution: nn.Module) -> Tensor:
    """Return the only tensor of a convolution without bias."""
    (kernel,) = convolution.parameters()
    return kernel


def _inputs(block: ResidualBlock, volume: Tensor) -> tuple[ResidualBlock, Tensor, Tensor]:
    """Return the arguments of `_residual` for a block's input."""
    return block, block.conv1(volume), block.conv3(volume) if block.downsample else volume


def expanded_convolution(maps: Tensor, axis: int, expand: DimensionExpansion, kernel: Tensor) -> Tensor:
    """Return the convolution of an expanded map, `conv3d(expand(maps, axis), kernel)` padded with zeros.

    Slice `y` of the expanded map is `scale[y] * map + offset[y]`. So the part of the kernel `j` slices further adds
    `scale[y + j]` times a 2D convolution of the map, and `offset[y + j]` times one of a map of ones.

    Args:
        maps: `(B, C, X, Z)` or `(B, C, Y, Z)`.
        axis: that they lack, 3 or 2.
        expand: scales and offsets.
        kernel: `(K, C, S, S, S)`; S is odd.

    Returns:
        `(B, K, X, Y, Z)` with the channels last in memory.
    """
    size = kernel.shape[-1]
    slices = kernel.movedim(axis, 0)
    planes = slices.flatten(0, 1)
    ones = torch.ones_like(maps[:, :1])
    both = (
        functional.conv2d(maps, planes, padding=size // 2),
        functional.conv2d(ones, planes.sum(1, keepdim=True), padding=size // 2),
    )
    terms = torch.cat([each.unflatten(1, slices.shape[:2]) for each in both], dim=1)
    length = len(expand.scale)
    padded = (functional.pad(each, (size // 2, size // 2)) for each in (expand.scale, expand.offset))
    factors = torch.stack([each[step : step + length] for each in padded for step in range(size)], dim=1)
    batch, _, channels, width, height = terms.shape
    if axis == CORONAL_MISSING_AXIS:
        volume = factors @ terms.permute(0, 3, 1, 4, 2).reshape(batch, width, 2 * size, -1)
    else:
        volume = factors @ terms.permute(0, 1, 3, 4, 2).reshape(batch, 2 * size, -1)
    first, second = (width, length) if axis == CORONAL_MISSING_AXIS else (length, width)
    return volume.view(batch, first, second, height, channels).permute(0, 4, 1, 2, 3)
