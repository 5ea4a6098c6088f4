"""Layers that the networks share: cross-attention, residual blocks, dimension expansion, shapes of the views."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

# The published network sets this for the two norms here, and keeps PyTorch's 1e-5 inside the Swin encoder.
NORM_EPSILON = 1e-6


class CrossAttention(nn.Module):
    """One layer of attention between the views' volumes, with the same weights in both directions.

    There is no residual path: what leaves is made of the other view's values alone (published behaviour).
    """

    def __init__(self, channels: int, heads: int, grid: tuple[int, int, int]):
        """Build the layer.

        Args:
            channels: channels of the volumes; a multiple of `heads`.
            heads: attention heads.
            grid: voxels `(X, Y, Z)` of the volumes, one token each.
        """
        super().__init__()
        self.heads = heads
        self.projection = nn.Conv3d(channels, channels, 1)
        self.position_embedding = nn.Parameter(torch.zeros(1, grid[0] * grid[1] * grid[2], channels))
        self.input_norm = nn.LayerNorm(channels, eps=NORM_EPSILON)
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)
        self.output_norm = nn.LayerNorm(channels, eps=NORM_EPSILON)

    def forward(self, views: Tensor) -> Tensor:
        """Return both views' volumes after looking at each other.

        Args:
            views: `(2B, C, X, Y, Z)`, the coronal half of the batch before the sagittal one.
        """
        tokens = self.projection(views).flatten(2).transpose(1, 2) + self.position_embedding
        tokens = self.input_norm(tokens)
        other = torch.cat(tuple(reversed(tokens.chunk(2))))
        query, key, value = (
            layer(source).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, source in ((self.query, tokens), (self.key, other), (self.value, other))
        )
        seen = functional.scaled_dot_product_attention(query, key, value)
        seen = self.output_norm(self.out(seen.transpose(1, 2).flatten(2)))
        return seen.transpose(1, 2).reshape(views.shape)


# Parameters are named as in MONAI, of which the published network is made: a convolution is the `conv` of a sequence.
def _named(convolution: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(conv=convolution))


class ResidualBlock(nn.Module):
    """Two 3x3x3 convolutions with instance normalisation and a residual path (MONAI's `UnetResBlock`).

    `(B, in_channels, X, Y, Z)` to `(B, out_channels, X, Y, Z)`.
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.conv1 = _named(nn.Conv3d(in_channels, out_channels, 3, padding=1, bias=False))
        self.conv2 = _named(nn.Conv3d(out_channels, out_channels, 3, padding=1, bias=False))
        self.lrelu = nn.LeakyReLU(0.01, inplace=True)
        self.norm1 = nn.InstanceNorm3d(out_channels)
        self.norm2 = nn.InstanceNorm3d(out_channels)
        self.downsample = in_channels != out_channels
        if self.downsample:
            self.conv3 = _named(nn.Conv3d(in_channels, out_channels, 1, bias=False))
            self.norm3 = nn.InstanceNorm3d(out_channels)

    def forward(self, volume: Tensor) -> Tensor:
        """Apply the block to `(B, in_channels, X, Y, Z)`."""
        residual = self.norm3(self.conv3(volume)) if self.downsample else volume
        out = self.lrelu(self.norm1(self.conv1(volume)))
        out = self.norm2(self.conv2(out))
        out += residual
        return self.lrelu(out)


class UpBlock(nn.Module):
    """A transposed convolution that doubles the sides, then a residual block with the skip (`UnetrUpBlock`)."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.transp_conv = _named(nn.ConvTranspose3d(in_channels, out_channels, 2, stride=2, bias=False))
        self.conv_block = ResidualBlock(2 * out_channels, out_channels)

    def forward(self, volume: Tensor, skip: Tensor) -> Tensor:
        """Return `(B, out_channels, 2X, 2Y, 2Z)` from `(B, in_channels, X, Y, Z)` and a skip of that shape."""
        return self.conv_block(torch.cat((self.transp_conv(volume), skip), dim=1))


def encoder_block(in_channels: int, out_channels: int) -> ResidualBlock:
    """Return a block from `(B, in_channels, X, Y, Z)` to `(B, out_channels, X, Y, Z)`."""
    return ResidualBlock(in_channels, out_channels)


def decoder_block(in_channels: int, out_channels: int) -> UpBlock:
    """Return a block that doubles `(B, in_channels, X, Y, Z)` and joins the skip `(B, out_channels, 2X, 2Y, 2Z)`."""
    return UpBlock(in_channels, out_channels)


def decoder_block_without_skip(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a block that doubles `(B, in_channels, X, Y, Z)` to `(B, out_channels, 2X, 2Y, 2Z)` joining nothing."""
    return nn.Sequential(
        nn.ConvTranspose3d(in_channels, out_channels, 2, stride=2, bias=False),
        encoder_block(out_channels, out_channels),
    )


def apply_block(block: Callable[..., Tensor], *volumes: Tensor) -> Tensor:
    """Run a block on volumes `(B, C, X, Y, Z)`, the deepest first.

    Where X is 1 or 2 voxels a processor computes in float32 even under autocast: oneDNN 3.13 (in PyTorch 2.15) leaves
    parts of the weight gradient of a 3x3x3 bfloat16 convolution unwritten when X is 2, and training ends in NaN.
    """
    volume = volumes[0]
    if volume.device.type == "cpu" and volume.shape[2] <= 2 and torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            return block(*(each.float() for each in volumes))
    return block(*volumes)


def guard_convolutions(model: nn.Module) -> None:
    """Make every 3D convolution of a network that others wrote compute thin volumes as `apply_block` does."""
    for module in model.modules():
        if type(module) in _GUARDED:
            # The class alone changes: parameters, their names and copies of the network stay as they are.
            module.__class__ = _GUARDED[type(module)]


class _GuardedConv3d(nn.Conv3d):
    def forward(self, input: Tensor) -> Tensor:
        return apply_block(super().forward, input)


class _GuardedConvTranspose3d(nn.ConvTranspose3d):
    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        return apply_block(partial(super().forward, output_size=output_size), input)


_GUARDED: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv3d: _GuardedConv3d,
    nn.ConvTranspose3d: _GuardedConvTranspose3d,
}


# Axis of a volume `(B, C, X, Y, Z)` that each view's map lacks.
CORONAL_MISSING_AXIS = 3
SAGITTAL_MISSING_AXIS = 2


class DimensionExpansion(nn.Module):
    """Repeat a map along its missing axis, scaled and shifted for every slice (section 3.2 of the paper).

    The paper writes it as a 1x1x1 3D convolution from one channel to as many as the missing axis has slices; that
    is one scale and one offset a slice, shared by all channels.
    """

    def __init__(self, length: int):
        """Start as plain repetition over `length` slices."""
        super().__init__()
        self.scale = nn.Parameter(torch.ones(length))
        self.offset = nn.Parameter(torch.zeros(length))

    def forward(self, feature: Tensor, axis: int) -> Tensor:
        """Return `(B, C, X, Y, Z)` from a coronal `(B, C, X, Z)` or sagittal `(B, C, Y, Z)` map.

        Args:
            feature: the map.
            axis: `CORONAL_MISSING_AXIS` or `SAGITTAL_MISSING_AXIS`.
        """
        volume = feature.unsqueeze(axis)
        shape = [-1 if i == axis else 1 for i in range(volume.ndim)]
        return volume * self.scale.view(shape) + self.offset.view(shape)


def fill_bias(layer: nn.Conv1d | nn.Conv2d, value: float) -> None:
    """Start a layer's bias at a value."""
    if layer.bias is not None:
        nn.init.constant_(layer.bias, value)


def radiograph_faults(
    coronal: Tensor, sagittal: Tensor, grid_shape: tuple[int, int, int], views: int
) -> list[str]:
    """Return what is wrong with radiographs, in sentences; empty when they fit.

    Args:
        coronal: to be `(B, views, X, Z)`.
        sagittal: to be `(B, views, Y, Z)`.
        grid_shape: `(X, Y, Z)` of the network.
        views: radiographs of each plane.
    """
    x, y, z = grid_shape
    faults = [
        f"The {name} radiographs must be (batch, {views}, {width}, {z}), not {tuple(radiograph.shape)}."
        for name, radiograph, width in (("coronal", coronal, x), ("sagittal", sagittal, y))
        if radiograph.ndim != 4 or tuple(radiograph.shape[1:]) != (views, width, z)
    ]
    if not faults and len(coronal) != len(sagittal):
        faults.append(f"There are {len(coronal)} coronal radiographs and {len(sagittal)} sagittal ones.")
    return faults


def row_mix(channels: int) -> nn.Conv1d:
    """Return what makes of the rows of two radiographs, both `row_summary`, what one of them learns; 0 at first."""
    mix = nn.Conv1d(4 * channels, channels, 5, padding=2)
    nn.init.zeros_(mix.weight)
    fill_bias(mix, 0.0)
    return mix


def row_summary(x: Tensor) -> Tensor:
    """Return mean and largest value of the rows of features `(B, C, W, R)`, `(B, 2 C, R)`."""
    return torch.cat([x.mean(2), x.amax(2)], dim=1)
