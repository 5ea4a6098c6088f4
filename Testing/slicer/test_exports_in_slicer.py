"""Exported files as Slicer itself reads them: every bone where it was."""

import numpy as np
import pytest
import slicer
from block_bones import AFFINE
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.export.run import run_export
from SwinX2SLib.export.source import ExportSource
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.slicerui.segmentation_import import import_segmentation

FEMUR_LEFT = 53


@pytest.fixture(scope="session")
def exported(bones, tmp_path_factory):
    source = ExportSource(bones, AFFINE, "Blocks")
    return run_export(source, ["stl", "obj", "nifti", "nrrd"], tmp_path_factory.mktemp("exported") / "out")


def centre(bones) -> np.ndarray:
    voxels = np.argwhere(bones == FEMUR_LEFT)
    return transform_points(AFFINE, (voxels.min(axis=0) + voxels.max(axis=0)) / 2)


def test_slicer_reads_an_stl_in_its_place(scene, bones, exported):
    storage, model = slicer.vtkMRMLModelStorageNode(), scene.AddNewNodeByClass("vtkMRMLModelNode")
    storage.SetFileName(str(exported["stl"] / "femur_left.stl"))
    assert storage.ReadData(model)
    points = vtk_to_numpy(model.GetPolyData().GetPoints().GetData())
    np.testing.assert_allclose((points.min(axis=0) + points.max(axis=0)) / 2, centre(bones), atol=0.5)


def test_slicer_reads_the_obj_in_its_place(scene, bones, exported):
    storage, model = slicer.vtkMRMLModelStorageNode(), scene.AddNewNodeByClass("vtkMRMLModelNode")
    storage.SetFileName(str(exported["obj"]))
    assert storage.ReadData(model)
    found = np.zeros(6)
    model.GetRASBounds(found)
    voxels = np.argwhere(bones > 0)
    corners = transform_points(AFFINE, np.stack([voxels.min(axis=0) - 0.5, voxels.max(axis=0) + 0.5]))
    np.testing.assert_allclose(found[::2], corners.min(axis=0), atol=1.5)
    np.testing.assert_allclose(found[1::2], corners.max(axis=0), atol=1.5)


@pytest.mark.parametrize("name", ["nifti", "nrrd"])
def test_slicer_reads_the_volumes_in_their_place(scene, bones, exported, name):
    node = import_segmentation(exported[name], "again")
    np.testing.assert_allclose(node.GetSegmentCenterRAS("femur_left"), centre(bones), atol=2.0)
