"""Attenuation volumes from label maps: random bone densities with a cortical shell, soft tissue, lungs, gas."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_ids

# Soft tissue is made on a grid this much coarser.
COARSE = 4


def bone_attenuation(labels: Tensor, rng: np.random.Generator) -> Tensor:
    """Give every bone a random density and a denser cortical shell.

    Densities are lognormal around a common level (label maps alone can drive training: see FleXray, SynthSeg), drawn
    for the group and again for the bone.

    Args:
        labels: uint8 `(X, Y, Z)`.

    Returns:
        float32 `(X, Y, Z)`, arbitrary units around 1 in bone, 0 elsewhere.
    """
    density = np.zeros(CLASS_COUNT, dtype=np.float32)
    for group in GROUPS:
        ids = list(label_ids(group))
        density[ids] = np.exp(rng.normal(0, 0.3) + rng.normal(0, 0.2, len(ids)))
    interior = rng.uniform(0.1, 1.0)
    volume = torch.from_numpy(density)[labels.int()]
    shell = torch.zeros_like(labels, dtype=torch.bool)
    for axis in range(3):
        edge = labels.narrow(axis, 1, labels.shape[axis] - 1) != labels.narrow(
            axis, 0, labels.shape[axis] - 1
        )
        shell.narrow(axis, 1, labels.shape[axis] - 1).logical_or_(edge)
        shell.narrow(axis, 0, labels.shape[axis] - 1).logical_or_(edge)
    return torch.where(shell, volume, volume * interior)


def soft_tissue_projections(labels: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return the projections of a random body around the bones, without the bones.

    Made at a quarter of the resolution: soft tissue has no fine edges in a radiograph.

    Args:
        labels: uint8 `(X, Y, Z)`.

    Returns:
        Coronal `(X, Z)` and sagittal `(Y, Z)` path integrals in full-resolution voxels, unit density.
    """
    coarse = functional.max_pool3d(labels[None, None].float(), COARSE)[0, 0]
    envelope = (coarse > 0)[None, None].float()
    for _ in range(int(rng.integers(2, 5))):
        envelope = functional.avg_pool3d(envelope, 5, stride=1, padding=2)
    level = float(rng.uniform(0.02, 0.12))
    body = torch.sigmoid((envelope - level) / (0.3 * level))[0, 0]
    texture = _noise(body.shape, (6, 6, 8), rng).exp()
    body = body * (1 + 0.4 * (texture - 1)).clamp(0.2, 3)
    if rng.random() < 0.8:
        body = body * (1 - rng.uniform(0.5, 0.95) * lungs(coarse, rng))
    for _ in range(int(rng.integers(0, 6))):
        body = body * (1 - _blob(body.shape, rng) * rng.uniform(-1.0, 1.0))
    volume = body.clamp(min=0) * COARSE
    size_cor, size_sag = (labels.shape[0], labels.shape[2]), (labels.shape[1], labels.shape[2])
    return _enlarge(volume.sum(1), size_cor), _enlarge(volume.sum(0), size_sag)


def lungs(labels: Tensor, rng: np.random.Generator) -> Tensor:
    """Return how much of each voxel is lung: inside the rib cage, above a random diaphragm, beside a mediastinum.

    Args:
        labels: `(X, Y, Z)`, any resolution.

    Returns:
        float32 of the same shape, 0..1; all 0 where no rib is seen.
    """
    ribs = (labels >= label_ids("ribs")[0]) & (labels <= label_ids("ribs")[-1])
    heights = torch.nonzero(ribs.any(0).any(0))
    if len(heights) < 3:
        return torch.zeros(labels.shape)
    # Ribs slope: close the gaps between them along the height before asking what they enclose.
    closed = functional.max_pool3d(ribs[None, None].float(), (1, 1, 5), stride=1, padding=(0, 0, 2))[0, 0]
    inside = torch.ones_like(ribs)
    for axis in (0, 1):
        inside &= (closed.cummax(axis).values > 0) & (closed.flip(axis).cummax(axis).values.flip(axis) > 0)
    top, bottom = int(heights[0]), int(heights[-1])
    x, _, z = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in labels.shape), indexing="ij")
    width = ribs.any(2).any(1).sum().float()
    middle = torch.nonzero(ribs.any(2).any(1)).float().mean() + rng.normal(0, 0.03) * width
    dome = 1 - ((x - middle) / width).abs() * rng.uniform(0.2, 1.0)
    diaphragm = top + (bottom - top) * (rng.uniform(0.6, 1.0) - 0.15 * dome)
    # The heart and the great vessels widen the mediastinum downwards, and more to the left (larger x).
    half = width * (
        rng.uniform(0.06, 0.12) + rng.uniform(0.0, 0.15) * ((z - top) / max(bottom - top, 1)).clamp(0, 1)
    )
    offset = x - middle
    mediastinum = (offset > -half) & (offset < half * rng.uniform(1.0, 1.6))
    air = (inside & (z < diaphragm) & ~mediastinum).float()
    return functional.avg_pool3d(air[None, None], 3, stride=1, padding=1)[0, 0]


def ct_attenuation(ct: Tensor, kind: str, rng: np.random.Generator) -> Tensor:
    """Turn CT values into attenuation.

    Args:
        ct: float32 `(X, Y, Z)`; HU, or the published 8-bit rescaled values.
        kind: "HU" or "8-bit rescaled".

    Returns:
        float32 `(X, Y, Z)` with bone around 1.
    """
    if kind == "HU":
        # The paper thresholds at 0 HU; a random threshold and soft-tissue weight cover other tubes and filters.
        threshold, soft = rng.uniform(-100, 120), rng.uniform(0.0, 0.3)
        return (ct - threshold).clamp(0, 1500) / 600 + soft * (ct > -500).float() * 0.3
    threshold = rng.uniform(60, 130)
    return (ct - threshold).clamp(min=0) / 60


def _noise(shape: torch.Size, controls: tuple[int, int, int], rng: np.random.Generator) -> Tensor:
    coarse = torch.from_numpy(rng.normal(0, 0.5, (1, 1, *controls)).astype(np.float32))
    return functional.interpolate(coarse, size=tuple(shape), mode="trilinear", align_corners=True)[0, 0]


def _blob(shape: torch.Size, rng: np.random.Generator) -> Tensor:
    """A smooth random ellipsoid: an organ, a lung, a pocket of gas."""
    axes = [torch.linspace(-1, 1, n) for n in shape]
    x, y, z = torch.meshgrid(*axes, indexing="ij")
    centre, radius = rng.uniform(-0.6, 0.6, 3), rng.uniform(0.1, 0.5, 3)
    distance = sum(((c - m) / r) ** 2 for c, m, r in zip((x, y, z), centre, radius, strict=True))
    return torch.sigmoid((1 - distance) * 4)


def _enlarge(image: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(image[None, None], size=size, mode="bicubic")[0, 0].clamp(min=0)
