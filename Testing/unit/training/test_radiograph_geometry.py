"""Radiographs of the synthesis obey the cameras."""

import numpy as np
import pytest
import torch

from SwinX2SLib.drr import project_rays
from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera
from SwinX2SLib.geometry.frames import network_affine, transform_points
from SwinX2SLib.training.synthesis.objects import Ellipsoid, Rod, draw_shapes
from SwinX2SLib.training.synthesis.view_geometry import (
    MOST_MAGNIFICATION_ERROR,
    ViewGeometry,
    random_geometries,
    rotation_matrix,
)

SHAPE, SPACING_MM = (48, 40, 64), 4.0
AFFINE = network_affine(SPACING_MM, SHAPE)
CENTRE = tuple(transform_points(AFFINE, (np.array(SHAPE) - 1) / 2).tolist())
SOURCE_MM = 800.0
VIEWS = {
    "ap": ViewGeometry(1, SOURCE_MM),
    "pa": ViewGeometry(1, SOURCE_MM, False),
    "lateral": ViewGeometry(0, SOURCE_MM),
}


def ball(centre_mm, radius_mm: float = 8.0) -> torch.Tensor:
    """A small sphere with a smooth edge at a place (x, y, z from the volume's centre, network directions)."""
    axes = [(torch.arange(n) - (n - 1) / 2) * SPACING_MM for n in SHAPE]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    distance = (grid - torch.tensor(centre_mm, dtype=torch.float32)).norm(dim=-1)
    return ((radius_mm - distance) / SPACING_MM + 0.5).clamp(0, 1)


def centroid_mm(radiograph: torch.Tensor) -> np.ndarray:
    """Centre of brightness (u, w) from the radiograph's middle."""
    radiograph = radiograph.numpy().astype(np.float64)
    return np.array(
        [
            ((np.arange(n) - (n - 1) / 2) * SPACING_MM * radiograph.sum(1 - axis)).sum() / radiograph.sum()
            for axis, n in enumerate(radiograph.shape)
        ]
    )


def camera(view: str) -> ConeCamera:
    """The cone whose radiograph has the volume's spacing at its centre plane."""
    across = SHAPE[1] if view == "lateral" else SHAPE[0]
    detector_mm = SOURCE_MM * 1.25
    pixel = SPACING_MM * detector_mm / SOURCE_MM
    return ConeCamera(view, CENTRE, (pixel, pixel), (SHAPE[2], across), detector_mm, SOURCE_MM)


PLACES = [(-50.0, -40.0, -80.0), (60.0, 30.0, 50.0), (10.0, -60.0, 20.0)]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("place", PLACES)
def test_a_small_sphere_lands_where_the_camera_says(view, place):
    index = np.array(place) / SPACING_MM + (np.array(SHAPE) - 1) / 2
    row, column = camera(view).project(transform_points(AFFINE, index))
    expected = (np.array([column, row]) - (np.array([camera(view).shape[1], SHAPE[2]]) - 1) / 2) * SPACING_MM
    np.testing.assert_allclose(VIEWS[view].radiograph_points(np.array(place)), expected, atol=1e-6)
    radiograph = VIEWS[view].project(ball(place), SPACING_MM)
    np.testing.assert_allclose(centroid_mm(radiograph), expected, atol=0.4)  # a tenth of a pixel


@pytest.mark.parametrize("view", VIEWS)
def test_the_radiograph_is_that_of_the_ray_marcher(view):
    volume = sum(ball(place, 14.0) * (i + 1) for i, place in enumerate(PLACES))
    mine = VIEWS[view].project(volume, SPACING_MM).numpy() * SPACING_MM
    marched = project_rays(volume.numpy(), AFFINE, camera(view)).T
    assert np.abs(mine - marched).max() < 0.04 * marched.max()
    assert np.corrcoef(mine.ravel(), marched.ravel())[0, 1] > 0.999


def test_magnification_by_hand():
    """60 mm behind the centre plane, which is 800 mm from the source: 30 mm shrink by 800 / 860."""
    radiograph = ViewGeometry(1, SOURCE_MM).project(ball((30.0, 60.0, 0.0)), SPACING_MM)
    assert centroid_mm(radiograph)[0] == pytest.approx(30 * 800 / 860, abs=0.4)
    from_behind = ViewGeometry(1, SOURCE_MM, False).project(ball((30.0, 60.0, 0.0)), SPACING_MM)
    assert centroid_mm(from_behind)[0] == pytest.approx(30 * 800 / 740, abs=0.4)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_cone_from_very_far_and_a_turn_by_nothing_are_the_parallel_radiograph(axis):
    volume = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1))
    straight = volume.sum(axis)
    for geometry in (ViewGeometry(axis, 1e7), ViewGeometry(axis, rotation=np.eye(3)), ViewGeometry(axis)):
        torch.testing.assert_close(geometry.project(volume, SPACING_MM), straight, rtol=2e-3, atol=0.01)
    grid = ParallelCamera.on_grid("lateral" if axis == 0 else "ap", SHAPE, AFFINE)
    row, column = grid.project(transform_points(AFFINE, np.array([5, 7, 9])))
    assert (round(column), round(row)) == ((7, 9) if axis == 0 else (5, 9))


def test_left_front_and_top_keep_their_sides_in_every_geometry():
    rng = np.random.default_rng(2)
    place = np.array((60.0, -50.0, -80.0))  # patient left, anterior, superior
    volume = ball(place, 12.0)
    for _ in range(40):
        coronal, sagittal = (g.project(volume, SPACING_MM) for g in random_geometries(SPACING_MM, rng))
        assert (centroid_mm(coronal) * (1, -1) > 20).all()
        assert (centroid_mm(sagittal) * (-1, -1) > 20).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_view_error_of_six_degrees_moves_what_lies_before_the_centre(axis):
    geometry = ViewGeometry(axis, rotation=rotation_matrix(6.0))
    place = np.zeros(3)
    place[axis] = 60.0
    expected = -60 * np.sin(np.deg2rad(6))
    assert geometry.radiograph_points(place)[0] == pytest.approx(expected)
    assert centroid_mm(geometry.project(ball(place), SPACING_MM))[0] == pytest.approx(expected, abs=0.4)


@pytest.mark.parametrize("source_mm", [None, 800.0])
def test_all_at_once_the_radiograph_still_agrees_with_its_points(source_mm):
    geometry = ViewGeometry(1, source_mm, False, rotation_matrix(-5, 2, 3), (20.0, -15.0), 1.04, (6.0, -9.0))
    for place in PLACES:
        radiograph = geometry.project(ball(place), SPACING_MM)
        np.testing.assert_allclose(
            centroid_mm(radiograph), geometry.radiograph_points(np.array(place)), atol=0.5
        )


def test_most_pairs_follow_the_default_convention_and_errors_stay_within_their_limits():
    rng = np.random.default_rng(3)
    pairs = [random_geometries(SPACING_MM, rng) for _ in range(600)]
    straight = np.mean([all(g.is_straight and abs(g.zoom - 1) < 0.05 for g in pair) for pair in pairs])
    assert 0.58 < straight < 0.8
    assert any(not pair[0].source_first for pair in pairs)
    assert any(g.source_mm and g.source_mm > 1600 for pair in pairs for g in pair)
    errors = [g for pair in pairs for g in pair if not g.is_straight]
    assert max(abs(g.zoom - 1) for g in errors) <= MOST_MAGNIFICATION_ERROR + 1e-9


def test_an_ellipsoid_drawn_by_formula_is_the_summed_volume():
    place, radii = (30.0, -20.0, 40.0), (30.0, 40.0, 50.0)
    axes = [(torch.arange(n) - (n - 1) / 2) * SPACING_MM for n in SHAPE]
    x, y, z = torch.meshgrid(*axes, indexing="ij")
    inside = sum(((c - p) / r) ** 2 for c, p, r in zip((x, y, z), place, radii, strict=True)) < 1
    for axis in (0, 1):
        radiograph = torch.zeros([n for i, n in enumerate(SHAPE) if i != axis])
        drawn = draw_shapes(radiograph, [Ellipsoid(place, radii, 1.0)], SPACING_MM, ViewGeometry(axis))
        assert float(drawn.sum()) == pytest.approx(float(inside.sum()), rel=0.02)
        np.testing.assert_allclose(
            centroid_mm(drawn), ViewGeometry(axis).radiograph_points(np.array(place)), atol=0.4
        )


@pytest.mark.parametrize("radius_mm", [1.0, 10.0])
@pytest.mark.parametrize("end", [(40.0, 0.0, 60.0), (-30.0, 35.0, -50.0), (20.0, 60.0, 20.0)])
def test_a_rod_weighs_what_its_volume_is_in_both_radiographs_however_thin(radius_mm, end):
    start = np.array([20.0, -20.0, 10.0])
    length = np.linalg.norm(np.array(end) - start)
    expected = np.pi * radius_mm**2 * (length + 4 / 3 * radius_mm)
    for axis in (0, 1):
        radiograph = torch.zeros([n for i, n in enumerate(SHAPE) if i != axis])
        drawn = draw_shapes(radiograph, [Rod((start, end), radius_mm, 1.0)], SPACING_MM, ViewGeometry(axis))
        assert float(drawn.sum()) * SPACING_MM**3 == pytest.approx(expected, rel=0.35)
