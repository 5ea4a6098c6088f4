"""Measurements of bones that were edited since: which ones, and their messages."""

from __future__ import annotations

from collections.abc import Callable, Collection

import slicer
from slicer.i18n import tr as _

from SwinX2SLib.anatomy import labels
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.slicerui.bone_voxels import (
    Digests,
    bone_digests,
    bone_layers,
    changed_bones,
    keep_digests,
    kept_digests,
)

_MEASURED = "measured_bones"


_GROUPS: dict[str, set[str]] = {}
for _label in labels():
    _GROUPS.setdefault(_label.group, set()).add(_label.name)
_BONES = set().union(*_GROUPS.values())
# The column stands on the sacrum, and the pelvis is measured with the hip joints.
_OF_GROUP = {
    "spine": _GROUPS["spine"] | {"sacrum"},
    "pelvis": _GROUPS["pelvis"] | _GROUPS["femur"],
}
_BETWEEN_BONES = "listhesis"


def remember_measured(document: slicer.vtkMRMLTextNode, digests: Digests) -> None:
    """Keep how the bones were when they were measured."""
    keep_digests(document, _MEASURED, digests)


def take_bones(segmentation: slicer.vtkMRMLSegmentationNode) -> Callable[[], dict[str, str]]:
    """Return a computation of how the bones are now; for `edit_follower.EditObserver`.

    Raises:
        VoxelsError: the segmentation has no voxels.
    """
    layers = bone_layers(segmentation)
    return lambda: bone_digests(layers)


def bones_edited_since(document: slicer.vtkMRMLTextNode, digests: Digests) -> list[str]:
    """Return the names of the bones that were edited since they were measured.

    Args:
        document: of the measurements; one without the state of the bones takes them as they are.
        digests: of the bones as they are now.
    """
    measured = kept_digests(document, _MEASURED)
    if measured is None:
        remember_measured(document, digests)
        return []
    return changed_bones(measured, digests)


def rests_on(key: Key) -> set[str]:
    """Return the names of the bones that a measurement was made of."""
    structure, name, _side = key
    if name.startswith(_BETWEEN_BONES):
        return _OF_GROUP["spine"]
    if structure in _BONES:
        return {structure}
    return _OF_GROUP.get(structure) or _GROUPS.get(structure) or _BONES


def outdated_words(bones: Collection[str]) -> str:
    """Return a message about bones that were edited after the measurement, or ""."""
    titles = ", ".join(label.title for label in labels() if label.name in bones)
    return _("Edited after the measurement: {0}. Measure again.").format(titles) if titles else ""
