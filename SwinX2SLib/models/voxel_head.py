"""The full-resolution end of the fused variant: cells of eight voxels inside the visual hull, named one by one.

A cell is one voxel of the half-resolution decoder, that is 2 x 2 x 2 voxels of the grid. Only cells that may hold
a bone in both films are looked at, a tenth of the grid or so: this makes full resolution affordable, in training too.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

# Below this log-probability a ray is empty for good; deeper values only cost precision in half-width floats.
FLOOR = -12.0
# A cell is outside the hull when, for every bone, the films together give it less than this log-probability.
HULL_LOG_PROBABILITY = -5.0
# What voxels outside the hull get for every bone, beside 0 for the background.
OUTSIDE = 2 * FLOOR


def log_silhouettes(layout: Tensor) -> Tensor:
    """Return the log-probability that a ray meets the bone, floored; `(B, K-1, W, H)` in, float32 out."""
    return functional.logsigmoid(layout.float()).clamp(min=FLOOR)


def hull_cells(coronal: Tensor, sagittal: Tensor) -> Tensor:
    """Return which cells may hold a bone: bool `(X/2, Y/2, Z/2)`.

    Args:
        coronal: log-probabilities of one person's silhouettes `(K-1, X, Z)`.
        sagittal: the same for the lateral film `(K-1, Y, Z)`.
    """
    coronal, sagittal = functional.max_pool2d(coronal, 2), functional.max_pool2d(sagittal, 2)
    hull = coronal.new_zeros((coronal.shape[1], *sagittal.shape[1:]), dtype=torch.bool)
    for front, side in zip(coronal, sagittal, strict=True):
        hull |= front[:, None, :] + side[None, :, :] > HULL_LOG_PROBABILITY
    return hull


class VoxelHead(nn.Module):
    """Name the eight voxels of a cell from the decoder's features there and both films' features along their rays.

    Args:
        volume_channels: channels of the 3D decoder at half resolution.
        film_channels: channels of the 2D decoder at full resolution.
        hidden: width of the two hidden layers.
        out_channels: classes, background included.
    """

    def __init__(self, volume_channels: int, film_channels: int, hidden: int, out_channels: int):
        super().__init__()
        self.hidden = hidden
        self.from_volume = nn.Linear(volume_channels, 8 * hidden)
        self.from_coronal = nn.Linear(film_channels, 2 * hidden)
        self.from_sagittal = nn.Linear(film_channels, 2 * hidden)
        self.mix = nn.Linear(hidden, hidden)
        self.head = nn.Linear(hidden, out_channels)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def lift(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, Tensor]:
        """Return the films' contributions `(X, Z, 2H)` and `(Y, Z, 2H)` from features `(C, X, Z)` and `(C, Y, Z)`."""
        return self.from_coronal(coronal.permute(1, 2, 0)), self.from_sagittal(sagittal.permute(1, 2, 0))

    def forward(
        self, volume: Tensor, lifted: tuple[Tensor, Tensor], evidence: tuple[Tensor, Tensor], cells: Tensor
    ) -> Tensor:
        """Return class logits `(N, 8, K)` of the voxels of N cells of one person.

        Args:
            volume: decoder features `(C, X/2, Y/2, Z/2)`.
            lifted: both films' contributions, from `lift`.
            evidence: log-probabilities of the silhouettes `(X, Z, K-1)` and `(Y, Z, K-1)`.
            cells: int64 `(N, 3)`, indices into `volume`'s grid.
        """
        i, j, k = cells.unbind(1)
        hidden = self.from_volume(volume[:, i, j, k].T).view(-1, 8, self.hidden)
        x, y, z = voxels_of(cells).unbind(-1)
        coronal, sagittal = lifted[0][x, z], lifted[1][y, z]
        front, front_product = coronal.chunk(2, dim=-1)
        side, side_product = sagittal.chunk(2, dim=-1)
        hidden = functional.leaky_relu(hidden + front + side + front_product * side_product, 0.01)
        logits = self.head(functional.leaky_relu(self.mix(hidden), 0.01))
        bones = logits[..., 1:].float() + evidence[0][x, z] + evidence[1][y, z]
        return torch.cat([logits[..., :1].float(), bones], dim=-1)


def voxels_of(cells: Tensor) -> Tensor:
    """Return the full-resolution indices `(N, 8, 3)` of the voxels of cells `(N, 3)`; the last axis runs fastest."""
    corner = torch.arange(8, device=cells.device)
    offsets = torch.stack([corner >> 2 & 1, corner >> 1 & 1, corner & 1], dim=-1)
    return 2 * cells[:, None, :] + offsets
