"""The worker's result in the scene: segmentation, its position next to the radiographs, and its provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer

from SwinX2SLib.errors import InputError
from SwinX2SLib.io.provenance import FILE, read_provenance
from SwinX2SLib.reconstruct.protocol import Result
from SwinX2SLib.slicerui.event_loop import process_events
from SwinX2SLib.slicerui.provenance import PREFIX, set_attribute, set_provenance, store_beside
from SwinX2SLib.slicerui.result.build import show_result
from SwinX2SLib.slicerui.segmentation_import import ResultError, import_segmentation

_SHOWABLE = ("segmentation", "labels")
# What the radiographs, the regions and the table of bones are made from.
_WHOLE = {"labels", "uncertainty", "provenance"}
NOTES = "notes"
"""Attribute of a result: a JSON list of sentences about what could not be shown of it."""


@dataclass(frozen=True)
class ViewRadiograph:
    """A radiograph of a run; its node may be deleted while the worker runs.

    Attributes:
        node_id: id of the volume node.
        name: name of the volume node.
        file: path that the worker reads.
        spacing_source: where the pixel size comes from, as it was shown to the user.
    """

    node_id: str
    name: str
    file: str
    spacing_source: str

    def node(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """Return the volume node, if it is still in the scene."""
        return slicer.mrmlScene.GetNodeByID(self.node_id)


ViewRadiographs = Mapping[str, ViewRadiograph]
"""The radiographs of a run by role: `ap`, and `lateral` if there is one."""


def add_result(result: Result, radiographs: ViewRadiographs) -> slicer.vtkMRMLSegmentationNode:
    """Add the worker's segmentation to the scene.

    Raises:
        ResultError: the result names no segmentation, or a file of it cannot be read. The scene is then as it was.
    """
    path = next((result.files[role] for role in _SHOWABLE if role in result.files), None)
    if path is None:
        raise ResultError(f"The result of the worker has no segmentation, only {sorted(result.files)}.")
    record = _record(Path(result.files["provenance"])) if "provenance" in result.files else {}
    name = slicer.mrmlScene.GenerateUniqueName(f"{radiographs['ap'].name} bones")
    node = import_segmentation(Path(path), name)
    process_events()
    nodes = [radiograph.node() for radiograph in radiographs.values()]
    store_beside(node, next((each for each in nodes if each is not None), None))
    set_provenance(node, record)
    for role, radiograph in radiographs.items():
        set_attribute(node, f"{role}_volume", radiograph.name)
        set_attribute(node, f"{role}_spacing_source", radiograph.spacing_source)
        if radiograph.node() is not None:
            node.SetNodeReferenceID(f"{PREFIX}{role}", radiograph.node_id)
    if result.files.keys() >= _WHOLE:
        _show_more(node, Path(result.files["provenance"]).parent)
        process_events()
    return node


def load_result(folder: Path) -> slicer.vtkMRMLSegmentationNode:
    """Add a result that was written earlier, or by the command `swinx2s reconstruct`, to the scene.

    Args:
        folder: of the result.

    Raises:
        ResultError: the folder holds no result, or it cannot be read. The scene is then as it was.
    """
    path = folder / "segmentation.seg.nrrd"
    if not (path.is_file() and (folder / FILE).is_file()):
        raise ResultError(f"{folder} is not a result folder: segmentation.seg.nrrd or {FILE} is missing.")
    record = _record(folder / FILE)
    node = import_segmentation(path, slicer.mrmlScene.GenerateUniqueName(f"{folder.name} bones"))
    store_beside(node, None)
    set_provenance(node, record)
    _remember_radiograph_files(node, record)
    _show_more(node, folder)
    return node


def notes_of(node: slicer.vtkMRMLSegmentationNode) -> list[str]:
    """Return what could not be shown of a result, in sentences."""
    return json.loads(node.GetAttribute(PREFIX + NOTES) or "[]")


def _record(path: Path) -> Mapping[str, Any]:
    try:
        return read_provenance(path)
    except InputError as error:
        raise ResultError(str(error)) from error


def _remember_radiograph_files(node: slicer.vtkMRMLSegmentationNode, record: Mapping[str, Any]) -> None:
    """Keep where the radiographs lie, which are no nodes of this scene."""
    radiographs = record.get("inputs", {})
    for role in ("ap", "lateral"):
        if path := radiographs.get(role, {}).get("path"):
            set_attribute(node, f"{role}_file", path)


def _show_more(node: slicer.vtkMRMLSegmentationNode, folder: Path) -> None:
    """Show radiographs, regions and the table; problems are reported and the bones are kept."""
    try:
        notes = show_result(node, folder)
    except InputError as error:
        notes = [f"Regions, radiographs and the table of bones are not shown: {error}"]
    set_attribute(node, NOTES, json.dumps(notes, ensure_ascii=False))
