"""The section Inputs at work: the films as they are used, in the scene, and the tools on them."""

import json
import sys

import numpy as np
import pytest
import qt
import slicer
import slicer.util
from films import film_array

from SwinX2SLib.radiographs import FilmOptions
from SwinX2SLib.slicerui.inputs.choice import film_choice
from SwinX2SLib.slicerui.inputs.loading import FileDrop
from SwinX2SLib.slicerui.inputs.preview import LAYOUT_ID


@pytest.fixture
def inputs(panel):
    return panel.whole.sections["inputs"]


def shown(inputs, role: str) -> np.ndarray:
    """What the preview of a film shows, (rows, columns)."""
    return slicer.util.arrayFromVolume(inputs.viewing._preview.node(role))[0]


def helpers() -> list[str]:
    """Names of the nodes that only help to look at films."""
    kinds = ("vtkMRMLScalarVolumeNode", "vtkMRMLMarkupsNode")
    nodes = [node for kind in kinds for node in slicer.util.getNodesByClass(kind)]
    return sorted(node.GetName() for node in nodes if not node.GetSaveWithScene())


def test_the_films_stand_upright_in_their_patient_planes_and_are_never_saved(panel, inputs, film_pair):
    assert slicer.app.layoutManager().layoutLogic().GetLayoutNode().GetViewArrangement() == LAYOUT_ID
    bounds = np.zeros(6)
    inputs.viewing._preview.node("ap").GetRASBounds(bounds)
    assert bounds[[0, 1, 4, 5]] == pytest.approx([-120, 120, -180, 180])
    inputs.viewing._preview.node("lateral").GetRASBounds(bounds)
    assert bounds[2:] == pytest.approx([-120, 120, -180, 180])
    # The first pixel of a hanging film: the patient's right and front, the head.
    for role, axis in (("ap", 0), ("lateral", 1)):
        corner = inputs.viewing.planes[role].ras(0, 0)
        assert corner[axis] > 0
        assert corner[2] > 0
    assert len(helpers()) == 2
    panel.ui.showFilmsButton.checked = False
    assert helpers() == []
    assert slicer.app.layoutManager().layoutLogic().GetLayoutNode().GetViewArrangement() != LAYOUT_ID


def test_turning_and_flipping_change_what_is_seen_and_what_is_used(panel, inputs, film_pair):
    before = shown(inputs, "ap").copy()
    panel.ui.apRotateRightButton.click()
    assert np.array_equal(shown(inputs, "ap"), np.rot90(before, -1))
    panel.ui.apFlipSidesButton.click()
    assert np.array_equal(shown(inputs, "ap"), np.rot90(before, -1)[:, ::-1])
    panel.ui.apRotateRightButton.click()
    assert np.array_equal(shown(inputs, "ap"), np.rot90(np.rot90(before, -1)[:, ::-1], -1))
    panel.ui.apInvertButton.click()
    assert film_choice(panel.parameters, "ap").options.invert
    panel.ui.apResetButton.click()
    assert film_choice(panel.parameters, "ap").options == FilmOptions()
    assert np.array_equal(shown(inputs, "ap"), before)


@pytest.mark.parametrize("turns", [0, 1])
def test_a_frame_on_the_film_becomes_its_crop(panel, inputs, film_pair, turns):
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
    # Given up for another tool, the crop stays; opened again, the frame may grow to the whole film.
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


@pytest.fixture
def told_job(panel, tmp_path):
    """What the worker is asked to do."""
    jobs = []

    def command(job):
        jobs.append(json.loads(job.read_text()))
        return [sys.executable, "-c", "pass"]

    panel.logic._make_command = command
    return jobs


def test_a_crop_that_is_still_open_is_used_when_reconstruct_is_pressed(panel, inputs, film_pair, told_job):
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


def test_a_crop_that_is_still_open_and_leaves_the_films_with_faults_starts_nothing(
    panel, inputs, film_pair, told_job
):
    panel.ui.lateralCropButton.click()
    slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")[0].SetSize(300, 300, 210)
    panel.ui.reconstructButton.click()
    assert told_job == []
    assert "The frontal film is 360 mm high, the lateral one 210 mm" in panel.ui.faultsLabel.text
    assert panel.ui.statusLabel.text == "Nothing was started."


def test_a_line_that_nobody_moved_calibrates_nothing_when_reconstruct_is_pressed(panel, film_pair, told_job):
    panel.ui.apCalibrateButton.click()
    panel.ui.reconstructButton.click()
    assert told_job[0]["ap_options"]["spacing_mm"] is None
    assert "put away unchanged" in panel.ui.recognitionLabel.text


def test_an_open_crop_frame_does_not_take_the_crop_out_of_a_scene_that_is_saved(panel, inputs, film_pair):
    panel.parameters.ap_crop = "10%,10%,80%,80%"
    panel.ui.apCropButton.click()
    assert panel.parameters.ap_crop == "10%,10%,80%,80%"
    (frame,) = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    bounds = np.zeros(6)
    frame.GetBounds(bounds)
    np.testing.assert_allclose(bounds[[0, 1, 4, 5]], (-96, 96, -144, 144))


def test_a_line_over_a_marker_gives_the_size_of_a_pixel(panel, inputs, film_pair):
    panel.ui.apMarkerBox.value = 30.0
    panel.ui.apCalibrateButton.click()
    line = slicer.util.getNodesByClass("vtkMRMLMarkupsLineNode")[0]
    plane = inputs.viewing.planes["ap"]
    line.SetNthControlPointPosition(0, plane.ras(20, 30))
    line.SetNthControlPointPosition(1, plane.ras(50, 70))
    panel.ui.apCalibrateButton.click()
    # 30 mm on 50 pixels
    assert panel.parameters.ap_spacing_mm == pytest.approx(0.6)
    assert "0.6 mm, set by you" in panel.ui.apInfoLabel.text
    assert not panel.ui.apMagnificationBox.enabled
    assert len(helpers()) == 2


def test_a_magnification_divides_the_size_of_a_pixel_and_is_told(panel, film_pair):
    panel.ui.apMagnificationBox.value = 1.25
    assert "1.2 mm" in panel.ui.apInfoLabel.text
    assert "1.25" in panel.ui.apInfoLabel.text
    assert film_choice(panel.parameters, "ap").options.magnification == 1.25


def test_distances_of_the_tube_give_the_magnification_and_reach_the_worker(
    panel, inputs, film_pair, told_job
):
    panel.ui.apToDetectorBox.value = 1500
    assert "distance from the source to the detector is given" in panel.ui.faultsLabel.text
    assert "Tube to patient" in panel.ui.faultsLabel.text
    panel.ui.apToPatientBox.value = 1200
    assert panel.ui.faultsLabel.text == "" or "high" in panel.ui.faultsLabel.text
    assert "1.2 mm" in panel.ui.apInfoLabel.text
    assert "1500 mm / source to patient 1200 mm, given by the user" in panel.ui.apInfoLabel.text
    assert not panel.ui.apMagnificationBox.enabled
    panel.ui.lateralToDetectorBox.value, panel.ui.lateralToPatientBox.value = 1500, 1200
    panel.ui.reconstructButton.click()
    told = told_job[0]["lateral_options"]
    assert (told["source_to_detector_mm"], told["source_to_patient_mm"]) == (1500, 1200)
    # A size that is known at the patient stays; the tube is told beside it.
    panel.ui.apSpacingBox.value = 1.0
    assert "1 mm, set by you; tube: source to detector 1500 mm" in panel.ui.apInfoLabel.text


def test_heights_are_matched_by_two_points(panel, inputs, add_film):
    panel.ui.apSelector.setCurrentNode(add_film("front", seed=1))
    panel.ui.lateralSelector.setCurrentNode(add_film("side", array=film_array(rows=200, seed=2)))
    assert "The frontal film is 360 mm high" in panel.ui.faultsLabel.text
    panel.ui.pointHeightsButton.click()
    points = {
        node.GetNthControlPointLabel(0): node
        for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")
    }
    for letter, role, rows in (("F", "ap", (60, 160)), ("L", "lateral", (20, 120))):
        for index, row in enumerate(rows):
            points[f"{letter}1"].SetNthControlPointPosition(index, inputs.viewing.planes[role].ras(50, row))
    panel.ui.pointHeightsButton.click()
    # Row 60 lies 89.25 mm above the middle of the frontal film, row 20 119.25 mm above that of the lateral one.
    assert panel.parameters.lateral_shift_mm == pytest.approx(-30.0)
    assert panel.parameters.heights_matched
    assert panel.ui.faultsLabel.text == ""
    # The same point of the body now lies at one height in both planes.
    heights = [inputs.viewing.planes[role].ras(0, row)[2] for role, row in (("ap", 60), ("lateral", 20))]
    assert heights[0] == pytest.approx(heights[1])


def test_films_that_say_they_are_swapped_are_told_and_swapped_with_all_that_was_said(panel, add_film):
    panel.ui.apSelector.setCurrentNode(add_film("Spine lateral", seed=1))
    panel.ui.apSpacingBox.value = 0.7
    panel.ui.apFlipSidesButton.click()
    panel.ui.lateralSelector.setCurrentNode(add_film("Spine AP", seed=2))
    assert "seem to be swapped" in panel.ui.recognitionLabel.text
    panel.ui.swapButton.click()
    assert panel.parameters.ap_volume.GetName() == "Spine AP"
    assert (panel.parameters.lateral_spacing_mm, panel.parameters.lateral_flip) == (0.7, "h")
    assert (panel.parameters.ap_spacing_mm, panel.parameters.ap_flip) == (0.0, "")
    assert "swapped" not in panel.ui.recognitionLabel.text


def test_another_film_does_not_inherit_what_was_said_of_the_first(panel, film_pair, add_film):
    panel.ui.apFlipUpButton.click()
    panel.ui.apSpacingBox.value = 0.7
    panel.ui.lateralSpacingBox.value = 0.8
    panel.ui.apSelector.setCurrentNode(add_film("another"))
    assert film_choice(panel.parameters, "ap").options == FilmOptions()
    assert panel.parameters.lateral_spacing_mm == 0.8


def test_colour_pictures_are_made_gray_only_when_asked(panel, film_pair):
    picture = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    gray = (film_array(seed=4) // 12).astype(np.uint8)
    slicer.util.updateVolumeFromArray(picture, np.stack([gray] * 3, axis=-1)[np.newaxis])
    picture.SetSpacing(1.5, 1.5, 1.5)
    panel.ui.apSelector.setCurrentNode(picture)
    assert "photo: The film was loaded as a colour picture" in panel.ui.faultsLabel.text
    assert not panel.ui.reconstructButton.enabled
    assert panel.ui.grayButton.visible
    panel.ui.grayButton.click()
    assert panel.parameters.ap_volume.GetName() == "photo gray"
    assert np.array_equal(slicer.util.arrayFromVolume(panel.parameters.ap_volume)[0], gray)
    assert slicer.mrmlScene.GetNodeByID(picture.GetID()) is picture
    assert panel.ui.reconstructButton.enabled


def test_a_picture_in_real_colours_is_no_film(panel, film_pair):
    picture = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    gray = (film_array(seed=4) // 12).astype(np.uint8)
    slicer.util.updateVolumeFromArray(picture, np.stack([gray, gray // 2, 255 - gray], axis=-1)[np.newaxis])
    panel.ui.apSelector.setCurrentNode(picture)
    panel.ui.grayButton.click()
    assert "in colour" in panel.ui.recognitionLabel.text
    assert panel.parameters.ap_volume is picture


@pytest.fixture
def loadable(monkeypatch, add_film, tmp_path):
    """Files that `slicer.util.loadVolume` can load: it makes a film of their name."""

    def load(path, properties):
        assert properties == {"singleFile": True}
        if "broken" in path:
            raise RuntimeError("no reader")
        return add_film(path.rsplit("/", 1)[-1].split(".")[0], seed=len(path))

    monkeypatch.setattr(slicer.util, "loadVolume", load)

    def write(*names):
        for name in names:
            (tmp_path / name).write_bytes(b"picture")
        return [str(tmp_path / name) for name in names]

    return write


def drop(widget, files) -> bool:
    """Drop files on a widget as a file manager does."""
    data = qt.QMimeData()
    data.setUrls([qt.QUrl.fromLocalFile(file) for file in files])
    how = qt.Qt.CopyAction, data, qt.Qt.LeftButton, qt.Qt.NoModifier
    enter = qt.QDragEnterEvent(qt.QPoint(5, 5), *how)
    qt.QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        qt.QApplication.sendEvent(widget, qt.QDropEvent(qt.QPointF(5, 5), *how))
    return enter.isAccepted()


def test_two_dropped_files_are_told_apart(panel, loadable):
    drop(panel.ui.apSelector, loadable("hip lateral.png", "hip AP.png"))
    assert panel.parameters.ap_volume.GetName() == "hip AP"
    assert panel.parameters.lateral_volume.GetName() == "hip lateral"
    assert "by the name" in panel.ui.recognitionLabel.text


def test_one_file_dropped_on_a_film_becomes_this_film(panel, loadable):
    drop(panel.ui.lateralSelector, loadable("x.png"))
    assert panel.parameters.lateral_volume.GetName() == "x"
    assert panel.parameters.ap_volume is None


def test_files_that_cannot_be_loaded_are_named(panel, inputs, loadable):
    inputs.load(loadable("broken.png"))
    assert "broken.png" in panel.ui.recognitionLabel.text
    inputs.load(loadable(*(f"slice{number}.png" for number in range(20))))
    assert "20 files" in panel.ui.recognitionLabel.text


def test_other_things_dropped_are_left_alone(panel):
    heard = []
    target = qt.QWidget()
    keep = FileDrop(target, heard.append)
    assert not drop(target, [])
    assert drop(target, ["/a/film.png"])
    assert heard == [["/a/film.png"]]
    assert keep is not None


def test_nothing_that_helps_to_look_is_left_when_the_scene_closes_or_the_module_goes(
    panel, film_pair, module_widget
):
    panel.ui.apCropButton.click()
    panel.ui.pointHeightsButton.click()
    assert len(helpers()) == 4
    module_widget.cleanup()
    assert helpers() == []


def test_what_was_said_of_the_films_comes_back_with_the_scene(panel, film_pair, tmp_path):
    panel.ui.apRotateLeftButton.click()
    panel.ui.lateralMagnificationBox.value = 1.1
    panel.ui.matchHeightsBox.checked = True
    panel.ui.shiftBox.value = -12.5
    node = panel.parameters.parameterNode
    kept = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    panel.ui.apResetButton.click()
    panel.ui.shiftBox.value = 3
    for name, value in kept.items():
        node.SetParameter(name, value)
    assert film_choice(panel.parameters, "ap").options.rotate_deg == 270
    assert film_choice(panel.parameters, "lateral").options.magnification == 1.1
    assert panel.ui.shiftBox.value == -12.5
    assert panel.ui.matchHeightsBox.checked
