"""A mask for each bone in a folder is one label volume, and every file that does not fit is named."""

import nibabel
import numpy as np
import pytest

from SwinX2SLib.anatomy import ids_by_name
from SwinX2SLib.errors import InputError
from SwinX2SLib.export.run import export_bones
from SwinX2SLib.io.bone_masks import mask_files, read_bone_masks
from SwinX2SLib.measurements.reading import read_subject
from SwinX2SLib.measurements.sources import subject_of

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
SHAPE = (20, 16, 24)
# Of each mask, where it begins along the first axis.
STARTS = {"hip_left": 1, "hip_right": 7, "sacrum": 13, "vertebrae_S1": 17}
ID = ids_by_name()


def mask(start, value=1, dtype=np.uint8):
    array = np.zeros(SHAPE, dtype)
    array[start : start + 3, 4:10, 4:12] = value
    return array


def save(path, array, affine=AFFINE):
    nibabel.save(nibabel.Nifti1Image(array, affine), path)


@pytest.fixture
def folder(tmp_path):
    for name, start in STARTS.items():
        save(tmp_path / f"{name}.nii.gz", mask(start))
    return tmp_path


def expected():
    labels = np.zeros(SHAPE, np.uint8)
    for name, start in STARTS.items():
        labels += mask(start) * np.uint8(ID.get(name, ID["sacrum"]))
    return labels


def faults_of(folder):
    with pytest.raises(InputError) as caught:
        read_bone_masks(mask_files(folder))
    return {(fault.kind, fault.path.rsplit("/", 1)[-1]) for fault in caught.value.faults}


def test_masks_become_one_volume_with_s1_in_the_sacrum_and_organs_left_out(folder):
    save(folder / "liver.nii.gz", mask(2))
    save(folder / "femur_left.nii.gz", mask(0, 0))
    save(folder / "hip_right.nii.gz", mask(STARTS["hip_right"], 255, np.float32))
    read = read_subject(folder)
    np.testing.assert_array_equal(read.volume.labels, expected())
    np.testing.assert_allclose(read.volume.affine, AFFINE)
    assert read.notes == ("Files that are named by no bone were left out: liver.nii.gz.",)
    assert set(read.bones) == {"hip_left", "hip_right", "sacrum"}


def test_a_folder_of_masks_is_compared_and_exported_as_the_volume_of_all(folder, tmp_path_factory):
    from SwinX2SLib import evaluate

    found = evaluate(folder, (expected(), AFFINE), groups=["pelvis"], measurements=False)
    assert found.foreground.dice == 1.0
    out = tmp_path_factory.mktemp("out") / "exported"
    export_bones(folder, out, "nifti")
    np.testing.assert_array_equal(subject_of(out / "labels.nii.gz").volume.labels, expected())


def test_every_file_that_is_no_mask_of_this_folder_is_named(folder):
    moved = AFFINE.copy()
    moved[0, 3] = 5.0
    save(folder / "hip_right.nii.gz", mask(7), moved)
    several = mask(13)
    several[14, 4:10, 4:12] = 2
    save(folder / "sacrum.nii.gz", several)
    save(folder / "Hip_L.nii", mask(1))
    (folder / "vertebrae_S1.nii.gz").write_bytes(b"nonsense")
    assert faults_of(folder) == {
        ("grids-differ", "hip_right.nii.gz"),
        ("not-a-mask", "sacrum.nii.gz"),
        ("mask-twice", "hip_left.nii.gz"),
        ("unreadable-file", "vertebrae_S1.nii.gz"),
    }


def test_a_voxel_of_two_bones_belongs_to_the_first_by_name(folder):
    save(folder / "hip_right.nii.gz", mask(STARTS["hip_left"]))
    read = read_bone_masks(mask_files(folder))
    assert np.count_nonzero(read.labels == ID["hip_left"]) == np.count_nonzero(mask(1))
    assert f"{np.count_nonzero(mask(1))} voxels belong to two bones" in read.notes[0]


def test_a_folder_of_masks_and_meshes_is_not_guessed_at(folder):
    (folder / "femur_left.stl").write_bytes(b"")
    with pytest.raises(InputError, match="both masks and meshes"):
        read_subject(folder)


def test_a_folder_without_a_bone_says_how_to_name_files(tmp_path):
    save(tmp_path / "liver.nii.gz", mask(1))
    with pytest.raises(InputError) as caught:
        read_subject(tmp_path)
    assert "hip_left.nii.gz" in caught.value.faults[0].hint
