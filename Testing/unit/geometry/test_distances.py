"""Distances of surfaces by hand, in space, and against MONAI and trimesh."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from SwinX2SLib.geometry.distances import (
    border_points_mm,
    signed_distances_mm,
    surface_distances,
    surface_elements,
)
from SwinX2SLib.geometry.surfaces import Surface

masks = arrays(bool, (5, 4, 6), elements=st.booleans())
spacings = st.tuples(*[st.sampled_from([0.5, 1.0, 2.5])] * 3)


def cube(start: int, size: int, shape: int = 14) -> np.ndarray:
    mask = np.zeros((shape,) * 3, bool)
    mask[start : start + size, start : start + size, start : start + size] = True
    return mask


def ball(radius_mm: float, spacing_mm: float) -> np.ndarray:
    reach = np.arange(-30, 31, spacing_mm)
    return np.sqrt(sum(axis**2 for axis in np.meshgrid(reach, reach, reach, indexing="ij"))) <= radius_mm


def test_a_border_voxel_has_a_neighbour_outside_or_lies_at_the_end_of_the_volume():
    assert len(border_points_mm(cube(2, 3), np.eye(4))) == 27 - 1
    assert len(border_points_mm(np.ones((3, 3, 3), bool), np.eye(4))) == 27 - 1
    assert len(border_points_mm(np.zeros((3, 3, 3), bool), np.eye(4))) == 0


def test_two_planes_lie_as_far_apart_as_their_spacing_says():
    first, second = np.zeros((2, 10, 4, 4), bool)
    first[2], second[6] = True, True
    found = surface_distances(first, second, np.diag([2.5, 1.0, 1.0, 1.0]))
    for value in (found.hausdorff_mm, found.hausdorff95_mm, found.directed95_mm, found.assd_mm):
        assert value == pytest.approx(10.0)
    # A plane of voxels has two sides: inner ones lie three voxels apart, outer ones four from an inner one.
    assert found.nsd(7.49) == 0.0
    assert found.nsd(7.5) == pytest.approx(0.5)
    assert found.nsd(10.0) == 1.0


def test_a_cube_moved_by_a_voxel_along_each_axis_by_hand():
    """A voxel cube, one voxel further along the diagonal: the only distances are those of single voxels."""
    first, second = np.zeros((2, 3, 3, 3), bool)
    first[0, 0, 0], second[1, 1, 1] = True, True
    found = surface_distances(first, second, np.diag([1.0, 2.0, 2.0, 1.0]))
    assert found.hausdorff_mm == found.assd_mm == pytest.approx(3.0)


def test_a_point_beside_a_row_by_hand():
    """Truth: five voxels in a row. Prediction: the first. Distances there 0; back 0, 1, 2, 3, 4."""
    prediction, truth = np.zeros((2, 1, 1, 5), bool)
    truth[0, 0], prediction[0, 0, 0] = True, True
    found = surface_distances(prediction, truth, np.eye(4))
    assert found.assd_mm == pytest.approx(10 / 6)
    assert found.hausdorff_mm == 4
    assert found.hausdorff95_mm == pytest.approx(np.percentile([0, 0, 1, 2, 3, 4], 95))
    assert found.directed95_mm == pytest.approx(np.percentile([0, 1, 2, 3, 4], 95))
    assert found.border_voxel_dice(1) == pytest.approx(3 / 6)


@pytest.mark.parametrize("spacing_mm", [1.0, 0.75])
def test_concentric_balls_lie_apart_by_the_difference_of_their_radii(spacing_mm):
    found = surface_distances(ball(24, spacing_mm), ball(20, spacing_mm), np.diag([spacing_mm] * 3 + [1]))
    assert found.assd_mm == pytest.approx(4.0, abs=0.35 * spacing_mm)
    assert found.hausdorff_mm == pytest.approx(4.0, abs=1.2 * spacing_mm)
    assert found.nsd(2.0) < 0.02
    assert found.nsd(5.5) > 0.99


def test_an_empty_mask_has_no_distance_to_anything():
    full, empty = cube(2, 3), np.zeros((14,) * 3, bool)
    assert surface_distances(full, empty, np.eye(4)) is None
    assert surface_distances(empty, full, np.eye(4)) is None
    assert surface_distances(empty, empty, np.eye(4)) is None


def test_turning_both_volumes_in_space_changes_nothing():
    first, second = cube(2, 5), cube(4, 6)
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn @ np.diag([1, 2, 3]), (40, -7, 9)
    plain = surface_distances(first, second, np.diag([1.0, 2.0, 3.0, 1.0]))
    turned = surface_distances(first, second, affine)
    assert turned.assd_mm == pytest.approx(plain.assd_mm)
    assert turned.hausdorff95_mm == pytest.approx(plain.hausdorff95_mm)


@settings(max_examples=30)
@given(first=masks, second=masks, spacing=spacings)
def test_order_of_distances_symmetry_and_bounds(first, second, spacing):
    affine = np.diag([*spacing, 1.0])
    found, back = surface_distances(first, second, affine), surface_distances(second, first, affine)
    if found is None:
        assert not (first.any() and second.any())
        return
    assert 0 <= found.assd_mm <= found.hausdorff_mm + 1e-9
    assert found.hausdorff95_mm <= found.hausdorff_mm + 1e-9
    assert found.directed95_mm <= found.hausdorff_mm + 1e-9
    assert found.hausdorff95_mm == pytest.approx(back.hausdorff95_mm)
    assert found.border_voxel_dice(found.hausdorff_mm) == found.nsd(1e6) == 1.0
    assert found.nsd(1.0) <= found.nsd(2.0)
    assert surface_distances(first, first, affine).hausdorff_mm == 0


@settings(max_examples=8)
@given(first=masks, second=masks, spacing=spacings)
def test_distances_agree_with_monai(first, second, spacing):
    """An independent implementation; one conversion: MONAI's percentile is of each direction."""
    metrics = pytest.importorskip("monai.metrics")
    import torch

    found = surface_distances(first, second, np.diag([*spacing, 1.0]))
    if found is None:
        return
    both = [torch.from_numpy(mask[None, None].astype(np.float32)) for mask in (first, second)]
    assert found.directed95_mm == pytest.approx(
        metrics.compute_hausdorff_distance(
            *both, percentile=95, spacing=spacing, include_background=True
        ).item(),
        abs=1e-4,
    )
    assert found.hausdorff_mm == pytest.approx(
        metrics.compute_hausdorff_distance(*both, spacing=spacing, include_background=True).item(), abs=1e-4
    )
    # Its reduction of "symmetric" is the mean of both directions; ours counts every border voxel once.
    directed = [
        metrics.compute_average_surface_distance(*pair, spacing=spacing, include_background=True).item()
        for pair in (both, both[::-1])
    ]
    sizes = len(found.prediction_to_truth_mm), len(found.truth_to_prediction_mm)
    assert found.assd_mm == pytest.approx(np.average(directed, weights=sizes), abs=1e-4)
    surface_dice = metrics.compute_surface_dice(
        *both, class_thresholds=[1.25], spacing=spacing, include_background=True
    )
    assert found.border_voxel_dice(1.25) == pytest.approx(surface_dice.item(), abs=1e-4)
    # Weighed by area, as DeepMind's package does; MONAI cuts surfaces off at the ends of the array.
    first, second = (np.pad(mask, 2) for mask in (first, second))
    both = [torch.from_numpy(mask[None, None].astype(np.float32)) for mask in (first, second)]
    weighed = metrics.compute_surface_dice(
        *both, class_thresholds=[1.25], spacing=spacing, include_background=True, use_subvoxels=True
    )
    again = surface_distances(first, second, np.diag([*spacing, 1.0]))
    assert again.nsd(1.25) == pytest.approx(weighed.item(), abs=1e-4)
    assert found.nsd(1.25) == pytest.approx(again.nsd(1.25), abs=1e-9)


def test_a_plane_of_voxels_has_the_area_of_its_faces():
    """A slab of 6 x 8 voxels of 2 x 3 mm, one voxel thick: two faces; rim and edges are cut off obliquely."""
    mask = np.zeros((8, 10, 3), bool)
    mask[1:7, 1:9, 1] = True
    found = surface_elements(mask, np.diag([2.0, 3.0, 1.0, 1.0]))
    inner = (np.abs(found.places_mm - (7.0, 13.5, 1.0)) < (5, 10.5, 9)).all(axis=1)
    assert found.areas_mm2[inner] == pytest.approx(6.0)
    assert found.areas_mm2[inner].sum() == pytest.approx(2 * 5 * 7 * 6.0)


def test_areas_turn_with_the_volume_and_a_complement_has_the_same():
    mask = np.random.default_rng(2).random((6, 7, 8)) < 0.5
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([1, 2, 3])
    plain = surface_elements(mask, np.diag([1.0, 2.0, 3.0, 1.0])).areas_mm2
    assert surface_elements(mask, affine).areas_mm2 == pytest.approx(plain)
    padded = np.pad(mask, 1)
    hollow = np.pad(~padded, 3, constant_values=True)
    outer = surface_elements(np.ones_like(hollow), np.eye(4)).areas_mm2.sum()
    both = surface_elements(hollow, np.eye(4)).areas_mm2.sum()
    assert both - outer == pytest.approx(surface_elements(mask, np.eye(4)).areas_mm2.sum())


def test_signed_distances_are_those_of_a_ball_and_of_trimesh():
    ball_mesh = trimesh.creation.icosphere(4, 10.0)
    surface = Surface(np.asarray(ball_mesh.vertices), np.asarray(ball_mesh.faces))
    points = np.random.default_rng(1).normal(0, 9, (200, 3))
    found = signed_distances_mm(points, surface)
    assert found == pytest.approx(np.linalg.norm(points, axis=1) - 10, abs=0.05)
    assert np.abs(found) == pytest.approx(
        trimesh.proximity.closest_point_naive(ball_mesh, points)[1], abs=1e-6
    )
    assert signed_distances_mm(np.zeros((0, 3)), surface).shape == (0,)
