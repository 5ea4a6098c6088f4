"""The 3D blocks of the U-shaped decoder: MONAI's, with the settings of the published network.

Two 3x3x3 convolutions with a residual path, InstanceNorm without parameters, LeakyReLU of slope 0.01, no biases
(section 3.4 of the paper).
"""

from __future__ import annotations

from monai.networks.blocks.dynunet_block import UnetResBlock
from monai.networks.blocks.unetr_block import UnetrUpBlock
from torch import nn

NORM = "instance"


def encoder_block(in_channels: int, out_channels: int) -> UnetResBlock:
    """Return a block from `(B, in_channels, X, Y, Z)` to `(B, out_channels, X, Y, Z)`."""
    return UnetResBlock(3, in_channels, out_channels, kernel_size=3, stride=1, norm_name=NORM)


def decoder_block(in_channels: int, out_channels: int) -> UnetrUpBlock:
    """Return a block that doubles `(B, in_channels, X, Y, Z)` and joins the skip `(B, out_channels, 2X, 2Y, 2Z)`."""
    return UnetrUpBlock(
        3, in_channels, out_channels, kernel_size=3, upsample_kernel_size=2, norm_name=NORM, res_block=True
    )


def decoder_block_without_skip(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a block that doubles `(B, in_channels, X, Y, Z)` to `(B, out_channels, 2X, 2Y, 2Z)` joining nothing."""
    return nn.Sequential(
        nn.ConvTranspose3d(in_channels, out_channels, 2, stride=2, bias=False),
        encoder_block(out_channels, out_channels),
    )
