"""Lay known shapes onto both radiographs, and let them say with the network where the bones are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.skeleton.initial_pose import Silhouettes, starting_placement
from SwinX2SLib.skeleton.label_probabilities import align_femora_to_acetabula, bone_probability, replace_bone
from SwinX2SLib.skeleton.pieces import PELVIS, Placement, piece_drawn
from SwinX2SLib.skeleton.projections import ViewRadiographs, fit, piece_similarity

# The network's say next to the shape's: the exponent of its probability.
NETWORK_WEIGHT = 0.2
# Shapes whose shadows are less like the radiographs than this are not believed.
LEAST_SIMILARITY = 0.4
# Bowel and skin hide more of a pelvis. How much, the pelvis that the network drew tells: less like the radiographs
# by more than this than that one, a pelvis is not believed either.
LEAST_SIMILARITY_OF_PELVIS, LESS_THAN_DRAWN = 0.2, 0.08


@dataclass(frozen=True)
class ShapeFit:
    """What shapes have done to a reconstruction.

    Attributes:
        similarity: for each bone whose shape is believed, how alike its shadows and the radiographs are, -1..1.
        femur_shifts_mm: how far each femur was moved backwards; empty where none was.
    """

    similarity: dict[int, float] = field(default_factory=dict)
    femur_shifts_mm: dict[int, float] = field(default_factory=dict)


def fit_shape_model(
    probability: Tensor, labels: np.ndarray, coronal: Tensor, sagittal: Tensor, spacing_mm: float
) -> ShapeFit:
    """Lay shapes where a reconstruction has bones, and change its probabilities accordingly, in place.

    Args:
        probability: `(55, X, Y, Z)`.
        labels: uint8 `(X, Y, Z)`, the reconstruction.
        coronal: its frontal radiograph `(X, Z)`.
        sagittal: its lateral radiograph `(Y, Z)`.
        spacing_mm: of pixels and voxels.
    """
    # What was made in inference mode cannot take part in a descent: copies can.
    with torch.inference_mode(False):
        frontal, lateral = (radiograph.float().cpu().clone() for radiograph in (coronal, sagittal))
        radiographs = ViewRadiographs(frontal, lateral, spacing_mm)
        silhouettes = Silhouettes(*(probability[1:].amax(dim=axis).float().cpu().clone() for axis in (2, 1)))
        placement, similarity = _fitted(labels, silhouettes, radiographs)
    if placement is None:
        return ShapeFit()
    believed, shifts = {}, {}
    for number, alike in enumerate(similarity):
        labels_of = placement.pieces[number].labels
        if alike < (_least_of_pelvis(labels, radiographs) if labels_of == PELVIS else LEAST_SIMILARITY):
            continue
        for label in labels_of:
            found = bone_probability(placement, number, label, labels.shape, spacing_mm)
            if found is not None:
                _set_probability(probability, label, *found)
                believed[label] = alike
        if labels_of == PELVIS:
            shifts = align_femora_to_acetabula(probability, labels, placement, number, spacing_mm)
    return ShapeFit(believed, shifts)


def _fitted(
    labels: np.ndarray, silhouettes: Silhouettes, radiographs: ViewRadiographs
) -> tuple[Placement | None, list[float]]:
    """Return the pieces laid onto the radiographs, and how alike each one's shadows and the radiographs are."""
    placement = starting_placement(labels, silhouettes, radiographs.spacing_mm)
    if placement is None:
        return None, []
    fit(placement, radiographs)
    return placement, piece_similarity(placement, radiographs)


def _least_of_pelvis(labels: np.ndarray, radiographs: ViewRadiographs) -> float:
    """Return how much like the radiographs a pelvis must be."""
    shown = tuple(label for label in PELVIS if (labels == label).any())
    drawn = piece_drawn(shown, labels, radiographs.spacing_mm)
    alike = piece_similarity(Placement([drawn], drawn.middle_mm[None], [1.0]), radiographs)[0]
    return max(LEAST_SIMILARITY_OF_PELVIS, alike - LESS_THAN_DRAWN)


def _set_probability(
    probability: Tensor, label: int, part: tuple[slice, slice, slice], shape: np.ndarray
) -> None:
    """Give a bone the probability that its shape and the network agree on; elsewhere it is not."""
    bone = probability[label]
    agreed = torch.zeros_like(bone)
    weighted = torch.from_numpy(shape).to(bone.device) ** (1 - NETWORK_WEIGHT)
    agreed[part] = (weighted * bone[part].float() ** NETWORK_WEIGHT).to(bone.dtype)
    replace_bone(probability, label, agreed)
