"""One radiograph and what is known of depths: points on faces, or the convention."""

import numpy as np
import pytest

from SwinX2SLib.drr.depth import camera_rays, face_depths, face_points
from SwinX2SLib.geometry.cameras import ParallelCamera
from SwinX2SLib.geometry.frames import network_affine, transform_points
from SwinX2SLib.reconstruct.skeleton_fit import BEHIND_MIDDLE, FrontalView, fit_to_frontal
from SwinX2SLib.skeleton.depth_points import BonePoints, FacePointEvidence, MiddleDepthEvidence
from SwinX2SLib.skeleton.model import skeleton_model
from SwinX2SLib.skeleton.posing import PosedSkeleton

SPACING_MM = 4.0
SACRUM, HIP_RIGHT, HIP_LEFT = 50, 51, 52
PELVIS = (SACRUM, HIP_RIGHT, HIP_LEFT)


@pytest.fixture(scope="module")
def state():
    return PosedSkeleton().state()


def test_points_draw_the_nearest_vertices_along_their_normals(state):
    part = skeleton_model().slices[SACRUM]
    vertex = np.arange(part.start, part.stop)[::40]
    normals = state.normals[vertex]
    points = BonePoints(SACRUM, state.points[vertex] + 5 * normals, normals, 16.0, 3.0)
    matches = FacePointEvidence([points])(state, 4.0)
    assert len(matches.vertex) == len(vertex)
    # Flat parts find themselves, others a neighbour: 5 mm outwards all the same, but for the curvature.
    assert np.median(matches.distance) == pytest.approx(5.0, abs=0.3)
    assert ((matches.vertex >= part.start) & (matches.vertex < part.stop)).all()
    # Variances of contours and depths add up: 3 and 4 mm are 5.
    assert matches.weight.max() <= 16.0 / 12.0**2 / 5.0**2 + 1e-9


def test_a_point_of_the_other_face_does_not_draw_the_nearer_one(state):
    part = skeleton_model().slices[HIP_LEFT]
    front = np.flatnonzero(state.normals[part][:, 1] < -0.9)[::20] + part.start
    points = BonePoints(HIP_LEFT, state.points[front], -state.normals[front], 16.0, 3.0)
    matched = FacePointEvidence([points])(state, 4.0)
    assert (state.normals[matched.vertex][:, 1] > -0.5).all()


def test_the_convention_moves_all_bones_by_what_their_mean_is_off(state):
    slices = skeleton_model().slices
    found = MiddleDepthEvidence(PELVIS, 200.0, 2.0)(state, 9.0)
    mean = np.concatenate([state.points[slices[label]] for label in PELVIS])[:, 1].mean()
    assert np.allclose(found.distance, found.distance[0])
    assert found.distance[0] == pytest.approx(200.0 - mean, abs=8.0)
    assert np.allclose(found.direction, [0, 1, 0])
    assert found.weight.sum() == pytest.approx(1 / 4)


def test_unknown_bones_say_nothing(state):
    assert len(MiddleDepthEvidence((25,), 0.0, 1.0)(state, 3.0).vertex) == 0
    none = BonePoints(25, np.zeros((3, 3)), np.ones((3, 3)), 1.0, 1.0)
    assert len(FacePointEvidence([none])(state, 3.0).vertex) == 0


def middles_mm(labels: np.ndarray) -> dict[int, np.ndarray]:
    return {label: np.argwhere(labels == label).mean(axis=0) * SPACING_MM for label in PELVIS}


def drawn_labels(fit, shape) -> np.ndarray:
    found = np.zeros(shape, np.uint8)
    for bone in fit.bones:
        found[bone.part][bone.solid.numpy()] = bone.label
    return found


@pytest.fixture(scope="module")
def frontal(drawn):
    silhouettes = drawn.silhouettes[0]
    whole = (slice(0, drawn.labels.shape[0]), slice(0, drawn.labels.shape[2]))
    bright = np.minimum(silhouettes.sum(axis=0), 3) / 3
    return FrontalView(silhouettes, bright, SPACING_MM, whole, drawn.labels.shape[1])


@pytest.fixture(scope="module")
def by_convention(frontal):
    return fit_to_frontal(frontal, {})


def test_one_view_places_the_pelvis_in_its_plane_and_by_convention_in_depth(drawn, frontal, by_convention):
    found, truth = drawn_labels(by_convention, drawn.labels.shape), middles_mm(drawn.labels)
    for label, middle in middles_mm(found).items():
        away = middle - truth[label]
        assert np.abs(away[[0, 2]]).max() < 8.0
    points = np.argwhere(found > 0)[:, 1]
    convention = ((drawn.labels.shape[1] - 1) / 2 + BEHIND_MIDDLE * drawn.labels.shape[1]) * SPACING_MM
    assert abs(points.mean() * SPACING_MM - convention) < 40.0


def test_depth_is_the_least_certain_direction(by_convention):
    for label in PELVIS:
        total, along = by_convention.position_error_mm[label], by_convention.depth_error_mm[label]
        assert along < total
        assert along > np.sqrt(total**2 - along**2), "the plane of the radiograph is seen, its depth is not"


def test_points_on_the_faces_give_the_pelvis_its_true_depth(drawn, frontal):
    labels = drawn.labels
    affine = network_affine(SPACING_MM, labels.shape)
    camera = ParallelCamera.on_grid("ap", labels.shape, affine)
    maps, rays = face_depths(labels, affine, camera, PELVIS), camera_rays(camera)
    points = []
    for number, label in enumerate(PELVIS):
        for depth, front in ((maps.front_mm[number], True), (maps.back_mm[number], False)):
            own = face_points(rays, depth, maps.masks[number], front)
            places = transform_points(np.linalg.inv(affine), own.places_ras_mm) * SPACING_MM
            points.append(BonePoints(label, places, -own.normals, SPACING_MM**2, 2.0))
    fit = fit_to_frontal(frontal, {}, points)
    found, truth = middles_mm(drawn_labels(fit, labels.shape)), middles_mm(labels)
    for label in PELVIS:
        assert np.abs(found[label] - truth[label]).max() < 6.0
    own = drawn_labels(fit, labels.shape)
    dice = [2 * ((own == k) & (labels == k)).sum() / ((own == k).sum() + (labels == k).sum()) for k in PELVIS]
    assert min(dice) > 0.7
    assert max(fit.depth_error_mm[label] for label in PELVIS) < 8.0


def test_a_cone_and_a_cropped_field_leave_the_bones_on_their_rays(drawn, frontal):
    x, z = frontal.field
    part = (slice(4, x.stop - 2), slice(0, z.stop - 3))
    away = FrontalView(
        frontal.silhouettes, frontal.pixels, SPACING_MM, part, frontal.depth, -1000.0,
        ((x.stop - 1) / 2, (z.stop - 1) / 2),
    )  # fmt: skip
    fit = fit_to_frontal(away, {})
    truth = middles_mm(drawn.labels)
    for label, middle in middles_mm(drawn_labels(fit, drawn.labels.shape)).items():
        # Behind the isocentre by some centimetres the same shadow is that of a bone up to a twentieth further out.
        assert np.abs(middle - truth[label])[[0, 2]].max() < 25.0


def test_nothing_seen_is_nothing_found(frontal):
    empty = FrontalView(np.zeros_like(frontal.silhouettes), frontal.pixels, SPACING_MM, frontal.field, 60)
    found = fit_to_frontal(empty, {})
    assert not found.bones
    assert not found.position_error_mm
