"""Tools on the radiographs: crop, calibration line, points; nothing changes before Apply."""

import numpy as np
import pytest
import slicer
import slicer.util
from radiographs import helpers, radiograph_array, shown


@pytest.mark.parametrize("turns", [0, 1])
def test_a_frame_on_the_radiograph_becomes_its_crop(panel, inputs, radiograph_pair, turns):
    for _ in range(turns):
        panel.ui.apRotateRightButton.click()
    before = shown(inputs, "ap").copy()
    rows, cols = before.shape
    panel.ui.apCropButton.click()
    frame = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")[0]
    # The patient's right half, without the lowest quarter.
    frame.SetCenter(cols * 1.5 / 4, 0, rows * 1.5 / 8)
    frame.SetSize(cols * 1.5 / 2, 10, rows * 1.5 * 3 / 4)
    assert panel.parameters.ap_crop == "", "nothing changes before Apply"
    panel.ui.toolApplyButton.click()
    assert shown(inputs, "ap").shape == (rows * 3 // 4, cols // 2)
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []
    ranks = np.corrcoef(shown(inputs, "ap").ravel(), before[: rows * 3 // 4, : cols // 2].ravel())[0, 1]
    assert ranks > 0.999
    # Given up for another tool, the crop stays; opened again, the frame may grow to the whole radiograph.
    cropped = panel.parameters.ap_crop
    panel.ui.apCropButton.click()
    assert shown(inputs, "ap").shape == (rows, cols)
    panel.ui.pointHeightsButton.click()
    assert panel.parameters.ap_crop == cropped
    panel.ui.toolCancelButton.click()
    panel.ui.apCropButton.click()
    panel.ui.toolApplyButton.click()
    assert panel.parameters.ap_crop == cropped
    panel.ui.apCropButton.click()
    (frame,) = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    frame.SetCenter(0, 0, 0)
    frame.SetSize(1000, 1000, 1000)
    panel.ui.toolApplyButton.click()
    assert panel.parameters.ap_crop == ""


TOOLS = (
    "apCropButton",
    "lateralCropButton",
    "apCalibrateButton",
    "lateralCalibrateButton",
    "pointHeightsButton",
)


def drag(places: int = 7) -> None:
    """Change every markup that is there."""
    for frame in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
        frame.SetSize(200, 200, 200)
    for kind in ("vtkMRMLMarkupsLineNode", "vtkMRMLMarkupsFiducialNode"):
        for node in slicer.util.getNodesByClass(kind):
            node.SetNthControlPointPosition(0, np.array(node.GetNthControlPointPositionWorld(0)) + places)


def kept_values(panel) -> dict[str, str]:
    node = panel.parameters.parameterNode
    return {name: node.GetParameter(name) for name in node.GetParameterNames()}


@pytest.mark.parametrize("button", TOOLS)
@pytest.mark.parametrize("way", ["cancel", "button", "escape", "leave", "another image"])
def test_nothing_changes_before_apply_and_every_way_out_restores_all(
    panel, inputs, radiograph_pair, add_radiograph, module_widget, spin, button, way
):
    panel.parameters.ap_crop = "10%,10%,80%,80%"
    before, pixels = kept_values(panel), {role: shown(inputs, role).copy() for role in ("ap", "lateral")}
    assert not panel.ui.toolBar.visible
    getattr(panel.ui, button).click()
    drag()
    assert panel.ui.toolBar.visible
    assert panel.ui.toolApplyButton.visible
    assert panel.ui.toolCancelButton.visible
    assert kept_values(panel) == before
    ways = {
        "cancel": panel.ui.toolCancelButton.click,
        "button": getattr(panel.ui, button).click,
        "escape": inputs.toolbox._escape.activated.emit,
        "leave": module_widget.exit,
        "another image": lambda: panel.ui.lateralSelector.setCurrentNode(add_radiograph("third", seed=3)),
    }
    ways[way]()
    assert not panel.ui.toolBar.visible
    assert not getattr(panel.ui, button).checked
    for kind in ("ROI", "Line", "Fiducial"):
        assert slicer.util.getNodesByClass(f"vtkMRMLMarkups{kind}Node") == []
    if way == "another image":
        return
    assert kept_values(panel) == before
    assert "tool is still open" not in panel.ui.faultsLabel.text
    if way == "leave":
        module_widget.enter()
    for role, values in pixels.items():
        np.testing.assert_array_equal(shown(inputs, role), values)


def test_views_that_a_tool_opened_close_with_cancel_and_stay_with_apply(panel, radiograph_pair):
    assert not panel.ui.showRadiographsButton.checked
    panel.ui.apCropButton.click()
    assert panel.ui.showRadiographsButton.checked
    panel.ui.toolCancelButton.click()
    assert not panel.ui.showRadiographsButton.checked
    panel.ui.apCropButton.click()
    panel.ui.toolApplyButton.click()
    assert panel.ui.showRadiographsButton.checked
    panel.ui.apCropButton.click()
    panel.ui.toolCancelButton.click()
    assert panel.ui.showRadiographsButton.checked


def test_a_run_waits_for_apply_or_cancel(panel, inputs, radiograph_pair, told_job):
    panel.ui.apCropButton.click()
    (frame,) = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    frame.SetSize(300, 300, 240)
    assert not panel.ui.reconstructButton.enabled
    assert "A tool is still open on a radiograph. Click Apply or Cancel." in panel.ui.faultsLabel.text
    panel.whole.sections["reconstruct"].reconstruct()
    assert told_job == []
    panel.ui.toolCancelButton.click()
    assert panel.ui.faultsLabel.text == ""
    panel.ui.reconstructButton.click()
    assert told_job[0]["ap_options"]["crop"] is None


def test_a_line_and_points_that_nobody_moved_are_not_applied(panel, inputs, radiograph_pair):
    for button in ("apCalibrateButton", "pointHeightsButton"):
        before = kept_values(panel)
        getattr(panel.ui, button).click()
        panel.ui.toolApplyButton.click()
        assert "First drag" in panel.ui.toolLabel.text
        assert getattr(panel.ui, button).checked
        assert kept_values(panel) == before
        panel.ui.toolCancelButton.click()


def test_a_line_that_is_too_short_says_so_and_stays(panel, inputs, radiograph_pair):
    panel.ui.apMarkerBox.value = 100.0
    panel.ui.apCalibrateButton.click()
    (line,) = slicer.util.getNodesByClass("vtkMRMLMarkupsLineNode")
    plane = inputs.viewing.planes["ap"]
    line.SetNthControlPointPosition(0, plane.ras(20, 30))
    line.SetNthControlPointPosition(1, plane.ras(23, 30))
    panel.ui.toolApplyButton.click()
    assert "too short" in panel.ui.toolLabel.text
    assert panel.ui.toolBar.visible
    line.SetNthControlPointPosition(1, plane.ras(120, 30))
    panel.ui.toolApplyButton.click()
    assert panel.parameters.ap_spacing_mm == pytest.approx(1.0)


def test_an_open_crop_frame_does_not_take_the_crop_out_of_a_scene_that_is_saved(
    panel, inputs, radiograph_pair
):
    panel.parameters.ap_crop = "10%,10%,80%,80%"
    panel.ui.apCropButton.click()
    assert panel.parameters.ap_crop == "10%,10%,80%,80%"
    (frame,) = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    bounds = np.zeros(6)
    frame.GetBounds(bounds)
    np.testing.assert_allclose(bounds[[0, 1, 4, 5]], (-96, 96, -144, 144))


def test_a_line_over_a_marker_gives_the_size_of_a_pixel(panel, inputs, radiograph_pair):
    panel.ui.apMarkerBox.value = 30.0
    panel.ui.apCalibrateButton.click()
    line = slicer.util.getNodesByClass("vtkMRMLMarkupsLineNode")[0]
    plane = inputs.viewing.planes["ap"]
    line.SetNthControlPointPosition(0, plane.ras(20, 30))
    line.SetNthControlPointPosition(1, plane.ras(50, 70))
    panel.ui.toolApplyButton.click()
    # 30 mm on 50 pixels
    assert panel.parameters.ap_spacing_mm == pytest.approx(0.6)
    assert "0.6 mm, set manually" in panel.ui.apInfoLabel.text
    assert not panel.ui.apMagnificationBox.enabled
    assert len(helpers()) == 2


def test_heights_are_matched_by_two_points(panel, inputs, add_radiograph):
    panel.ui.apSelector.setCurrentNode(add_radiograph("front", seed=1))
    panel.ui.lateralSelector.setCurrentNode(add_radiograph("side", array=radiograph_array(rows=200, seed=2)))
    assert "The frontal radiograph is 360 mm high" in panel.ui.faultsLabel.text
    panel.ui.pointHeightsButton.click()
    points = {
        node.GetNthControlPointLabel(0): node
        for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")
    }
    for letter, role, rows in (("F", "ap", (60, 160)), ("L", "lateral", (20, 120))):
        for index, row in enumerate(rows):
            points[f"{letter}1"].SetNthControlPointPosition(index, inputs.viewing.planes[role].ras(50, row))
    panel.ui.toolApplyButton.click()
    # Row 60 lies 89.25 mm above the middle of the frontal radiograph, row 20 119.25 mm above that of the lateral one.
    assert panel.parameters.lateral_offset_mm == pytest.approx(-30.0)
    assert panel.parameters.heights_matched
    assert panel.ui.faultsLabel.text == ""
    # The same point of the body now lies at one height in both planes.
    heights = [inputs.viewing.planes[role].ras(0, row)[2] for role, row in (("ap", 60), ("lateral", 20))]
    assert heights[0] == pytest.approx(heights[1])
