"""A table of the bones: how sure the network is, how well they lie on the radiographs, and what a reader must
know."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import slicer
import vtk

from SwinX2SLib.anatomy import Label
from SwinX2SLib.slicerui.provenance import set_attribute
from SwinX2SLib.slicerui.result.links import CONFIDENCE_TABLE, link, linked, provenance_value
from SwinX2SLib.slicerui.result.regions import TITLES

# Column -> (type, unit, description); the last one finds the segment.
_TEXT, _NUMBER, _COUNT = vtk.vtkStringArray, vtk.vtkDoubleArray, vtk.vtkIntArray
COLUMNS = {
    "Bone": (_TEXT, "", "Bone"),
    "Region": (_TEXT, "", "Body region"),
    "Confidence": (_NUMBER, "%", "Mean predicted probability of the bone over its voxels"),
    "Verdict": (
        _TEXT,
        "",
        "Probability that the bone is within 5 mm, and what to do: believe, look or reject",
    ),
    "Volume": (_NUMBER, "ml", "Volume"),
    "Voxels": (_COUNT, "", "Number of voxels"),
    "On frontal radiograph": (
        _NUMBER,
        "%",
        "Percentage of the projected outline with a brighter inner side; 50 is chance level",
    ),
    "On lateral radiograph": (
        _NUMBER,
        "%",
        "Percentage of the projected outline with a brighter inner side; 50 is chance level",
    ),
    "Remarks": (_TEXT, "", "Remarks"),
    "Segment": (_TEXT, "", "Segment ID"),
}
_ROLES = {"On frontal radiograph": "ap", "On lateral radiograph": "lateral"}
_COMPUTED = "computed_rows"
_EDITED = "Edited manually: confidence and verdict are no longer valid."
_REMOVED = "Removed manually."


@dataclass(frozen=True)
class EditedBone:
    """What is known of a bone after an edit.

    Attributes:
        voxels: how many.
        volume_ml: of them.
        on_film: share of its outline on the radiograph's edges 0..1 or None, by role.
    """

    voxels: int
    volume_ml: float
    on_radiograph: Mapping[str, float | None]


@dataclass(frozen=True)
class BoneRow:
    """One bone; None where a number is unknown, shares 0..1.

    Attributes:
        label: which bone.
        confidence: see `COLUMNS`.
        verdict: with the probability, in words; "" where there is none.
        volume_ml: of its voxels.
        voxels: how many.
        on_film: share of its outline on the radiograph's edges, by role.
        remarks: sentences.
    """

    label: Label
    confidence: float | None
    verdict: str
    volume_ml: float
    voxels: int
    on_radiograph: Mapping[str, float | None]
    remarks: Sequence[str]

    def cells(self) -> list[str | float | int | None]:
        """Return the cells of the columns."""
        on_radiograph = (self.on_radiograph.get(role) for role in ("ap", "lateral"))
        return [
            self.label.title,
            TITLES[self.label.group],
            _percent(self.confidence),
            self.verdict,
            round(self.volume_ml, 1),
            self.voxels,
            *(_percent(share) for share in on_radiograph),
            " ".join(self.remarks),
            self.label.name,
        ]


def add_table(result: slicer.vtkMRMLSegmentationNode, rows: Sequence[BoneRow]) -> slicer.vtkMRMLTableNode:
    """Add the table to the scene, a row for each bone."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", f"{result.GetName()} confidence")
    cells = list(zip(*(row.cells() for row in rows), strict=True))
    for (name, (kind, unit, description)), values in zip(COLUMNS.items(), cells, strict=True):
        column = kind()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(float("nan") if value is None else value)
        node.AddColumn(column)
        node.SetColumnUnitLabel(name, unit)
        node.SetColumnDescription(name, description)
    node.SetLocked(True)
    kept = {row.label.name: dict(zip(COLUMNS, row.cells(), strict=True)) for row in rows}
    set_attribute(node, _COMPUTED, json.dumps(kept))
    link(result, CONFIDENCE_TABLE, node)
    return node


def mark_edited(result: slicer.vtkMRMLSegmentationNode, bone: str, now: EditedBone | None) -> None:
    """Update the row of a bone after an edit; None if it was removed."""
    values: dict[str, str | float | int | None] = dict.fromkeys(("Confidence", *_ROLES)) | {"Verdict": ""}
    if now is None:
        values |= {"Volume": 0.0, "Voxels": 0, "Remarks": _REMOVED}
    else:
        values |= {name: _percent(now.on_radiograph.get(role)) for name, role in _ROLES.items()}
        values |= {"Volume": round(now.volume_ml, 1), "Voxels": now.voxels, "Remarks": _EDITED}
    _write(result, bone, values)


def restore_row(result: slicer.vtkMRMLSegmentationNode, bone: str) -> None:
    """Restore the computed row of a bone."""
    node = table_of(result)
    if node is not None:
        _write(result, bone, json.loads(provenance_value(node, _COMPUTED) or "{}").get(bone, {}))


def _write(
    result: slicer.vtkMRMLSegmentationNode, bone: str, values: Mapping[str, str | float | int | None]
) -> None:
    node = table_of(result)
    if node is None:
        return
    table = node.GetTable()
    names = table.GetColumnByName("Segment")
    rows = [row for row in range(table.GetNumberOfRows()) if names.GetValue(row) == bone]
    for row in rows:
        for name, value in values.items():
            table.GetColumnByName(name).SetValue(row, float("nan") if value is None else value)
            table.GetColumnByName(name).Modified()
    table.Modified()
    node.Modified()


def table_of(result: slicer.vtkMRMLSegmentationNode) -> slicer.vtkMRMLTableNode | None:
    """Return the table of a result."""
    return next(iter(linked(result, CONFIDENCE_TABLE)), None)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
