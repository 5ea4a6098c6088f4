"""Dimension expansion: a 2D feature map becomes a 3D volume along the axis that its view cannot see."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Axis of a volume `(B, C, X, Y, Z)` that each view's map lacks.
CORONAL_MISSING_AXIS = 3
SAGITTAL_MISSING_AXIS = 2


class DimensionExpansion(nn.Module):
    """Repeat a map along its missing axis, scaled and shifted for every slice (section 3.2 of the paper).

    The paper writes it as a 1x1x1 3D convolution from one channel to as many as the missing axis has slices; that
    is one scale and one offset a slice, shared by all channels.
    """

    def __init__(self, length: int):
        """Start as plain repetition over `length` slices."""
        super().__init__()
        self.scale = nn.Parameter(torch.ones(length))
        self.offset = nn.Parameter(torch.zeros(length))

    def forward(self, feature: Tensor, axis: int) -> Tensor:
        """Return `(B, C, X, Y, Z)` from a coronal `(B, C, X, Z)` or sagittal `(B, C, Y, Z)` map.

        Args:
            feature: the map.
            axis: `CORONAL_MISSING_AXIS` or `SAGITTAL_MISSING_AXIS`.
        """
        volume = feature.unsqueeze(axis)
        shape = [-1 if i == axis else 1 for i in range(volume.ndim)]
        return volume * self.scale.view(shape) + self.offset.view(shape)
