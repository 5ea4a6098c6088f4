"""A small network that predicts the view and the orientation of a radiograph.

Users may swap the two radiographs, or load one rotated or mirrored. The reconstruction network cannot detect this
reliably, because it was trained on radiographs in standard display orientation only.

Radiographs are `(B, 1, across, down)`, square, bone bright.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.residual import ConvBlock2d
from SwinX2SLib.models.silhouettes import coordinates, standardise


class View(Enum):
    """View of a radiograph."""

    FRONTAL = "frontal"
    LATERAL = "lateral"


@dataclass(frozen=True)
class Orientation:
    """Orientation relative to the standard display orientation: mirrored first, then rotated.

    Attributes:
        view: of the radiograph.
        quarter_turns: number of clockwise rotations by 90 degrees.
        mirrored: left-right. Always False for frontal radiographs, because the bones are nearly symmetric.
    """

    view: View
    quarter_turns: int = 0
    mirrored: bool = False


# In the order of the network's outputs.
ORIENTATIONS = (
    *(Orientation(View.FRONTAL, turns) for turns in range(4)),
    *(Orientation(View.LATERAL, turns, mirrored) for turns in range(4) for mirrored in (False, True)),
)


def reorient(radiograph: Tensor, orientation: Orientation) -> Tensor:
    """Bring a radiograph `(..., across, down)` in standard display orientation into `orientation`."""
    radiograph = radiograph.flip(-2) if orientation.mirrored else radiograph
    return torch.rot90(radiograph, orientation.quarter_turns, (-2, -1))


@dataclass(frozen=True)
class RadiographOrientationConfig:
    """Sizes of the network.

    Attributes:
        widths: channels at 1/2, 1/4, 1/8 and 1/16 of the radiograph's side.
        radiograph_px: side of the square radiograph [pixels].
        grid_shape: voxels `(X, Y, Z)` of the subjects used for training.
    """

    widths: tuple[int, ...] = (16, 32, 64, 96)
    radiograph_px: int = 80
    grid_shape: tuple[int, int, int] = (64, 64, 96)


class RadiographOrientationNet(nn.Module):
    """Network with one square radiograph as input and one logit for each of `ORIENTATIONS` as output."""

    config: RadiographOrientationConfig
    grid_shape: tuple[int, int, int]

    def __init__(self, config: RadiographOrientationConfig = RadiographOrientationConfig()):
        super().__init__()
        self.config, self.grid_shape = config, config.grid_shape
        inputs = (3, *config.widths)
        self.blocks = nn.ModuleList(ConvBlock2d(a, b) for a, b in zip(inputs, config.widths, strict=False))
        self.head = nn.Linear(2 * config.widths[-1], len(ORIENTATIONS))

    def forward(self, radiograph: Tensor) -> Tensor:
        """Return logits `(B, 12)` of radiographs `(B, 1, S, S)`."""
        x = torch.cat([standardise(radiograph), coordinates(radiograph)], dim=1)
        for block in self.blocks:
            x = functional.max_pool2d(block(x), 2)
        return self.head(torch.cat([x.mean((-2, -1)), x.amax((-2, -1))], dim=1))


def as_square(radiograph: Tensor, side: int) -> Tensor:
    """Fit radiographs `(B, C, W, H)` into squares `(B, C, side, side)`: isotropic, centred, padded with 0."""
    width, height = radiograph.shape[-2:]
    scale = side / max(width, height)
    size = tuple(max(round(length * scale), 1) for length in (width, height))
    fitted = functional.interpolate(radiograph, size=size, mode="bilinear", antialias=True)
    free_w, free_h = side - size[0], side - size[1]
    return functional.pad(fitted, (free_h // 2, free_h - free_h // 2, free_w // 2, free_w - free_w // 2))
