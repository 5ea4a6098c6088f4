"""One training sample from one case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.anatomy import CLASS_COUNT, mirrored_ids
from SwinX2SLib.datasets import Case
from SwinX2SLib.training.synthesis.deformation import DeformationLimits, source_coordinates
from SwinX2SLib.training.synthesis.films import make_films


@dataclass
class Sample:
    """A deformed person and a pair of films, in network order.

    Attributes:
        labels: uint8 `(X, Y, Z)`.
        coronal: float32 `(X, Z)` in 0..1, bone bright.
        sagittal: float32 `(Y, Z)`.
        known: bool `(55,)`; False where a class, though absent from `labels`, may be in the picture.
    """

    labels: Tensor
    coronal: Tensor
    sagittal: Tensor
    known: Tensor


# Lookup tables, label value -> label value.
_UNCHANGED = torch.arange(CLASS_COUNT, dtype=torch.uint8)
_MIRRORED = torch.tensor(mirrored_ids(), dtype=torch.uint8)


@dataclass
class _Source:
    labels: Tensor
    ct: Tensor | None
    ct_kind: str | None
    spacing_mm: np.ndarray
    known: Tensor
    weight: float


@dataclass
class Synthesiser:
    """Draws samples from cases held in memory.

    Attributes:
        grid_shape: `(X, Y, Z)` of the samples.
        limits: how far people are deformed.
        ct_share: how often a case that has a CT is projected from it instead of from its labels.
    """

    grid_shape: tuple[int, int, int]
    limits: DeformationLimits = field(default_factory=DeformationLimits)
    ct_share: float = 0.5
    sources: list[_Source] = field(default_factory=list)

    def add_cases(self, cases: Sequence[Case], weights: Sequence[float]) -> None:
        """Load cases; `weights` say how often each is drawn."""
        for case, weight in zip(cases, weights, strict=True):
            labels, spacing = case.load_labels()
            ct = case.load_ct()
            self.add_volume(labels, spacing, case.known_classes, weight, ct, case.ct_kind)

    def add_volume(
        self,
        labels: np.ndarray,
        spacing_mm: np.ndarray,
        known: np.ndarray,
        weight: float,
        ct: np.ndarray | None = None,
        ct_kind: str | None = None,
    ) -> None:
        """Add one label volume `(X, Y, Z)` in network order, and its CT on the same grid.

        Raises:
            ValueError: the CT has another shape.
        """
        if ct is not None and ct.shape != labels.shape:
            raise ValueError(f"The CT has the shape {ct.shape} and its label volume {labels.shape}.")
        self.sources.append(
            _Source(
                torch.from_numpy(labels),
                None if ct is None else torch.from_numpy(ct),
                ct_kind,
                np.asarray(spacing_mm, dtype=np.float64),
                torch.from_numpy(known),
                weight,
            )
        )

    def draw(self, rng: np.random.Generator) -> Sample:
        """Return a fresh sample."""
        weights = np.array([source.weight for source in self.sources])
        source = self.sources[rng.choice(len(self.sources), p=weights / weights.sum())]
        coordinates, spacing_mm = source_coordinates(
            tuple(source.labels.shape), self.grid_shape, source.spacing_mm, self.limits, rng
        )
        index, inside = _nearest(coordinates, tuple(source.labels.shape))
        if rng.random() < 0.5:
            # The mirrored person: sampled right-left reversed, sides swapped in the labels below.
            index, inside = index.flip(0), inside.flip(0)
            names = _MIRRORED
        else:
            names = _UNCHANGED
        labels = names[torch.where(inside, source.labels.view(-1)[index], 0).int()]
        known = source.known
        if source.ct is not None and rng.random() < self.ct_share:
            ct = torch.where(inside, source.ct.view(-1)[index], -1000.0)
            coronal, sagittal = make_films(None, ct, source.ct_kind, spacing_mm, rng)
        else:
            # What is not drawn is not projected either, so it is known to be absent.
            known = torch.ones_like(known)
            coronal, sagittal = make_films(labels, None, None, spacing_mm, rng)
        return Sample(labels, coronal, sagittal, known)


def _nearest(coordinates: Tensor, shape: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Return the flat index of the nearest source voxel and whether it lies inside the source."""
    rounded = coordinates.round().int()
    inside = torch.ones(coordinates.shape[1:], dtype=torch.bool)
    index = torch.zeros(coordinates.shape[1:], dtype=torch.int64)
    for axis, size in enumerate(shape):
        inside &= (rounded[axis] >= 0) & (rounded[axis] < size)
        index = index * size + rounded[axis].clamp(0, size - 1)
    return index, inside
