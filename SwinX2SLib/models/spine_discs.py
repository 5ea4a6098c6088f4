"""A small network that finds the intervertebral discs in a radiograph, without naming them.

Which vertebra it is needs the whole radiograph; where a disc lies can be seen where it lies. The reconstructing
network names well and places vertebrae up to a third of one off along the spine: `reconstruct.level_assignment` names
and places them by the discs that this network sees.

Radiographs are `(B, 1, across, down)` on the reconstruction's grid, bone bright.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.layers import fill_bias
from SwinX2SLib.models.residual import ConvBlock2d
from SwinX2SLib.models.silhouettes import standardise

_MULTIPLE = 16


@dataclass(frozen=True)
class SpineDiscConfig:
    """Sizes of the network.

    Attributes:
        widths: channels at full resolution, 1/2, 1/4, 1/8 and 1/16.
        grid_shape: voxels `(X, Y, Z)` of the people whose radiographs it learns from.
    """

    widths: tuple[int, ...] = (8, 24, 32, 48, 48)
    grid_shape: tuple[int, int, int] = (128, 128, 160)


class SpineDiscNet(nn.Module):
    """Radiographs of one plane in, for every pixel the logit that the middle of a disc lies there out; a U-Net."""

    config: SpineDiscConfig
    grid_shape: tuple[int, int, int]

    def __init__(self, config: SpineDiscConfig = SpineDiscConfig()):
        super().__init__()
        self.config, self.grid_shape = config, config.grid_shape
        widths = config.widths
        # The radiograph and the plane: a disc looks otherwise from the side.
        self.down = nn.ModuleList(ConvBlock2d(a, b) for a, b in zip((2, *widths), widths, strict=False))
        self.up = nn.ModuleList(
            ConvBlock2d(deep + skip, skip) for deep, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.head = nn.Conv2d(widths[0], 1, 1)
        # Most pixels hold none.
        fill_bias(self.head, -4.0)

    def forward(self, radiograph: Tensor, lateral: bool) -> Tensor:
        """Return logits `(B, W, H)` of radiographs `(B, 1, W, H)`."""
        width, height = radiograph.shape[-2:]
        # Each level is half as large as the one above; air is added beyond the last column and row.
        more = [-side % _MULTIPLE for side in (height, width)]
        x = functional.pad(standardise(radiograph), (0, more[0], 0, more[1]))
        x = torch.cat([x, torch.full_like(x, float(lateral))], dim=1)
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.max_pool2d(x, 2))
            skips.append(x)
        for block, skip in zip(self.up, skips[-2::-1], strict=True):
            x = functional.interpolate(x, size=skip.shape[-2:], mode="bilinear")
            x = block(torch.cat([x, skip], dim=1))
        return self.head(x)[:, 0, :width, :height]
