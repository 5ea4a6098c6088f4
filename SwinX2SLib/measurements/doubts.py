"""Reasons to look again that any measurement of a bone shares."""

from __future__ import annotations

from SwinX2SLib.anatomy import labels
from SwinX2SLib.measurements.bones import Bone

KEPT_FRACTION = 0.85


def bone_doubts(bone: Bone, allowed_cuts: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return reasons that lie in the bone itself: cut by the field of view, or in pieces.

    Args:
        bone: to be measured.
        allowed_cuts: faces of the field of view that may cut it without harm.
    """
    reasons, title = (), title_of(bone.name)
    cuts = [face for face in bone.cut if face not in allowed_cuts]
    if cuts:
        reasons += (f"The {title} is cut by the field of view ({', '.join(cuts)}).",)
    if bone.kept_fraction < KEPT_FRACTION:
        reasons += (f"{1 - bone.kept_fraction:.0%} of the {title} lay in loose pieces and were left out.",)
    return reasons


def missing_reason(bone: Bone | None, name: str, least_voxels: int) -> str:
    """Return why a bone that is missing, or has too few voxels, cannot be measured."""
    if bone is None:
        return f"The {title_of(name)} is not in the segmentation."
    return f"The {title_of(name)} has {bone.voxel_count} voxels; at least {least_voxels} are needed."


def title_of(name: str) -> str:
    """Return the name that a person reads, in running text."""
    title = next(label.title for label in labels() if label.name == name)
    return title[0].lower() + title[1:] if title[1:2].islower() else title
