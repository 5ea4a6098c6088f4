"""How the bones were when something was made of them, kept with the scene as attributes of nodes."""

from __future__ import annotations

import json

import slicer

from SwinX2SLib.slicerui.bone_voxels import Digests
from SwinX2SLib.slicerui.provenance import PREFIX, set_attribute


def keep_digests(node: slicer.vtkMRMLNode, name: str, digests: Digests) -> None:
    """Keep the digests of the bones (`bone_voxels.bone_digests`) under a name."""
    set_attribute(node, name, json.dumps(digests))


def kept_digests(node: slicer.vtkMRMLNode, name: str) -> dict[str, str] | None:
    """Return what was kept under a name, or None where nothing was."""
    text = node.GetAttribute(PREFIX + name)
    return json.loads(text) if text else None
