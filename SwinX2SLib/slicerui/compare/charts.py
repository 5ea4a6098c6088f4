"""Scores and differences as charts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import slicer
import vtk

from SwinX2SLib.slicerui.compare.tables import Columns, add_table

_NUMBER, _TEXT = vtk.vtkDoubleArray, vtk.vtkStringArray
_BLUE, _ORANGE, _GRAY = (0.22, 0.49, 0.72), (0.85, 0.45, 0.1), (0.45, 0.45, 0.45)
# Bland and Altman (1986): between these lie 95 % of normally distributed differences.
_LIMITS_SD = 1.96
_LEAST_FOR_LIMITS = 3
# One dot shows no agreement, and VTK draws no line of one point.
_LEAST_FOR_CHART = 2
# Slicer names the bar under the mouse; 54 names do not fit below the bars.
_ROWS = "Row of the bone table; hover over a bar for its name"
_KINDS = {"°": "angles", "mm": "lengths"}


def bar_chart(
    table: slicer.vtkMRMLTableNode, column: str, unit: str, title: str
) -> Iterator[slicer.vtkMRMLNode]:
    """Yield a chart of one column with a bar for each bone, and its series."""
    series = _series(f"{column} ({unit})", table, slicer.vtkMRMLPlotSeriesNode.PlotTypeBar, _BLUE)
    series.SetYColumnName(column)
    series.SetLabelColumnName("Bone")
    chart = _chart(title, _ROWS, f"{column} ({unit})", [series])
    chart.SetLegendVisibility(False)
    yield from (chart, series)


def agreement_charts(measurements: slicer.vtkMRMLTableNode, name: str) -> Iterator[slicer.vtkMRMLNode]:
    """Yield for angles and for lengths a chart in the manner of Bland and Altman, with its tables and series.

    Every point is a measurement of the person: its mean of both against its difference, with the mean difference and
    the limits between which 95 % of the differences are to be expected.
    """
    rows = list(_rows(measurements))
    for unit, kind in _KINDS.items():
        points = [(words, mean, difference) for words, mean, difference, own in rows if own == unit]
        if len(points) >= _LEAST_FOR_CHART:
            yield from _agreement_chart(points, unit, f"{name}: differences of {kind}")


def _agreement_chart(
    points: Sequence[tuple[str, float, float]], unit: str, title: str
) -> Iterator[slicer.vtkMRMLNode]:
    columns: Columns = (
        ("Measurement", _TEXT, "", ""),
        ("Mean", _NUMBER, unit, "Mean of both values"),
        ("Difference", _NUMBER, unit, "Reconstruction minus CT"),
    )
    table = add_table(title, columns, points)
    dots = _series("Measurements", table, slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter, _BLUE)
    dots.SetXColumnName("Mean")
    dots.SetYColumnName("Difference")
    dots.SetLabelColumnName("Measurement")
    dots.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleNone)
    dots.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
    lines, levels = [], _levels([difference for _, _, difference in points])
    ends = min(mean for _, mean, _ in points), max(mean for _, mean, _ in points)
    level_columns: Columns = (
        ("Mean", _NUMBER, unit, ""),
        *((words, _NUMBER, unit, "") for words in levels),
    )
    level_table = add_table(f"{title} (lines)", level_columns, [[end, *levels.values()] for end in ends])
    for words, level in levels.items():
        colour = _ORANGE if words == "Mean difference" else _GRAY
        line = _series(
            f"{words}: {level:+.1f} {unit}", level_table, slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter, colour
        )
        line.SetXColumnName("Mean")
        line.SetYColumnName(words)
        line.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        lines.append(line)
    across, up = f"Mean of reconstruction and CT ({unit})", f"Reconstruction minus CT ({unit})"
    yield from (_chart(title, across, up, [dots, *lines]), table, level_table, dots, *lines)


def _levels(differences: Sequence[float]) -> dict[str, float]:
    mean = float(np.mean(differences))
    if len(differences) < _LEAST_FOR_LIMITS:
        return {"Mean difference": mean}
    reach = _LIMITS_SD * float(np.std(differences, ddof=1))
    return {"Mean difference": mean, "Upper limit": mean + reach, "Lower limit": mean - reach}


def _rows(table: slicer.vtkMRMLTableNode) -> Iterator[tuple[str, float, float, str]]:
    content = table.GetTable()
    for row in range(content.GetNumberOfRows()):
        texts = [
            content.GetValueByName(row, name).ToString() for name in ("Measurement", "Bone", "Side", "Unit")
        ]
        mean, difference = (content.GetValueByName(row, name).ToDouble() for name in ("Mean", "Difference"))
        # Places have a distance, but no values of which there were a mean.
        if not (math.isnan(mean) or math.isnan(difference)):
            yield f"{texts[0]}, {texts[1]} {texts[2]}".strip(), mean, difference, texts[3]


def _series(
    name: str, table: slicer.vtkMRMLTableNode, kind: int, colour: Sequence[float]
) -> slicer.vtkMRMLPlotSeriesNode:
    series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", name)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(kind)
    series.SetColor(*colour)
    return series


def _chart(
    title: str, across: str, up: str, series: Iterable[slicer.vtkMRMLPlotSeriesNode]
) -> slicer.vtkMRMLPlotChartNode:
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", title)
    chart.SetTitle(title)
    chart.SetXAxisTitle(across)
    chart.SetYAxisTitle(up)
    for one in series:
        chart.AddAndObservePlotSeriesNodeID(one.GetID())
    return chart
