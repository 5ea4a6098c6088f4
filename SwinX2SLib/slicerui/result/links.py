"""How the nodes of one result find each other: references of the segmentation node, saved with the scene."""

from __future__ import annotations

import json

import slicer

from SwinX2SLib.slicerui.provenance import PREFIX

SURFACE, REGION, RADIOGRAPH_PLANE, RADIOGRAPH_PICTURE, OUTLINE = (
    "surface",
    "region",
    "film_plane",
    "film_picture",
    "outline",
)
CONFIDENCE_TABLE, CONFIDENCE_COLOURS, LEGEND = "confidence_table", "confidence_colours", "legend"
CONFIDENCE_MAP = "confidence_map"


def link(
    result: slicer.vtkMRMLSegmentationNode, role: str, node: slicer.vtkMRMLNode, **attributes: str
) -> None:
    """Let a result know a node of its own.

    Args:
        result: the segmentation.
        role: what the node is to it, one of this module's names.
        node: any node of the scene.
        attributes: of the node, without the module's prefix: `bone`, `region`, `radiograph`.
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


def results_in_scene() -> list[slicer.vtkMRMLSegmentationNode]:
    """Return the segmentations of the scene that came from this module."""
    nodes = slicer.mrmlScene.GetNodesByClass("vtkMRMLSegmentationNode")
    nodes.UnRegister(None)
    found = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return [node for node in found if is_result(node)]


def is_result(node: slicer.vtkMRMLSegmentationNode | None) -> bool:
    """Return whether a segmentation came from this module."""
    return node is not None and any(name.startswith(PREFIX) for name in node.GetAttributeNames())
