"""The pair of radiographs of one deformed person: attenuation, projection, exposure, degradation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from SwinX2SLib.geometry.tuples import shape2
from SwinX2SLib.training.synthesis.appearance import bone_attenuation, ct_attenuation, finish
from SwinX2SLib.training.synthesis.implants import random_arms, random_implants, random_unlabelled_bones
from SwinX2SLib.training.synthesis.objects import Shape, add_marks, add_table, draw_shapes
from SwinX2SLib.training.synthesis.soft_tissue import make_body, project_body, random_organs
from SwinX2SLib.training.synthesis.subjects import STRIDE, Landmarks
from SwinX2SLib.training.synthesis.view_geometry import ViewGeometry, make_groups, random_geometries

# On plain radiographs soft tissue may absorb this many times what the thickest bone does.
MOST_TISSUE = 4.0
# How often radiographs show what exceeds water, as the published ones, and not all that absorbs, as real ones.
PROJECTED_SHARE = 0.55


def make_radiograph_groups(
    labels: Tensor | None,
    ct: Tensor | None,
    ct_kind: str,
    spacing_mm: float,
    rng: np.random.Generator,
    published: bool = False,
    views: int = 1,
    pair: tuple[ViewGeometry, ViewGeometry] | None = None,
) -> tuple[Tensor, Tensor]:
    """Make the coronal and the sagittal radiographs of a person, from the CT if there is one, else from the labels.

    The radiographs may have been taken with a cone, off the right angle, off in size or place (`view_geometry`);
    the labels are the truth of the parallel, pixel-aligned convention.

    Args:
        labels: uint8 `(X, Y, Z)`, network order; with a CT they only locate implants, and may be None.
        ct: float32 `(X, Y, Z)` on the same grid, or None.
        ct_kind: "HU" or "8-bit rescaled"; None without a CT.
        spacing_mm: voxel size, the same on all axes.
        rng: where all random numbers come from.
        published: radiographs as the published ones: parallel, of what exceeds water, nearly as projected.
        views: N, radiographs of each plane; the others are turned from the first (`view_groups`).
        pair: geometry of both radiographs; drawn where it is not given.

    Returns:
        float32 `(N, X, Z)` and `(N, Y, Z)` in 0..1, bone bright, on the device of what they are made from.

    Raises:
        ValueError: there are neither labels nor a CT.
    """
    person = _random_person(labels, ct, ct_kind, spacing_mm, rng, published)
    pair = pair or random_geometries(spacing_mm, rng, aligned=published)
    return make_groups(pair, views, lambda geometry: person.radiograph(geometry, spacing_mm, rng, published))


def make_frontal_radiograph(
    labels: Tensor | None,
    ct: Tensor | None,
    ct_kind: str,
    spacing_mm: float,
    rng: np.random.Generator,
    published: bool = False,
) -> tuple[Tensor, ViewGeometry]:
    """Make a frontal radiograph alone, `(X, Z)`, and return with it how it was taken.

    Args and raises: as of `make_radiograph_groups`.
    """
    person = _random_person(labels, ct, ct_kind, spacing_mm, rng, published)
    geometry, _ = random_geometries(spacing_mm, rng, aligned=published)
    return person.radiograph(geometry, spacing_mm, rng, published), geometry


def _random_person(
    labels: Tensor | None,
    ct: Tensor | None,
    ct_kind: str,
    spacing_mm: float,
    rng: np.random.Generator,
    published: bool,
) -> _Person:
    """Return what radiographs show of a person; arguments as of `make_radiograph_groups`."""
    landmarks = None if labels is None else Landmarks.of(labels, spacing_mm)
    implants = [] if landmarks is None else random_implants(landmarks, rng)
    if ct is not None:
        return _Person(ct_attenuation(ct, ct_kind, rng), None, implants, None)
    if labels is None or landmarks is None:
        raise ValueError("Radiographs are made from labels or from a CT; neither was given.")
    bones = bone_attenuation(labels, rng)
    shown = rng.random() < 0.92
    tissue = _random_tissue(labels, landmarks, bones, spacing_mm, rng, published) if shown else None
    shapes = [*random_unlabelled_bones(landmarks, rng), *implants]
    return _Person(bones, tissue, shapes, landmarks)


@dataclass(frozen=True)
class _Person:
    """What both radiographs show.

    Attributes:
        attenuation: float32 `(X, Y, Z)`, of the bones, or of all that a CT holds.
        tissue: the body around bones from labels; None on some radiographs and with a CT.
        shapes: implants and bones without labels.
        landmarks: where arms may join the trunk; None with a CT.
    """

    attenuation: Tensor
    tissue: _Tissue | None
    shapes: list[Shape]
    landmarks: Landmarks | None

    def radiograph(
        self, geometry: ViewGeometry, spacing_mm: float, rng: np.random.Generator, published: bool
    ) -> Tensor:
        path = bones = geometry.project(self.attenuation, spacing_mm)
        lateral = geometry.depth_axis == 0
        if self.tissue is not None:
            path = path + self.tissue.project(spacing_mm, geometry, shape2(path.shape))
        arms = [] if self.landmarks is None else random_arms(self.landmarks, lateral, rng)
        path = draw_shapes(path, [*self.shapes, *arms], spacing_mm, geometry)
        path = add_marks(add_table(path, spacing_mm, lateral, rng), spacing_mm, rng)
        return finish(path, bones, rng, as_projected=published)


@dataclass(frozen=True)
class _Tissue:
    """Soft tissue of one person.

    Attributes:
        body: float32 `(X/2, Y/2, Z/2)`, unit density.
        organs: what differs from the body.
        share: attenuation of unit density, relative to bone.
        level: how much of the body's own attenuation the radiographs show.
    """

    body: Tensor
    organs: list[Shape]
    share: float
    level: float

    def project(self, spacing_mm: float, geometry: ViewGeometry, shape: tuple[int, int]) -> Tensor:
        radiograph = project_body(self.body, shape, geometry.project(self.body, STRIDE * spacing_mm))
        return draw_shapes(radiograph.mul_(self.level), self.organs, spacing_mm, geometry).mul_(self.share)


def _random_tissue(
    labels: Tensor,
    landmarks: Landmarks,
    bones: Tensor,
    spacing_mm: float,
    rng: np.random.Generator,
    published: bool,
) -> _Tissue:
    """Draw the soft tissue for one of two kinds of radiograph.

    Projections of what exceeds water show bone before a faint body and organs with their contrast medium; on real
    radiographs the soft tissue on the way absorbs as much as the bone, or more.
    """
    body = make_body(labels, landmarks, spacing_mm, rng)
    # Relative to the thickest bone, so that no bone drowns whatever the body's size.
    bone_peak, body_peak = bones.sum(1).quantile(0.98), body.sum(1).quantile(0.98) * STRIDE
    share = float(bone_peak / body_peak.clamp(min=1e-3))
    if rng.random() < PROJECTED_SHARE or published:
        organs = random_organs(landmarks, float(rng.uniform(0, 0.9)), rng)
        return _Tissue(
            body, organs, share * float(np.exp(rng.normal(-1.6, 0.8))), float(rng.uniform(0.05, 1.0))
        )
    organs = random_organs(landmarks, float(rng.uniform(0, 0.25)), rng)
    return _Tissue(body, organs, share * float(np.exp(rng.normal(0.8, 0.5)).clip(0, MOST_TISSUE)), 1.0)
