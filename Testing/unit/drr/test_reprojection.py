"""Bones back on the radiographs: every side and every size, by hand and against the project's own projection."""

import numpy as np
import pytest

from SwinX2SLib.drr import project_grid
from SwinX2SLib.drr.overlay import (
    bone_outlines,
    detector_corners,
    detector_points,
    edge_agreement,
    result_cameras,
    silhouettes,
)
from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera
from SwinX2SLib.geometry.frames import network_affine, reorient, transform_points

SHAPE, SPACING_MM = (40, 30, 50), 2.0
AFFINE = network_affine(SPACING_MM, SHAPE, centre_ras_mm=(5.0, -7.0, 11.0))
ISOCENTRE = (5.0, -7.0, 11.0)
# At the patient's left, front and head: a mirrored radiograph or a swapped axis puts it elsewhere.
BOX = (slice(28, 38), slice(3, 9), slice(6, 20))
FEMUR = 53


def volume() -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[BOX] = FEMUR
    return labels


def parallel(view: str, pixel_mm=(0.5, 0.8), shape=(240, 180)) -> ParallelCamera:
    return ParallelCamera(view, ISOCENTRE, pixel_mm, shape)


def cone(view: str, pixel_mm=(0.5, 0.8), shape=(260, 220)) -> ConeCamera:
    return ConeCamera(view, ISOCENTRE, pixel_mm, shape, 1000.0, 850.0)


def corner_pixels(camera) -> np.ndarray:
    """Where the corners of the box land."""
    ends = np.array([[part.start - 0.5, part.stop - 0.5] for part in BOX])
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
    return camera.project(transform_points(AFFINE, corners))


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
@pytest.mark.parametrize("make", [parallel, cone])
def test_an_outline_goes_round_the_projected_corners(view, make):
    camera = make(view)
    outline = bone_outlines(volume(), AFFINE, camera)[FEMUR]
    points, corners = np.concatenate(outline.lines), corner_pixels(camera)
    voxel_px = SPACING_MM / np.array(camera.pixel_mm)
    assert len(outline.lines) == 1
    assert (np.abs(points.min(axis=0) - corners.min(axis=0)) < 0.75 * voxel_px).all()
    assert (np.abs(points.max(axis=0) - corners.max(axis=0)) < 0.75 * voxel_px).all()


@pytest.mark.parametrize("view", ["ap", "pa"])
def test_the_left_of_the_patient_is_on_the_right_of_a_frontal_radiograph_and_the_head_on_top(view):
    camera = parallel(view)
    rows, columns = np.concatenate(bone_outlines(volume(), AFFINE, camera)[FEMUR].lines).T
    assert columns.min() > camera.shape[1] / 2
    assert rows.max() < camera.shape[0] / 2


def test_the_front_of_the_patient_is_on_the_left_of_a_lateral_radiograph():
    camera = parallel("lateral")
    _, columns = np.concatenate(bone_outlines(volume(), AFFINE, camera)[FEMUR].lines).T
    assert columns.max() < camera.shape[1] / 2


def test_what_lies_near_the_tube_is_larger_on_an_ap_than_on_a_pa_radiograph():
    sizes = {
        view: np.ptp(np.concatenate(bone_outlines(volume(), AFFINE, cone(view))[FEMUR].lines)[:, 0])
        for view in ("ap", "pa")
    }
    assert sizes["ap"] > 1.02 * sizes["pa"]


@pytest.mark.parametrize("orientation", ["RAS", "PIR", "LPI", "SAL"])
def test_the_order_of_the_arrays_axes_changes_nothing(orientation):
    turned, affine = reorient(volume(), AFFINE, orientation)
    camera = cone("lateral")
    expected, found = (
        bone_outlines(*given, camera)[FEMUR] for given in ((volume(), AFFINE), (turned, affine))
    )
    np.testing.assert_allclose(np.concatenate(found.lines), np.concatenate(expected.lines), atol=1e-6)


def test_parallel_shadows_are_those_of_the_summed_volume():
    rng = np.random.default_rng(3)
    labels = np.zeros(SHAPE, np.uint8)
    labels[rng.random(SHAPE) < 0.01] = 7
    projection = silhouettes(labels, AFFINE, parallel("ap"))
    expected = project_grid((labels == 7).astype(np.float32), AFFINE, "ap") > 0
    np.testing.assert_array_equal(projection.masks[7], expected)
    assert not np.delete(projection.masks, 7, axis=0).any()


def test_a_turned_volume_is_refused():
    turned = AFFINE.copy()
    turned[:3, 0] += [0, 0.3, 0]
    with pytest.raises(ValueError, match="not aligned with the patient axes"):
        silhouettes(volume(), turned, parallel("ap"))


def test_a_source_inside_the_volume_is_refused():
    camera = ConeCamera("ap", ISOCENTRE, (1.0, 1.0), (100, 100), 1000.0, 20.0)
    with pytest.raises(ValueError, match="inside"):
        silhouettes(volume(), AFFINE, camera)


@pytest.mark.parametrize(
    ("view", "axis", "sign"), [("ap", 1, -1), ("pa", 1, 1), ("lateral", 0, -1)], ids=["AP", "PA", "lateral"]
)
def test_the_radiograph_stands_on_the_far_side_of_the_tube(view, axis, sign):
    points = detector_points(parallel(view), np.array([[0.0, 0.0], [10.0, 20.0]]), 100.0)
    np.testing.assert_allclose(points[:, axis] - ISOCENTRE[axis], sign * 100.0)


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
@pytest.mark.parametrize("make", [parallel, cone])
def test_points_on_the_detector_are_projected_onto_their_own_pixels(view, make):
    camera = make(view)
    pixels = np.array([[3.0, 5.0], [100.0, 40.0]])
    if make is parallel:
        np.testing.assert_allclose(camera.project(detector_points(camera, pixels, 123.0)), pixels)
    else:
        np.testing.assert_allclose(camera.project(detector_points(camera, pixels, 0.0)), pixels)


def test_the_corners_of_a_frontal_radiograph_hang_with_the_right_side_on_the_left():
    corners = detector_corners(parallel("ap"), 90.0)
    size = np.array([240 * 0.5, 180 * 0.8])
    np.testing.assert_allclose(corners[0, 0] - corners[1, 1], [size[1], 0, size[0]])


def test_agreement_is_full_on_the_bones_own_radiograph_and_falls_when_the_bone_is_moved():
    labels = np.zeros(SHAPE, np.uint8)
    grid = np.indices(SHAPE)
    ball = ((grid - np.array([18, 14, 24]).reshape(3, 1, 1, 1)) ** 2).sum(axis=0) < 64
    labels[ball] = FEMUR
    camera = ParallelCamera.on_grid("ap", SHAPE, AFFINE)
    radiograph = project_grid(ball.astype(np.float32), AFFINE, "ap")
    shares = []
    for shift in (0, 8):
        outline = bone_outlines(np.roll(labels, shift, axis=0), AFFINE, camera)[FEMUR]
        shares.append(edge_agreement(radiograph, camera.pixel_mm, outline))
    assert shares[0] > 0.99
    assert shares[1] < 0.7


def test_agreement_on_noise_is_that_of_chance():
    radiograph = np.random.default_rng(0).random((240, 180))
    camera = parallel("ap")
    share = edge_agreement(radiograph, camera.pixel_mm, bone_outlines(volume(), AFFINE, camera)[FEMUR])
    assert 0.25 < share < 0.75


def test_there_is_no_agreement_of_a_bone_beside_the_radiograph():
    camera = parallel("ap", shape=(20, 20))
    assert (
        edge_agreement(np.zeros((20, 20)), camera.pixel_mm, bone_outlines(volume(), AFFINE, camera)[FEMUR])
        is None
    )


def test_the_cameras_of_a_result_are_parallel_unless_the_radiographs_tell_the_tubes_distance():
    radiograph = {
        "view": "pa",
        "pixels": {"rows": 200, "columns": 100},
        "spacing_mm": {"row": 0.4, "column": 0.3},
    }
    told = {**radiograph, "view": "lateral", "source_to_detector_mm": 2000, "source_to_isocentre_mm": 1600}
    grid = {"shape": list(SHAPE), "affine_ras_mm": AFFINE.tolist()}
    cameras = result_cameras({"grid": grid, "inputs": {"ap": radiograph, "lateral": told}})
    assert cameras["ap"] == ParallelCamera("pa", ISOCENTRE, (0.4, 0.3), (200, 100))
    assert isinstance(cameras["lateral"], ConeCamera)
    assert cameras["lateral"].magnification == pytest.approx(1.25)
    np.testing.assert_allclose(cameras["lateral"].pixel_mm, (0.5, 0.375))


def test_a_radiograph_that_is_a_part_of_a_larger_one_shows_what_it_showed_there():
    grid = {"shape": list(SHAPE), "affine_ras_mm": AFFINE.tolist()}
    radiograph = {
        "view": "ap",
        "spacing_mm": {"row": 0.4, "column": 0.4},
        "source_to_detector_mm": 1500,
        "source_to_isocentre_mm": 1200,
    }
    # Twenty rows were cut off at the head, six columns at the patient's right.
    part = {
        **radiograph,
        "pixels": {"rows": 181, "columns": 95},
        "central_ray_px": {"row": 80.0, "column": 44.0},
    }
    camera = result_cameras({"grid": grid, "inputs": {"ap": part, "lateral": part}})["ap"]
    ray = np.asarray(camera.isocentre_ras_mm)
    # The grid's middle is still the middle of the part.
    np.testing.assert_allclose(ray - ISOCENTRE, (0.4 * 3, 0, 0.4 * 10))
    whole = ConeCamera("ap", tuple(ray), camera.pixel_mm, (201, 101), 1500, 1200)
    np.testing.assert_allclose(whole.middle_px - camera.middle_px, (20, 6))
    points = np.array(ISOCENTRE) + np.random.default_rng(1).uniform(-60, 60, (20, 3))
    np.testing.assert_allclose(whole.project(points) - camera.project(points), [(20, 6)] * 20)
    np.testing.assert_allclose(
        detector_points(camera, np.array([3.0, 4.0]), 0), detector_points(whole, np.array([23.0, 10.0]), 0)
    )
    outlines = [bone_outlines(volume(), AFFINE, each)[FEMUR].lines[0] for each in (whole, camera)]
    np.testing.assert_allclose(outlines[0] - outlines[1], [(20, 6)] * len(outlines[0]), atol=1e-9)
