"""Give ribs their names by their places about the named vertebrae (`skeleton.spine_frame`, `models.rib_names`).

Silhouettes are `(54, W, H)`, in network order.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.models.rib_names import RibNameNet
from SwinX2SLib.models.silhouettes import standardise
from SwinX2SLib.skeleton.spine_frame import BESIDE_MM, DEPTH_MM, SIDES, SpineFrame, drawn_about, drawn_at


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
    sides = torch.cat([drawn_about(frames[0], frontal, BESIDE_MM, side) for _, side in SIDES])
    beside, deep = network(sides[None], drawn_about(frames[1], lateral, DEPTH_MM)[None])
    if frames[0] is not None:
        for number, (own, side) in enumerate(SIDES):
            silhouettes[0][own] = _put_back(beside[0, number], frames[0].places_back(BESIDE_MM, side))
    if frames[1] is not None:
        either = _put_back(deep[0], frames[1].places_back(DEPTH_MM))
        silhouettes[1][SIDES[0][0]] = silhouettes[1][SIDES[1][0]] = 1 - np.sqrt(1 - either)


def _put_back(logits: Tensor, places: np.ndarray) -> np.ndarray:
    """Return probabilities `(12, W, H)` of a radiograph from logits `(12, C, R)` of the drawn one."""
    return drawn_at(logits.float().sigmoid(), places).clamp(0, 1).cpu().numpy()
