"""Attenuation volumes: bones of random density with a cortical shell from label maps, or a CT through random eyes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_ids


def bone_attenuation(labels: Tensor, rng: np.random.Generator) -> Tensor:
    """Give every bone a random density and a denser cortical shell.

    Densities are lognormal around a common level (label maps alone can drive training: see FleXray, SynthSeg), drawn
    for the group and again for the bone; so is the density within the shell.

    Args:
        labels: uint8 `(X, Y, Z)`.

    Returns:
        float32 `(X, Y, Z)`, arbitrary units around 1 in cortical bone, 0 elsewhere.
    """
    cortical = np.zeros(CLASS_COUNT, dtype=np.float32)
    for group in GROUPS:
        ids = list(label_ids(group))
        cortical[ids] = np.exp(rng.normal(0, 0.3) + rng.normal(0, 0.2, len(ids)))
    spongy = cortical * np.clip(_spongy_share(rng) * np.exp(rng.normal(0, 0.15, CLASS_COUNT)), 0.05, 1)
    table = torch.from_numpy(np.concatenate([spongy, cortical]).astype(np.float32)).to(labels.device)
    place = torch.where(_shell(labels), labels + CLASS_COUNT, labels)
    return table.index_select(0, place.reshape(-1).int()).view(labels.shape)


def _spongy_share(rng: np.random.Generator) -> float:
    """Return how dense bone is inside its shell: often so little that endplates alone stand out, as from CT."""
    return float(rng.uniform(0.03, 0.45) if rng.random() < 0.6 else rng.uniform(0.3, 1.0))


def _shell(labels: Tensor) -> Tensor:
    """Return which voxels have a neighbour of another label."""
    shell = torch.zeros_like(labels, dtype=torch.bool)
    for axis in range(3):
        count = labels.shape[axis] - 1
        edge = labels.narrow(axis, 1, count) != labels.narrow(axis, 0, count)
        shell.narrow(axis, 1, count).logical_or_(edge)
        shell.narrow(axis, 0, count).logical_or_(edge)
    return shell


def ct_attenuation(ct: Tensor, kind: str, rng: np.random.Generator) -> Tensor:
    """Turn CT values into attenuation.

    Two kinds of film, as with label maps: what exceeds a threshold near water (the paper's), and everything that
    absorbs, where soft tissue weighs as on real films.

    Args:
        ct: float32 `(X, Y, Z)`; HU, or the published 8-bit rescaled values.
        kind: "HU" or "8-bit rescaled".

    Returns:
        float32 `(X, Y, Z)` with bone around 1.
    """
    as_real = rng.random() < 0.4
    water = float(rng.uniform(0.05, 0.25))
    if kind == "HU":
        # The paper thresholds at 0 HU; a random threshold covers other tubes and filters.
        bone = (ct - float(rng.uniform(-100, 120))).clamp_(0, 1500).div_(600)
        return bone.add_((ct + 1000).clamp_(0, 1200), alpha=water / 1000) if as_real else bone
    threshold = float(rng.uniform(60, 130))
    bone = (ct - threshold).clamp_(min=0).div_(60)
    return bone.add_(ct.clamp(0, threshold), alpha=water / threshold) if as_real else bone
