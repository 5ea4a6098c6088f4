"""The section Result: what its switches do to the scene, its list of bones, and the export."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import qt
import slicer
from drawn_parts import add_upper_half_as_segment

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.slicerui.bone_voxels import bone_layers, label_volume
from SwinX2SLib.slicerui.result import confidence
from SwinX2SLib.slicerui.result.exporting import SegmentationExport
from SwinX2SLib.slicerui.result.links import OUTLINE, RADIOGRAPH_PLANE, linked
from SwinX2SLib.slicerui.result.regions import bones_of
from SwinX2SLib.slicerui.segmentation_import import import_segmentation, segment_ids


@pytest.fixture
def section(panel):
    return panel.whole.sections["result"]


@pytest.fixture
def result(section, result_folder):
    section.open_result(result_folder)
    return section.parameters.result_segmentation


def hidden(result) -> int:
    return sum(not result.GetDisplayNode().GetSegmentVisibility(bone) for bone in segment_ids(result))


def middle(node, bone) -> np.ndarray:
    """The middle of a bone's voxels, RAS mm."""
    labels, affine = label_volume(bone_layers(node), [bone])
    return affine[:3, :3] @ np.argwhere(labels).mean(axis=0) + affine[:3, 3]


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


def test_a_regions_box_hides_its_bones_and_follows_the_segments(section, result, slot_errors):
    display = result.GetDisplayNode()
    section.ui.ribsBox.checked = False
    assert hidden(result) == len(label_ids("ribs"))
    display.SetSegmentVisibility("rib_left_1", True)
    assert section.ui.ribsBox.checked
    assert hidden(result) == len(label_ids("ribs")) - 1
    for bone in bones_of(result, "spine"):
        display.SetSegmentVisibility(bone, False)
    assert not section.ui.spineBox.checked
    section.ui.spineBox.checked = True
    assert all(display.GetSegmentVisibility(bone) for bone in bones_of(result, "spine"))


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


def test_a_segmentation_of_another_origin_has_regions_but_no_confidence_and_can_be_exported(
    section, bones_file
):
    section.parameters.result_segmentation = import_segmentation(bones_file, "Other")
    section.ui.spineBox.checked = False
    assert hidden(section.parameters.result_segmentation) == len(label_ids("spine"))
    assert not section.ui.confidenceBox.enabled
    section.ui.stlBox.checked = True
    assert section.ui.exportButton.enabled


def test_dicom_is_disabled_with_the_reason_and_slicer_exports_the_rest(
    section, result, tmp_path, monkeypatch
):
    no_process = lambda *_arguments: pytest.fail("Slicer writes these formats itself")  # noqa: E731
    monkeypatch.setattr(section.installer, "ensure", no_process)
    monkeypatch.setattr(SegmentationExport, "_start_process", no_process)
    ui = section.ui
    assert not ui.dicomsegBox.enabled
    assert "DICOM" in ui.hindranceLabel.text
    assert not ui.exportButton.enabled
    ui.stlBox.checked = ui.objBox.checked = ui.niftiBox.checked = ui.nrrdBox.checked = True
    ui.gltfBox.checked = False
    section.export_to(tmp_path)
    assert ui.exportButton.enabled
    (folder,) = tmp_path.iterdir()
    assert ui.exportLabel.text == f"Exported to {folder}."
    assert len([*(folder / "stl").glob("*.stl")]) == 54
    assert {path.name for path in folder.iterdir()} == {
        "stl", "out bones.obj", "out bones.mtl", "out bones.nii.gz", "out bones.labels.csv",
        "segmentation.seg.nrrd",
    }  # fmt: skip
    (femur,) = (folder / "stl").glob("*Left femur.stl")
    storage, model = slicer.vtkMRMLModelStorageNode(), slicer.vtkMRMLModelNode()
    storage.SetFileName(str(femur))
    assert storage.ReadData(model)
    bounds = np.zeros(6)
    model.GetRASBounds(bounds)
    np.testing.assert_allclose(
        bounds.reshape(3, 2).mean(axis=1), result.GetSegmentCenterRAS("femur_left"), atol=2.0
    )
    for name in ("out bones.nii.gz", "segmentation.seg.nrrd"):
        again = import_segmentation(folder / name, "again")
        assert segment_ids(again) == segment_ids(result)
        np.testing.assert_allclose(middle(again, "femur_left"), middle(result, "femur_left"), atol=1e-3)
        slicer.mrmlScene.RemoveNode(again)
    assert not list(Path(slicer.app.temporaryPath).glob("SwinX2S-export-*"))


def test_s1_that_a_user_drew_is_exported_as_part_of_the_sacrum(section, result, tmp_path):
    sacrum, _ = label_volume(bone_layers(result), ["sacrum"])
    drawn = add_upper_half_as_segment(result, "sacrum", "S1")
    assert drawn in bones_of(result, "pelvis")
    ui = section.ui
    ui.stlBox.checked = ui.niftiBox.checked = ui.nrrdBox.checked = True
    section.export_to(tmp_path)
    (folder,) = tmp_path.iterdir()
    assert len([*(folder / "stl").glob("*.stl")]) == 54
    (surface,) = (folder / "stl").glob("*Sacrum.stl")
    storage, model = slicer.vtkMRMLModelStorageNode(), slicer.vtkMRMLModelNode()
    storage.SetFileName(str(surface))
    assert storage.ReadData(model)
    bounds = np.zeros(6)
    model.GetRASBounds(bounds)
    voxels = np.argwhere(sacrum)
    # Blocks of 2.5 mm voxels.
    np.testing.assert_allclose(bounds[5] - bounds[4], 2.5 * (np.ptp(voxels[:, 2]) + 1), atol=2.0)
    again = import_segmentation(folder / "out bones.nii.gz", "again")
    assert np.count_nonzero(label_volume(bone_layers(again), ["sacrum"])[0]) == len(voxels)
    # The segmentation file keeps the segments as they are drawn; the scene, too.
    assert drawn in (folder / "segmentation.seg.nrrd").read_bytes()[:200_000].decode("latin-1")
    assert drawn in segment_ids(result)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2


def test_formats_of_both_kinds_come_into_one_folder(section, result, tmp_path, spin_until):
    section.ui.stlBox.checked = section.ui.gltfBox.checked = True
    section.export_to(tmp_path)
    assert not section.ui.exportButton.enabled
    spin_until(lambda: section.ui.exportButton.enabled, 60)
    (folder,) = tmp_path.iterdir()
    assert section.ui.exportLabel.text == f"Exported to {folder}."
    assert (folder / "bones.glb").is_file()
    assert len([*(folder / "stl").glob("*.stl")]) == 54


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
