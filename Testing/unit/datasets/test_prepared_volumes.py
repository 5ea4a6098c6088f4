"""Headers of every kind give the same person; grid and radiographs are the paper's."""

from dataclasses import replace

import downloads
import nibabel as nib
import numpy as np
import pytest
from prepared_scans import OPTIONS, load, prepared, scan, told

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.datasets.grid import paper_grid
from SwinX2SLib.datasets.prepare import PrepareOptions
from SwinX2SLib.geometry.frames import orientation_of

pytestmark = pytest.mark.usefixtures("work_in_this_process")


@pytest.mark.parametrize(
    ("suffix", "label_header", "image_header"),
    [
        (".nii.gz", {"orientation": "LAS"}, {"orientation": "LAS"}),
        (".nii.gz", {"orientation": "LPI"}, {"orientation": "LPI"}),
        (".nii", {"orientation": "PIR"}, {"orientation": "PIR"}),
        (".nii.gz", {"orientation": "SAL"}, {"orientation": "RPI"}),
        (".nii", {"dtype": np.int16}, {"dtype": np.float32}),
        (".nii.gz", {"dtype": np.float64}, {"dtype": np.int32}),
        (".nii.gz", {"dtype": np.uint16, "singleton": True}, {"singleton": True}),
        (".nii.gz", {"slope": 0.5}, {"dtype": np.uint16, "slope": 1.0, "inter": -1024.0}),
        (".nii", {"codes": (0, 1)}, {"codes": (2, 0)}),
    ],
)
def test_the_same_person_comes_out_of_every_kind_of_file(
    tmp_path, reference, suffix, label_header, image_header
):
    case = scan(tmp_path, suffix=suffix, label_header=label_header, image_header=image_header)
    result = prepared(case, tmp_path / "out")
    assert not result.failed
    _, labels, ct, coronal, sagittal = load(tmp_path / "out")
    np.testing.assert_array_equal(labels, reference[1])
    np.testing.assert_allclose(ct, reference[2], atol=1)
    np.testing.assert_allclose(coronal, reference[3], atol=1)
    np.testing.assert_allclose(sagittal, reference[4], atol=1)


def test_a_tilted_header_turns_the_person_and_not_its_sides(tmp_path, reference):
    shown = downloads.person(upper=200.0)
    turned = {"affine": downloads.tilted(shown.affine)}
    result = prepared(scan(tmp_path, label_header=turned, image_header=turned), tmp_path / "out")
    assert not result.failed
    case, labels, *_ = load(tmp_path / "out")
    stored = nib.load(case.folder / "labels.nii.gz")
    np.testing.assert_allclose(
        np.abs(stored.affine[:3, :3]), case.radiographs.spacing_mm * np.eye(3), atol=1e-5
    )
    # Every bone is where its own voxels say, in the patient's frame.
    for bone in label_ids("pelvis"):
        there = np.argwhere(shown.labels == bone).mean(axis=0)
        here = np.argwhere(np.asarray(stored.dataobj) == bone).mean(axis=0)
        expected = turned["affine"][:3, :3] @ there + turned["affine"][:3, 3]
        np.testing.assert_allclose(stored.affine[:3, :3] @ here + stored.affine[:3, 3], expected, atol=2.0)
    assert set(np.unique(labels)) == {0, 50, 51, 52}


def test_bones_lie_where_they_lay_in_the_patient(reference):
    case = reference[0]
    shown = downloads.person(upper=200.0)
    stored = nib.load(case.folder / "labels.nii.gz")
    assert orientation_of(stored.affine) == "RAS"
    assert stored.get_data_dtype() == np.uint8
    for bone in label_ids("pelvis"):
        there = shown.affine[:3, :3] @ np.argwhere(shown.labels == bone).mean(axis=0) + shown.affine[:3, 3]
        here = np.argwhere(np.asarray(stored.dataobj) == bone).mean(axis=0)
        np.testing.assert_allclose(stored.affine[:3, :3] @ here + stored.affine[:3, 3], there, atol=1.5)


def test_radiographs_show_the_right_side_left_and_the_front_right_as_the_published_ones_do(reference):
    _, labels, _, coronal, sagittal = reference
    # The dense block lies at the right, the front and the head of the scan.
    rows = coronal.shape[0]
    upper = [radiograph[: rows // 4] for radiograph in (coronal, sagittal)]
    brightest = [np.unravel_index(radiograph.argmax(), radiograph.shape) for radiograph in upper]
    assert brightest[0][1] < coronal.shape[1] / 2
    assert brightest[1][1] > sagittal.shape[1] / 2
    # Pixel for voxel: where a column of voxels has bone, the radiograph is brighter than where it has none.
    bone = (labels > 0).any(axis=1).T
    assert coronal[bone].mean() > 1.2 * coronal[~bone & (coronal > 0)].mean()


def test_the_grid_is_the_papers():
    affine = np.diag([0.8, 0.7, 2.0, 1.0])
    affine[:3, 3] = (10.0, 20.0, 30.0)
    grid = paper_grid((500, 400, 100), affine)
    assert grid.shape == (128, 128, 160)
    assert grid.spacing_mm == pytest.approx(500 * 0.8 / 160)  # the longest side, here right-left
    assert orientation_of(grid.affine) == "LPI"
    middle = grid.affine[:3, :3] @ ((np.array(grid.shape) - 1) / 2) + grid.affine[:3, 3]
    np.testing.assert_allclose(middle, affine[:3, :3] @ [249.5, 199.5, 49.5] + affine[:3, 3])
    assert paper_grid((10, 10, 10), affine, (96, 96, 128), 1.5).spacing_mm == 1.5


def test_the_radiographs_of_the_published_cases_have_this_geometry(shared_data):
    """Its published volume has the longest side / 160, and its radiographs are pixel-aligned with it."""
    (case,) = [
        c for c in load_case_list(shared_data / "anatomy" / "manifest.json") if c.name == "x2s_verse083"
    ]
    labels, spacing = case.load_labels()
    assert labels.shape == (128, 128, 160)
    np.testing.assert_allclose(spacing, case.radiographs.spacing_mm, rtol=1e-3)


def test_thin_bone_beside_air_keeps_its_attenuation_on_a_coarse_grid(tmp_path):
    ct = np.full((64, 64, 64), -1000, np.int16)
    ct[20:44, 31:33, 20:44] = 1000  # a plate of 2 mm
    labels = np.zeros(ct.shape, np.uint8)
    labels[30:34, 30:34, 30:34] = 1
    files = {"affine": np.diag([-1.0, -1.0, -1.0, 1.0])}
    case = scan(tmp_path, labels=labels, ct=ct, label_header=files, image_header=files)
    result = prepared(case, tmp_path / "out", PrepareOptions(shape=(16, 16, 16)))
    assert not result.failed
    _, _, _, coronal, sagittal = load(tmp_path / "out")
    assert coronal[8, 8] == 255
    assert sagittal.max() == 255


@pytest.mark.parametrize("scheme", ["totalsegmentator_v2", "auto"])
def test_labels_in_another_numbering_than_the_data_set_has_are_read_where_it_is_stated(
    tmp_path, reference, scheme
):
    """A copy of the data set, drawn again by TotalSegmentator: sacrum 25, hips 77 and 78."""
    shown = downloads.person(upper=200.0)
    case = scan(tmp_path, labels=downloads.numbered(shown.labels, {50: 25, 51: 78, 52: 77, 53: 75, 54: 76}))
    assert "not part of the label numbering" in told(case, tmp_path / "refused")
    result = prepared(case, tmp_path / "out", replace(OPTIONS, scheme=scheme))
    assert not result.failed
    np.testing.assert_array_equal(load(tmp_path / "out")[1], reference[1])
    assert ("detected" in result.entries[0]["note"]) == (scheme == "auto")
