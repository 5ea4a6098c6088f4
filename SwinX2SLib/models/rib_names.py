"""A network that names ribs in radiographs drawn about a straight mean spine (`skeleton.spine_frame`).

A network that looks at a whole radiograph sees ribs well and names them badly, often a block of them one off. Here
the vertebrae have their names already, and a rib's level follows from its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.layers import fill_bias
from SwinX2SLib.models.residual import ConvBlock2d

RIBS_OF_A_SIDE = 12
# Waves of the coordinates that tell a pixel where it is.
_WAVES = (1.0, 2.0, 4.0, 8.0)
_MULTIPLE = 16


@dataclass(frozen=True)
class RibNameConfig:
    """Sizes of the network.

    Attributes:
        widths: channels at full resolution, 1/2, 1/4, 1/8 and 1/16.
        grid_shape: voxels `(X, Y, Z)` of the people whose radiographs it learns from.
    """

    widths: tuple[int, ...] = (24, 40, 64, 96, 128)
    grid_shape: tuple[int, int, int] = (96, 96, 128)


class RibNameNet(nn.Module):
    """Drawn radiographs in, logits that a ray meets each of the twelve ribs of a side out.

    A frontal radiograph is drawn once for each side, from the spine outwards; a lateral one shows both ribs of a
    level. A U-Net for each plane; their rows stand for the same heights, and at each level of the decoders the planes
    tell each other what their rows hold.
    """

    config: RibNameConfig
    grid_shape: tuple[int, int, int]

    def __init__(self, config: RibNameConfig = RibNameConfig()):
        super().__init__()
        self.config, self.grid_shape = config, config.grid_shape
        self.frontal, self.lateral = _UNet(config.widths), _UNet(config.widths)
        shared = config.widths[-2:0:-1]
        self.to_frontal = nn.ModuleList(_Told(width) for width in shared)
        self.to_lateral = nn.ModuleList(_Told(width) for width in shared)

    def forward(self, frontal: Tensor, lateral: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits `(B, 2, 12, C, R)` of the left and right ribs, and `(B, 12, D, R)` of those of either side.

        Args:
            frontal: left and right side `(B, 2, C, R)`, zero mean and unit variance.
            lateral: `(B, 1, D, R)`.
        """
        batch = len(frontal)
        sides, side_skips = self.frontal.encoded(frontal.flatten(0, 1)[:, None])
        depth, depth_skips = self.lateral.encoded(lateral)
        for number in range(len(side_skips)):
            sides = self.frontal.decoded(sides, side_skips, number)
            depth = self.lateral.decoded(depth, depth_skips, number)
            if number < len(self.to_frontal):
                beside, deep = _rows(sides), _rows(depth)
                both = beside.unflatten(0, (batch, 2)).mean(1)
                sides = _with(sides, self.to_frontal[number](beside, deep.repeat_interleave(2, dim=0)))
                depth = _with(depth, self.to_lateral[number](deep, both))
        left_right = self.frontal.named(sides, frontal.shape[-2:]).unflatten(0, (batch, 2))
        return left_right, self.lateral.named(depth, lateral.shape[-2:])


class _UNet(nn.Module):
    """Encoder and decoder of one plane."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__()
        channels = 1 + 4 * len(_WAVES)
        self.down = nn.ModuleList(
            ConvBlock2d(a, b, batch_norm=True) for a, b in zip((channels, *widths), widths, strict=False)
        )
        self.up = nn.ModuleList(
            ConvBlock2d(deep + skip, skip, batch_norm=True)
            for deep, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        head = nn.Conv2d(widths[0], RIBS_OF_A_SIDE, 1)
        # Most pixels hold no given rib.
        fill_bias(head, -3.0)
        self.head = head

    def encoded(self, radiograph: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the deepest map of radiographs `(B, 1, C, R)` and those of the other levels, deepest first."""
        width, height = radiograph.shape[-2:]
        x = torch.cat([radiograph, _waves(radiograph)], dim=1)
        x = functional.pad(x, (0, -height % _MULTIPLE, 0, -width % _MULTIPLE))
        x = x.contiguous(memory_format=torch.channels_last)
        maps = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.max_pool2d(x, 2))
            maps.append(x)
        return maps[-1], maps[-2::-1]

    def decoded(self, x: Tensor, skips: list[Tensor], number: int) -> Tensor:
        """Return the map of the next level of the decoder."""
        larger = functional.interpolate(x, size=skips[number].shape[-2:], mode="bilinear")
        return self.up[number](torch.cat([larger, skips[number]], dim=1))

    def named(self, x: Tensor, shape: torch.Size) -> Tensor:
        """Return the logits of a map of full resolution, as large as the radiograph."""
        return self.head(x)[..., : shape[0], : shape[1]]


class _Told(nn.Module):
    """What the rows of one plane say to the other `(B, C, 1, R)`; nothing at first."""

    def __init__(self, channels: int):
        super().__init__()
        self.mix = nn.Conv1d(4 * channels, channels, 5, padding=2)
        nn.init.zeros_(self.mix.weight)
        fill_bias(self.mix, 0.0)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """Return what to add, from the rows of both planes `(B, 2 C, R)`."""
        return self.mix(torch.cat([own, other], dim=1))[:, :, None]


def _with(x: Tensor, told: Tensor) -> Tensor:
    """Return a map with what its rows were told; convolutions are fastest with channels last."""
    return (x + told).contiguous(memory_format=torch.channels_last)


def _rows(x: Tensor) -> Tensor:
    """Return mean and largest value of the rows of a map `(B, C, W, R)`, `(B, 2 C, R)`."""
    return torch.cat([x.mean(2), x.amax(2)], dim=1)


def _waves(radiograph: Tensor) -> Tensor:
    """Return sines and cosines of each pixel's place `(B, 4 waves, C, R)`."""
    found = []
    for axis in (-2, -1):
        place = torch.linspace(0, torch.pi, radiograph.shape[axis], device=radiograph.device)
        for wave in _WAVES:
            for function in (torch.sin, torch.cos):
                line = function(wave * place)
                found.append((line[:, None] if axis == -2 else line).expand(radiograph.shape[-2:]))
    return torch.stack(found).to(radiograph.dtype).expand(len(radiograph), -1, -1, -1)
