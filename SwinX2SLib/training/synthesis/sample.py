"""One training sample from one case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.anatomy import CLASS_COUNT, mirrored_ids
from SwinX2SLib.datasets import Case
from SwinX2SLib.models.implicit_ct import aligned_matrices, view_matrix
from SwinX2SLib.training.synthesis.deformation import (
    DeformationLimits,
    enlarge,
    plain_coordinates,
    source_coordinates,
)
from SwinX2SLib.training.synthesis.depths import SampleDepths, sample_depths
from SwinX2SLib.training.synthesis.joints import Joints, find_joints
from SwinX2SLib.training.synthesis.projections import make_frontal_radiograph, make_radiograph_groups
from SwinX2SLib.training.synthesis.subjects import Subject
from SwinX2SLib.training.synthesis.view_geometry import ViewGeometry, make_groups, random_geometries
from SwinX2SLib.training.synthesis.views import random_view, whole_view


@dataclass
class Sample:
    """A deformed person and the radiographs, in network order.

    Attributes:
        labels: uint8 `(X, Y, Z)`.
        coronal_films: float32 `(N, X, Z)` in 0..1, bone bright.
        sagittal_films: float32 `(N, Y, Z)`.
        known: bool `(55,)`; False where a class, though absent from `labels`, may be in the picture.
        depths: of bones in the frontal radiograph, where they are asked for; the lateral one is then empty.
        ct: float32 `(X, Y, Z)` [HU], where a run learns CT numbers.
        matrices: float32 `(2, 3, 4)`, from the grid's box to both radiographs (`models.implicit_ct`); likewise.
    """

    labels: Tensor
    coronal_radiographs: Tensor
    sagittal_radiographs: Tensor
    known: Tensor
    depths: SampleDepths | None = None
    ct: Tensor | None = None
    matrices: Tensor | None = None

    @property
    def coronal(self) -> Tensor:
        """The radiograph of the coronal plane itself, `(X, Z)`."""
        return self.coronal_radiographs[0]

    @property
    def sagittal(self) -> Tensor:
        """The radiograph of the sagittal plane itself, `(Y, Z)`."""
        return self.sagittal_radiographs[0]


# Lookup tables, label value -> label value.
AIR = {"HU": -1000.0, "8-bit rescaled": 0.0}
_UNCHANGED = torch.arange(CLASS_COUNT, dtype=torch.uint8)
_MIRRORED = torch.tensor(mirrored_ids(), dtype=torch.uint8)


@dataclass
class _Source:
    labels: Tensor
    ct: Tensor | None
    ct_kind: str
    spacing_mm: np.ndarray
    known: Tensor
    weight: float
    joints: Joints

    @cached_property
    def drawn(self) -> Tensor:
        """Bool `(55,)`: the classes that the label volume holds."""
        return torch.bincount(self.labels.flatten(), minlength=CLASS_COUNT) > 0

    @property
    def extent_mm(self) -> np.ndarray:
        return np.array(self.labels.shape) * self.spacing_mm


@dataclass
class Synthesiser:
    """Draws samples from cases held in memory.

    Attributes:
        grid_shape: `(X, Y, Z)` of the samples.
        limits: how far people are deformed.
        ct_share: how often a case that has a CT is projected from it instead of from its labels.
        published_look: how often the radiographs look as the published ones; the others vary as `radiographs` says.
        device: where the volumes lie and the samples are made.
        augment: without it every person is seen whole and as it is, on plain projections (table 5 of the paper).
        views_per_plane: radiographs of each plane (N of the paper); with more than one, X must equal Y.
        depth_bones: labels of bones whose depths in the frontal radiograph are wanted; the lateral one is then left
            empty. None of them for both radiographs.
        with_ct: samples hold the CT and how their radiographs were taken; every case must have a CT in HU.
    """

    grid_shape: tuple[int, int, int]
    limits: DeformationLimits = field(default_factory=DeformationLimits)
    ct_share: float = 0.5
    published_look: float = 0.0
    device: torch.device | str = "cpu"
    augment: bool = True
    views_per_plane: int = 1
    depth_bones: tuple[int, ...] = ()
    with_ct: bool = False
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
            ValueError: the CT has another shape, or nobody says what its values are.
        """
        if ct is not None and ct.shape != labels.shape:
            raise ValueError(f"The CT has the shape {ct.shape} and its label volume {labels.shape}.")
        if self.with_ct and (ct is None or ct_kind != "HU"):
            raise ValueError("CT numbers are learned from volumes that have a CT in HU.")
        if ct is not None and ct_kind not in AIR:
            raise ValueError(f"A CT is given in {' or '.join(AIR)}, not in {ct_kind}.")
        spacing = np.asarray(spacing_mm, dtype=np.float64)
        joints = find_joints(Subject("", labels, spacing, known)) if self.augment else Joints()
        self.sources.append(
            _Source(
                torch.from_numpy(labels).to(self.device),
                None if ct is None else torch.from_numpy(ct).to(self.device),
                ct_kind or "",
                spacing,
                torch.from_numpy(known).to(self.device),
                weight,
                joints,
            )
        )

    def draw(self, rng: np.random.Generator) -> Sample:
        """Return a fresh sample, a function of `rng` alone."""
        weights = np.array([source.weight for source in self.sources])
        source = self.sources[rng.choice(len(self.sources), p=weights / weights.sum())]
        coordinates, spacing_mm = self._coordinates(source, rng)
        index, inside = _nearest(enlarge(coordinates.to(self.device), self.grid_shape), source.labels.shape)
        names = _UNCHANGED
        if self.augment and rng.random() < 0.5:
            # The mirrored person: sampled right-left reversed, sides swapped in the labels below.
            index, inside, names = index.flip(0), inside.flip(0), _MIRRORED
        labels = names.to(self.device)[torch.where(inside, source.labels.view(-1)[index], 0).int()]
        ct, known, drawn = None, source.known[names.int()], source.drawn[names.int()]
        if source.ct is not None and (rng.random() < self.ct_share or self.with_ct):
            ct = torch.where(inside, source.ct.view(-1)[index], AIR[source.ct_kind])
        else:
            # What is not drawn is not projected either, so it is known to be absent.
            known = known | ~drawn
        depths = pair = None
        if self.depth_bones:
            coronal, sagittal, depths = self._frontal(labels, ct, source.ct_kind, spacing_mm, rng)
        elif self.augment:
            published = rng.random() < self.published_look
            shown = labels if ct is None else None
            if self.with_ct:
                pair = random_geometries(spacing_mm, rng, aligned=published)
            coronal, sagittal = make_radiograph_groups(
                shown, ct, source.ct_kind, spacing_mm, rng, published, self.views_per_plane, pair
            )
        else:
            # Runs that learn CT numbers see all that absorbs.
            from_air = ct if ct is None or not self.with_ct else ct - AIR["HU"]
            coronal, sagittal = plain_radiographs(labels, from_air, self.views_per_plane)
        # A bone that is drawn wrongly is in the picture, but nothing to learn from.
        labels = torch.where(known[labels.int()], labels, 0)
        if not self.with_ct:
            return Sample(labels, coronal, sagittal, known, depths)
        matrices = box_matrices(pair, self.grid_shape, spacing_mm)
        return Sample(labels, coronal, sagittal, known, ct=ct, matrices=matrices)

    def _frontal(
        self, labels: Tensor, ct: Tensor | None, ct_kind: str, spacing_mm: float, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, SampleDepths]:
        """Return the frontal radiograph `(1, X, Z)`, an empty lateral one `(1, Y, Z)`, and the depths of bones."""
        geometry = ViewGeometry(1)
        if self.augment:
            published = rng.random() < self.published_look
            radiograph, geometry = make_frontal_radiograph(
                labels if ct is None else None, ct, ct_kind, spacing_mm, rng, published
            )
        else:
            radiograph = plain_radiographs(labels, ct)[0][0]
        depths = sample_depths(labels, geometry, spacing_mm, self.depth_bones)
        return radiograph[None], torch.zeros(1, *labels.shape[1:], device=labels.device), depths

    def _coordinates(self, source: _Source, rng: np.random.Generator) -> tuple[Tensor, float]:
        """Return coarse source coordinates of a sample and the voxel size of its grid [mm]."""
        if not self.augment:
            view = whole_view(source.extent_mm, self.grid_shape)
            return plain_coordinates(view, self.grid_shape, source.spacing_mm), view.spacing_mm
        view = random_view(
            source.joints.bones_mm, source.extent_mm, self.grid_shape, self.limits.full_view, rng
        )
        coordinates = source_coordinates(
            view, source.joints, self.grid_shape, source.spacing_mm, self.limits, rng
        )
        return coordinates, view.spacing_mm


def box_matrices(
    pair: tuple[ViewGeometry, ViewGeometry] | None, shape: Sequence[int], voxel_mm: float
) -> Tensor:
    """Return how points of a grid's box are projected, float32 `(2, 3, 4)`; see `models.implicit_ct`.

    Args:
        pair: geometry of the coronal and of the sagittal radiograph; None for parallel, pixel-aligned ones.
        shape: `(X, Y, Z)` of the grid.
        voxel_mm: its voxel size.
    """
    if pair is None:
        return aligned_matrices()
    half = (np.asarray(shape, dtype=np.float64) - 1) / 2
    to_index = np.diag([*half, 1.0])
    to_index[:3, 3] = half
    matrices = [
        view_matrix(
            geometry.projection_matrix(shape, voxel_mm), (shape[2], shape[1 - geometry.depth_axis]), to_index
        )
        for geometry in pair
    ]
    return torch.stack(matrices).float()


def plain_radiographs(labels: Tensor, ct: Tensor | None, views: int = 1) -> tuple[Tensor, Tensor]:
    """Return parallel projections in 0..1 of the bones, or of what of a CT exceeds nought.

    Args:
        labels: uint8 `(X, Y, Z)`.
        ct: `(X, Y, Z)`, or None.
        views: N, radiographs of each plane.

    Returns:
        float32 `(N, X, Z)` and `(N, Y, Z)`.
    """
    volume = (labels > 0).float() if ct is None else ct.clamp(min=0)

    def radiograph(geometry: ViewGeometry) -> Tensor:
        path = geometry.project(volume, 1.0)
        return path / path.amax().clamp(min=1e-6)

    return make_groups((ViewGeometry(1), ViewGeometry(0)), views, radiograph)


def _nearest(coordinates: Tensor, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the flat index of the nearest source voxel and whether it lies inside the source."""
    rounded = coordinates.round().int()
    inside = torch.ones(coordinates.shape[1:], dtype=torch.bool, device=coordinates.device)
    index = torch.zeros(coordinates.shape[1:], dtype=torch.int64, device=coordinates.device)
    for axis, size in enumerate(shape):
        inside &= (rounded[axis] >= 0) & (rounded[axis] < size)
        index = index * size + rounded[axis].clamp(0, size - 1)
    return index, inside
