"""What all baselines have in common: radiographs of a known size in, the logits of one prediction out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.models.layers import guard_convolutions, radiograph_faults
from SwinX2SLib.models.reconstruction import ReconstructionModel


@dataclass(frozen=True)
class SingleOutputConfig:
    """Sizes that every baseline has.

    Attributes:
        grid_shape: voxels `(X, Y, Z)`.
        out_channels: classes, background included.
        views_per_plane: radiographs of each plane (N of the paper).
    """

    grid_shape: tuple[int, int, int] = (128, 128, 160)
    out_channels: int = 55
    views_per_plane: int = 1
    # Of which every side of the grid must be a multiple.
    SIDE_MULTIPLE: ClassVar[int] = 1

    def faults(self) -> list[str]:
        """Return what is wrong with the sizes, in sentences; empty when the network can be built."""
        found = []
        shape, multiple = tuple(self.grid_shape), self.SIDE_MULTIPLE
        if len(shape) != 3 or any(side < multiple or side % multiple for side in shape):
            found.append(f"The grid must be three multiples of {multiple}, not {shape}.")
        elif shape == (multiple,) * 3:
            found.append(f"A grid of {shape} leaves one voxel at the bottom, which cannot be normalised.")
        if min(self.out_channels, self.views_per_plane) < 1:
            found.append("Classes and views must all be 1 or more.")
        return found + self._own_faults()

    def _own_faults(self) -> list[str]:
        """Return what is wrong with the sizes that this network alone has."""
        return []

    def _number_faults(self, **numbers: int | tuple[int, ...]) -> list[str]:
        """Return a sentence for each of the named sizes that is not 1 or more throughout."""
        return [
            f"{name} must be 1 or more, not {value}."
            for name, value in numbers.items()
            if not value or min(value if isinstance(value, tuple) else (value,)) < 1
        ]


class SingleOutputNetwork(ReconstructionModel):
    """Radiographs of both planes in, logits of one prediction out; unlike the paper's network, which has one a view.

    Subclasses build their layers in `__init__` and end with `self.finish()`; they compute in `_predict`.

    Attributes:
        least_batch: samples that a training step needs at least.
    """

    least_batch: ClassVar[int] = 1
    config: SingleOutputConfig

    def __init__(self, config: SingleOutputConfig):
        """Check the sizes.

        Raises:
            ValueError: they do not fit together; names every fault.
        """
        super().__init__()
        if faults := config.faults():
            raise ValueError(" ".join(faults))
        self.config = config
        self.grid_shape = shape3(config.grid_shape)

    def finish(self) -> None:
        """Make the layers safe for half precision, once all of them are there."""
        guard_convolutions(self)

    def forward(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return class logits `(B, K, X, Y, Z)`.

        Args:
            coronal: radiographs `(B, N, X, Z)`.
            sagittal: radiographs `(B, N, Y, Z)`.

        Raises:
            ValueError: the radiographs are not of the network's size; names every fault.
        """
        if faults := radiograph_faults(coronal, sagittal, self.grid_shape, self.config.views_per_plane):
            raise ValueError(" ".join(faults))
        return self._predict(coronal, sagittal)

    def _predict(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return class logits of radiographs that have the right size."""
        raise NotImplementedError

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return the class logits whose argmax is the reconstruction; arguments and errors as in `forward`."""
        return self(coronal, sagittal)
