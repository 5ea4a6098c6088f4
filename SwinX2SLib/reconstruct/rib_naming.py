"""Give ribs their names by their places about the named vertebrae (`skeleton.spine_frame`, `models.rib_names`).

Silhouettes are `(54, W, H)`, in network order.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.models.rib_names import RibNameNet
from SwinX2SLib.models.silhouettes import standardise
from SwinX2SLib.skeleton.spine_frame import BESIDE_MM, DEPTH_MM, RIBS, SpineFrame, drawn_at

_LEFT, _RIGHT = ([label - 1 for label in side] for side in RIBS)


@torch.inference_mode()
def name_ribs(
    silhouettes: tuple[np.ndarray, np.ndarray], radiographs: tuple[Tensor, Tensor], network: RibNameNet
) -> None:
    """Replace the silhouettes of ribs by those that the network sees about the spine, where there is a spine.

    From the side both ribs of a level are one silhouette; each has its share of the probability.

    Args:
        silhouettes: frontal and lateral ones, of named vertebrae; changed in place.
        radiographs: of the same fields, `(1, 1, X, Z)` and `(1, 1, Y, Z)`, on the network's device.
        network: in evaluation mode.
    """
    frames = [SpineFrame.of(view) for view in silhouettes]
    frontal, lateral = (standardise(radiograph)[0] for radiograph in radiographs)
    if frames[0] is not None:
        for own, side in ((_LEFT, 1), (_RIGHT, -1)):
            silhouettes[0][own] = _seen(network, frontal, frames[0], BESIDE_MM, side, lateral=False)
    if frames[1] is not None:
        either = _seen(network, lateral, frames[1], DEPTH_MM, 1, lateral=True)
        silhouettes[1][_LEFT] = silhouettes[1][_RIGHT] = 1 - np.sqrt(1 - either)


def _seen(
    network: RibNameNet,
    radiograph: Tensor,
    frame: SpineFrame,
    span_mm: tuple[float, float],
    side: int,
    *,
    lateral: bool,
) -> np.ndarray:
    """Return how probable it is that a ray meets each of the twelve ribs, `(12, W, H)`."""
    drawn = drawn_at(radiograph, frame.places(span_mm, side))
    probability = network(drawn[None], lateral)[0].float().sigmoid()
    return drawn_at(probability, frame.places_back(span_mm, side)).clamp(0, 1).cpu().numpy()
