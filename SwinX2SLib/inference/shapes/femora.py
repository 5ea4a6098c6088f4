"""How deep each femur lies: the heads turn with the sockets of the pelvis.

In the lateral film the two femora lie over each other, and a network that cannot tell them apart mixes up their
depths. A pelvis laid onto both films tells how far its left socket is in front of the right one.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.geometry.bone_shapes import femoral_heads_mm
from SwinX2SLib.inference.mixing import mixing_matrix
from SwinX2SLib.inference.shapes.filling import replace_bone
from SwinX2SLib.inference.shapes.placement import Placement

FEMUR_LEFT, FEMUR_RIGHT = FEMORA = (53, 54)
# Bone of a femur that is seen this near to its socket in the frontal film is head or neck.
HEAD_REACH_MM = 20.0
FEWEST_VOXELS = 30
# How far the sockets are believed: against each other the network puts the heads 11 mm off, they lie 4 to 5 mm off
# (root mean square over pairs of `Testing/bench/people.py`).
BELIEF = 0.75
_DEPTH = 1


def seat_femora(
    probability: Tensor, labels: np.ndarray, placement: Placement, pelvis: int, spacing_mm: float
) -> dict[int, float]:
    """Move the femora to and fro, as far against each other as the sockets lie, in place.

    How deep both lie together stays as the network found it: the lateral film shows that.

    Args:
        probability: `(55, X, Y, Z)`.
        labels: uint8 `(X, Y, Z)`, decided from it.
        placement: of the pelvis among other pieces.
        pelvis: which piece it is.
        spacing_mm: of the voxels.

    Returns:
        How far each was moved backwards [mm]; nothing where not both lie near their sockets.
    """
    sockets = placement.carried_mm(pelvis, np.stack([femoral_heads_mm()[label] for label in FEMORA]))
    missing = [
        _missing_depth_mm(labels == label, socket, spacing_mm)
        for label, socket in zip(FEMORA, sockets, strict=True)
    ]
    if None in missing:
        return {}
    left, right = missing
    apart = BELIEF * (left - right) / 2
    shifts = {FEMUR_LEFT: apart, FEMUR_RIGHT: -apart}
    for label, shift in shifts.items():
        _move_in_depth(probability, label, shift / spacing_mm)
    return shifts


def _missing_depth_mm(femur: np.ndarray, socket_mm: np.ndarray, spacing_mm: float) -> float | None:
    """Return how far behind a femur's head its socket lies; None where the femur is not near it."""
    places = np.argwhere(femur) * spacing_mm
    away = np.delete(places - socket_mm, _DEPTH, axis=1)
    head = places[(away**2).sum(axis=1) < HEAD_REACH_MM**2]
    if len(head) < FEWEST_VOXELS:
        return None
    return float(socket_mm[_DEPTH] - head[:, _DEPTH].mean())


def _move_in_depth(probability: Tensor, label: int, voxels: float) -> None:
    """Move a bone backwards; what comes from beyond the volume is none."""
    bone = probability[label]
    mixing = mixing_matrix(np.arange(bone.shape[_DEPTH]) - voxels).to(bone.device)
    moved = torch.einsum("st,xsz->xtz", mixing, bone.float()).to(bone.dtype)
    replace_bone(probability, label, moved)
