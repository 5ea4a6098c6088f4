"""A table of the bones: how sure the network is, how well they lie on the films, and what a reader must know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import slicer
import vtk

from SwinX2SLib.anatomy import Label
from SwinX2SLib.slicerui.display.links import CONFIDENCE_TABLE, link, linked
from SwinX2SLib.slicerui.display.regions import TITLES

# Column -> (type, unit, description); the last one finds the segment.
_TEXT, _NUMBER, _COUNT = vtk.vtkStringArray, vtk.vtkDoubleArray, vtk.vtkIntArray
COLUMNS = {
    "Bone": (_TEXT, "", "Name of the bone"),
    "Region": (_TEXT, "", "Region of the body"),
    "Confidence": (_NUMBER, "%", "Mean probability that the network gave to this bone in its voxels"),
    "Expected Dice": (_NUMBER, "%", "Overlap with the truth that the network's own probabilities promise"),
    "Volume": (_NUMBER, "ml", "Volume of its voxels"),
    "Voxels": (_COUNT, "", "Number of its voxels"),
    "On frontal film": (
        _NUMBER,
        "%",
        "Share of its outline at which the film is brighter inside; chance is 50",
    ),
    "On lateral film": (
        _NUMBER,
        "%",
        "Share of its outline at which the film is brighter inside; chance is 50",
    ),
    "Remarks": (_TEXT, "", "What a reader must know of this bone"),
    "Segment": (_TEXT, "", "Id of the segment"),
}


@dataclass(frozen=True)
class BoneRow:
    """One bone; None where a number is unknown, shares 0..1.

    Attributes:
        label: which bone.
        confidence, expected_dice: see `COLUMNS`.
        volume_ml: of its voxels.
        voxels: how many.
        on_film: share of its outline on the film's edges, by role.
        remarks: sentences.
    """

    label: Label
    confidence: float | None
    expected_dice: float | None
    volume_ml: float
    voxels: int
    on_film: Mapping[str, float | None]
    remarks: Sequence[str]

    def cells(self) -> list[str | float | int | None]:
        """Return what stands in the columns."""
        shares = (self.confidence, self.expected_dice)
        on_film = (self.on_film.get(role) for role in ("ap", "lateral"))
        return [
            self.label.title,
            TITLES[self.label.group],
            *(_percent(share) for share in shares),
            round(self.volume_ml, 1),
            self.voxels,
            *(_percent(share) for share in on_film),
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
    link(result, CONFIDENCE_TABLE, node)
    return node


def table_of(result: slicer.vtkMRMLSegmentationNode) -> slicer.vtkMRMLTableNode | None:
    """Return the table of a result."""
    return next(iter(linked(result, CONFIDENCE_TABLE)), None)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
