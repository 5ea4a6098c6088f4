"""Our fused variant: one prediction from both views, made of silhouettes and a residual inside their visual hull.

The paper's network predicts once for each view and lets the views meet only in the bottleneck (section 3.3). Here
a shared 2D Swin encoder and 2D decoder find, in each radiograph, the silhouette of every bone ("layout"); lifted
along their rays, the two silhouettes of a bone intersect in its visual hull. A small 3D decoder, fed on three levels
with features of both radiographs lifted into the same voxel, decides what fills the hull. Since nearly all the layout
is learned in 2D, where a step is cheap, few people and a processor are enough.

Arrays: coronal `(B, N, X, Z)`, sagittal `(B, N, Y, Z)`, volumes `(B, C, X, Y, Z)`, all in network order (axes run
right -> left, anterior -> posterior, superior -> inferior).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.reconstruction import ReconstructionModel
from SwinX2SLib.models.silhouettes import SilhouetteConfig, SilhouetteNet, check_radiographs
from SwinX2SLib.models.voxel_head import OUTSIDE, VoxelHead, hull_cells, log_silhouettes, voxels_of

# Bounds the memory: each has 8 voxels of 55 classes.
_CELLS_AT_ONCE = 65536


@dataclass(frozen=True)
class FusedConfig(SilhouetteConfig):
    """Sizes of the fused variant.

    Attributes:
        decoder_3d: channels of the 3D decoder at 1/8, 1/4 and 1/2 resolution.
        hidden: width of the head that names voxels at full resolution.
    """

    decoder_3d: tuple[int, ...] = (64, 48, 32)
    hidden: int = 64


class ConvBlock3d(nn.Module):
    """Two 3x3x3 convolutions with group normalisation and a residual path; keeps the shape `(B, C, X, Y, Z)`."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(8, channels)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(8, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to `(B, C, X, Y, Z)`."""
        y = functional.leaky_relu(self.norm1(self.conv1(x)), 0.01)
        return functional.leaky_relu(self.norm2(self.conv2(y)) + x, 0.01)


class LiftedLevel(nn.Module):
    """One level of the 3D decoder: the deeper level, upsampled, plus both radiographs' features lifted into the
    voxels.

    The lifted features add and multiply: a sum says "either radiograph", a product "both radiographs", as a voxel
    needs.
    """

    def __init__(self, radiograph_channels: int, deeper_channels: int, channels: int):
        super().__init__()
        self.lift = nn.Conv2d(radiograph_channels, 2 * channels, 1)
        self.lift_other = nn.Conv2d(radiograph_channels, 2 * channels, 1)
        self.deeper = nn.Conv3d(deeper_channels, channels, 1) if deeper_channels else None
        self.norm = nn.GroupNorm(8, channels)
        self.block = ConvBlock3d(channels)

    def forward(self, coronal: Tensor, sagittal: Tensor, deeper: Tensor | None) -> Tensor:
        """Return `(B, C, X, Y, Z)` from two radiographs and the deeper level `(B, D, X/2, Y/2, Z/2)`."""
        cor_sum, cor_product = self.lift(coronal)[:, :, :, None, :].chunk(2, dim=1)
        sag_sum, sag_product = self.lift_other(sagittal)[:, :, None, :, :].chunk(2, dim=1)
        volume = cor_sum + sag_sum + cor_product * sag_product
        if self.deeper is not None:
            volume = volume + functional.interpolate(self.deeper(deeper), scale_factor=2, mode="nearest")
        return self.block(functional.leaky_relu(self.norm(volume), 0.01))


@dataclass
class FusedOutput:
    """What the fused variant predicts.

    Attributes:
        coronal_layout: logits that a bone lies on the ray, `(B, K-1, X, Z)`.
        sagittal_layout: the same for the lateral radiograph, `(B, K-1, Y, Z)`.
        volume: features of the 3D decoder `(B, C, X/2, Y/2, Z/2)`; None when only the layout was asked for.
        coronal_features: features of the frontal radiograph `(B, F, X, Z)`.
        sagittal_features: features of the lateral radiograph `(B, F, Y, Z)`.
        head: names voxels from these features.
    """

    coronal_layout: Tensor
    sagittal_layout: Tensor
    volume: Tensor | None
    coronal_features: Tensor
    sagittal_features: Tensor
    head: VoxelHead

    @property
    def decoded(self) -> Tensor:
        """The volume `(B, C, X/2, Y/2, Z/2)`.

        Raises:
            ValueError: only the layout was asked for.
        """
        if self.volume is None:
            raise ValueError("Only the silhouettes were predicted, no volume.")
        return self.volume

    def person(self, index: int) -> Callable[[Tensor], Tensor]:
        """Return the function from cells `(N, 3)` of one person of the batch to class logits `(N, 8, K)`."""
        lifted = self.head.lift(self.coronal_features[index], self.sagittal_features[index])
        evidence = tuple(log.permute(1, 2, 0) for log in self.silhouettes(index))
        volume = self.decoded[index]
        return lambda cells: self.head(volume, lifted, evidence, cells)

    def silhouettes(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the log-probabilities of one person's silhouettes `(K-1, X, Z)` and `(K-1, Y, Z)`."""
        return log_silhouettes(self.coronal_layout[index]), log_silhouettes(self.sagittal_layout[index])

    def hull(self, index: int) -> Tensor:
        """Return which cells of one person may hold a bone: bool `(X/2, Y/2, Z/2)`."""
        with torch.no_grad():
            return hull_cells(*self.silhouettes(index))

    def silhouettes_of_volume(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the greatest probability of each bone along every ray, float16 `(K-1, X, Z)` and `(K-1, Y, Z)`.

        That is the maximum of the softmax of `logits` along Y and X, taken over the cells of the hull alone: outside
        it no bone has a probability that float16 can hold.
        """
        cells, name = torch.nonzero(self.hull(index)), self.person(index)
        x, y, z = self.decoded.shape[2:]
        bones = self.coronal_layout.shape[1]
        front, side = (self.decoded.new_zeros((side * z, 4 * bones), dtype=torch.float32) for side in (x, y))
        for part in cells.split(_CELLS_AT_ONCE):
            # Of each cell the corners along X, Y and Z.
            probability = name(part).softmax(dim=-1)[..., 1:].unflatten(1, (2, 2, 2))
            i, j, k = part.unbind(1)
            for greatest, row, axis in ((front, i, 2), (side, j, 1)):
                values = probability.amax(dim=axis).flatten(1)
                rays = (row * z + k)[:, None].expand_as(values)
                greatest.scatter_reduce_(0, rays, values, "amax")
        views = [
            greatest.view(side, z, 2, 2, bones).permute(4, 0, 2, 1, 3).reshape(bones, 2 * side, 2 * z).half()
            for greatest, side in ((front, x), (side, y))
        ]
        return views[0], views[1]

    def logits(self, start: int = 0, stop: int | None = None) -> Tensor:
        """Return full-resolution class logits `(B, K, X, Y, stop - start)` of a slab of slices along Z.

        Slabs keep 55 channels at full resolution out of memory; `start` and `stop` must be even.
        """
        slab = self._slab(start, self.coronal_layout.shape[-1] if stop is None else stop)
        return torch.stack([slab._dense(index) for index in range(len(slab.decoded))])

    def _slab(self, start: int, stop: int) -> FusedOutput:
        maps = (self.coronal_layout, self.sagittal_layout, self.coronal_features, self.sagittal_features)
        coronal, sagittal, coronal_features, sagittal_features = (x[..., start:stop] for x in maps)
        volume = self.decoded[..., start // 2 : stop // 2]
        return FusedOutput(coronal, sagittal, volume, coronal_features, sagittal_features, self.head)

    def _dense(self, index: int) -> Tensor:
        """Return one person's class logits `(K, X, Y, Z)`; outside the hull the background is certain."""
        cells = torch.nonzero(self.hull(index))
        shape = (self.coronal_layout.shape[2], *self.sagittal_layout.shape[2:])
        dense = torch.full((*shape, self.coronal_layout.shape[1] + 1), OUTSIDE, device=cells.device)
        dense[..., 0] = 0.0
        x, y, z = voxels_of(cells).unbind(-1)
        dense[x, y, z] = self.person(index)(cells)
        return dense.permute(3, 0, 1, 2)


class FusedSwinX2S(ReconstructionModel):
    """Two radiographs in, 3D class logits out; see the module's description."""

    config: FusedConfig

    def __init__(self, config: FusedConfig = FusedConfig()):
        super().__init__()
        self.config = config
        self.grid_shape = config.grid_shape
        self.silhouettes = SilhouetteNet(config)
        eighth, quarter, half = config.decoder_3d
        _, feature_8, feature_4, feature_2, _ = config.decoder_2d
        self.level_8 = LiftedLevel(feature_8, 0, eighth)
        self.level_4 = LiftedLevel(feature_4, eighth, quarter)
        self.level_2 = LiftedLevel(feature_2, quarter, half)
        self.head = VoxelHead(half, config.decoder_2d[4], config.hidden, config.out_channels)

    def forward(self, coronal: Tensor, sagittal: Tensor, volumes: int | None = None) -> FusedOutput:
        """Predict from radiographs `(B, N, X, Z)` and `(B, N, Y, Z)`.

        Args:
            coronal: frontal radiographs.
            sagittal: lateral radiographs.
            volumes: decode the volumes of the first so many persons only; 0 stops at the layout, None decodes all.

        Raises:
            ValueError: a size is not a multiple of 32, or the radiographs differ in height.
        """
        check_radiographs(coronal, sagittal, self.config.views_per_plane)
        coronal_levels, sagittal_levels = self.silhouettes(coronal, sagittal)
        volume = None
        if volumes != 0:
            for level, front, side in zip(self.levels(), coronal_levels, sagittal_levels, strict=False):
                volume = level(front[:volumes], side[:volumes], volume)
        return FusedOutput(
            coronal_levels[-1],
            sagittal_levels[-1],
            volume,
            coronal_levels[-2],
            sagittal_levels[-2],
            self.head,
        )

    def levels(self) -> tuple[LiftedLevel, ...]:
        """Return the levels of the 3D decoder, coarsest first: 1/8, 1/4 and 1/2 resolution."""
        return self.level_8, self.level_4, self.level_2

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return class logits `(B, K, X, Y, Z)` at full resolution."""
        return self(coronal, sagittal).logits()
