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

from SwinX2SLib.models.layers import fill_bias
from SwinX2SLib.models.residual import UNet2d
from SwinX2SLib.models.silhouettes import standardise


@dataclass(frozen=True)
class SpineDiscConfig:
    """Sizes of the network.

    Attributes:
        widths: channels at full resolution, 1/2, 1/4, 1/8 and 1/16.
        grid_shape: voxels `(X, Y, Z)` of the people whose radiographs it learns from.
    """

    widths: tuple[int, ...] = (8, 24, 32, 48, 48)
    grid_shape: tuple[int, int, int] = (128, 128, 160)


class SpineDiscNet(UNet2d):
    """Radiographs of one plane in, for every pixel the logit that the middle of a disc lies there out; a U-Net."""

    config: SpineDiscConfig
    grid_shape: tuple[int, int, int]

    def __init__(self, config: SpineDiscConfig = SpineDiscConfig()):
        # The radiograph and the plane: a disc looks otherwise from the side.
        super().__init__(2, config.widths)
        self.config, self.grid_shape = config, config.grid_shape
        self.head = nn.Conv2d(config.widths[0], 1, 1)
        # Most pixels hold none.
        fill_bias(self.head, -4.0)

    def forward(self, radiograph: Tensor, lateral: bool) -> Tensor:
        """Return logits `(B, W, H)` of radiographs `(B, 1, W, H)`."""
        width, height = radiograph.shape[-2:]
        x = self.padded(standardise(radiograph))
        x = self.finest(*self.encoded(torch.cat([x, torch.full_like(x, float(lateral))], dim=1)))
        return self.head(x)[:, 0, :width, :height]
