"""A residual convolutional encoder with the maps of the Swin pyramid, for runs of few hours on a processor.

Convolutions with batch normalisation take less than half the time that windowed attention takes for a step. Blocks
are those of He et al., "Deep residual learning" (CVPR 2016), with 3x3 kernels throughout; at inference the
normalisation is an affine map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def normalisation(channels: int, batch_norm: bool) -> nn.Module:
    """Return batch normalisation, or group normalisation in eight groups."""
    return nn.BatchNorm2d(channels) if batch_norm else nn.GroupNorm(8, channels)


class ConvBlock2d(nn.Module):
    """Two 3x3 convolutions with normalisation and a residual path; `(B, C, H, W)` to `(B, D, H / s, W / s)`."""

    def __init__(self, channels_in: int, channels_out: int, *, batch_norm: bool = False, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.norm1 = normalisation(channels_out, batch_norm)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = normalisation(channels_out, batch_norm)
        same = channels_in == channels_out and stride == 1
        self.skip = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to `(B, C, H, W)`."""
        y = functional.leaky_relu(self.norm1(self.conv1(x)), 0.01)
        return functional.leaky_relu(self.norm2(self.conv2(y)) + self.skip(x), 0.01)


class ResidualPyramid(nn.Module):
    """Image `(B, N, H, W)` to one map `(B, widths[i], H / 2**(i+1), W / 2**(i+1))` for each width, finest first."""

    def __init__(self, in_channels: int, widths: Sequence[int]):
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(
                ConvBlock2d(before, width, batch_norm=True, stride=2),
                ConvBlock2d(width, width, batch_norm=True),
            )
            for before, width in zip((in_channels, *widths), widths, strict=False)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the pyramid of `(B, N, H, W)`."""
        x = image.to(memory_format=torch.channels_last)
        pyramid = []
        for stage in self.stages:
            x = stage(x)
            pyramid.append(x)
        return pyramid


class UNet2d(nn.Module):
    """Encoder and decoder of a U-Net of `ConvBlock2d`, without its last layer."""

    def __init__(self, channels: int, widths: Sequence[int], *, batch_norm: bool = False):
        super().__init__()
        self.down = nn.ModuleList(
            ConvBlock2d(a, b, batch_norm=batch_norm)
            for a, b in zip((channels, *widths), widths, strict=False)
        )
        self.up = nn.ModuleList(
            ConvBlock2d(deep + skip, skip, batch_norm=batch_norm)
            for deep, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )

    def padded(self, x: Tensor) -> Tensor:
        """Return `(B, C, H, W)` with zeros beyond the last row and column, so that every level can be halved."""
        multiple = 2 ** (len(self.down) - 1)
        return functional.pad(x, (0, -x.shape[-1] % multiple, 0, -x.shape[-2] % multiple))

    def encoded(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the deepest map of a padded image and those of the other levels, deepest first."""
        maps = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.max_pool2d(x, 2))
            maps.append(x)
        return maps[-1], maps[-2::-1]

    def decoded(self, x: Tensor, skips: Sequence[Tensor], number: int) -> Tensor:
        """Return the map of the decoder's level `number`, from the map below."""
        larger = functional.interpolate(x, size=skips[number].shape[-2:], mode="bilinear")
        return self.up[number](torch.cat([larger, skips[number]], dim=1))

    def finest(self, x: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """Return the map of full resolution, from what `encoded` returns."""
        for number in range(len(skips)):
            x = self.decoded(x, skips, number)
        return x
