"""Tools on the radiographs: crop, calibration line, points; and what becomes of them when Reconstruct is pressed."""

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
    panel.ui.apCropButton.click()
    assert shown(inputs, "ap").shape == (rows * 3 // 4, cols // 2)
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []
    ranks = np.corrcoef(shown(inputs, "ap").ravel(), before[: rows * 3 // 4, : cols // 2].ravel())[0, 1]
    assert ranks > 0.999
    # Given up for another tool, the crop stays; opened again, the frame may grow to the whole radiograph.
    cropped = panel.parameters.ap_crop
    panel.ui.apCropButton.click()
    panel.ui.pointHeightsButton.click()
    assert panel.parameters.ap_crop == cropped
    panel.ui.pointHeightsButton.click()
    panel.ui.apCropButton.click()
    assert shown(inputs, "ap").shape == (rows, cols)
    panel.ui.apCropButton.click()
    assert panel.parameters.ap_crop == cropped
    panel.ui.apCropButton.click()
    (frame,) = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    frame.SetCenter(0, 0, 0)
    frame.SetSize(1000, 1000, 1000)
    panel.ui.apCropButton.click()
    assert panel.parameters.ap_crop == ""


def test_a_crop_that_is_still_open_is_used_when_reconstruct_is_pressed(
    panel, inputs, radiograph_pair, told_job
):
    for role in ("ap", "lateral"):
        getattr(panel.ui, f"{role}CropButton").click()
        (frame,) = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
        frame.SetSize(300, 300, 240)
        if role == "ap":
            panel.ui.apCropButton.click()
    panel.ui.reconstructButton.click()
    assert (
        told_job[0]["lateral_options"]["crop"]
        == told_job[0]["ap_options"]["crop"]
        == panel.parameters.ap_crop
    )
    assert panel.parameters.ap_crop == "0%,16.6667%,100%,66.6667%"
    assert "applied" in panel.ui.recognitionLabel.text
    assert not panel.ui.lateralCropButton.checked
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []


def test_a_crop_that_is_still_open_and_leaves_the_radiographs_with_faults_starts_nothing(
    panel, inputs, radiograph_pair, told_job
):
    panel.ui.lateralCropButton.click()
    slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")[0].SetSize(300, 300, 210)
    panel.ui.reconstructButton.click()
    assert told_job == []
    assert "The frontal radiograph is 360 mm high and the lateral one 210 mm" in panel.ui.faultsLabel.text
    assert panel.ui.statusLabel.text == "The run was not started."


def test_a_line_that_nobody_moved_calibrates_nothing_when_reconstruct_is_pressed(
    panel, radiograph_pair, told_job
):
    panel.ui.apCalibrateButton.click()
    panel.ui.reconstructButton.click()
    assert told_job[0]["ap_options"]["spacing_mm"] is None
    assert "were discarded" in panel.ui.recognitionLabel.text


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
    panel.ui.apCalibrateButton.click()
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
    panel.ui.pointHeightsButton.click()
    # Row 60 lies 89.25 mm above the middle of the frontal radiograph, row 20 119.25 mm above that of the lateral one.
    assert panel.parameters.lateral_offset_mm == pytest.approx(-30.0)
    assert panel.parameters.heights_matched
    assert panel.ui.faultsLabel.text == ""
    # The same point of the body now lies at one height in both planes.
    heights = [inputs.viewing.planes[role].ras(0, row)[2] for role, row in (("ap", 60), ("lateral", 20))]
    assert heights[0] == pytest.approx(heights[1])
