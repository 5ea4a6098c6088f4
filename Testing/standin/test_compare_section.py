"""The section Compare: from two segmentations of the scene to tables, charts and colours."""

from pathlib import Path

import numpy as np
import pytest
import qt
import slicer
import slicer.util
import vtk
from block_bones import AFFINE, block_bones, write_labels

from SwinX2SLib.slicerui.compare import scene as comparing
from SwinX2SLib.slicerui.compare.choices import Distance, Placement
from SwinX2SLib.slicerui.segmentation_import import import_segmentation

CHOSEN = (20, 21, 22, 50, 51, 52)


@pytest.fixture
def section(panel):
    return panel.whole.sections["compare"]


@pytest.fixture
def reconstruction(section, tmp_path):
    labels = np.where(np.isin(block_bones(), CHOSEN), block_bones(), 0)
    node = import_segmentation(write_labels(tmp_path / "labels.nii.gz", labels), "Person")
    section.parameters.compare_prediction = node
    return node


@pytest.fixture
def ct(section):
    """A label map in the numbering of TotalSegmentator, without L3, shifted and turned by a transform."""
    values = {20: 31, 21: 30, 50: 25, 51: 78, 52: 77}
    labels = block_bones()
    numbered = np.zeros(labels.shape, np.int16)
    for ours, theirs in values.items():
        numbered[labels == ours] = theirs
    node = slicer.util.addVolumeFromArray(
        np.ascontiguousarray(numbered.transpose(2, 1, 0)), AFFINE, "CT bones", "vtkMRMLLabelMapVolumeNode"
    )
    moved = vtk.vtkTransform()
    moved.Translate(40, -25, 300)
    moved.RotateZ(6)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(moved.GetMatrix())
    node.SetAndObserveTransformNodeID(transform.GetID())
    section.parameters.compare_truth = node
    return node


@pytest.fixture
def compared(section, reconstruction, ct, spin_until):
    section.parameters.compare_measurements = False
    section.ui.compareButton.click()
    assert section.ui.compareCancelButton.enabled
    spin_until(lambda: not section.ui.compareCancelButton.enabled, 240)
    assert "Comparison finished" in section.ui.compareStatusLabel.text, section.ui.compareStatusLabel.text
    return reconstruction


def test_nothing_can_be_compared_before_both_are_chosen(section, reconstruction):
    assert not section.ui.compareButton.enabled
    section.parameters.compare_truth = reconstruction
    assert not section.ui.compareButton.enabled
    section.parameters.compare_truth_file = "/tmp/truth.nii.gz"
    assert section.ui.compareButton.enabled
    assert section.ui.compareFileLabel.text == "truth.nii.gz"
    section.ui.compareNoFileButton.click()
    assert not section.ui.compareButton.enabled


def test_a_moved_ct_in_another_numbering_is_found_and_compared(section, compared, ct, tmp_path):
    found = comparing.evaluation_of(compared)
    assert found.scheme == "totalsegmentator_v2"
    assert found.labels["vertebrae_L3"].status == "invented"
    assert found.foreground.dice > 0.85
    assert found.placing.after_mm < 1.0 < 100 < found.placing.before_mm
    assert "detected" in section.ui.compareSummaryLabel.text
    # The reconstruction stays; what is coloured lies on the CT.
    bounds = np.zeros(6)
    compared.GetRASBounds(bounds)
    assert bounds[4] < 100
    model = next(
        node for node in comparing.parts(compared, comparing.SURFACE) if "hip" in node.GetName().lower()
    )
    assert model.GetPolyData().GetBounds()[4] > 200
    assert not compared.GetDisplayVisibility()
    section.ui.compareSurfacesBox.checked = False
    assert compared.GetDisplayVisibility()
    section.parameters.compare_distance = Distance.ABSOLUTE
    assert model.GetDisplayNode().GetScalarRange()[0] == 0
    assert section.ui.compareChartBox.count == 2
    section.ui.compareChartButton.click()
    section.ui.compareBonesButton.click()
    assert not section.ui.compareMeasurementsButton.enabled
    section.save(tmp_path)
    assert (tmp_path / "index.html").stat().st_size > 10_000
    assert "vertebrae_L3" in (tmp_path / "evaluation.csv").read_text(encoding="utf-8-sig")
    slicer.mrmlScene.Clear(0)
    assert section.ui.compareSummaryLabel.text == ""


def test_what_cannot_be_compared_is_told_in_words(section, reconstruction, tmp_path, spin_until):
    (tmp_path / "broken.nii.gz").write_bytes(b"no volume")
    section.parameters.compare_truth_file = str(tmp_path / "broken.nii.gz")
    section.parameters.compare_placement = Placement.NONE
    section.ui.compareButton.click()
    spin_until(lambda: not section.ui.compareCancelButton.enabled, 120)
    assert "broken.nii.gz" in section.ui.compareStatusLabel.text
    assert comparing.evaluation_of(reconstruction) is None
    assert section.ui.compareButton.enabled


def test_cancel_and_the_end_of_the_scene_end_the_process(panel, section, reconstruction, ct, spin_until):
    section.ui.compareButton.click()
    section.ui.compareCancelButton.click()
    spin_until(lambda: not section.ui.compareCancelButton.enabled)
    assert "Cancelled" in section.ui.compareStatusLabel.text
    section.ui.compareButton.click()
    run = section._run
    panel.whole.enter()
    assert run.is_running()
    assert section.ui.compareCancelButton.enabled
    slicer.mrmlScene.Clear(0)
    assert not run.is_running()
    assert not list(Path(slicer.app.temporaryPath).glob("SwinX2S-*"))
    assert isinstance(section.ui.compareButton, qt.QPushButton)
