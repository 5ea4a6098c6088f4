"""Tables and charts brought before the user's eyes."""

from __future__ import annotations

import slicer


def show_table(table: slicer.vtkMRMLTableNode) -> None:
    """Show a table in the table view, beside the 3D and slice views."""
    _selection().SetActiveTableID(table.GetID())
    _arrange(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView)
    slicer.app.applicationLogic().PropagateTableSelection()


def show_chart(chart: slicer.vtkMRMLPlotChartNode) -> None:
    """Show a chart in the plot view, beside the 3D and slice views."""
    _selection().SetActivePlotChartID(chart.GetID())
    _arrange(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView)
    slicer.app.applicationLogic().PropagatePlotChartSelection()


def _selection() -> slicer.vtkMRMLSelectionNode:
    return slicer.app.applicationLogic().GetSelectionNode()


def _arrange(layout: int) -> None:
    slicer.app.layoutManager().setLayout(layout)
