"""Where a node stands in Slicer's subject hierarchy (patient, study, series)."""

from __future__ import annotations

import slicer


def place_beside(node: slicer.vtkMRMLNode, sibling: slicer.vtkMRMLNode | None) -> None:
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
