"""Attenuation volumes from label maps: random bone densities with a cortical shell, soft tissue, lungs, gas."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_ids


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
    bone = functional.max_pool3d((labels > 0)[None, None].float(), 4)
    envelope = bone
    for _ in range(int(rng.integers(2, 5))):
        envelope = functional.avg_pool3d(envelope, 5, stride=1, padding=2)
    level = float(rng.uniform(0.02, 0.12))
    body = torch.sigmoid((envelope - level) / (0.3 * level))
    texture = _noise(body.shape[2:], (6, 6, 8), rng).exp()
    body = body * (1 + 0.4 * (texture - 1)).clamp(0.2, 3)
    for _ in range(int(rng.integers(0, 6))):
        body = body * (1 - _blob(body.shape[2:], rng) * rng.uniform(-1.0, 1.0))
    volume = body[0, 0].clamp(min=0) * 4
    size_cor, size_sag = (labels.shape[0], labels.shape[2]), (labels.shape[1], labels.shape[2])
    return _enlarge(volume.sum(1), size_cor), _enlarge(volume.sum(0), size_sag)


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
    return functional.interpolate(coarse, size=tuple(shape), mode="trilinear", align_corners=True)


def _blob(shape: torch.Size, rng: np.random.Generator) -> Tensor:
    """A smooth random ellipsoid: an organ, a lung, a pocket of gas."""
    axes = [torch.linspace(-1, 1, n) for n in shape]
    x, y, z = torch.meshgrid(*axes, indexing="ij")
    centre, radius = rng.uniform(-0.6, 0.6, 3), rng.uniform(0.1, 0.5, 3)
    distance = sum(((c - m) / r) ** 2 for c, m, r in zip((x, y, z), centre, radius, strict=True))
    return torch.sigmoid((1 - distance) * 4)[None, None]


def _enlarge(image: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(image[None, None], size=size, mode="bicubic")[0, 0].clamp(min=0)
