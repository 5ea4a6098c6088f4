"""The nodes of one set of measurements: document, table, folders and markups, found from the segmentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import slicer
from slicer.i18n import tr as _

from SwinX2SLib.anatomy import labels
from SwinX2SLib.report.naming import structure_title
from SwinX2SLib.slicerui.provenance import set_attribute
from SwinX2SLib.slicerui.result.links import link, linked, provenance_value, remove_node
from SwinX2SLib.slicerui.result.regions import make_folder, place_in

TITLES = {"spine": "Spine", "ribs": "Ribs", "pelvis": "Pelvis", "femur": "Femora"}
"""Regions of the body in the order of the panel; the library measures the column and its vertebrae apart."""
_OF_LIBRARY = {"spine": "spine", "vertebra": "spine", "rib": "ribs", "pelvis": "pelvis", "femur": "femur"}
COLOURS = {
    "spine": (0.04, 0.55, 0.28),
    "ribs": (0.80, 0.45, 0.0),
    "pelvis": (0.10, 0.45, 0.85),
    "femur": (0.85, 0.15, 0.28),
}
_GROUPS = {label.name: label.group for label in labels()}


def region_title(region: str) -> str:
    """Return a region of `TITLES` in the language of the application."""
    words = {"spine": _("Spine"), "ribs": _("Ribs"), "pelvis": _("Pelvis"), "femur": _("Femora")}
    return words[region]


def region_of(library_region: str) -> str:
    """Return the region of the body of one of `measurements.measure.REGIONS`."""
    return _OF_LIBRARY[library_region]


def region_of_structure(structure: str) -> str:
    """Return the region of a bone, or of a group of bones."""
    return _GROUPS.get(structure, structure)


DOCUMENT, TABLE = "measurements", "measurement_table"
FOLDER, MARKUP = "measurement_folder", "measurement_markup"
EDITS, REVIEW = "edits", "review"
"""Attributes of the document's node, JSON: what was moved, and who has reviewed it."""
# How the names of bones begin of which there are many; they get a folder of their own.
MANY = ("vertebrae_", "rib_")


def add_document(segmentation: slicer.vtkMRMLSegmentationNode, text: str) -> slicer.vtkMRMLTextNode:
    """Add a document of measurements to the scene, with a table and folders, in place of an earlier one."""
    scene = slicer.mrmlScene
    remove_measurements(segmentation)
    hierarchy = scene.GetSubjectHierarchyNode()
    name = f"{segmentation.GetName()}: measurements"
    document = scene.AddNewNodeByClass("vtkMRMLTextNode", name)
    document.SetText(text)
    link(segmentation, DOCUMENT, document)
    item = hierarchy.GetItemByDataNode(segmentation)
    top, display = make_folder(name, hierarchy.GetItemParent(item) if item else hierarchy.GetSceneItemID())
    link(segmentation, FOLDER, display, region="", structure="")
    place_in(top, document)
    table = scene.AddNewNodeByClass("vtkMRMLTableNode", f"{name} table")
    link(segmentation, TABLE, table)
    place_in(top, table)
    return document


def document_of(segmentation: slicer.vtkMRMLSegmentationNode | None) -> slicer.vtkMRMLTextNode | None:
    """Return the document of a segmentation's measurements, or None."""
    return next(iter(linked(segmentation, DOCUMENT)), None) if segmentation is not None else None


def table_of(segmentation: slicer.vtkMRMLSegmentationNode) -> slicer.vtkMRMLTableNode:
    """Return the table of a segmentation's measurements; a new one where the user removed it."""
    found = linked(segmentation, TABLE)
    if found:
        return found[0]
    table = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLTableNode", f"{segmentation.GetName()}: measurements table"
    )
    link(segmentation, TABLE, table)
    place_in(folder_of(segmentation, "", ""), table)
    return table


def remove_measurements(segmentation: slicer.vtkMRMLSegmentationNode) -> None:
    """Remove all nodes of a segmentation's measurements."""
    for role in (MARKUP, TABLE, DOCUMENT):
        for node in linked(segmentation, role):
            remove_node(node)
    # Folders made last lie inside the others.
    for display in reversed(linked(segmentation, FOLDER)):
        remove_node(display)


def folder_of(segmentation: slicer.vtkMRMLSegmentationNode, region: str, structure: str) -> int:
    """Return the item of the folder of a region, of one of its bones, or of all ("", ""); made where missing."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    for display in linked(segmentation, FOLDER, region=region, structure=structure):
        if item := hierarchy.GetItemByDataNode(display):
            return item
    if structure:
        parent, name = folder_of(segmentation, region, ""), structure_title(structure)
    elif region:
        parent, name = folder_of(segmentation, "", ""), TITLES[region]
    else:
        item = hierarchy.GetItemByDataNode(segmentation)
        parent = hierarchy.GetItemParent(item) if item else hierarchy.GetSceneItemID()
        name = f"{segmentation.GetName()}: measurements"
    item, display = make_folder(name, parent)
    link(segmentation, FOLDER, display, region=region, structure=structure)
    return item


def add_markup(
    segmentation: slicer.vtkMRMLSegmentationNode, node: slicer.vtkMRMLMarkupsNode, structure: str
) -> None:
    """Put a new markups node into its folder and let the segmentation know it."""
    own = structure if structure.startswith(MANY) else ""
    place_in(folder_of(segmentation, region_of_structure(structure), own), node)
    link(segmentation, MARKUP, node, structure=structure)


def kept(document: slicer.vtkMRMLTextNode, name: str) -> Any:
    """Return a JSON attribute of the document's node, or None."""
    text = provenance_value(document, name)
    return json.loads(text) if text else None


def keep(document: slicer.vtkMRMLTextNode, name: str, value: Any) -> None:
    """Set a JSON attribute of the document's node."""
    set_attribute(document, name, json.dumps(value))


def whole_document(document: slicer.vtkMRMLTextNode) -> Mapping[str, Any]:
    """Return the document with the edits and the review that were made to it, plain values.

    Raises:
        ValueError: the text is no JSON object.
    """
    content = json.loads(document.GetText() or "null")
    if not isinstance(content, dict):
        raise ValueError("The measurements document is empty.")
    return {**content, "edits": kept(document, EDITS) or {}, "review": kept(document, REVIEW)}
