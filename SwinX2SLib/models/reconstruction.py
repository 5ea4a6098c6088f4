"""What every network offers that reconstructs from two radiographs."""

from __future__ import annotations

from typing import Protocol, TypeGuard

from torch import Tensor, nn


class ReconstructionConfig(Protocol):
    """Sizes that every such network has."""

    @property
    def grid_shape(self) -> tuple[int, int, int]:
        """Voxels `(X, Y, Z)`."""

    @property
    def out_channels(self) -> int:
        """Classes, background included."""

    @property
    def views_per_plane(self) -> int:
        """Radiographs of each plane (N of the paper)."""


class ReconstructionModel(nn.Module):
    """Two radiographs in, class logits of the volume out.

    Attributes:
        config: its sizes.
        grid_shape: voxels `(X, Y, Z)`.
    """

    config: ReconstructionConfig
    grid_shape: tuple[int, int, int]

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return class logits `(B, K, X, Y, Z)` from radiographs `(B, N, X, Z)` and `(B, N, Y, Z)`."""
        raise NotImplementedError


def reconstructs(model: nn.Module) -> TypeGuard[ReconstructionModel]:
    """Return whether a network reconstructs, of whatever class it is; those that look at single radiographs do
    not."""
    return hasattr(model, "reconstruct_logits") and hasattr(model, "grid_shape")
