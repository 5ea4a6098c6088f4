import json
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.resampling import load_label_volume, resample_labels
from SwinX2SLib.geometry.frames import network_affine, reorient


def bar() -> np.ndarray:
    labels = np.zeros((12, 10, 8), np.uint8)
    labels[2:6, 3:7, 1:5] = 20
    labels[8:11, 2:5, 4:7] = 53
    return labels


def test_a_volume_in_another_array_order_comes_back_voxel_for_voxel():
    affine = network_affine(2.0, bar().shape, (5, 6, 7))
    turned, turned_affine = reorient(bar(), affine, "PIR")
    np.testing.assert_array_equal(resample_labels(turned, turned_affine, bar().shape, affine), bar())


def test_a_finer_grid_holds_the_same_volume_in_millimetres():
    affine = network_affine(2.0, bar().shape)
    fine = resample_labels(bar(), affine, (24, 20, 16), network_affine(1.0, (24, 20, 16)))
    assert (fine == 20).sum() == 8 * (bar() == 20).sum()


def test_what_lies_outside_the_source_is_background():
    affine = network_affine(2.0, bar().shape)
    far = network_affine(2.0, bar().shape, (1000, 0, 0))
    assert not resample_labels(bar(), affine, bar().shape, far).any()
    np.testing.assert_array_equal(resample_labels(bar(), affine, bar().shape, far, align_centres=True), bar())


def test_files_that_are_no_label_volume_are_refused_in_words(tmp_path):
    path = tmp_path / "x.nii.gz"
    path.write_bytes(b"not a volume")
    with pytest.raises(InputError, match="cannot be read"):
        load_label_volume(path)
    for values, word in (
        (np.full((2, 2, 2), 0.5), "no label"),
        (np.full((2, 2), 1.0), "axes"),
        (np.full((2, 2, 2), 99.0), "no label"),
    ):
        nib.save(nib.Nifti1Image(values.astype(np.float32), np.eye(4)), path)
        with pytest.raises(InputError, match=word):
            load_label_volume(path)


def test_the_command_prints_the_scores_of_a_shifted_prediction(tmp_path):
    truth = bar()
    prediction = np.roll(truth, 2, axis=0)  # half of the first bone, a third of the second stays in place
    for name, volume in (("truth", truth), ("prediction", prediction)):
        nib.save(nib.Nifti1Image(volume, network_affine(2.0, truth.shape)), tmp_path / f"{name}.nii.gz")
    command = [sys.executable, "-m", "SwinX2SLib", "evaluate", "prediction.nii.gz", "truth.nii.gz", "--json"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    bones = json.loads(found.stdout)["bones"]
    assert bones["vertebrae_L1"] == pytest.approx(0.5)
    assert bones["femur_left"] == pytest.approx(1 / 3)


def test_the_command_names_an_unknown_group(tmp_path):
    command = [sys.executable, "-m", "SwinX2SLib", "evaluate", "a.nii.gz", "b.nii.gz", "--annotated", "teeth"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 3
    assert "teeth" in found.stderr
    assert "Traceback" not in found.stderr
