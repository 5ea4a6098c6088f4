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
    """Drawn radiographs in, logits that a ray meets each of the twelve ribs out; a U-Net.

    A frontal radiograph is drawn once for each side, from the spine outwards; a lateral one shows both ribs of a
    level.
    """

    config: RibNameConfig
    grid_shape: tuple[int, int, int]

    def __init__(self, config: RibNameConfig = RibNameConfig()):
        super().__init__()
        self.config, self.grid_shape = config, config.grid_shape
        widths = config.widths
        channels = 2 + 4 * len(_WAVES)
        self.down = nn.ModuleList(
            ConvBlock2d(a, b, batch_norm=True) for a, b in zip((channels, *widths), widths, strict=False)
        )
        self.up = nn.ModuleList(
            ConvBlock2d(deep + skip, skip, batch_norm=True)
            for deep, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        heads = [nn.Conv2d(widths[0], 12, 1) for _ in range(2)]
        for head in heads:
            # Most pixels hold no given rib.
            fill_bias(head, -3.0)
        self.heads = nn.ModuleList(heads)

    def forward(self, radiograph: Tensor, lateral: bool) -> Tensor:
        """Return logits `(B, 12, C, R)` of drawn radiographs `(B, 1, C, R)` with zero mean and unit variance."""
        width, height = radiograph.shape[-2:]
        more = [-side % _MULTIPLE for side in (height, width)]
        x = torch.cat([radiograph, torch.full_like(radiograph, float(lateral)), _waves(radiograph)], dim=1)
        x = functional.pad(x, (0, more[0], 0, more[1])).contiguous(memory_format=torch.channels_last)
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.max_pool2d(x, 2))
            skips.append(x)
        for block, skip in zip(self.up, skips[-2::-1], strict=True):
            x = functional.interpolate(x, size=skip.shape[-2:], mode="bilinear")
            x = block(torch.cat([x, skip], dim=1))
        return self.heads[int(lateral)](x)[..., :width, :height]


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
