"""Charts of a comparison, drawn: tables, columns and units are what a plot view needs, and what is seen is right."""

import mrml_boot
import numpy as np
import pytest
import slicer
import vtk
from plot_view import PlotView

from SwinX2SLib.slicerui.compare import charts, tables

BLUE = (56, 125, 184)


@pytest.fixture
def draw():
    if missing := mrml_boot.missing_offscreen_libraries():
        pytest.skip(missing)
    views = []

    def make(chart):
        views.append(PlotView(chart))
        return views[-1]

    yield make
    for view in views:
        view.close()


def bones(scene, scores):
    """A table of bones; None stands for a bone that only one of both has."""
    rows = [
        [f"Bone {number}", "Spine", dice, assd, assd, assd, ""] for number, (dice, assd) in enumerate(scores)
    ]
    return tables.add_table("bones", tables.BONES, rows)


def measured(scene, values, unit="°"):
    rows = [["Angle", "Femur", "left", a, b, a - b, (a + b) / 2, unit, "good"] for a, b in values]
    rows.append(["Place", "Femur", "left", None, None, 4.0, None, "mm", "good"])
    return tables.add_table("measured", tables.MEASUREMENTS, rows)


def chart_of(nodes):
    (chart,) = (node for node in nodes if node.IsA("vtkMRMLPlotChartNode"))
    return chart


def columns_of(picture, colour) -> np.ndarray:
    """Columns of the picture where something of this colour is drawn."""
    return np.flatnonzero((np.abs(picture.astype(int) - colour).max(axis=2) < 12).any(axis=0))


def test_a_bar_stands_for_every_bone_and_gaps_for_what_has_no_score(scene, draw):
    chart = chart_of(
        charts.bar_chart(bones(scene, [(90.0, 1.0), (None, None), (50.0, 3.0)]), "ASSD", "mm", "Distance")
    )
    view = draw(chart)
    low, high = view.range(vtk.vtkAxis.LEFT)
    assert low <= 0 < 3 <= high < 10
    low, high = view.range(vtk.vtkAxis.BOTTOM)
    assert low <= 0 < 2 <= high < 4
    picture = view.pixels()
    drawn = columns_of(picture, BLUE)
    # Two bars with room for a third one between them.
    assert (np.diff(drawn) > 50).sum() == 1
    heights = [
        (np.abs(picture[:, column].astype(int) - BLUE).max(axis=1) < 12).sum()
        for column in (drawn[5], drawn[-5])
    ]
    assert heights[1] / heights[0] == pytest.approx(3, rel=0.05)
    assert chart.GetYAxisTitle() == "ASSD (mm)"
    assert view.plots["ASSD (mm)"].GetIndexedLabels().GetValue(2) == "Bone 2"


def test_scores_of_no_bone_at_all_leave_a_chart_that_can_be_drawn(scene, draw):
    view = draw(chart_of(charts.bar_chart(bones(scene, [(None, None)] * 3), "Dice", "%", "Overlap")))
    assert np.isfinite(view.range(vtk.vtkAxis.LEFT)).all()
    assert len(columns_of(view.pixels(), BLUE)) == 0


def test_differences_are_dots_between_lines_that_span_them(scene, draw):
    values = [(100.0, 102.0), (120.0, 119.0), (90.0, 95.0), (30.0, 30.5)]
    nodes = list(charts.agreement_charts(measured(scene, values), "Person"))
    chart = chart_of(nodes)
    view = draw(chart)
    low, high = view.range(vtk.vtkAxis.LEFT)
    differences = np.array([a - b for a, b in values])
    reach = 1.96 * differences.std(ddof=1)
    assert low <= differences.mean() - reach
    assert high >= differences.mean() + reach
    low, high = view.range(vtk.vtkAxis.BOTTOM)
    assert low <= 30.25
    assert high >= 119.5
    dots = columns_of(view.pixels(), BLUE)
    # Four dots, apart from each other.
    assert (np.diff(dots) > 3).sum() >= 3
    assert chart.GetXAxisTitle() == "Mean of reconstruction and CT (°)"
    assert chart.GetYAxisTitle() == "Reconstruction minus CT (°)"
    names = list(view.plots)
    assert names[0] == "Measurements"
    assert names[1] == f"Mean difference: {differences.mean():+.1f} °"
    assert view.chart.GetShowLegend()


def test_two_measurements_have_a_mean_but_no_limits_and_one_has_no_chart(scene, draw):
    chart = chart_of(charts.agreement_charts(measured(scene, [(100.0, 102.0), (80.0, 81.0)]), "Person"))
    view = draw(chart)
    low, high = view.range(vtk.vtkAxis.BOTTOM)
    assert low < 80.5 < 101 < high
    assert chart.GetNumberOfPlotSeriesNodes() == 2
    assert list(charts.agreement_charts(measured(scene, [(100.0, 102.0)]), "Person")) == []


def test_the_limits_are_those_of_bland_and_altman(scene):
    values = [(100.0, 102.0), (120.0, 119.0), (90.0, 95.0), (30.0, 30.5)]
    nodes = list(charts.agreement_charts(measured(scene, values), "Person"))
    assert chart_of(nodes).GetNumberOfPlotSeriesNodes() == 4
    differences = np.array([a - b for a, b in values])
    mean, reach = differences.mean(), 1.96 * differences.std(ddof=1)
    lines = next(node for node in nodes if node.GetName().endswith("(lines)")).GetTable()
    for name, expected in (
        ("Mean difference", mean),
        ("Upper limit", mean + reach),
        ("Lower limit", mean - reach),
    ):
        assert lines.GetValueByName(1, name).ToDouble() == pytest.approx(expected)


def test_numbers_of_a_chart_are_columns_with_units(scene):
    nodes = list(charts.agreement_charts(measured(scene, [(10.0, 12.0), (20.0, 21.0)], "mm"), "Person"))
    for series in (node for node in nodes if isinstance(node, slicer.vtkMRMLPlotSeriesNode)):
        table = series.GetTableNode()
        for column in (series.GetXColumnName(), series.GetYColumnName()):
            assert table.GetColumnUnitLabel(column) == "mm"
