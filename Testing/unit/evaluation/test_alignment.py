"""Alignment of bones that were moved in a known way."""

import nibabel as nib
import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from SwinX2SLib.evaluation import CaseEvaluation, EvaluationOptions, evaluate_case
from SwinX2SLib.evaluation.registration import align_surfaces, fit_rigid
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.geometry.surfaces import Surface


def ellipsoid(centre, radii) -> Surface:
    """A closed surface of small triangles."""
    ball = trimesh.creation.icosphere(4)
    return Surface(np.asarray(ball.vertices) * radii + centre, np.asarray(ball.faces))


@pytest.fixture(scope="module")
def bones() -> dict[int, Surface]:
    """A column of vertebrae, two hips and a sacrum as ellipsoids of three different axes."""
    column = {20 + i: ellipsoid((0, -10 + 3 * i, 100 - 34 * i), (22, 17, 12)) for i in range(5)}
    pelvis = {50: ellipsoid((0, -40, -90), (40, 22, 35)), 51: ellipsoid((70, 0, -110), (30, 45, 60))}
    return {**column, **pelvis, 52: ellipsoid((-70, 0, -112), (30, 45, 60))}


def motion(degrees, shift) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return matrix


def moved(surfaces, matrix) -> dict[int, Surface]:
    return {
        label: Surface(transform_points(matrix, each.vertices), each.faces)
        for label, each in surfaces.items()
    }


def furthest_mm(matrix, other, surfaces) -> float:
    """How far two motions differ anywhere on the bones."""
    points = np.concatenate([each.vertices for each in surfaces.values()])
    return float(
        np.linalg.norm(transform_points(matrix, points) - transform_points(other, points), axis=1).max()
    )


@pytest.mark.parametrize(
    ("degrees", "shift"), [((3, -4, 6), (15, -8, 20)), ((25, 10, -40), (300, -120, 900))]
)
def test_a_known_motion_is_found(bones, degrees, shift):
    truth = motion(degrees, shift)
    found = align_surfaces(bones, moved(bones, truth))
    assert furthest_mm(found.matrix, truth, bones) < 0.05
    assert np.linalg.det(found.matrix[:3, :3]) == pytest.approx(1)
    assert found.after_mm < 0.05 < 5 < found.before_mm
    assert found.bones == tuple(sorted(bones))


def test_parts_that_only_one_of_both_shows_do_not_pull(bones):
    truth = motion((4, 3, -5), (10, 20, -30))
    fixed = moved(bones, truth)
    cut = dict(bones)
    del cut[20], cut[52]
    half = cut[51]
    kept = half.vertices[:, 2] > np.median(half.vertices[:, 2])
    number = np.cumsum(kept) - 1
    faces = half.faces[kept[half.faces].all(axis=1)]
    cut[51] = Surface(half.vertices[kept], number[faces])
    found = align_surfaces(cut, fixed)
    assert furthest_mm(found.matrix, truth, bones) < 1.0
    assert found.bones == (21, 22, 23, 24, 50, 51)


def test_a_lone_vertebra_is_shifted_and_bones_without_a_counterpart_are_not_aligned(bones):
    found = align_surfaces({22: bones[22]}, moved({22: bones[22]}, motion((0, 0, 0), (9, 5, -7))))
    assert found.shift_mm == pytest.approx((9, 5, -7), abs=0.05)
    assert found.turn_deg < 0.5
    assert align_surfaces({22: bones[22]}, {23: bones[23]}) is None


def test_points_in_a_row_are_only_shifted():
    row = np.outer(np.arange(5.0), (0, 0, 30))
    matrix = fit_rigid(row, row + np.array((1, 2, 3)))
    assert matrix[:3, :3] == pytest.approx(np.eye(3))
    assert matrix[:3, 3] == pytest.approx((1, 2, 3))


def test_a_prediction_that_stands_elsewhere_scores_fully_after_rigid_alignment(tmp_path):
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in (60, 50, 70)), indexing="ij"), axis=-1)
    labels = np.zeros(grid.shape[:3], np.uint8)
    solids = {
        20: ((30, 20, 55), (9, 7, 5)),
        51: ((45, 25, 25), (10, 15, 18)),
        52: ((15, 24, 24), (9, 15, 18)),
    }
    for label, (centre, radii) in solids.items():
        labels[np.linalg.norm((grid - centre) / radii, axis=-1) < 1] = label
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    placed = motion((5, -4, 8), (12, 30, -400)) @ affine
    nib.save(nib.Nifti1Image(labels, affine), tmp_path / "truth.nii.gz")
    nib.save(nib.Nifti1Image(labels, placed), tmp_path / "prediction.nii.gz")
    before = (tmp_path / "prediction.nii.gz").read_bytes()
    options = EvaluationOptions(groups=("spine", "pelvis"), measurements=False, align="rigid")
    found = evaluate_case(tmp_path / "prediction.nii.gz", tmp_path / "truth.nii.gz", options)
    assert found.foreground.dice > 0.97
    assert found.foreground.assd_mm < 0.15
    assert np.array(found.placing.matrix) == pytest.approx(affine @ np.linalg.inv(placed), abs=0.1)
    assert any("rotated by" in note and "Mean distance between the surfaces" in note for note in found.notes)
    assert (tmp_path / "prediction.nii.gz").read_bytes() == before
    assert CaseEvaluation.from_dict(found.as_dict()).placing == found.placing
