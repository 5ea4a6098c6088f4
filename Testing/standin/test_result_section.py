"""The section Result: what its switches do to the scene, its list of bones, and the export."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import qt
import slicer
from block_bones import block_bones
from whole_result import write_whole_result

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.slicerui.result import confidence
from SwinX2SLib.slicerui.result.links import OUTLINE, RADIOGRAPH_PLANE, linked
from SwinX2SLib.slicerui.result.regions import regions_of
from SwinX2SLib.slicerui.segmentation_import import segment_ids


@pytest.fixture(scope="session")
def result_folder(tmp_path_factory) -> Path:
    return write_whole_result(tmp_path_factory.mktemp("whole") / "out", block_bones())


@pytest.fixture
def section(panel):
    return panel.whole.sections["result"]


@pytest.fixture
def result(section, result_folder):
    section.open_result(result_folder)
    return section.parameters.result_segmentation


def hidden(result) -> int:
    return sum(not result.GetDisplayNode().GetSegmentVisibility(bone) for bone in segment_ids(result))


def test_without_a_result_nothing_can_be_switched(section):
    ui = section.ui
    for widget in (
        ui.spineBox,
        ui.confidenceBox,
        ui.apRadiographBox,
        ui.apOutlinesBox,
        ui.opacitySlider,
        ui.exportButton,
    ):
        assert not widget.enabled
    assert "No result" in ui.remarksLabel.text
    assert ui.boneList.rowCount == 0


def test_an_opened_result_is_chosen_and_shown_as_it_is(section, result):
    ui = section.ui
    assert ui.resultSelector.currentNode() is result
    assert ui.spineBox.checked
    assert ui.femurBox.checked
    assert not ui.confidenceBox.checked
    assert ui.boneList.rowCount == 54
    assert "Model:</b> none" in ui.provenanceLabel.text
    assert "test" in ui.provenanceDetailLabel.text


def test_hashes_and_grid_of_a_result_are_folded_away(section, result):
    ui = section.ui
    for name, value in (("model_sha256", 32 * "ab"), ("ap_sha256", 32 * "cd"), ("grid_shape", "[9, 9, 9]")):
        result.SetAttribute(f"SwinX2S.{name}", value)
    result.SetAttribute("SwinX2S.grid_spacing_mm", "2.5")
    ui.resultSelector.setCurrentNode(None)
    ui.resultSelector.setCurrentNode(result)
    assert ui.provenanceSection.collapsed
    for words in ("abababababab...", "cdcdcdcdcdcd...", "9 x 9 x 9 voxels of 2.5 mm"):
        assert words not in ui.provenanceLabel.text
        assert words in ui.provenanceDetailLabel.text


def test_a_regions_box_hides_its_bones_and_follows_the_eye(section, result, slot_errors):
    section.ui.ribsBox.checked = False
    assert hidden(result) == len(label_ids("ribs"))
    regions_of(result)["ribs"].SetVisibility(True)
    assert section.ui.ribsBox.checked
    assert hidden(result) == 0
    regions_of(result)["spine"].SetVisibility(False)
    assert not section.ui.spineBox.checked
    assert hidden(result) == len(label_ids("spine"))


def test_radiographs_outlines_opacity_and_colours_are_switched(section, result):
    section.ui.apRadiographBox.checked = False
    section.ui.lateralOutlinesBox.checked = False
    section.ui.opacitySlider.value = 40
    section.ui.confidenceBox.checked = True
    ap, lateral = (
        linked(result, RADIOGRAPH_PLANE, radiograph=role)[0].GetDisplayNode() for role in ("ap", "lateral")
    )
    assert (ap.GetVisibility(), lateral.GetVisibility()) == (0, 1)
    assert lateral.GetOpacity() == pytest.approx(0.4)
    assert not any(model.GetDisplayVisibility() for model in linked(result, OUTLINE, radiograph="lateral"))
    assert all(model.GetDisplayVisibility() for model in linked(result, OUTLINE, radiograph="ap"))
    assert confidence.is_coloured_by_confidence(result)
    section.ui.confidenceBox.checked = False
    assert not confidence.is_coloured_by_confidence(result)


def test_a_click_on_a_bone_centres_the_slices_on_it(section, result):
    view = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceNode")
    view.SetOrientationToAxial()
    rows = {section.ui.boneList.item(row, 0).text(): row for row in range(54)}
    heights = []
    for bone in ("C1 vertebra", "Left femur"):
        section.ui.boneList.cellClicked.emit(rows[bone], 0)
        heights.append(view.GetSliceToRAS().GetElement(2, 3))
    assert heights[0] > heights[1] + 100


def test_a_scene_that_is_closed_takes_the_result_along(section, result, spin):
    slicer.mrmlScene.Clear(0)
    spin(0.05)
    assert section.ui.boneList.rowCount == 0
    assert not section.ui.spineBox.enabled


def test_a_segmentation_of_another_origin_has_nothing_to_switch_but_can_be_exported(section, bones_file):
    from SwinX2SLib.slicerui.segmentation_import import import_segmentation

    section.parameters.result_segmentation = import_segmentation(bones_file, "Other")
    assert not section.ui.spineBox.enabled
    assert not section.ui.confidenceBox.enabled
    section.ui.stlBox.checked = True
    assert section.ui.exportButton.enabled


def test_dicom_is_disabled_with_the_reason_and_the_rest_is_exported(section, result, tmp_path, spin_until):
    ui = section.ui
    assert not ui.dicomsegBox.enabled
    assert "DICOM" in ui.hindranceLabel.text
    assert not ui.exportButton.enabled
    ui.stlBox.checked = ui.niftiBox.checked = True
    section.export_to(tmp_path)
    assert not ui.exportButton.enabled
    spin_until(lambda: ui.exportButton.enabled, 60)
    (folder,) = tmp_path.iterdir()
    assert ui.exportLabel.text == f"Exported to {folder}."
    assert len(list((folder / "stl").iterdir())) == 54
    assert (folder / "labels.nii.gz").is_file()


def test_an_export_that_cannot_be_written_is_told(section, result, tmp_path, spin_until):
    section.ui.niftiBox.checked = True
    (tmp_path / "file").write_text("no folder")
    section.export_to(tmp_path / "file")
    spin_until(lambda: section.ui.exportButton.enabled, 60)
    assert "not writable" in section.ui.exportLabel.text
    assert not list(Path(slicer.app.temporaryPath).glob("SwinX2S-export-*"))


def test_what_is_no_result_is_told(section, tmp_path):
    section.open_result(tmp_path)
    assert "is not a result folder" in section.ui.remarksLabel.text


def test_the_bones_of_a_run_are_shown_at_once(section, panel, run_worker, result_folder, tmp_path):
    copy = shutil.copytree(result_folder, tmp_path / "copy")
    run_worker(
        """
names = dict(segmentation="segmentation.seg.nrrd", labels="labels.nii.gz", uncertainty="uncertainty.nii.gz",
             provenance="provenance.json")
tell(event="result", files={role: os.path.join(source, name) for role, name in names.items()})
""",
        source=str(copy),
    )
    result = section.parameters.result_segmentation
    assert result is not None
    assert result.GetName().startswith("radiograph front bones")
    assert section.ui.boneList.rowCount == 54
    assert len(linked(result, RADIOGRAPH_PLANE)) == 2
    assert isinstance(section.ui.boneList, qt.QTableWidget)
    assert np.all([box.enabled for box in (section.ui.apRadiographBox, section.ui.lateralRadiographBox)])
