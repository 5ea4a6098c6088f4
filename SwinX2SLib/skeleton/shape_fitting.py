"""Fit shape models to both radiographs and combine them with the prediction of the network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.skeleton.initial_pose import Silhouettes, starting_placement
from SwinX2SLib.skeleton.label_probabilities import align_femora_to_acetabula, bone_probability, replace_bone
from SwinX2SLib.skeleton.pieces import PELVIS, Placement, piece_drawn
from SwinX2SLib.skeleton.projections import ViewRadiographs, fit, piece_similarity

# Weight of the network against the shape model: exponent of its probability.
NETWORK_WEIGHT = 0.2
# Fits with a lower similarity are rejected.
LEAST_SIMILARITY = 0.4
# The pelvis is often obscured by bowel gas and skin. Its fit is rejected if the similarity is below the first value,
# or lower than that of the predicted pelvis by more than the second one.
LEAST_SIMILARITY_OF_PELVIS, LESS_THAN_PREDICTED = 0.2, 0.08


@dataclass(frozen=True)
class ShapeFit:
    """Result of the shape fitting.

    Attributes:
        similarity: for each bone with an accepted fit, correlation of its projections with the radiographs, -1..1.
        femur_shifts_mm: posterior shift of each femur; empty if none was moved.
    """

    similarity: dict[int, float] = field(default_factory=dict)
    femur_shifts_mm: dict[int, float] = field(default_factory=dict)


def fit_shape_model(
    probability: Tensor, labels: np.ndarray, coronal: Tensor, sagittal: Tensor, spacing_mm: float
) -> ShapeFit:
    """Fit shape models to the reconstructed bones and update the probabilities in place.

    Args:
        probability: `(55, X, Y, Z)`.
        labels: uint8 `(X, Y, Z)`, the reconstruction.
        coronal: its frontal radiograph `(X, Z)`.
        sagittal: its lateral radiograph `(Y, Z)`.
        spacing_mm: of pixels and voxels.
    """
    # Tensors created in inference mode cannot be used for gradients: copy them.
    with torch.inference_mode(False):
        frontal, lateral = (radiograph.float().cpu().clone() for radiograph in (coronal, sagittal))
        radiographs = ViewRadiographs(frontal, lateral, spacing_mm)
        silhouettes = Silhouettes(*(probability[1:].amax(dim=axis).float().cpu().clone() for axis in (2, 1)))
        placement, similarity = _fitted(labels, silhouettes, radiographs)
    if placement is None:
        return ShapeFit()
    accepted, shifts = {}, {}
    for number, alike in enumerate(similarity):
        labels_of = placement.pieces[number].labels
        if alike < (_least_of_pelvis(labels, radiographs) if labels_of == PELVIS else LEAST_SIMILARITY):
            continue
        for label in labels_of:
            found = bone_probability(placement, number, label, labels.shape, spacing_mm)
            if found is not None:
                _set_probability(probability, label, *found)
                accepted[label] = alike
        if labels_of == PELVIS:
            shifts = align_femora_to_acetabula(probability, labels, placement, number, spacing_mm)
    return ShapeFit(accepted, shifts)


def _fitted(
    labels: np.ndarray, silhouettes: Silhouettes, radiographs: ViewRadiographs
) -> tuple[Placement | None, list[float]]:
    """Return the fitted pieces and the similarity of each one's projections with the radiographs."""
    placement = starting_placement(labels, silhouettes, radiographs.spacing_mm)
    if placement is None:
        return None, []
    fit(placement, radiographs)
    return placement, piece_similarity(placement, radiographs)


def _least_of_pelvis(labels: np.ndarray, radiographs: ViewRadiographs) -> float:
    """Return the least similarity of an accepted pelvis."""
    shown = tuple(label for label in PELVIS if (labels == label).any())
    drawn = piece_drawn(shown, labels, radiographs.spacing_mm)
    alike = piece_similarity(Placement([drawn], drawn.middle_mm[None], [1.0]), radiographs)[0]
    return max(LEAST_SIMILARITY_OF_PELVIS, alike - LESS_THAN_PREDICTED)


def _set_probability(
    probability: Tensor, label: int, part: tuple[slice, slice, slice], shape: np.ndarray
) -> None:
    """Set the probability of a bone to the combination of shape model and network; 0 elsewhere."""
    bone = probability[label]
    agreed = torch.zeros_like(bone)
    weighted = torch.from_numpy(shape).to(bone.device) ** (1 - NETWORK_WEIGHT)
    agreed[part] = (weighted * bone[part].float() ** NETWORK_WEIGHT).to(bone.dtype)
    replace_bone(probability, label, agreed)
