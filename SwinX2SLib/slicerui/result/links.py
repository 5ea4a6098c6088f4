"""How the nodes of one result find each other: references of the segmentation node, saved with the scene."""

from __future__ import annotations

import json

import slicer

from SwinX2SLib.reconstruct.verdict import KEY, Verdict
from SwinX2SLib.slicerui.provenance import PREFIX

RADIOGRAPH_PLANE, RADIOGRAPH_PICTURE, OUTLINE = "film_plane", "film_picture", "outline"
CONFIDENCE_TABLE, CONFIDENCE_COLOURS, LEGEND = "confidence_table", "confidence_colours", "legend"
CONFIDENCE_MAP, COLOURED_BONES = "confidence_map", "coloured_bones"
# In scenes of version 0.1: a model of each bone, and a folder for each region.
OLD_SURFACE, OLD_REGION = "surface", "region"


def add_hidden_node(class_name: str, name: str) -> slicer.vtkMRMLNode:
    """Add a node to the scene that no list, selector or Save dialog shows; it is saved with the scene."""
    node = slicer.mrmlScene.CreateNodeByClass(class_name)
    node.UnRegister(None)
    node.SetName(slicer.mrmlScene.GenerateUniqueName(name))
    # Before it is added: lists look only then.
    node.SetHideFromEditors(True)
    return slicer.mrmlScene.AddNode(node)


def remove_node(node: slicer.vtkMRMLNode) -> None:
    """Remove a node with its display and storage nodes and its item; Qt plugins would do the last, if there are
    any."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    if item := hierarchy.GetItemByDataNode(node):
        hierarchy.RemoveItem(item, False, False)
    displays = node.GetNumberOfDisplayNodes() if node.IsA("vtkMRMLDisplayableNode") else 0
    storages = node.GetNumberOfStorageNodes() if node.IsA("vtkMRMLStorableNode") else 0
    own = [node.GetNthDisplayNode(index) for index in range(displays)]
    own += [node.GetNthStorageNode(index) for index in range(storages)]
    for one in [*own, node]:
        if one is not None and one.GetScene() is not None:
            slicer.mrmlScene.RemoveNode(one)


def link(
    result: slicer.vtkMRMLSegmentationNode, role: str, node: slicer.vtkMRMLNode, **attributes: str
) -> None:
    """Let a result know a node of its own.

    Args:
        result: the segmentation.
        role: what the node is to it, one of this module's names.
        node: any node of the scene.
        attributes: of the node, without the module's prefix: `region`, `radiograph`.
    """
    for name, value in attributes.items():
        node.SetAttribute(PREFIX + name, value)
    result.AddNodeReferenceID(PREFIX + role, node.GetID())


def linked(result: slicer.vtkMRMLSegmentationNode, role: str, **attributes: str) -> list[slicer.vtkMRMLNode]:
    """Return the nodes of a role that are still in the scene, those with all these attributes."""
    count = result.GetNumberOfNodeReferences(PREFIX + role)
    nodes = (result.GetNthNodeReference(PREFIX + role, index) for index in range(count))
    return [
        node
        for node in nodes
        if node is not None
        and all(node.GetAttribute(PREFIX + name) == value for name, value in attributes.items())
    ]


def provenance_value(node: slicer.vtkMRMLNode, name: str) -> str:
    """Return an attribute of the module's on a node, or ""."""
    return node.GetAttribute(PREFIX + name) or ""


def remarks_of(node: slicer.vtkMRMLSegmentationNode) -> list[str]:
    """Return the warnings and notes that came with a result; none of a segmentation of another origin."""
    return json.loads(provenance_value(node, "remarks") or "[]")


def verdict_of(node: slicer.vtkMRMLSegmentationNode) -> Verdict | None:
    """Return how far a result is to be relied on; None of one without a verdict."""
    return Verdict.from_json(json.loads(provenance_value(node, KEY) or "null"))


def results_in_scene() -> list[slicer.vtkMRMLSegmentationNode]:
    """Return the segmentations of the scene that came from this module."""
    nodes = slicer.mrmlScene.GetNodesByClass("vtkMRMLSegmentationNode")
    nodes.UnRegister(None)
    found = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return [node for node in found if is_result(node)]


def is_result(node: slicer.vtkMRMLSegmentationNode | None) -> bool:
    """Return whether a segmentation came from this module."""
    return node is not None and any(name.startswith(PREFIX) for name in node.GetAttributeNames())
