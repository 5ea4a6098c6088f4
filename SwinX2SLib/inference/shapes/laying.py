"""Lay known shapes onto both films, and let them say with the network where the bones are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.inference.shapes.femora import seat_femora
from SwinX2SLib.inference.shapes.filling import bone_probability, replace_bone
from SwinX2SLib.inference.shapes.fitting import Films, fit, piece_likeness
from SwinX2SLib.inference.shapes.pelvis_start import Silhouettes
from SwinX2SLib.inference.shapes.pieces import PELVIS
from SwinX2SLib.inference.shapes.placement import Placement
from SwinX2SLib.inference.shapes.starting import starting_placement

# The network's say beside the shape's: the exponent of its probability.
NETWORK_SAY = 0.2
# Shapes whose shadows are less like the films than this are not believed; bowel and skin hide more of a pelvis.
LEAST_LIKENESS, LEAST_LIKENESS_OF_PELVIS = 0.4, 0.33


@dataclass(frozen=True)
class LaidShapes:
    """What shapes have done to a reconstruction.

    Attributes:
        likeness: for each bone whose shape is believed, how alike its shadows and the films are, -1..1.
        femur_shifts_mm: how far each femur was moved backwards; empty where none was.
    """

    likeness: dict[int, float] = field(default_factory=dict)
    femur_shifts_mm: dict[int, float] = field(default_factory=dict)


def lay_shapes(
    probability: Tensor, labels: np.ndarray, coronal: Tensor, sagittal: Tensor, spacing_mm: float
) -> LaidShapes:
    """Lay shapes where a reconstruction has bones, and change its probabilities accordingly, in place.

    Args:
        probability: `(55, X, Y, Z)`.
        labels: uint8 `(X, Y, Z)`, the reconstruction.
        coronal: its frontal film `(X, Z)`.
        sagittal: its lateral film `(Y, Z)`.
        spacing_mm: of pixels and voxels.
    """
    placement, likeness = _laid(probability, labels, coronal, sagittal, spacing_mm)
    laid = LaidShapes()
    for number, alike in enumerate(likeness):
        labels_of = placement.pieces[number].labels
        if alike < (LEAST_LIKENESS_OF_PELVIS if labels_of == PELVIS else LEAST_LIKENESS):
            continue
        for label in labels_of:
            found = bone_probability(placement, number, label, labels.shape, spacing_mm)
            if found is not None:
                _say(probability, label, *found)
                laid.likeness[label] = alike
        if labels_of == PELVIS:
            shifts = seat_femora(probability, labels, placement, number, spacing_mm)
            laid.femur_shifts_mm.update(shifts)
    return laid


def _laid(
    probability: Tensor, labels: np.ndarray, coronal: Tensor, sagittal: Tensor, spacing_mm: float
) -> tuple[Placement | None, list[float]]:
    """Return the pieces laid onto the films, and how alike each one's shadows and the films are."""
    # What was made in inference mode cannot take part in a descent: copies can.
    with torch.inference_mode(False):
        silhouettes = Silhouettes(*(probability[1:].amax(dim=axis).float().cpu().clone() for axis in (2, 1)))
        placement = starting_placement(labels, silhouettes, spacing_mm)
        if placement is None:
            return None, []
        films = Films(coronal.float().cpu().clone(), sagittal.float().cpu().clone(), spacing_mm)
        fit(placement, films)
        return placement, piece_likeness(placement, films)


def _say(probability: Tensor, label: int, part: tuple[slice, slice, slice], shape: np.ndarray) -> None:
    """Give a bone the probability that its shape and the network agree on; elsewhere it is not."""
    bone = probability[label]
    agreed = torch.zeros_like(bone)
    said = torch.from_numpy(shape).to(bone.device) ** (1 - NETWORK_SAY)
    agreed[part] = (said * bone[part].float() ** NETWORK_SAY).to(bone.dtype)
    replace_bone(probability, label, agreed)
