"""The table of measurements as a node of the scene, as text for a spreadsheet and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import slicer
import vtk

from SwinX2SLib.measurements.editing import EditableMeasurements
from SwinX2SLib.slicerui.measuring.rows import COLUMNS, TableRow


def fill_table(node: slicer.vtkMRMLTableNode, rows: Sequence[TableRow], edited: EditableMeasurements) -> None:
    """Write all lines into a table node."""
    node.RemoveAllColumns()
    cells = [row.cells(edited) for row in rows]
    for name, description in COLUMNS.items():
        column = vtk.vtkStringArray()
        column.SetName(name)
        for line in cells:
            column.InsertNextValue(line[name])
        node.AddColumn(column)
        node.SetColumnDescription(name, description)
    node.SetLocked(True)


def update_table(
    node: slicer.vtkMRMLTableNode,
    rows: Sequence[TableRow],
    edited: EditableMeasurements,
    changed: Iterable[int],
) -> None:
    """Write the lines of some numbers again."""
    table = node.GetTable()
    for number in changed:
        for name, text in rows[number].cells(edited).items():
            table.GetColumnByName(name).SetValue(number, text)
    table.Modified()
    node.Modified()


def tabbed_text(rows: Sequence[TableRow], edited: EditableMeasurements) -> str:
    """Return the lines for pasting into a spreadsheet: tabs between columns."""
    lines = [list(COLUMNS), *(list(row.cells(edited).values()) for row in rows)]
    return "\n".join("\t".join(cell.replace("\t", " ") for cell in line) for line in lines) + "\n"


def csv_text(rows: Sequence[TableRow], edited: EditableMeasurements, review: str) -> str:
    """Return the lines as CSV, the last column saying whether a person has reviewed them."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([*COLUMNS, "Review"])
    for row in rows:
        writer.writerow([*row.cells(edited).values(), review])
    return stream.getvalue()
