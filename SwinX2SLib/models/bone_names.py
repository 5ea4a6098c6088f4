"""A network that names bones in radiographs drawn about a straight mean spine (`skeleton.spine_frame`).

A network that looks at a whole radiograph sees bones well and names them badly, often a block of ribs one off. Here
the vertebrae have their names already, and a bone's name follows from its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from SwinX2SLib.models.layers import fill_bias, row_mix, row_summary
from SwinX2SLib.models.residual import UNet2d
from SwinX2SLib.skeleton.spine_frame import BONES_OF_A_SIDE, PIXEL_MM, TOP_MM

# Waves of the coordinates that tell a pixel where it is. Along the rows, half a wave of 1 spans so much from C6 on.
_WAVES = (1.0, 2.0, 4.0, 8.0)
_HALF_WAVE_MM, _WAVES_FROM_MM = 477.0, -200.0


@dataclass(frozen=True)
class BoneNameConfig:
    """Sizes of the network.

    Attributes:
        widths: channels at full resolution, 1/2, 1/4, 1/8 and 1/16.
        grid_shape: voxels `(X, Y, Z)` of the people whose radiographs it learns from.
    """

    widths: tuple[int, ...] = (24, 40, 64, 96, 128)
    grid_shape: tuple[int, int, int] = (96, 96, 128)


class BoneNameNet(nn.Module):
    """Drawn radiographs in, logits that a ray meets each bone of a side (`spine_frame.BONES_OF_A_SIDE`) out.

    A frontal radiograph is drawn once for each side, from the spine outwards; a lateral one shows left and right
    bones over each other. A U-Net for each plane; their rows stand for the same heights, and at each level of the
    decoders the planes exchange what their rows hold.
    """

    config: BoneNameConfig
    grid_shape: tuple[int, int, int]

    def __init__(self, config: BoneNameConfig = BoneNameConfig()):
        super().__init__()
        self.config, self.grid_shape = config, config.grid_shape
        self.frontal, self.lateral = _PlaneNet(config.widths), _PlaneNet(config.widths)
        shared = config.widths[-2:0:-1]
        self.to_frontal = nn.ModuleList(_RowMix(width) for width in shared)
        self.to_lateral = nn.ModuleList(_RowMix(width) for width in shared)

    def forward(self, frontal: Tensor, lateral: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits `(B, 2, N, C, R)` of the left and right bones, and `(B, N, D, R)` of those of either side.

        Args:
            frontal: left and right side `(B, 2, C, R)`, zero mean and unit variance.
            lateral: `(B, 1, D, R)`.
        """
        batch = len(frontal)
        sides, side_skips = self.frontal.seen(frontal.flatten(0, 1)[:, None])
        depth, depth_skips = self.lateral.seen(lateral)
        for number in range(len(side_skips)):
            sides = self.frontal.decoded(sides, side_skips, number)
            depth = self.lateral.decoded(depth, depth_skips, number)
            if number < len(self.to_frontal):
                beside, deep = row_summary(sides), row_summary(depth)
                both = beside.unflatten(0, (batch, 2)).mean(1)
                sides = self.to_frontal[number](sides, beside, deep.repeat_interleave(2, dim=0))
                depth = self.to_lateral[number](depth, deep, both)
        left_right = self.frontal.named(sides, frontal.shape[-2:]).unflatten(0, (batch, 2))
        return left_right, self.lateral.named(depth, lateral.shape[-2:])


class _PlaneNet(UNet2d):
    """The network of one plane; a pixel also sees where it is."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__(1 + 4 * len(_WAVES), widths, batch_norm=True)
        head = nn.Conv2d(widths[0], BONES_OF_A_SIDE, 1)
        # Most pixels hold no given bone.
        fill_bias(head, -3.0)
        self.head = head

    def seen(self, radiograph: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the deepest map of radiographs `(B, 1, C, R)` and those of the other levels, deepest first."""
        x = self.padded(torch.cat([radiograph, _waves(radiograph)], dim=1))
        return self.encoded(x.contiguous(memory_format=torch.channels_last))

    def named(self, x: Tensor, shape: torch.Size) -> Tensor:
        """Return the logits of a map of full resolution, as large as the radiograph."""
        return self.head(x)[..., : shape[0], : shape[1]]


class _RowMix(nn.Module):
    """What the rows of both planes add to one of them."""

    def __init__(self, channels: int):
        super().__init__()
        self.mix = row_mix(channels)

    def forward(self, x: Tensor, own: Tensor, other: Tensor) -> Tensor:
        """Return features `(B, C, W, R)` with what the rows of both planes `(B, 2 C, R)` add."""
        more = self.mix(torch.cat([own, other], dim=1))[:, :, None]
        # Convolutions are fastest with channels last.
        return (x + more).contiguous(memory_format=torch.channels_last)


def _waves(radiograph: Tensor) -> Tensor:
    """Return sines and cosines of each pixel's place `(B, 4 waves, C, R)`."""
    found = []
    columns, rows = radiograph.shape[-2:]
    heights_mm = TOP_MM + PIXEL_MM * torch.arange(rows, device=radiograph.device)
    across = torch.linspace(0, torch.pi, columns, device=radiograph.device)
    down = torch.pi / _HALF_WAVE_MM * (heights_mm - _WAVES_FROM_MM)
    for axis, place in ((-2, across), (-1, down)):
        for wave in _WAVES:
            for function in (torch.sin, torch.cos):
                line = function(wave * place)
                found.append((line[:, None] if axis == -2 else line).expand(radiograph.shape[-2:]))
    return torch.stack(found).to(radiograph.dtype).expand(len(radiograph), -1, -1, -1)
