"""What surrounds the segmentation: its place, its attributes, and what a saved scene keeps of them."""

import shutil

import numpy as np
import pytest
import slicer
import slicer.util

from SwinX2SLib.anatomy import TERMINOLOGY_TAG, labels
from SwinX2SLib.io.segmentations import write_segmentation
from SwinX2SLib.reconstruct.protocol import Result
from SwinX2SLib.slicerui.provenance import set_provenance, store_beside
from SwinX2SLib.slicerui.result_loading import ViewRadiograph, add_result, load_result
from SwinX2SLib.slicerui.segmentation_import import ResultError, import_segmentation, segment_ids


@pytest.fixture
def radiographs(scene):
    nodes = {
        role: slicer.util.addVolumeFromArray(np.zeros((1, 4, 4), np.uint8), name=f"{role} radiograph")
        for role in ("ap", "lateral")
    }
    return {
        role: ViewRadiograph(node.GetID(), node.GetName(), f"/{role}", "said so")
        for role, node in nodes.items()
    }


def test_the_result_stands_beside_the_radiographs_in_their_study(radiographs, bones_file):
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Patient")
    study = hierarchy.CreateStudyItem(patient, "Study")
    hierarchy.CreateItem(study, radiographs["ap"].node())
    node = add_result(Result({"labels": str(bones_file)}), radiographs)
    item = hierarchy.GetItemByDataNode(node)
    assert hierarchy.GetItemParent(item) == study
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(radiographs["ap"].node())) == study


def test_a_node_that_has_an_item_is_moved_and_not_doubled(scene):
    hierarchy = scene.GetSubjectHierarchyNode()
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    sibling, node = (scene.AddNewNodeByClass("vtkMRMLModelNode") for _ in range(2))
    hierarchy.CreateItem(study, sibling)
    item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    store_beside(node, sibling)
    assert hierarchy.GetItemByDataNode(node) == item
    assert hierarchy.GetItemParent(item) == study


def test_without_a_sibling_the_node_stands_at_the_top(scene):
    hierarchy = scene.GetSubjectHierarchyNode()
    node = scene.AddNewNodeByClass("vtkMRMLModelNode")
    store_beside(node, None)
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == hierarchy.GetSceneItemID()


def test_provenance_becomes_attributes_without_the_runs_own_paths(scene):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    said = {
        "program": {"name": "SwinX2S", "version": "0.1.0"},
        "inputs": {
            "ap": {"path": "/tmp/x", "sha256": "aa", "spacing_mm": {"row": 0.2, "column": 0.2}, "notes": []}
        },
        "options": {"out": "/tmp/y"},
        "command": ["swinx2s"],
        "model": {"name": "fused-tiny", "sha256": "bb", "licence": None},
        "seconds": {"network": 3.25},
    }
    set_provenance(node, said)
    names = [name for name in node.GetAttributeNames() if name.startswith("SwinX2S.")]
    assert {name.removeprefix("SwinX2S."): node.GetAttribute(name) for name in names} == {
        "program": "SwinX2S",
        "program_version": "0.1.0",
        "ap_sha256": "aa",
        "ap_spacing_mm_row": "0.2",
        "ap_spacing_mm_column": "0.2",
        "ap_notes": "[]",
        "model": "fused-tiny",
        "model_sha256": "bb",
        "seconds_network": "3.25",
    }


@pytest.mark.parametrize(
    "content", [b"{", b"[1]", b"[" * 100_000, b'{"grid": {"spacing_mm": 1e999}}', b'{"inputs": 3}', b"\xff"]
)
def test_a_damaged_provenance_is_told_in_words_and_leaves_the_scene_as_it_was(
    scene, result_folder, radiographs, tmp_path, content
):
    folder = tmp_path / "result"
    shutil.copytree(result_folder, folder)
    (folder / "provenance.json").write_bytes(content)
    nodes = scene.GetNumberOfNodes()
    with pytest.raises(
        ResultError, match=r"provenance\.json: The file cannot be read \(.*\)\. Reconstruct again\."
    ):
        load_result(folder)
    files = {
        "segmentation": str(folder / "segmentation.seg.nrrd"),
        "provenance": str(folder / "provenance.json"),
    }
    with pytest.raises(ResultError, match="cannot be read"):
        add_result(Result(files), radiographs)
    assert scene.GetNumberOfNodes() == nodes


def test_a_result_without_a_segmentation_is_refused(radiographs):
    with pytest.raises(ResultError, match="has no segmentation"):
        add_result(Result({"report": "report.html"}), radiographs)


def test_the_file_that_the_worker_writes_gives_the_same_segments_as_its_labels(
    scene, bones, bones_file, tmp_path
):
    from block_bones import AFFINE

    write_segmentation(tmp_path / "segmentation.seg.nrrd", bones, AFFINE)
    written, from_labels = (
        import_segmentation(path, "bones") for path in (tmp_path / "segmentation.seg.nrrd", bones_file)
    )
    assert segment_ids(written) == segment_ids(from_labels) == [label.name for label in labels()]
    for segment_id in segment_ids(written):
        bounds = np.zeros((2, 6))
        for node, place in zip((written, from_labels), bounds, strict=True):
            node.GetClosedSurfaceInternalRepresentation(segment_id).GetBounds(place)
        np.testing.assert_allclose(bounds[0], bounds[1], atol=0.1)


def test_a_saved_scene_brings_back_ids_codes_attributes_and_references(radiographs, bones_file, tmp_path):
    scene = slicer.mrmlScene
    node = add_result(Result({"labels": str(bones_file)}), radiographs)
    for each in (node, *(radiograph.node() for radiograph in radiographs.values())):
        each.AddDefaultStorageNode()
        storage = each.GetStorageNode()
        ending = ".seg.nrrd" if each is node else ".nrrd"
        storage.SetFileName(str(tmp_path / (each.GetName().replace(" ", "_") + ending)))
        assert storage.WriteData(each)
    scene.SetRootDirectory(str(tmp_path))
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()
    scene.Clear(1)
    assert scene.Connect()
    again = scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    assert segment_ids(again) == [label.name for label in labels()]
    assert again.GetAttribute("SwinX2S.ap_volume") == "ap radiograph"
    assert again.GetAttribute("SwinX2S.ap_spacing_source") == "said so"
    assert again.GetNodeReference("SwinX2S.lateral").GetName() == "lateral radiograph"


def test_the_library_and_slicer_agree_on_the_name_of_the_terminology_tag():
    assert slicer.vtkSegment.GetTerminologyEntryTagName() == TERMINOLOGY_TAG
