"""The paper's network (Swin-X2S, section 3): one prediction for each view, from weights that both share.

Arrays: coronal `(B, N, X, Z)`, sagittal `(B, N, Y, Z)`, volumes `(B, C, X, Y, Z)`, all in network order (axes run
right -> left, anterior -> posterior, superior -> inferior). With a parallel, pixel-aligned projection, radiograph and
volume have the same grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.models.layers import (
    CORONAL_MISSING_AXIS,
    SAGITTAL_MISSING_AXIS,
    CrossAttention,
    DimensionExpansion,
    apply_block,
    decoder_block,
    decoder_block_without_skip,
    encoder_block,
    radiograph_faults,
)
from SwinX2SLib.models.reconstruction import ReconstructionModel
from SwinX2SLib.models.swin import SIDE_MULTIPLE, STAGES, SwinPyramid

# The radiograph itself, then the five maps of the pyramid.
LEVELS = STAGES + 2


@dataclass(frozen=True)
class SwinX2SConfig:
    """Sizes of the paper's network.

    Attributes:
        embed_dim: channels of the first Swin stage; each stage doubles them.
        depths: Swin blocks of each stage.
        heads: attention heads of each stage; the cross attention has as many as the last.
        grid_shape: voxels `(X, Y, Z)`; multiples of 32, and X equals Y since the views share their weights.
        out_channels: classes, background included.
        views_per_plane: radiographs of each plane (N of the paper).
        transformer_skip: whether the Swin maps of levels 1 to 4 join the decoder at their own resolution. Without
            (table 5 of the paper, "w/o Trans. skip.") the transformer speaks through the bottom level alone; the
            radiograph's own convolutions still join at full resolution. The paper draws no diagram of it and the
            published code has no such switch: this is our reading.
    """

    embed_dim: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    grid_shape: tuple[int, int, int] = (128, 128, 160)
    out_channels: int = 55
    views_per_plane: int = 1
    transformer_skip: bool = True

    @property
    def joined(self) -> tuple[bool, ...]:
        """Return which levels, the radiograph first, go into the 3D network: with transformer skips all, else the
        ends."""
        return tuple(self.transformer_skip or level in (0, LEVELS - 1) for level in range(LEVELS))

    def faults(self) -> list[str]:
        """Return what is wrong with the sizes, in sentences; empty when the network can be built."""
        found = []
        shape = tuple(self.grid_shape)
        if len(shape) != 3 or any(side < SIDE_MULTIPLE or side % SIDE_MULTIPLE for side in shape):
            found.append(f"The grid must be three multiples of {SIDE_MULTIPLE}, not {shape}.")
        elif shape[0] != shape[1]:
            found.append(f"The grid must be as wide (X) as deep (Y), not {shape[0]} and {shape[1]} voxels.")
        elif shape == (SIDE_MULTIPLE,) * 3:
            found.append(f"A grid of {shape} leaves one voxel at the bottom, which cannot be normalised.")
        if len(self.depths) != STAGES or len(self.heads) != STAGES:
            found.append(f"Give {STAGES} depths and {STAGES} heads, not {self.depths} and {self.heads}.")
        if min(self.embed_dim, self.out_channels, self.views_per_plane, *self.depths, *self.heads) < 1:
            found.append("Channels, depths, heads, classes and views must all be 1 or more.")
        elif any(self.embed_dim * 2**i % heads for i, heads in enumerate(self.heads)):
            found.append(
                f"The heads {self.heads} do not divide {self.embed_dim} channels and their doublings."
            )
        return found


class SwinX2S(ReconstructionModel):
    """Coronal and sagittal radiographs in, 3D class logits of either view out; see the module's description."""

    config: SwinX2SConfig

    def __init__(self, config: SwinX2SConfig):
        """Build the network.

        Raises:
            ValueError: the sizes do not fit together; names every fault.
        """
        super().__init__()
        if faults := config.faults():
            raise ValueError(" ".join(faults))
        self.config = config
        self.grid_shape = shape3(config.grid_shape)
        x, y, z = self.grid_shape
        base = config.embed_dim
        pyramid = [base * 2**i for i in range(STAGES + 1)]
        self.pyramid = SwinPyramid(config.views_per_plane, base, config.depths, config.heads, (x, z))
        joined = config.joined
        self.expansions = nn.ModuleList(
            DimensionExpansion(x // 2**level) if joined[level] else nn.Identity() for level in range(LEVELS)
        )
        self.encoders = nn.ModuleList(
            encoder_block(a, b) if join else nn.Identity()
            for a, b, join in zip([config.views_per_plane, *pyramid], [base, *pyramid], joined, strict=True)
        )
        bottom = shape3(side // SIDE_MULTIPLE for side in (x, y, z))
        self.fusion = CrossAttention(pyramid[-1], config.heads[-1], bottom)
        # decoders[i] makes level i out of level i + 1.
        self.decoders = nn.ModuleList(
            decoder_block(a, b) if join else decoder_block_without_skip(a, b)
            for a, b, join in zip(pyramid, [base, *pyramid[:-1]], joined[:-1], strict=True)
        )
        self.head = nn.Conv3d(base, config.out_channels, 1)
        for level in range(LEVELS):
            if not joined[level]:
                # Nobody reads this map of the pyramid: a norm that nothing flows through would never learn.
                self.pyramid.norms[level - 1] = nn.Identity()

    def forward(self, coronal: Tensor, sagittal: Tensor, apply_head: bool = True) -> tuple[Tensor, Tensor]:
        """Return the class logits of the coronal and of the sagittal view, each `(B, K, X, Y, Z)`.

        Args:
            coronal: radiographs `(B, N, X, Z)`.
            sagittal: radiographs `(B, N, Y, Z)`.
            apply_head: False returns what the head is applied to instead, each `(B, C, X, Y, Z)`: whoever scores
                the classes slab by slab never holds K channels of the whole volume.

        Raises:
            ValueError: the radiographs are not of the network's size; names every fault.
        """
        features = self._features(coronal, sagittal)
        first, second = (self.head(features) if apply_head else features).chunk(2)
        return first, second

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return the mean of both views' class logits `(B, K, X, Y, Z)`, whose argmax is the reconstruction.

        The head is linear, so the views' features are averaged before it: the same result for half the head's work
        and memory. Arguments and errors as in `forward`.
        """
        coronal_features, sagittal_features = self._features(coronal, sagittal).chunk(2)
        return self.head((coronal_features + sagittal_features) / 2)

    def _features(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return the last decoder features of both views, `(2B, C, X, Y, Z)`, coronal first."""
        if faults := radiograph_faults(coronal, sagittal, self.grid_shape, self.config.views_per_plane):
            raise ValueError(" ".join(faults))
        radiographs = torch.cat([coronal, sagittal])
        levels = [radiographs, *self.pyramid(radiographs)]
        volume = self.fusion(self._encode(LEVELS - 1, levels[-1]))
        for level in reversed(range(LEVELS - 1)):
            # Encoded only now, level by level: the finest volumes do not wait in memory for their turn.
            skip = (self._encode(level, levels[level]),) if self.config.joined[level] else ()
            volume = apply_block(self.decoders[level], volume, *skip)
        return volume

    def _encode(self, level: int, maps: Tensor) -> Tensor:
        """Expand both views' maps `(2B, C, H, W)` of a level into volumes and encode them."""
        expand = self.expansions[level]
        coronal, sagittal = maps.chunk(2)
        volumes = [expand(coronal, CORONAL_MISSING_AXIS), expand(sagittal, SAGITTAL_MISSING_AXIS)]
        return apply_block(self.encoders[level], torch.cat(volumes))
