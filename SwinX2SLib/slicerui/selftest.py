"""The module's self-test: the same in a real Slicer (Reload and Test, or CTest) and on the project's stand-in.

It does what a user does, with the module's own panel: opens a sample, gets the faults, reconstructs, looks at the
result, measures, exports, saves the scene and opens it again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import slicer

from SwinX2SLib.anatomy import labels
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.slicerui.installer import missing_requirements
from SwinX2SLib.slicerui.panel import ReconstructionPanel
from SwinX2SLib.slicerui.provenance import PREFIX
from SwinX2SLib.slicerui.samples import PAIRS, open_sample
from SwinX2SLib.slicerui.segmentation_import import import_segmentation, segment_ids
from SwinX2SLib.weights.manifest import default_name

_TIMEOUT_SECONDS = 900.0
_SAMPLE = PAIRS[0]


def run_self_test(say: Callable[[str], None], panel: ReconstructionPanel) -> None:
    """Run the whole line on a sample.

    Args:
        say: shows a line to the user.
        panel: of the module, on an empty scene.

    Raises:
        AssertionError: something is not as it should be.
    """
    panel.enter()
    say("All 54 bones become segments")
    bones_become_segments()
    say("Problems are reported before anything is started")
    faults_are_reported(panel)
    say("A sample fills in both radiographs")
    sample_fills_the_inputs(panel)
    if missing := missing_requirements():
        say(f"The workflow stops here: {', '.join(map(str, missing))} must be installed")
        return
    if default_name() is None:
        say("The workflow stops here: this version has no default model")
        return
    say("The radiographs are reconstructed")
    result = radiographs_become_bones(panel, say)
    say("The result is shown by region, with its provenance")
    result_is_shown(panel, result)
    if "measurements" in panel.sections:
        say("The bones are measured")
        bones_are_measured(panel, result)
    with tempfile.TemporaryDirectory() as folder:
        say("The bones are exported")
        bones_are_exported(panel, Path(folder))
        say("The scene is saved and reopened")
        scene_comes_back(panel, result, Path(folder))
    say("SwinX2S self-test passed")


def bones_become_segments() -> None:
    """Import a label volume that holds every bone."""
    blocks = np.zeros((55, 4, 4), np.uint8)
    blocks[1:] = np.arange(1, 55, dtype=np.uint8)[:, np.newaxis, np.newaxis]
    blocks = np.repeat(blocks, 3, axis=0)
    volume = slicer.util.addVolumeFromArray(
        blocks.transpose(2, 1, 0).copy(),
        ijkToRAS=network_affine(3.0, blocks.shape),
        nodeClassName="vtkMRMLLabelMapVolumeNode",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.nrrd"
        storage = slicer.vtkMRMLNRRDStorageNode()
        storage.SetFileName(str(path))
        assert storage.WriteData(volume)
        node = import_segmentation(path, "Self-test")
    assert segment_ids(node) == [label.name for label in labels()]
    assert node.GetDisplayNode().GetVisibility3D()
    slicer.mrmlScene.RemoveNode(node)
    slicer.mrmlScene.RemoveNode(volume)


def faults_are_reported(panel: ReconstructionPanel) -> None:
    """Choose nothing, then one radiograph twice."""
    assert _faults(panel) == {"radiograph-missing"}
    assert not panel.sections["reconstruct"].ui.reconstructButton.enabled
    radiograph = slicer.util.addVolumeFromArray(
        (np.indices((1, 120, 80)).sum(axis=0) * 20).astype(np.uint16), name="one radiograph"
    )
    with slicer.util.NodeModify(panel.parameters.parameterNode):
        panel.parameters.ap_volume = panel.parameters.lateral_volume = radiograph
    assert {"same-radiograph", "spacing-assumed"} <= _faults(panel)
    panel.sections["reconstruct"].reconstruct()
    assert not panel.services.logic.is_running()
    slicer.mrmlScene.RemoveNode(radiograph)


def sample_fills_the_inputs(panel: ReconstructionPanel) -> None:
    """Open a sample as the module Sample Data does."""
    radiographs = open_sample(_SAMPLE, panel.parameters.parameterNode)
    assert [panel.parameters.ap_volume, panel.parameters.lateral_volume] == radiographs
    assert _faults(panel) == set(), panel.sections["inputs"].examination.faults
    assert panel.sections["reconstruct"].ui.reconstructButton.enabled


def radiographs_become_bones(
    panel: ReconstructionPanel, say: Callable[[str], None]
) -> slicer.vtkMRMLSegmentationNode:
    """Reconstruct, and wait for the bones."""
    section, results, percents = panel.sections["reconstruct"], [], []

    def on_percent(value: int) -> None:
        percents.append(value)

    panel.services.result_added.connect(results.append)
    section.ui.progressBar.valueChanged.connect(on_percent)
    section.reconstruct()
    wait_until(lambda: not panel.services.logic.is_running())
    panel.services.result_added.disconnect(results.append)
    section.ui.progressBar.valueChanged.disconnect(on_percent)
    say(section.ui.statusLabel.text)
    assert len(results) == 1, section.ui.statusLabel.text + section.ui.logEdit.plainText
    assert percents == sorted(percents)
    assert percents[-1] == 100
    for name in ("ap_sha256", "lateral_sha256", "model", "model_sha256"):
        assert results[0].GetAttribute(PREFIX + name), name
    return results[0]


def result_is_shown(panel: ReconstructionPanel, result: slicer.vtkMRMLSegmentationNode) -> None:
    """Hide a region and show it again; check the table and the provenance text."""
    section = panel.sections["result"]
    assert section.parameters.result_segmentation is result
    assert section.ui.boneList.rowCount == len(segment_ids(result))
    assert panel.parameters.ap_volume.GetName() in section.ui.provenanceLabel.text
    display = result.GetDisplayNode()
    vertebrae = [bone for bone in segment_ids(result) if bone.startswith("vertebrae_")]
    assert vertebrae
    for shown in (False, True):
        section.ui.spineBox.checked = shown
        assert {display.GetSegmentVisibility(bone) for bone in vertebrae} == {shown}


def bones_are_measured(panel: ReconstructionPanel, result: slicer.vtkMRMLSegmentationNode) -> None:
    """Measure the result and look for values of the regions that it shows."""
    section = panel.sections["measurements"]
    assert section.parameters.measured_segmentation is result
    section.measure()
    wait_until(lambda: section.ui.measureButton.enabled)
    assert section.session is not None, section.ui.measureStatusLabel.text
    assert section.session.rows


def bones_are_exported(panel: ReconstructionPanel, folder: Path) -> None:
    """Write meshes and a label volume."""
    section = panel.sections["result"]
    for name in ("stl", "obj", "gltf", "nifti", "nrrd", "dicomseg"):
        getattr(section.ui, f"{name}Box").checked = name in ("stl", "nifti")
    section.export_to(folder)
    wait_until(lambda: section.ui.exportButton.enabled)
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".stl" for path in written), section.ui.exportLabel.text
    assert any(path.name.endswith(".nii.gz") for path in written)


def scene_comes_back(
    panel: ReconstructionPanel, result: slicer.vtkMRMLSegmentationNode, folder: Path
) -> None:
    """Save everything, close the scene, open it again, and find the result where it was."""
    name, bones = result.GetName(), segment_ids(result)
    sha256, chosen = result.GetAttribute(PREFIX + "ap_sha256"), panel.parameters.ap_volume.GetName()
    path = str(folder / "scene.mrb")
    assert slicer.mrmlScene.WriteToMRB(path, None)
    slicer.mrmlScene.Clear(0)
    assert panel.sections["result"].parameters.result_segmentation is None
    assert slicer.mrmlScene.ReadFromMRB(path, True)
    panel.enter()
    found = slicer.util.getNode(name)
    assert segment_ids(found) == bones
    assert found.GetAttribute(PREFIX + "ap_sha256") == sha256
    assert panel.sections["result"].parameters.result_segmentation is found
    assert panel.parameters.ap_volume.GetName() == chosen
    assert _faults(panel) == set()


def wait_until(condition: Callable[[], bool]) -> None:
    """Let Slicer work until something is so."""
    until = time.monotonic() + _TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < until, "it took too long"
        slicer.app.processEvents()
        time.sleep(0.02)


def _faults(panel: ReconstructionPanel) -> set[str]:
    return {fault.kind for fault in panel.sections["inputs"].examination.faults}
