"""Cross attention at the bottom of the U: each view asks, the other view answers (equation 6 of the paper)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

# The published network sets this for the two norms here, and keeps PyTorch's 1e-5 inside the Swin encoder.
NORM_EPSILON = 1e-6


class CrossAttention(nn.Module):
    """One layer of attention between the views' volumes, with the same weights in both directions.

    There is no residual path: what leaves is made of the other view's values alone (published behaviour).
    """

    def __init__(self, channels: int, heads: int, grid: tuple[int, int, int]):
        """Build the layer.

        Args:
            channels: channels of the volumes; a multiple of `heads`.
            heads: attention heads.
            grid: voxels `(X, Y, Z)` of the volumes, one token each.
        """
        super().__init__()
        self.heads = heads
        self.projection = nn.Conv3d(channels, channels, 1)
        self.position_embedding = nn.Parameter(torch.zeros(1, grid[0] * grid[1] * grid[2], channels))
        self.input_norm = nn.LayerNorm(channels, eps=NORM_EPSILON)
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)
        self.output_norm = nn.LayerNorm(channels, eps=NORM_EPSILON)

    def forward(self, views: Tensor) -> Tensor:
        """Return both views' volumes after looking at each other.

        Args:
            views: `(2B, C, X, Y, Z)`, the coronal half of the batch before the sagittal one.
        """
        tokens = self.projection(views).flatten(2).transpose(1, 2) + self.position_embedding
        tokens = self.input_norm(tokens)
        other = torch.cat(tuple(reversed(tokens.chunk(2))))
        query, key, value = (
            layer(source).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, source in ((self.query, tokens), (self.key, other), (self.value, other))
        )
        seen = functional.scaled_dot_product_attention(query, key, value)
        seen = self.output_norm(self.out(seen.transpose(1, 2).flatten(2)))
        return seen.transpose(1, 2).reshape(views.shape)
