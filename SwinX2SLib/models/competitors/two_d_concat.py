"""2DConcat (Bayat et al. 2020): features of either film grow along the axis that it lacks, are joined and refined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from monai.networks.blocks import Convolution
from torch import Tensor, nn

from SwinX2SLib.models.competitors.network import CompetitorConfig, SingleOutputNetwork
from SwinX2SLib.models.expansion import CORONAL_MISSING_AXIS, SAGITTAL_MISSING_AXIS

# 2D convolutions of a film, of which the first two halve it; plain 3D convolutions of the joined volume.
ENCODER_DEPTH, REFINEMENTS = 6, 4


@dataclass(frozen=True)
class TwoDConcatConfig(CompetitorConfig):
    """Sizes of 2DConcat: 1.55 million parameters in the paper.

    Attributes:
        width: channels at full resolution, 2D and 3D; twice as many at a quarter of it.
    """

    width: int = 16
    SIDE_MULTIPLE: ClassVar[int] = 4

    def _own_faults(self) -> list[str]:
        return self._number_faults(width=self.width)


class TwoDConcat(SingleOutputNetwork):
    """Two 2D encoders, two expansions by transposed convolutions, one 3D decoder."""

    def __init__(self, config: TwoDConcatConfig):
        super().__init__(config)
        x, y, _ = config.grid_shape
        self.lengths = x // 4, y // 4
        films, width = config.views_per_plane, config.width
        self.coronal_encoder, self.sagittal_encoder = (_encoder(films, width) for _ in range(2))
        self.coronal_expansion = _expansion(2 * width, self.lengths[1], (1, 2, 1))
        self.sagittal_expansion = _expansion(2 * width, self.lengths[0], (2, 1, 1))
        self.decoder = _decoder(4 * width, config.out_channels)
        self.finish()

    def _predict(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        x, y = self.lengths
        coronal = self.coronal_encoder(coronal).unsqueeze(CORONAL_MISSING_AXIS)
        sagittal = self.sagittal_encoder(sagittal).unsqueeze(SAGITTAL_MISSING_AXIS)
        # A length that is no power of two is cropped from the next one.
        volumes = self.coronal_expansion(coronal)[:, :, :, :y], self.sagittal_expansion(sagittal)[:, :, :x]
        return self.decoder(torch.cat(volumes, dim=1))


def _encoder(films: int, width: int) -> nn.Sequential:
    layers, channels = [], films
    for index in range(ENCODER_DEPTH):
        out, stride = (width if index == 0 else 2 * width), (2 if index < 2 else 1)
        layers.append(Convolution(2, channels, out, stride, kernel_size=7, act="RELU", norm="BATCH"))
        channels = out
    return nn.Sequential(*layers)


def _expansion(channels: int, length: int, strides: tuple[int, int, int]) -> nn.Sequential:
    """Return as many doublings along one axis as it takes from 1 voxel to `length`."""
    return nn.Sequential(
        *(
            Convolution(3, channels, channels, strides, act="RELU", norm="BATCH", is_transposed=True)
            for _ in range((length - 1).bit_length())
        )
    )


def _decoder(channels: int, out_channels: int) -> nn.Sequential:
    same = [(channels, channels, 1)] * REFINEMENTS
    rising = [(channels, channels // 2, 2), (channels // 2, channels // 4, 2)]
    layers = [
        Convolution(3, a, b, stride, act="RELU", norm="BATCH", is_transposed=True)
        for a, b, stride in (*same, *rising)
    ]
    head = Convolution(3, channels // 4, out_channels, kernel_size=7, is_transposed=True, conv_only=True)
    return nn.Sequential(*layers, head)
