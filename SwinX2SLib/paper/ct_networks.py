"""Networks that the table of CT numbers compares with: what others published, as far as two radiographs need it.

Both are made after the published ideas, not from the published code, and have as many parameters as `implicit-ct`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.builder import register_variants
from SwinX2SLib.models.fused import LiftedLevel
from SwinX2SLib.models.implicit_ct import CTModel, ImplicitCT, ImplicitCTConfig, PointValues, Views
from SwinX2SLib.models.residual import ResidualPyramid
from SwinX2SLib.models.silhouettes import coordinates, standardise

__all__ = ["PerX2CTLike", "X2CTLike"]


@dataclass(frozen=True)
class PerX2CTConfig(ImplicitCTConfig):
    """Sizes of a network after PerX2CT; it has no structure head."""

    out_channels: int = 0

    def faults(self) -> list[str]:
        """Return what is wrong with the sizes, in sentences."""
        found = super().faults()
        return (
            [*found, "This network has no structure head: out_channels must be 0."]
            if self.out_channels
            else found
        )


class PerX2CTLike(ImplicitCT):
    """Local features where a point is projected, and global ones of both radiographs (Kyung et al., ICASSP 2023)."""

    config: PerX2CTConfig

    @property
    def context(self) -> int:
        """Global features of a point, of both views."""
        return 2 * self.config.widths[-1]

    def encode(self, coronal: Tensor, sagittal: Tensor) -> Views:
        """Return both feature maps, and the means of the deepest maps `(B, 2 W)`."""
        views, means = [], []
        for radiograph, view in ((coronal, -1.0), (sagittal, 1.0)):
            picture = standardise(radiograph)
            named = torch.cat([picture, coordinates(picture), torch.full_like(picture, view)], dim=1)
            fine, deepest = self.encode_2d(named)
            views.append(self.to_features(fine))
            means.append(deepest.mean((-2, -1)))
        return (*views, torch.cat(means, dim=1))

    def contexts(self, encoded: Views, points: Tensor) -> list[Tensor]:
        """Return the global features for every point, `(B, P, 2 W)`."""
        return [encoded[2][:, None].expand(-1, points.shape[1], -1)]


@dataclass(frozen=True)
class X2CTConfig(ImplicitCTConfig):
    """Sizes of a volumetric network after X2CT-GAN.

    Attributes:
        widths: channels of the 2D encoder at 1/2, 1/4 and 1/8 resolution.
        decoder_3d: channels of the 3D decoder at 1/8, 1/4 and 1/2 resolution.
    """

    widths: tuple[int, ...] = (24, 48, 96)
    decoder_3d: tuple[int, ...] = (72, 40, 24)
    out_channels: int = 0

    def faults(self) -> list[str]:
        """Return what is wrong with the sizes, in sentences."""
        found = super().faults()
        if len(self.widths) != 3 or len(self.decoder_3d) != 3 or any(width % 8 for width in self.decoder_3d):
            found.append("widths and decoder_3d must hold three numbers, those of decoder_3d multiples of 8.")
        if any(side % 8 for side in self.grid_shape):
            found.append(f"The grid must be three multiples of 8, not {self.grid_shape}.")
        if self.out_channels:
            found.append("This network has no structure head: out_channels must be 0.")
        return found


class X2CTLike(CTModel):
    """2D encoder, maps repeated along their rays, 3D decoder with skips (X2CT-GAN, Ying et al., CVPR 2019).

    Without its discriminator: the table measures fidelity. The volume at half resolution is interpolated at points;
    its rays are parallel whatever the matrices say, as in the published network.
    """

    config: X2CTConfig

    def __init__(self, config: X2CTConfig = X2CTConfig()):
        super().__init__(config)
        self.encoder = ResidualPyramid(4, config.widths)
        fine, middle, deep = config.widths
        eighth, quarter, half = config.decoder_3d
        self.levels = nn.ModuleList(
            [
                LiftedLevel(deep, 0, eighth),
                LiftedLevel(middle, eighth, quarter),
                LiftedLevel(fine, quarter, half),
            ]
        )
        self.intensity = nn.Conv3d(half, 1, 1)

    def encode(self, coronal: Tensor, sagittal: Tensor) -> Views:
        """Return the volume `(B, 1, X/2, Y/2, Z/2)`."""
        maps = []
        for radiograph, view in ((coronal, -1.0), (sagittal, 1.0)):
            picture = standardise(radiograph)
            maps.append(
                self.encoder(torch.cat([picture, coordinates(picture), torch.full_like(picture, view)], 1))
            )
        volume = None
        for level, front, side in zip(self.levels, *(pyramid[::-1] for pyramid in maps), strict=True):
            volume = level(front, side, volume)
        return (self.intensity(volume),)

    def decode(self, encoded: Views, points: Tensor, matrices: Tensor) -> PointValues:
        """Return the volume's values at points `(B, P, 3)`."""
        volume = encoded[0]
        sides = torch.tensor(volume.shape[2:], device=points.device) * 2
        # From the centres of the outermost voxels to the edges of the volume; the last axis first.
        places = (points * (sides - 1) / sides).flip(-1)[:, :, None, None].to(volume.dtype)
        found = functional.grid_sample(volume, places, padding_mode="border", align_corners=False)
        return PointValues(found[:, 0, :, 0, 0].float(), None)


register_variants(
    {"perx2ct-like": PerX2CTConfig(), "x2ct-like": X2CTConfig()},
    {PerX2CTConfig: PerX2CTLike, X2CTConfig: X2CTLike},
)
