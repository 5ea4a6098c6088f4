"""What every network offers that reconstructs from two radiographs."""

from __future__ import annotations

from collections.abc import Callable
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
        compiled: computes `tensors` in its place, where a backend has compiled it for one pair.
    """

    config: ReconstructionConfig
    grid_shape: tuple[int, int, int]
    compiled: Callable[[Tensor, Tensor], tuple[Tensor, ...]] | None = None

    def tensors(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, ...]:
        """Return what nearly all the work is for: tensors whose shapes depend on those of the radiographs alone."""
        raise NotImplementedError

    def computed(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, ...]:
        """Return `tensors`, compiled or not."""
        return (self.compiled or self.tensors)(coronal, sagittal)

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return class logits `(B, K, X, Y, Z)` from radiographs `(B, N, X, Z)` and `(B, N, Y, Z)`."""
        raise NotImplementedError


def reconstructs(model: nn.Module) -> TypeGuard[ReconstructionModel]:
    """Return whether a network reconstructs, of whatever class it is; those that look at single radiographs do
    not."""
    return hasattr(model, "reconstruct_logits") and hasattr(model, "grid_shape")
