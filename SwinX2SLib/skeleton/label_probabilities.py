"""From placed shapes to how probable each bone is in every voxel."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from SwinX2SLib.skeleton.bone_shapes import SPACING_MM, BoneShape, bone_shapes, femoral_heads_mm, pelvis_modes
from SwinX2SLib.skeleton.interpolation import interpolation_matrix
from SwinX2SLib.skeleton.pieces import Placement, spread_modes

# How far off a placed surface may be, one standard deviation [voxels].
BLUR_VOXELS = 0.8
# Bone thinner than that is still so probable in its midst.
THIN = 0.6
# Modes are smooth: they are inverted on every so many-th voxel.
COARSE = 4
INVERSIONS = 3


@torch.no_grad()
def bone_probability(
    placement: Placement, number: int, label: int, shape: tuple[int, int, int], spacing_mm: float
) -> tuple[tuple[slice, slice, slice], np.ndarray] | None:
    """Return how probable a bone of a placed piece is.

    Args:
        placement: of the pieces.
        number: which piece.
        label: which of its bones.
        shape: of the volume.
        spacing_mm: of its voxels.

    Returns:
        The part of the volume around the bone and the probability there, float32; None when the bone lies outside.
    """
    bone = bone_shapes()[label]
    rotation, size, at = (part[number].numpy().astype(np.float64) for part in placement.transforms())
    own = (placement.piece == number) & (placement.bone == label)
    places = placement.placed_mm()[0][own].numpy() / spacing_mm
    low = np.maximum(np.floor(places.min(0)).astype(int) - 3, 0)
    high = np.minimum(np.ceil(places.max(0)).astype(int) + 4, shape)
    if (high <= low).any():
        return None
    grid = np.stack(
        np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), axis=-1
    )
    away = (grid.reshape(-1, 3) * spacing_mm - at) @ rotation / size
    in_shape = away + placement.middle_mm[number].numpy()
    if number in placement.weights:
        in_shape = _unmoved(in_shape.reshape(grid.shape), placement.weights[number].numpy()).reshape(-1, 3)
    index = ((in_shape - bone.origin_mm) / SPACING_MM).T
    probability = ndimage.map_coordinates(_softened(bone, spacing_mm / size.mean()), index, order=1)
    right, back, down = (slice(a, b) for a, b in zip(low, high, strict=True))
    return (right, back, down), probability.reshape(grid.shape[:3]).astype(np.float32)


def replace_bone(probability: Tensor, label: int, bone: Tensor) -> None:
    """Give a bone another probability `(X, Y, Z)`, in place; what it loses is background, what it gains is not."""
    background = probability[0]
    background.add_(probability[label] - bone).clamp_(0, 1)
    probability[label].copy_(bone)


def _softened(bone: BoneShape, voxel_mm: float) -> np.ndarray:
    """Return the probability when the surface may be a little off; the midst of thin bone does not fade by it."""
    blurred = ndimage.gaussian_filter(bone.probability, BLUR_VOXELS * voxel_mm / SPACING_MM)
    return np.maximum(blurred, THIN * bone.probability)


def _unmoved(places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return where places `(X, Y, Z, 3)` [mm] of the changed shape lie in the mean one."""
    modes = pelvis_modes()
    axes = [np.unique(np.r_[np.arange(0, n, COARSE), n - 1]) for n in places.shape[:3]]
    coarse = places[np.ix_(*axes)]
    source = coarse.reshape(-1, 3)
    for _ in range(INVERSIONS):
        moved = np.einsum("k,knc->nc", weights, spread_modes(modes, source))
        source = coarse.reshape(-1, 3) - moved
    field = (source - coarse.reshape(-1, 3)).reshape(coarse.shape)
    at = np.meshgrid(
        *(np.interp(np.arange(n), a, np.arange(len(a))) for n, a in zip(places.shape, axes, strict=False)),
        indexing="ij",
    )
    return places + np.stack([ndimage.map_coordinates(field[..., c], at, order=1) for c in range(3)], axis=-1)


FEMUR_LEFT, FEMUR_RIGHT = FEMORA = (53, 54)
# Femoral bone this close to the acetabulum in the frontal radiograph is head or neck.
HEAD_REACH_MM = 20.0
FEWEST_VOXELS = 30
# Weight of the acetabula: the depth difference of the heads has an error of 11 mm in the prediction, and of 4 to 5 mm
# from the acetabula (root mean square over pairs of `Testing/bench/people.py`).
ACETABULUM_WEIGHT = 0.75
_DEPTH = 1


def align_femora_to_acetabula(
    probability: Tensor, labels: np.ndarray, placement: Placement, pelvis: int, spacing_mm: float
) -> dict[int, float]:
    """Align the depth difference of the femora with the acetabula, in place.

    The mean depth of both femora is kept: it is visible in the lateral radiograph.

    Args:
        probability: `(55, X, Y, Z)`.
        labels: uint8 `(X, Y, Z)`, decided from it.
        placement: of the pelvis among other pieces.
        pelvis: which piece it is.
        spacing_mm: of the voxels.

    Returns:
        Posterior shift of each femur [mm]; empty if one of them is not near its acetabulum.
    """
    acetabula = placement.carried_mm(pelvis, np.stack([femoral_heads_mm()[label] for label in FEMORA]))
    missing = [
        _missing_depth_mm(labels == label, acetabulum, spacing_mm)
        for label, acetabulum in zip(FEMORA, acetabula, strict=True)
    ]
    left, right = missing
    if left is None or right is None:
        return {}
    apart = ACETABULUM_WEIGHT * (left - right) / 2
    shifts = {FEMUR_LEFT: apart, FEMUR_RIGHT: -apart}
    for label, shift in shifts.items():
        _move_in_depth(probability, label, shift / spacing_mm)
    return shifts


def _missing_depth_mm(femur: np.ndarray, acetabulum_mm: np.ndarray, spacing_mm: float) -> float | None:
    """Return how far the acetabulum is posterior to the femoral head; None if the femur is not near it."""
    places = np.argwhere(femur) * spacing_mm
    away = np.delete(places - acetabulum_mm, _DEPTH, axis=1)
    head = places[(away**2).sum(axis=1) < HEAD_REACH_MM**2]
    if len(head) < FEWEST_VOXELS:
        return None
    return float(acetabulum_mm[_DEPTH] - head[:, _DEPTH].mean())


def _move_in_depth(probability: Tensor, label: int, voxels: float) -> None:
    """Move a bone backwards; what comes from beyond the volume is none."""
    bone = probability[label]
    interpolation = interpolation_matrix(np.arange(bone.shape[_DEPTH]) - voxels).to(bone.device)
    moved = torch.einsum("st,xsz->xtz", interpolation, bone.float()).to(bone.dtype)
    replace_bone(probability, label, moved)
