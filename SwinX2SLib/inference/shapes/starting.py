"""Which pieces a reconstruction shows, and where and how large they start."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from SwinX2SLib.geometry.bone_shapes import bone_shapes
from SwinX2SLib.geometry.discs import BODY_STEPS_MM
from SwinX2SLib.inference.shapes.pelvis_start import Silhouettes, start_pelvis
from SwinX2SLib.inference.shapes.pieces import HIP_LEFT, HIP_RIGHT, PELVIS, VERTEBRAE, Piece, piece_of
from SwinX2SLib.inference.shapes.placement import Placement

LEAST_VOXELS = 20
# A silhouette needs fewer points than edges do.
START_STEP = 5
# The people behind the shapes, relative to those behind `BODY_STEPS_MM`.
SHAPES_SIZE = 1.13
_AXIS = 2


def starting_placement(labels: np.ndarray, silhouettes: Silhouettes, spacing_mm: float) -> Placement | None:
    """Return the pieces of a reconstruction where it has them; None where it has none that have a shape.

    Args:
        labels: uint8 `(X, Y, Z)`.
        silhouettes: found by the network.
        spacing_mm: of the voxels.
    """
    middles = _middles(labels)
    size = _size(middles, spacing_mm)
    shown = [label for label in VERTEBRAE if label in middles and label in bone_shapes()]
    pieces = [piece_of((label,)) for label in shown]
    at = [middles[label] * spacing_mm for label in shown]
    pelvis = None
    if all(label in middles for label in (HIP_LEFT, HIP_RIGHT)):
        piece = piece_of(PELVIS)
        hips = np.argwhere(np.isin(labels, (HIP_LEFT, HIP_RIGHT))).mean(axis=0) * spacing_mm
        where = hips - (_hips_middle(piece) - piece.middle_mm) * size
        rough = piece.thinned(START_STEP)
        pelvis = start_pelvis(lambda: Placement([rough], where[None], [size]), silhouettes, spacing_mm)
        pieces.append(piece)
        at.append(where)
    if not pieces:
        return None
    placement = Placement(pieces, np.stack(at), [size] * len(pieces))
    if pelvis is not None:
        placement.take_over(pelvis, len(pieces) - 1)
    return placement


def _middles(labels: np.ndarray) -> dict[int, np.ndarray]:
    """Return the centroids of the bones by label, voxel indices; vertebrae that the film cuts have none."""
    places = np.argwhere(labels > 0)
    values = labels[tuple(places.T)]
    found = {}
    for label in np.unique(values).tolist():
        own = places[values == label]
        cut = label in VERTEBRAE and (own[:, 2].min() == 0 or own[:, 2].max() == labels.shape[2] - 1)
        if len(own) >= LEAST_VOXELS and not cut:
            found[label] = own.mean(axis=0)
    return found


def _size(middles: Mapping[int, np.ndarray], spacing_mm: float) -> float:
    """Return how large the person is, relative to the shapes: by distances of neighbouring vertebrae, else 1."""
    apart = [
        (np.linalg.norm(middles[label + 1] - middles[label]) * spacing_mm, BODY_STEPS_MM[label - _AXIS])
        for label in range(_AXIS, _AXIS + len(BODY_STEPS_MM))
        if label in middles and label + 1 in middles
    ]
    if len(apart) < 2:
        return 1.0
    found, usual = np.sum(apart, axis=0)
    return float(found / usual / SHAPES_SIZE)


def _hips_middle(pelvis: Piece) -> np.ndarray:
    hips = np.isin(np.array(pelvis.labels)[pelvis.bone], (HIP_LEFT, HIP_RIGHT))
    return np.average(pelvis.points_mm[hips], axis=0, weights=pelvis.solid[hips])
