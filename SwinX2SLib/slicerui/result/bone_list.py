"""The table of bones as the panel lists it."""

from __future__ import annotations

import math

import qt
import slicer
import vtk

from SwinX2SLib.slicerui.result.confidence_table import COLUMNS, table_of

# The panel is narrow: the region is seen from the bone, and the voxels from the volume.
_SHOWN = {
    "Bone": "Bone",
    "Verdict": "Verdict",
    "Confidence": "Confidence",
    "On frontal radiograph": "Edge agreement, AP",
    "On lateral radiograph": "Edge agreement, lateral",
    "Volume": "Volume",
    "Remarks": "Remarks",
}


def fill_bone_list(widget: qt.QTableWidget, result: slicer.vtkMRMLSegmentationNode | None) -> None:
    """List the bones of a result, or none."""
    node = table_of(result) if result is not None else None
    table = node.GetTable() if node is not None else None
    widget.setColumnCount(len(_SHOWN))
    widget.setHorizontalHeaderLabels(list(_SHOWN.values()))
    widget.setRowCount(table.GetNumberOfRows() if table is not None else 0)
    for row in range(table.GetNumberOfRows() if table is not None else 0):
        for column, name in enumerate(_SHOWN):
            item = qt.QTableWidgetItem(_words(table.GetValueByName(row, name), COLUMNS[name][1]))
            item.setToolTip(COLUMNS[name][2] if name != "Remarks" else item.text())
            widget.setItem(row, column, item)
        widget.item(row, 0).setData(qt.Qt.UserRole, table.GetValueByName(row, "Segment").ToString())
    widget.resizeColumnsToContents()


def segment_in_row(widget: qt.QTableWidget, row: int) -> str:
    """Return the id of the segment in a row, or ""."""
    item = widget.item(row, 0)
    return str(item.data(qt.Qt.UserRole)) if item is not None else ""


def _words(value: vtk.vtkVariant, unit: str) -> str:
    if value.IsString():
        return value.ToString()
    number = value.ToDouble()
    return "" if math.isnan(number) else f"{number:.0f} {unit}".strip()
