"""Baselines that concatenate 2D features, and the TL-embedding network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import ClassVar

import torch
from monai.networks.blocks.convolutions import Convolution
from monai.networks.nets.autoencoder import AutoEncoder
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.layers import CORONAL_MISSING_AXIS, SAGITTAL_MISSING_AXIS
from SwinX2SLib.models.single import SingleOutputConfig, SingleOutputNetwork
from SwinX2SLib.paper.monai_networks import radiograph_volume

LEVELS = 6


@dataclass(frozen=True)
class Multiscale2DConcatConfig(SingleOutputConfig):
    """Sizes of Multiscale2DConcat: 3.08 million parameters in the paper.

    Attributes:
        first: channels of the first 2D convolution.
        growth: channels that each of a level's dense layers adds, from full resolution down.
        dense_layers: of each level.
        fused: channels of the 3D convolutions.
    """

    first: int = 16
    growth: tuple[int, ...] = (2, 4, 8, 16, 32, 64)
    dense_layers: int = 4
    fused: int = 32
    SIDE_MULTIPLE: ClassVar[int] = 2 ** (LEVELS - 1)

    def _own_faults(self) -> list[str]:
        found = self._number_faults(
            first=self.first, growth=self.growth, dense_layers=self.dense_layers, fused=self.fused
        )
        if len(self.growth) != LEVELS:
            found.append(f"Give the growth of {LEVELS} levels, not {self.growth}.")
        return found


class Multiscale2DConcat(SingleOutputNetwork):
    """Two 2D encoders and decoders, fused in 3D on every level."""

    def __init__(self, config: Multiscale2DConcatConfig):
        super().__init__(config)
        x, y, _ = config.grid_shape
        self.coronal_path, self.sagittal_path = _RadiographPath(config, y), _RadiographPath(config, x)
        self.fusions, self.risers = nn.ModuleList(), nn.ModuleList()
        for level in range(LEVELS):
            below = config.fused if level < LEVELS - 1 else 0
            self.fusions.append(_convolution(3, 2 + below, config.fused))
            self.risers.append(_riser(3, config.fused) if below else nn.Identity())
        self.head = nn.Conv3d(config.fused, config.out_channels, 1)
        self.finish()

    def _predict(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        coronal_maps, sagittal_maps = self.coronal_path(coronal), self.sagittal_path(sagittal)
        volume = None
        for level in reversed(range(LEVELS)):
            # (B, Y, X, Z) and (B, X, Y, Z), both as (B, X, Y, Z).
            parts = [coronal_maps[level].transpose(1, 2), sagittal_maps[level]]
            joined = torch.stack(parts, dim=1)
            if volume is not None:
                joined = torch.cat([self.risers[level](volume), joined], dim=1)
            volume = self.fusions[level](joined)
        return self.head(volume)


class _RadiographPath(nn.Module):
    """From a radiograph `(B, N, W, Z)` to maps `(B, depth / 2^level, W / 2^level, Z / 2^level)`, full resolution
    first."""

    def __init__(self, config: Multiscale2DConcatConfig, depth: int):
        super().__init__()
        self.stem = _convolution(2, config.views_per_plane, config.first)
        self.encoders, self.decoders, self.risers = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        channels = config.first
        for level, growth in enumerate(config.growth):
            self.encoders.append(_Dense(channels, growth, config.dense_layers))
            channels += growth * config.dense_layers
            below = depth // 2 ** (level + 1) if level < LEVELS - 1 else 0
            self.decoders.append(_convolution(2, channels + below, depth // 2**level))
            self.risers.append(_riser(2, below) if below else nn.Identity())

    def forward(self, radiograph: Tensor) -> list[Tensor]:
        encoded, maps = [], self.stem(radiograph)
        for level, encoder in enumerate(self.encoders):
            maps = encoder(maps if level == 0 else functional.max_pool2d(maps, 2))
            encoded.append(maps)
        decoded = [self.decoders[-1](encoded[-1])]
        for level in reversed(range(LEVELS - 1)):
            risen = self.risers[level](decoded[0])
            decoded.insert(0, self.decoders[level](torch.cat([risen, encoded[level]], dim=1)))
        return decoded


class _Dense(nn.Module):
    """Layers of which each sees what all before it made."""

    def __init__(self, channels: int, growth: int, layers: int):
        super().__init__()
        self.layers = nn.ModuleList(_convolution(2, channels + i * growth, growth) for i in range(layers))

    def forward(self, maps: Tensor) -> Tensor:
        for layer in self.layers:
            maps = torch.cat([maps, layer(maps)], dim=1)
        return maps


def _convolution(dimensions: int, in_channels: int, out_channels: int) -> Convolution:
    return Convolution(dimensions, in_channels, out_channels, act="RELU", norm="BATCH")


def _riser(dimensions: int, channels: int) -> Convolution:
    """Return a transposed convolution that doubles maps or volumes."""
    return Convolution(
        dimensions, channels, channels, strides=2, act="RELU", norm="BATCH", is_transposed=True
    )


@dataclass(frozen=True)
class OneDConcatConfig(SingleOutputConfig):
    """Sizes of 1DConcat: 40.67 million parameters in the paper, on a grid of 128x128x128.

    Attributes:
        channels: of the 2D convolutions, which halve the radiograph; reversed, of the 3D ones, which double the
            volume.
        vector: length of the vector that both radiographs share.
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
        radiographs, channels = config.views_per_plane, config.channels
        self.coronal_encoder, self.sagittal_encoder = (_encoder(radiographs, channels) for _ in range(2))
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


def _encoder(radiographs: int, channels: tuple[int, ...]) -> nn.Sequential:
    widths = zip((radiographs, *channels[:-1]), channels, strict=True)
    layers = [Convolution(2, a, b, strides=2, act="RELU", norm="BATCH") for a, b in widths]
    return nn.Sequential(*layers, nn.Flatten())


def _fit(volume: Tensor, shape: list[int]) -> Tensor:
    """Bring a volume `(B, C, X, Y, Z)` to a shape: where it is too short it is stretched, then it is cropped."""
    grown = [max(have, want) for have, want in zip(volume.shape[2:], shape, strict=True)]
    if grown != list(volume.shape[2:]):
        volume = functional.interpolate(volume, size=grown, mode="trilinear", align_corners=False)
    x, y, z = shape
    return volume[:, :, :x, :y, :z]


# 2D convolutions of a radiograph, of which the first two halve it; plain 3D convolutions of the joined volume.
ENCODER_DEPTH, REFINEMENTS = 6, 4


@dataclass(frozen=True)
class TwoDConcatConfig(SingleOutputConfig):
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
        radiographs, width = config.views_per_plane, config.width
        self.coronal_encoder, self.sagittal_encoder = (
            _two_d_concat_encoder(radiographs, width) for _ in range(2)
        )
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


def _two_d_concat_encoder(radiographs: int, width: int) -> nn.Sequential:
    layers, channels = [], radiographs
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


@dataclass(frozen=True)
class TLEmbeddingConfig(SingleOutputConfig):
    """Sizes of TL-Embedding.

    Attributes:
        channels: of each of the convolutions, which halve the grid.
        latent: length of the vector.
    """

    channels: tuple[int, ...] = (8, 16, 32, 64)
    latent: int = 64
    SIDE_MULTIPLE: ClassVar[int] = 16

    def _own_faults(self) -> list[str]:
        found = self._number_faults(channels=self.channels, latent=self.latent)
        if len(self.channels) != 4:
            found.append(f"Give the channels of 4 levels, not {self.channels}.")
        return found


class TLEmbedding(SingleOutputNetwork):
    """Convolutions, a vector, convolutions."""

    def __init__(self, config: TLEmbeddingConfig):
        super().__init__(config)
        self.autoencoder = AutoEncoder(
            3,
            2 * config.views_per_plane,
            config.out_channels,
            config.channels,
            (2,) * len(config.channels),
            act="RELU",
        )
        self.bottom = (config.channels[-1], *(side // config.SIDE_MULTIPLE for side in config.grid_shape))
        self.to_vector = nn.Linear(prod(self.bottom), config.latent)
        self.from_vector = nn.Linear(config.latent, prod(self.bottom))
        self.finish()

    def _predict(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        encoded = self.autoencoder.encode(radiograph_volume(coronal, sagittal))
        vector = self.to_vector(encoded.flatten(1))
        return self.autoencoder.decode(self.from_vector(vector).unflatten(1, self.bottom))
