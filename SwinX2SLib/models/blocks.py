"""The 3D blocks of the U-shaped decoder: MONAI's, with the settings of the published network.

Two 3x3x3 convolutions with a residual path, InstanceNorm without parameters, LeakyReLU of slope 0.01, no biases
(section 3.4 of the paper).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from monai.networks.blocks.dynunet_block import UnetResBlock
from monai.networks.blocks.unetr_block import UnetrUpBlock
from torch import Tensor, nn

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


def apply_block(block: Callable[..., Tensor], *volumes: Tensor) -> Tensor:
    """Run a block on volumes `(B, C, X, Y, Z)`, the deepest first.

    Where X is 1 or 2 voxels a processor computes in float32 even under autocast: oneDNN 3.13 (in PyTorch 2.15) leaves
    parts of the weight gradient of a 3x3x3 bfloat16 convolution unwritten when X is 2, and training ends in NaN.
    """
    volume = volumes[0]
    if volume.device.type == "cpu" and volume.shape[2] <= 2 and torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            return block(*(each.float() for each in volumes))
    return block(*volumes)


def guard_convolutions(model: nn.Module) -> None:
    """Make every 3D convolution of a network that others wrote compute thin volumes as `apply_block` does."""
    for module in model.modules():
        if type(module) in _GUARDED:
            # The class alone changes: parameters, their names and copies of the network stay as they are.
            module.__class__ = _GUARDED[type(module)]


class _GuardedConv3d(nn.Conv3d):
    def forward(self, volume: Tensor) -> Tensor:
        return apply_block(super().forward, volume)


class _GuardedConvTranspose3d(nn.ConvTranspose3d):
    def forward(self, volume: Tensor) -> Tensor:
        return apply_block(super().forward, volume)


_GUARDED = {nn.Conv3d: _GuardedConv3d, nn.ConvTranspose3d: _GuardedConvTranspose3d}
