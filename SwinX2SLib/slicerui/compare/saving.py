"""Files of a comparison: page, tables and data."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import slicer

from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.io.csv_tables import for_spreadsheets
from SwinX2SLib.slicerui.compare.scene import DOCUMENT, PAGE, evaluation_of, parts

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.case import CaseEvaluation


_PAGE_PREFIX = "swinx2s-comparison-"


def save_comparison(result: slicer.vtkMRMLSegmentationNode, folder: Path) -> Path:
    """Write page, tables and data of the comparison of a reconstruction.

    Args:
        result: the reconstruction; it was compared.
        folder: existing; files of the same names are replaced.

    Returns:
        Path of the page.

    Raises:
        OSError: something could not be written.
    """
    from SwinX2SLib.evaluation.case import measurements_table, scores_table
    from SwinX2SLib.report.evaluation.write import FILES

    evaluation: CaseEvaluation = evaluation_of(result)
    contents: dict[str, str | bytes] = {
        "evaluation": parts(result, DOCUMENT)[0].GetText(),
        "table": for_spreadsheets(scores_table(evaluation)),
        "measurements": for_spreadsheets(measurements_table(evaluation)),
        "page": parts(result, PAGE)[0].GetText(),
    }
    for role, content in contents.items():
        atomic_write(folder / FILES[role], content)
    return folder / FILES["page"]


def page_file(result: slicer.vtkMRMLSegmentationNode) -> Path:
    """Write the page to a temporary file, for a browser; the file stays, since the browser may read it later."""
    with tempfile.NamedTemporaryFile(
        "w", prefix=_PAGE_PREFIX, suffix=".html", dir=slicer.app.temporaryPath, delete=False, encoding="utf-8"
    ) as stream:
        stream.write(parts(result, PAGE)[0].GetText())
    return Path(stream.name)


def show_table(table: slicer.vtkMRMLTableNode) -> None:
    """Show a table in the table view, next to the 3D and slice views."""
    _selection().SetActiveTableID(table.GetID())
    _arrange(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView)
    slicer.app.applicationLogic().PropagateTableSelection()


def show_chart(chart: slicer.vtkMRMLPlotChartNode) -> None:
    """Show a chart in the plot view, next to the 3D and slice views."""
    _selection().SetActivePlotChartID(chart.GetID())
    _arrange(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView)
    slicer.app.applicationLogic().PropagatePlotChartSelection()


def _selection() -> slicer.vtkMRMLSelectionNode:
    return slicer.app.applicationLogic().GetSelectionNode()


def _arrange(layout: int) -> None:
    slicer.app.layoutManager().setLayout(layout)
