"""From two films to voxels: features and silhouettes lifted along their rays (parallel, pixel-aligned)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


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
    """One level of the 3D decoder: the deeper level, upsampled, plus both films' features lifted into the voxels.

    The lifted features add and multiply: a sum says "either film", a product "both films", as a voxel needs.
    """

    def __init__(self, film_channels: int, deeper_channels: int, channels: int):
        super().__init__()
        self.lift = nn.Conv2d(film_channels, 2 * channels, 1)
        self.lift_other = nn.Conv2d(film_channels, 2 * channels, 1)
        self.deeper = nn.Conv3d(deeper_channels, channels, 1) if deeper_channels else None
        self.norm = nn.GroupNorm(8, channels)
        self.block = ConvBlock3d(channels)

    def forward(self, coronal: Tensor, sagittal: Tensor, deeper: Tensor | None) -> Tensor:
        """Return `(B, C, X, Y, Z)` from two films and the deeper level `(B, D, X/2, Y/2, Z/2)`."""
        cor_sum, cor_product = self.lift(coronal)[:, :, :, None, :].chunk(2, dim=1)
        sag_sum, sag_product = self.lift_other(sagittal)[:, :, None, :, :].chunk(2, dim=1)
        volume = cor_sum + sag_sum + cor_product * sag_product
        if self.deeper is not None:
            volume = volume + functional.interpolate(self.deeper(deeper), scale_factor=2, mode="nearest")
        return self.block(functional.leaky_relu(self.norm(volume), 0.01))
