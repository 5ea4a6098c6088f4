"""What a reader must know of each bone of a result, in words."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from SwinX2SLib.inference.plausibility import LARGEST_ML, LOW_CONFIDENCE, mean_heights
from SwinX2SLib.report.findings import Bone, Findings

# Below this the network itself promises less than half of the bone.
LOW_EXPECTED_DICE = 0.5
# A bone in pieces: its largest piece holds less than this share.
_WHOLE = 0.9
_TOUCHING = ndimage.generate_binary_structure(3, 3)


def bone_flags(findings: Findings) -> dict[str, list[str]]:
    """Return sentences by the bones' names; an empty list for a bone without remark."""
    expected = findings.provenance.get("expected_dice") or {}
    swapped = _out_of_order(findings)
    boxes = ndimage.find_objects(findings.labels)
    return {
        bone.label.name: _flags(bone, expected.get(bone.label.name))
        + (["Out of order in the row of vertebrae."] if bone.label.id in swapped else [])
        + _pieces(findings.labels[boxes[bone.label.id - 1]] == bone.label.id)
        for bone in findings.bones
    }


def _flags(bone: Bone, expected_dice: float | None) -> list[str]:
    kind = bone.label.name.split("_")[0] if bone.label.group == "pelvis" else bone.label.group
    told = (
        (bone.confidence < LOW_CONFIDENCE, "The network is unsure of it."),
        (expected_dice is not None and expected_dice < LOW_EXPECTED_DICE, "Half of it or more may be wrong."),
        (bone.volume_ml > LARGEST_ML[kind], "Larger than such a bone can be."),
        (bone.cut, "Cut off by the edge of the films."),
    )
    return [words for holds, words in told if holds]


def _pieces(mask: np.ndarray) -> list[str]:
    pieces, count = ndimage.label(mask, structure=_TOUCHING)
    if count == 1 or np.bincount(pieces.ravel())[1:].max() >= _WHOLE * mask.sum():
        return []
    return [f"In {count} pieces."]


def _out_of_order(findings: Findings) -> set[int]:
    """Return the ids of vertebrae that stand above the one that they should follow, and of those."""
    vertebrae = [bone.label.id for bone in findings.bones if bone.label.group == "spine"]
    if len(vertebrae) < 2:
        return set()
    # Axis 2 of the network's order runs to the feet.
    heights = mean_heights(findings.labels)[vertebrae]
    wrong = np.flatnonzero(np.diff(heights) < 0)
    return {vertebrae[place] for first in wrong for place in (first, first + 1)}
