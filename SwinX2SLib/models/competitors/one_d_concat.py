"""1DConcat (Chen and Fang 2019): either film becomes a vector; from both, one after the other, the volume grows.

The code of the paper doubles a single voxel seven times and so fills 128x128x128 at most. Here the volume is brought
to the next power-of-two part of the grid between the doublings, which costs no parameter, and the grid may be any.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from monai.networks.blocks import Convolution
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.competitors.network import CompetitorConfig, SingleOutputNetwork


@dataclass(frozen=True)
class OneDConcatConfig(CompetitorConfig):
    """Sizes of 1DConcat: 40.67 million parameters in the paper, on a grid of 128x128x128.

    Attributes:
        channels: of the 2D convolutions, which halve the film; reversed, of the 3D ones, which double the volume.
        vector: length of the vector that both films share.
    """

    channels: tuple[int, ...] = (32, 64, 128, 256, 512, 1024)
    vector: int = 256

    def _own_faults(self) -> list[str]:
        found = self._number_faults(channels=self.channels, vector=self.vector)
        reach = 2 ** (len(self.channels) + 2)
        if any(side > reach for side in self.grid_shape):
            found.append(f"With {len(self.channels)} channels no side of the grid may exceed {reach} voxels.")
        return found


class OneDConcat(SingleOutputNetwork):
    """Two 2D encoders, a vector, one 3D decoder."""

    # A vector of one sample cannot be batch-normalised.
    least_batch: ClassVar[int] = 2

    def __init__(self, config: OneDConcatConfig):
        super().__init__(config)
        x, y, z = config.grid_shape
        films, channels = config.views_per_plane, config.channels
        self.coronal_encoder, self.sagittal_encoder = (_encoder(films, channels) for _ in range(2))
        down = 2 ** len(channels)
        pixels = (-(-x // down) + -(-y // down)) * -(-z // down)
        self.to_vector = nn.Sequential(
            nn.Linear(channels[-1] * pixels, config.vector), nn.BatchNorm1d(config.vector), nn.ReLU()
        )
        widths = (config.vector, *channels[::-1], config.out_channels)
        last = len(widths) - 2
        self.decoder = nn.ModuleList(
            Convolution(
                3, a, b, strides=2, act="RELU", norm="BATCH", is_transposed=True, conv_only=index == last
            )
            for index, (a, b) in enumerate(pairwise(widths))
        )
        self.finish()

    def _predict(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        encoded = [self.coronal_encoder(coronal), self.sagittal_encoder(sagittal)]
        volume = self.to_vector(torch.cat(encoded, dim=1))[:, :, None, None, None]
        for left, block in zip(reversed(range(len(self.decoder))), self.decoder, strict=True):
            volume = _fit(block(volume), [-(-side // 2**left) for side in self.grid_shape])
        return volume


def _encoder(films: int, channels: tuple[int, ...]) -> nn.Sequential:
    widths = zip((films, *channels[:-1]), channels, strict=True)
    layers = [Convolution(2, a, b, strides=2, act="RELU", norm="BATCH") for a, b in widths]
    return nn.Sequential(*layers, nn.Flatten())


def _fit(volume: Tensor, shape: list[int]) -> Tensor:
    """Bring a volume `(B, C, X, Y, Z)` to a shape: where it is too short it is stretched, then it is cropped."""
    grown = [max(have, want) for have, want in zip(volume.shape[2:], shape, strict=True)]
    if grown != list(volume.shape[2:]):
        volume = functional.interpolate(volume, size=grown, mode="trilinear", align_corners=False)
    x, y, z = shape
    return volume[:, :, :x, :y, :z]
