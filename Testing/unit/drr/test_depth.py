"""Depth maps against depths worked out by hand, and back to the surfaces that they came from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.drr.depth import camera_rays, face_depths, face_points, filled_between
from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera
from SwinX2SLib.geometry.frames import network_affine, transform_points

SHAPE, SPACING_MM = (40, 50, 30), 2.0
AFFINE = network_affine(SPACING_MM, SHAPE)


def box(label: int = 3) -> np.ndarray:
    """Voxels 10..19 across, 5..14 deep, 8..17 down: 30 to 10 mm before the middle, faces at -40 and -20 mm."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[10:20, 5:15, 8:18] = label
    return labels


def ball(
    radius_mm: float, centre_ras_mm=(0.0, 0.0, 0.0), spacing_mm=1.0, side=80
) -> tuple[np.ndarray, np.ndarray]:
    affine = network_affine(spacing_mm, (side,) * 3)
    index = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1)
    away = transform_points(affine, index) - np.array(centre_ras_mm)
    return (np.linalg.norm(away, axis=-1) < radius_mm).astype(np.uint8), affine


def test_parallel_depths_of_a_box_are_those_of_its_faces():
    camera = ParallelCamera.on_grid("ap", SHAPE, AFFINE)
    maps = face_depths(box(), AFFINE, camera, [3, 4])
    # 50 voxels of 2 mm: the first begins 50 mm before the middle.
    assert maps.masks[0].sum() == 100
    assert np.allclose(maps.front_mm[0][maps.masks[0]], -50 + 5 * 2)
    assert np.allclose(maps.back_mm[0][maps.masks[0]], -50 + 15 * 2)
    assert maps.masks[0][8:18, 10:20].all()
    assert not maps.masks[1].any()


def test_from_behind_the_same_box_lies_further_away():
    camera = ParallelCamera.on_grid("pa", SHAPE, AFFINE)
    maps = face_depths(box(), AFFINE, camera, [3])
    assert np.allclose(maps.front_mm[maps.masks], 20)
    assert np.allclose(maps.back_mm[maps.masks], 40)


def test_a_bone_behind_another_keeps_its_own_depths_and_gaps_do_not_matter():
    labels = box()
    labels[10:20, 30:32, 8:18] = 3
    labels[10:20, 20:25, 8:18] = 7
    camera = ParallelCamera.on_grid("ap", SHAPE, AFFINE)
    maps = face_depths(labels, AFFINE, camera, [3, 7])
    assert np.allclose(maps.front_mm[0][maps.masks[0]], -40)
    assert np.allclose(maps.back_mm[0][maps.masks[0]], -50 + 32 * 2)
    assert np.allclose(maps.front_mm[1][maps.masks[1]], -10)


def test_cone_depths_of_a_plate_grow_with_the_obliquity_of_the_ray():
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 5:15] = 1
    camera = ConeCamera("ap", (0, 0, 0), (2.2, 2.2), (31, 41), 1100.0, 1000.0)
    maps = face_depths(labels, AFFINE, camera, [1])
    row, column = 15, 20  # the central ray
    assert maps.front_mm[0, row, column] == pytest.approx(-40, abs=1e-4)
    # 10 columns further right on the detector 22 mm, in the middle of the patient 20 mm off the central ray.
    stretch = np.hypot(20, 1000) / 1000
    assert maps.front_mm[0, row, column + 10] == pytest.approx(-40 * stretch, abs=1e-3)
    assert maps.back_mm[0, row, column + 10] == pytest.approx(-20 * stretch, abs=1e-3)


@pytest.mark.parametrize("source_mm", [400.0, 1500.0])
def test_cone_depths_of_a_ball_are_those_of_geometry(source_mm):
    radius, centre = 25.0, np.array([6.0, -4.0, 3.0])
    labels, affine = ball(radius, centre)
    camera = ConeCamera("ap", (0, 0, 0), (2.0, 2.0), (61, 61), 1.2 * source_mm, source_mm)
    maps, rays = face_depths(labels, affine, camera, [1]), camera_rays(camera)
    to_centre = centre - rays.origins_ras_mm
    along = (to_centre * rays.directions).sum(axis=-1)
    off = np.linalg.norm(to_centre - along[..., None] * rays.directions, axis=-1)
    inner = off < 0.9 * radius
    half = np.sqrt(radius**2 - off[inner] ** 2)
    assert maps.masks[0][inner].all()
    assert not maps.masks[0][off > radius + 1].any()
    # Voxels of 1 mm: at a slope of 2 the surface of voxels is up to two voxels off.
    assert np.abs(maps.front_mm[0][inner] - (along[inner] - half)).max() < 2.5
    assert abs((maps.front_mm[0][inner] - (along[inner] - half)).mean()) < 0.3
    assert abs((maps.back_mm[0][inner] - (along[inner] + half)).mean()) < 0.3


def test_points_and_normals_of_a_ball_lie_on_it_and_look_outwards():
    radius = 25.0
    labels, affine = ball(radius)
    camera = ConeCamera("ap", (0, 0, 0), (1.2, 1.2), (81, 81), 1200.0, 1000.0)
    maps, rays = face_depths(labels, affine, camera, [1]), camera_rays(camera)
    for depth, front in ((maps.front_mm[0], True), (maps.back_mm[0], False)):
        points = face_points(rays, depth, maps.masks[0], front)
        assert len(points.places_ras_mm) > 1000
        distance = np.linalg.norm(points.places_ras_mm, axis=1)
        assert abs(distance.mean() - radius) < 0.5
        outwards = (points.normals * points.places_ras_mm).sum(axis=1) / distance
        assert np.median(outwards) > 0.9
        # The source is in front: RAS y.
        assert (np.sign(points.places_ras_mm[:, 1]) == (1 if front else -1)).mean() > 0.95


@given(st.sampled_from(["ap", "pa", "lateral"]), st.sampled_from([None, 600.0, 1800.0]), st.floats(-20, 20))
@settings(max_examples=20, deadline=None)
def test_projecting_the_points_of_any_camera_gives_their_pixels_again(view, source_mm, depth_mm):
    isocentre = (3.0, -2.0, 5.0)
    camera = (
        ParallelCamera(view, isocentre, (1.5, 1.5), (20, 30))
        if source_mm is None
        else ConeCamera(view, isocentre, (1.5, 1.5), (20, 30), 1.3 * source_mm, source_mm, (4.0, 22.5))
    )
    points = camera_rays(camera).points(np.full(camera.shape, depth_mm))
    pixels = np.stack(np.meshgrid(np.arange(20), np.arange(30), indexing="ij"), axis=-1)
    assert np.allclose(camera.project(points), pixels, atol=1e-6)


@pytest.mark.parametrize("view", ["ap", "pa"])
def test_the_volume_between_both_faces_is_the_bone_again(view):
    camera = ParallelCamera.on_grid(view, SHAPE, AFFINE)
    maps = face_depths(box(), AFFINE, camera, [3])
    filled = filled_between(maps.front_mm[0], maps.back_mm[0], maps.masks[0], camera, SHAPE, AFFINE)
    assert np.array_equal(filled, box() == 3)


def test_the_volume_of_a_cone_is_the_ball_again():
    labels, affine = ball(20.0, spacing_mm=1.0, side=64)
    camera = ConeCamera("ap", (0, 0, 0), (0.6, 0.6), (161, 161), 1200.0, 1000.0)
    maps = face_depths(labels, affine, camera, [1])
    filled = filled_between(maps.front_mm[0], maps.back_mm[0], maps.masks[0], camera, labels.shape, affine)
    overlap = 2 * (filled & (labels == 1)).sum() / (filled.sum() + labels.sum())
    assert overlap > 0.97


def test_an_oblique_volume_has_the_depths_of_its_place_in_the_patient():
    labels, affine = ball(15.0, (0, 8.0, 0), side=60)
    turned = affine.copy()
    angle = np.deg2rad(25)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turned[:3] = turn @ affine[:3]
    camera = ParallelCamera("ap", (0, 0, 0), (1.0, 1.0), (61, 61))
    maps = face_depths(labels, turned, camera, [1])
    centre = turn @ [0, 8.0, 0]
    # Nearest of the ball to the source in front: depths grow backwards.
    assert float(np.nanmin(maps.front_mm)) == pytest.approx(-(centre[1] + 15), abs=1.0)
    assert float(np.nanmax(maps.back_mm)) == pytest.approx(-(centre[1] - 15), abs=1.0)


def test_a_picture_is_refused():
    with pytest.raises(ValueError, match="3D"):
        face_depths(
            np.zeros((4, 4), np.uint8), np.eye(4), ParallelCamera("ap", (0, 0, 0), (1, 1), (4, 4)), [1]
        )
