"""Multiscale2DConcat (as X2CT-GAN, Ying et al. 2019): on every level, 2D channels become the missing axis.

A 2D dense network encodes either film on six levels. On the way back up, the 2D decoder of a level has as many
channels as the missing axis has voxels there, so that its output is read as a volume; both volumes and the one of the
level below are joined by a 3D convolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from monai.networks.blocks import Convolution
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.competitors.network import CompetitorConfig, SingleOutputNetwork

LEVELS = 6


@dataclass(frozen=True)
class Multiscale2DConcatConfig(CompetitorConfig):
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
        self.coronal_path, self.sagittal_path = _FilmPath(config, y), _FilmPath(config, x)
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


class _FilmPath(nn.Module):
    """From a film `(B, N, W, Z)` to maps `(B, depth / 2^level, W / 2^level, Z / 2^level)`, full resolution first."""

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

    def forward(self, film: Tensor) -> list[Tensor]:
        encoded, maps = [], self.stem(film)
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
