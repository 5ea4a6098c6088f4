"""Cameras put points where straight rays do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera, view_axes
from SwinX2SLib.geometry.frames import network_affine, transform_points

SHAPE = (24, 20, 28)
AFFINE = network_affine(2.0, SHAPE, (7.0, -3.0, 11.0))


def cone(view, source_to_isocentre_mm=400.0, source_to_detector_mm=600.0, pixel_mm=1.0):
    middle = tuple(transform_points(AFFINE, (np.array(SHAPE) - 1) / 2))
    return ConeCamera(
        view, middle, (pixel_mm, pixel_mm), (121, 121), source_to_detector_mm, source_to_isocentre_mm
    )


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
@given(source=st.floats(300, 3000), behind=st.floats(0, 1000))
@settings(max_examples=20, deadline=None)
def test_the_isocentre_stays_put(view, source, behind):
    camera = cone(view, source, source + behind)
    np.testing.assert_allclose(camera.project(np.array(camera.isocentre_ras_mm)), (60, 60), atol=1e-9)
    moved = ConeCamera(view, (1.0, 2.0, 3.0), (1, 1), (121, 121), source + behind, source)
    np.testing.assert_allclose(moved.project(np.array([1.0, 2.0, 3.0])), (60, 60), atol=1e-9)


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
def test_a_cone_magnifies_by_the_ratio_of_its_distances(view):
    camera = cone(view)
    columns, rows, rays = view_axes(view)
    centre = np.array(camera.isocentre_ras_mm)
    ends = camera.project(np.stack([centre - 10 * columns, centre + 10 * columns]))
    assert ends[1, 1] - ends[0, 1] == pytest.approx(20 * 600 / 400)
    assert camera.magnification == pytest.approx(1.5)
    nearer = camera.project(np.stack([centre - 10 * rows - 100 * rays, centre + 10 * rows - 100 * rays]))
    assert nearer[1, 0] - nearer[0, 0] == pytest.approx(20 * 600 / 300), "nearer the source, larger"
    assert np.isnan(camera.project(centre - 401 * rays)).all()


def test_ap_and_pa_cones_magnify_opposite_sides_of_the_body():
    front = transform_points(AFFINE, np.array([4.0, 0.0, 14.0]))
    ap, pa = (cone(view).project(front)[1] for view in ("ap", "pa"))
    assert abs(ap - 60) > abs(pa - 60), "the front is nearer the tube in an AP radiograph"


def test_the_papers_geometry_is_the_one_stated():
    camera = ConeCamera.of_the_paper("ap", (128, 128, 160), network_affine(2.5, (128, 128, 160)))
    assert camera.magnification == pytest.approx(1.111, abs=1e-3)
    assert camera.pixel_mm == (2.5, 2.5)
    assert camera.shape == (160, 160)
    np.testing.assert_allclose(camera.source_ras_mm, (0, 1800, 0), atol=1e-9)


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
def test_pixels_of_a_camera_on_a_grid_are_the_indices_of_its_voxels(view):
    camera = ParallelCamera.on_grid(view, SHAPE, AFFINE)
    index = np.array([[3.0, 4.0, 5.0], [23.0, 19.0, 27.0]])
    expected = index[:, [2, 1 if view == "lateral" else 0]]
    np.testing.assert_allclose(camera.project(transform_points(AFFINE, index)), expected, atol=1e-9)


def test_cameras_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="between source and detector"):
        cone("ap", 600, 400)
    with pytest.raises(ValueError, match="Unknown view 'axial'"):
        ParallelCamera.on_grid("axial", SHAPE, AFFINE)
    with pytest.raises(ValueError, match="positive size"):
        cone("ap", pixel_mm=0.0)
    with pytest.raises(ValueError, match="must have pixels"):
        ParallelCamera("ap", (0.0, 0.0, 0.0), (1.0, 1.0), (0, 5))
