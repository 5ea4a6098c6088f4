"""Whether the bones lie as they do in a person: headers that turn or mirror the patient are found by it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import label_by_id, label_ids, mirrored_ids
from SwinX2SLib.geometry.frames import transform_points

# Rounded centres of bones that are cut by the edge of the scan.
_SLACK_MM = 5.0


def layout_faults(labels: np.ndarray, affine: np.ndarray) -> list[str]:
    """Return what is against nature in the places of the bones, in sentences.

    Left and right are judged by the bones of both sides, up and down by the order of vertebrae and ribs and by femora
    below hips, front and back by the sacrum, which lies behind the hips. A spine alone says nothing of its sides.

    Args:
        labels: uint8 `(X, Y, Z)`, our labels.
        affine: index -> RAS mm.
    """
    centres = _centres(labels, affine)
    rules = (_sides_fault, _order_fault, _sacrum_fault)
    return [sentence for rule in rules if (sentence := rule(centres))]


def _centres(labels: np.ndarray, affine: np.ndarray) -> dict[int, np.ndarray]:
    """Return the centre of each bone that is there, `(3,)` in RAS mm."""
    present = [int(i) for i in np.unique(labels) if i]
    if not present:
        return {}
    found = ndimage.center_of_mass(labels > 0, labels, present)
    return dict(zip(present, transform_points(affine, np.array(found)), strict=True))


def _sides_fault(centres: dict[int, np.ndarray]) -> str | None:
    pairs = [
        (i, j)
        for i, j in enumerate(mirrored_ids())
        if i in centres and j in centres and i != j and label_by_id(i).side == "left"
    ]
    wrong = [i for i, j in pairs if centres[i][0] >= centres[j][0]]
    if 2 * len(wrong) <= len(pairs):
        return None
    return f"Bones called left lie to the right of their partners ({len(wrong)} of {len(pairs)} pairs)."


def _order_fault(centres: dict[int, np.ndarray]) -> str | None:
    rows = [label_ids("spine"), label_ids("ribs")[:12], label_ids("ribs")[12:]]
    steps = [
        centres[upper][2] - centres[lower][2]
        for row in rows
        for upper, lower in pairwise(row)
        if upper in centres and lower in centres
    ]
    hips = [centres[i][2] for i in label_ids("pelvis")[1:] if i in centres]
    femora = [centres[i][2] for i in label_ids("femur") if i in centres]
    if hips and femora:
        steps.append(np.mean(hips) - np.mean(femora))
    wrong = sum(step <= 0 for step in steps)
    if 2 * wrong <= len(steps):
        return None
    return f"Bones that belong above others lie below them ({wrong} of {len(steps)})."


def _sacrum_fault(centres: dict[int, np.ndarray]) -> str | None:
    sacrum, *hips = label_ids("pelvis")
    shown = [centres[i][1] for i in hips if i in centres]
    if sacrum not in centres or not shown or centres[sacrum][1] < np.mean(shown) + _SLACK_MM:
        return None
    return "The sacrum lies in front of the hips."
