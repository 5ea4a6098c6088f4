"""Where a segmentation comes from, as attributes of its node: they are saved with the scene."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import slicer

PREFIX = "SwinX2S."
# These name files of the run's temporary folder, which is gone when anyone reads the attributes.
_OF_THE_RUN = {"options", "command", "path"}
# Kept whole, as JSON in one attribute.
_WHOLE = {"verdict"}


def set_provenance(node: slicer.vtkMRMLNode, record: Mapping[str, Any]) -> None:
    """Copy a result's record, as `io.provenance.read_provenance` returns it, to attributes of a node.

    Nested names are joined by underscores (`model` -> `sha256` becomes `SwinX2S.model_sha256`). The level `inputs`
    and the word `name` are left out: the radiographs' hashes are `SwinX2S.ap_sha256` and `SwinX2S.lateral_sha256`,
    the model's name is `SwinX2S.model`.
    """
    for name, value in _flat(record, ()):
        set_attribute(node, name, value)


def set_attribute(node: slicer.vtkMRMLNode, name: str, value: str) -> None:
    """Set one attribute in the module's name space."""
    node.SetAttribute(PREFIX + name, value)


def _flat(value: object, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and not _WHOLE & set(names):
        for key, inner in value.items():
            if key not in _OF_THE_RUN:
                yield from _flat(inner, (*names, str(key)))
    elif value is not None:
        shown = [name for name in names if name != "inputs"]
        if len(shown) > 1 and shown[-1] == "name":
            shown.pop()
        yield "_".join(shown), value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def store_beside(node: slicer.vtkMRMLNode, sibling: slicer.vtkMRMLNode | None) -> None:
    """Put a node under the same parent (the study, usually) as another one.

    Args:
        node: what to place; it gets an item if it has none yet.
        sibling: the node to stand beside; None, or one without an item, leaves `node` at the top.
    """
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    parent = hierarchy.GetSceneItemID()
    sibling_item = hierarchy.GetItemByDataNode(sibling) if sibling is not None else 0
    if sibling_item:
        parent = hierarchy.GetItemParent(sibling_item)
    # Qt plugins make items when nodes appear; without them (as in tests on slicer-core) there is none.
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        hierarchy.CreateItem(parent, node)
