"""The worker's labels in Slicer's own segmentation classes."""

import numpy as np
import pytest
import slicer
import slicer.util
import vtk
from block_bones import AFFINE, write_labels

from SwinX2SLib.anatomy import labels, terminology_entry
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.slicerui.segmentation_import import ResultError, import_segmentation, segment_ids


def _terminology(segment) -> str:
    value = vtk.reference("")
    assert segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), value)
    return str(value)


def _described(node) -> dict[str, tuple]:
    segmentation = node.GetSegmentation()
    return {
        segment_id: (
            segmentation.GetSegment(segment_id).GetName(),
            tuple(round(255 * channel) for channel in segmentation.GetSegment(segment_id).GetColor()),
            _terminology(segmentation.GetSegment(segment_id)),
        )
        for segment_id in segment_ids(node)
    }


def _expected() -> dict[str, tuple]:
    return {label.name: (label.title, label.colour, terminology_entry(label)) for label in labels()}


def _centre_ras_mm(node, segment_id: str) -> np.ndarray:
    bounds = np.zeros(6)
    polydata = slicer.vtkMRMLSegmentationNode.GetClosedSurfaceInternalRepresentation(node, segment_id)
    polydata.GetBounds(bounds)
    return bounds.reshape(3, 2).mean(axis=1)


def test_54_bones_arrive_with_their_ids_names_colours_and_codes(scene, bones_file):
    node = import_segmentation(bones_file, "Bones")
    assert _described(node) == _expected()
    assert node.GetName() == "Bones"


def _assert_surfaces_lie_where_their_voxels_do(node, bones: np.ndarray) -> None:
    for label in labels():
        voxels = np.argwhere(bones == label.id)
        if len(voxels):
            expected = transform_points(AFFINE, (voxels.min(0) + voxels.max(0)) / 2)
            np.testing.assert_allclose(_centre_ras_mm(node, label.name), expected, atol=2.5)


def test_every_bone_has_a_surface_at_the_place_its_voxels_have(scene, bones, bones_file):
    _assert_surfaces_lie_where_their_voxels_do(import_segmentation(bones_file, "Bones"), bones)


def test_the_left_femur_is_on_the_left_of_the_patient(scene, bones_file):
    node = import_segmentation(bones_file, "Bones")
    right_mm = {side: _centre_ras_mm(node, f"femur_{side}")[0] for side in ("left", "right")}
    assert right_mm["left"] < right_mm["right"]


def test_surfaces_are_shown_in_3d(scene, bones_file):
    display = import_segmentation(bones_file, "Bones").GetDisplayNode()
    assert display.GetVisibility3D()
    assert display.GetDisplayRepresentationName3D() == "Closed surface"


def _corners_ras_mm(affine: np.ndarray, shape) -> np.ndarray:
    indices = np.array(np.meshgrid(*[(0, size - 1) for size in shape])).reshape(3, 8).T
    corners = np.round(transform_points(affine, indices), 3)
    return corners[np.lexsort(corners.T)]


def test_the_reference_geometry_is_the_grid_of_the_label_volume(scene, bones, bones_file):
    node = import_segmentation(bones_file, "Bones")
    geometry = node.GetSegmentation().GetConversionParameter("Reference image geometry")
    image = slicer.vtkOrientedImageData()
    assert slicer.vtkSegmentationConverter.DeserializeImageGeometry(geometry, image)
    assert image.GetDimensions() == bones.shape
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    # ITK turns the left-handed LPI grid right-handed: the same voxel centres, counted from the other end
    found = _corners_ras_mm(slicer.util.arrayFromVTKMatrix(matrix), image.GetDimensions())
    np.testing.assert_allclose(found, _corners_ras_mm(AFFINE, bones.shape), atol=1e-2)


def test_seg_nrrd_written_and_read_by_slicer_keeps_ids_names_colours_and_codes(scene, bones_file, tmp_path):
    node = import_segmentation(bones_file, "Bones")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(tmp_path / "segmentation.seg.nrrd"))
    assert storage.WriteData(node)
    again = import_segmentation(tmp_path / "segmentation.seg.nrrd", "Again")
    assert _described(again) == _expected()
    np.testing.assert_allclose(_centre_ras_mm(again, "hip_left"), _centre_ras_mm(node, "hip_left"), atol=0.1)


def test_only_the_bones_that_are_present_become_segments(scene, bones, tmp_path):
    few = np.where(np.isin(bones, (50, 51, 52)), bones, 0).astype(np.uint8)
    write_labels(tmp_path / "few.nii.gz", few)
    node = import_segmentation(tmp_path / "few.nii.gz", "Pelvis")
    assert segment_ids(node) == ["sacrum", "hip_right", "hip_left"]
    _assert_surfaces_lie_where_their_voxels_do(node, few)


def test_bones_that_the_workers_file_names_without_voxels_are_left_out(scene, bones, tmp_path):
    from SwinX2SLib.io.segmentations import write_segmentation

    path = tmp_path / "segmentation.seg.nrrd"
    few = np.where(np.isin(bones, (21, 53)), bones, 0).astype(np.uint8)
    write_segmentation(path, few, AFFINE)
    node = import_segmentation(path, "Few")
    assert segment_ids(node) == ["vertebrae_L2", "femur_left"]
    _assert_surfaces_lie_where_their_voxels_do(node, few)
    write_segmentation(path, np.zeros_like(few), AFFINE)
    with pytest.raises(ResultError, match="No bone was found"):
        import_segmentation(path, "None")


def test_terminology_is_understood_by_slicers_own_reader(scene):
    import mrml_boot

    entry = slicer.vtkSlicerTerminologyEntry()
    logic = mrml_boot.module_logic("Terminologies")
    femur = next(label for label in labels() if label.name == "femur_left")
    assert logic.DeserializeTerminologyEntry(terminology_entry(femur), entry)
    assert entry.GetTypeObject().GetCodeValue() == femur.type.value
    assert entry.GetTypeModifierObject().GetCodeMeaning() == "Left"


@pytest.mark.parametrize("name", ["absent.nii.gz", "absent.seg.nrrd"])
def test_a_missing_result_is_named_and_leaves_the_scene_as_it_was(scene, tmp_path, name):
    before = scene.GetNumberOfNodes()
    with pytest.raises(ResultError, match="does not exist"):
        import_segmentation(tmp_path / name, "Bones")
    assert scene.GetNumberOfNodes() == before


@pytest.mark.parametrize("name", ["broken.nii.gz", "broken.seg.nrrd"])
def test_a_broken_result_is_named_and_leaves_the_scene_as_it_was(scene, tmp_path, name):
    (tmp_path / name).write_bytes(b"neither a volume nor a segmentation")
    before = scene.GetNumberOfNodes()
    with pytest.raises(ResultError, match="cannot be read"):
        import_segmentation(tmp_path / name, "Bones")
    assert scene.GetNumberOfNodes() == before


def test_a_label_that_is_no_bone_is_refused(scene, bones, tmp_path):
    wrong = bones.copy()
    wrong[0, 0, 0] = 77
    write_labels(tmp_path / "wrong.nii.gz", wrong)
    before = scene.GetNumberOfNodes()
    with pytest.raises(ResultError, match="label value 77"):
        import_segmentation(tmp_path / "wrong.nii.gz", "Bones")
    assert scene.GetNumberOfNodes() == before


def test_an_empty_label_volume_is_refused(scene, bones, tmp_path):
    write_labels(tmp_path / "empty.nii.gz", np.zeros_like(bones))
    with pytest.raises(ResultError, match="No bone was found"):
        import_segmentation(tmp_path / "empty.nii.gz", "Bones")
