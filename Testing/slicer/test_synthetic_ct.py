"""The CT that came with a result, in the scene."""

import shutil
import types

import numpy as np
import pytest
import slicer
import slicer.util
import vtk
from block_bones import AFFINE
from whole_result import write_nifti

from SwinX2SLib.slicerui.result.links import linked
from SwinX2SLib.slicerui.result.synthetic_ct import MARK, SYNTHETIC_CT
from SwinX2SLib.slicerui.result_loading import load_result, notes_of


@pytest.fixture
def folder_with_ct(result_folder, bones, tmp_path):
    folder = shutil.copytree(result_folder, tmp_path / "out")
    write_nifti(folder / "ct.nii.gz", (bones.astype(np.int16) * 10 - 1000), AFFINE)
    return folder


def test_the_ct_is_a_volume_of_its_result_marked_as_synthetic(scene, folder_with_ct, bones):
    result = load_result(folder_with_ct)
    (volume,) = linked(result, SYNTHETIC_CT)
    assert MARK in volume.GetName()
    assert volume.GetAttribute("SwinX2S.remark") == MARK == "synthetic, not for diagnosis"
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume).T, bones.astype(int) * 10 - 1000)
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    np.testing.assert_allclose(slicer.util.arrayFromVTKMatrix(matrix), AFFINE)
    assert volume.GetDisplayNode().GetWindow() == 1400
    assert notes_of(result) == []


def test_slices_show_it(scene, folder_with_ct):
    view = scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    result = load_result(folder_with_ct)
    assert view.GetBackgroundVolumeID() == linked(result, SYNTHETIC_CT)[0].GetID()


def test_volume_rendering_shows_it_where_slicer_has_the_module(scene, folder_with_ct, monkeypatch):
    calls = []

    class Property:
        def Copy(self, preset):  # noqa: N802
            calls.append(preset)

    display = types.SimpleNamespace(
        GetVolumePropertyNode=Property, SetVisibility=lambda shown: calls.append(shown)
    )
    logic = types.SimpleNamespace(
        CreateDefaultVolumeRenderingNodes=lambda volume: calls.append(volume.GetName()) or display,
        GetPresetByName=lambda name: name,
    )
    modules = types.SimpleNamespace(volumerendering=types.SimpleNamespace(logic=lambda: logic))
    monkeypatch.setattr(slicer, "modules", modules, raising=False)
    result = load_result(folder_with_ct)
    assert calls == [linked(result, SYNTHETIC_CT)[0].GetName(), "CT-Bones", True]


def test_a_result_without_a_ct_has_none(result):
    assert linked(result, SYNTHETIC_CT) == []


def test_a_damaged_ct_is_said_and_the_bones_are_kept(scene, folder_with_ct):
    (folder_with_ct / "ct.nii.gz").write_bytes(b"no volume")
    result = load_result(folder_with_ct)
    assert result.GetSegmentation().GetNumberOfSegments() == 54
    assert linked(result, SYNTHETIC_CT) == []
    assert any(note.startswith("The CT is not shown") for note in notes_of(result))
