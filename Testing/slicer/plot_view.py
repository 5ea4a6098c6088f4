"""A Slicer plot view without a window: charts of the scene drawn by VTK, as `qMRMLPlotView` hands them over."""

from pathlib import Path

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

_SERIES = slicer.vtkMRMLPlotSeriesNode


class PlotView:
    """What the view makes of a chart node: a plot for each of its series, with axes, title and legend.

    Attributes:
        chart: VTK's chart.
        plots: by the name of the series.
    """

    def __init__(self, node: slicer.vtkMRMLPlotChartNode, width: int = 900, height: int = 500):
        self.view = vtk.vtkContextView()
        self.view.GetRenderWindow().SetOffScreenRendering(1)
        self.view.GetRenderWindow().SetSize(width, height)
        self.view.GetRenderer().SetBackground(1, 1, 1)
        self.chart = vtk.vtkChartXY()
        self.view.GetScene().AddItem(self.chart)
        self.chart.SetTitle(node.GetTitle() if node.GetTitleVisibility() else "")
        self.chart.SetShowLegend(bool(node.GetLegendVisibility()))
        for axis, title in (
            (vtk.vtkAxis.BOTTOM, node.GetXAxisTitle()), (vtk.vtkAxis.LEFT, node.GetYAxisTitle()),
        ):  # fmt: skip
            self.chart.GetAxis(axis).SetTitle(title)
        series = [node.GetNthPlotSeriesNode(index) for index in range(node.GetNumberOfPlotSeriesNodes())]
        self.plots = {one.GetName(): self._add(one) for one in series}

    def _add(self, series: slicer.vtkMRMLPlotSeriesNode) -> vtk.vtkPlot:
        table = series.GetTableNode().GetTable()
        is_bar = series.GetPlotType() in (_SERIES.PlotTypeBar, _SERIES.PlotTypeScatterBar)
        plot = vtk.vtkPlotBar() if is_bar else vtk.vtkPlotLine()
        columns = [series.GetXColumnName(), series.GetYColumnName()]
        if not series.IsXColumnRequired():
            # The view counts rows and never looks for a column of places.
            plot.SetUseIndexForXSeries(True)
            columns[0] = columns[1]
        for name in columns:
            assert isinstance(table.GetColumnByName(name), vtk.vtkDataArray), f"{name} holds no numbers"
        plot.SetInputData(table, *columns)
        if series.GetLabelColumnName():
            labels = table.GetColumnByName(series.GetLabelColumnName())
            assert isinstance(labels, vtk.vtkStringArray)
            plot.SetIndexedLabels(labels)
        plot.SetColorF(*series.GetColor())
        plot.SetLabel(series.GetName())
        if not is_bar:
            plot.SetMarkerStyle(series.GetMarkerStyle())
            plot.SetMarkerSize(series.GetMarkerSize())
            plot.GetPen().SetLineType(series.GetLineStyle())
        plot.SetWidth(series.GetLineWidth())
        self.chart.AddPlot(plot)
        return plot

    def pixels(self) -> np.ndarray:
        """Return the picture, uint8 `(rows, columns, 3)`."""
        self.view.GetRenderWindow().Render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self.view.GetRenderWindow())
        grabber.ReadFrontBufferOff()
        grabber.Update()
        columns, rows, _ = grabber.GetOutput().GetDimensions()
        flat = vtk_to_numpy(grabber.GetOutput().GetPointData().GetScalars())
        return flat.reshape(rows, columns, -1)[::-1, :, :3].copy()

    def range(self, axis: int) -> tuple[float, float]:
        """Return the ends of an axis as drawn."""
        self.pixels()
        return self.chart.GetAxis(axis).GetMinimum(), self.chart.GetAxis(axis).GetMaximum()

    def save(self, path: Path) -> None:
        from PIL import Image

        Image.fromarray(self.pixels()).save(path)

    def close(self) -> None:
        self.view.GetRenderWindow().Finalize()
