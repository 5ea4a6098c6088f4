"""Radiographs obey the physics of straight rays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.drr import (
    ct_attenuation,
    label_attenuation,
    project_ct,
    project_grid,
    project_labels,
    project_rays,
)
from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera
from SwinX2SLib.geometry.frames import network_affine, reorient, transform_points
from SwinX2SLib.phantom import FieldOfView, build_phantom

SHAPE, SPACING_MM = (24, 20, 28), 2.0
AFFINE = network_affine(SPACING_MM, SHAPE, (7.0, -3.0, 11.0))


def parallel(view):
    return ParallelCamera.on_grid(view, SHAPE, AFFINE)


def cone(view, source_to_isocentre_mm=400.0, source_to_detector_mm=600.0, pixel_mm=1.0, shape=(121, 121)):
    middle = tuple(transform_points(AFFINE, (np.array(SHAPE) - 1) / 2))
    return ConeCamera(
        view, middle, (pixel_mm, pixel_mm), shape, source_to_detector_mm, source_to_isocentre_mm
    )


def bead(index):
    volume = np.zeros(SHAPE, dtype=np.float32)
    volume[index] = 1.0
    return volume


def centroid(radiograph):
    rows, columns = np.indices(radiograph.shape)
    return np.array([(rows * radiograph).sum(), (columns * radiograph).sum()]) / radiograph.sum()


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
def test_a_ray_through_a_cube_of_unit_attenuation_measures_its_thickness(view):
    cube = np.zeros(SHAPE, dtype=np.float32)
    cube[8:16, 6:14, 10:18] = 1.0  # 8 voxels of 2 mm each way
    radiograph = project_grid(cube, AFFINE, view)
    assert radiograph.max() == pytest.approx(16.0)
    assert (radiograph > 0).sum() == 64
    sampled = project_rays(cube, AFFINE, cone(view, 5000, 5100, 2.04, (28, 24)))
    assert sampled.max() == pytest.approx(16.0, rel=0.02)


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
def test_the_sum_along_an_axis_is_the_librarys_orthographic_radiograph(view):
    volume = np.random.default_rng(3).random(SHAPE, dtype=np.float32)
    summed = project_grid(volume, AFFINE, view)
    marched = project_rays(volume, AFFINE, parallel(view))
    np.testing.assert_allclose(marched, summed, rtol=2e-3)
    assert summed.shape == parallel(view).shape


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
@pytest.mark.parametrize("index", [(3, 4, 5), (20, 15, 24), (12, 2, 9)])
def test_a_bead_lands_where_the_camera_says(view, index):
    place = transform_points(AFFINE, np.array(index))
    for camera in (parallel(view), cone(view)):
        radiograph = project_rays(bead(index), AFFINE, camera)
        np.testing.assert_allclose(centroid(radiograph), camera.project(place), atol=0.05)


def test_a_left_marker_lands_on_the_right_half_of_the_radiograph_and_a_front_one_on_the_left_of_a_lateral():
    left_front_top = bead((22, 1, 3))  # patient left, anterior, superior
    for camera_of in (parallel, cone):
        for view in ("ap", "pa"):
            row, column = centroid(project_rays(left_front_top, AFFINE, camera_of(view)))
            assert column > camera_of(view).shape[1] / 2, "the patient's left hangs on the viewer's right"
            assert row < camera_of(view).shape[0] / 2
        _, column = centroid(project_rays(left_front_top, AFFINE, camera_of("lateral")))
        assert column < camera_of("lateral").shape[1] / 2


@pytest.mark.parametrize("view", ["ap", "lateral"])
def test_a_cone_from_very_far_is_parallel(view):
    volume = np.random.default_rng(4).random(SHAPE, dtype=np.float32)
    grid = parallel(view)
    far = ConeCamera(view, grid.isocentre_ras_mm, grid.pixel_mm, grid.shape, 1e5 + 100, 1e5)
    difference = project_rays(volume, AFFINE, far) - project_grid(volume, AFFINE, view)
    assert np.abs(difference).max() < 0.01 * project_grid(volume, AFFINE, view).max()


volumes = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).random((6, 5, 7), dtype=np.float32)
)
SMALL = network_affine(3.0, (6, 5, 7))


@given(first=volumes, second=volumes, factor=st.floats(0, 10), view=st.sampled_from(["ap", "pa", "lateral"]))
@settings(max_examples=30, deadline=None)
def test_projection_is_linear_and_keeps_the_mass(first, second, factor, view):
    both = project_grid(first + np.float32(factor) * second, SMALL, view)
    apart = project_grid(first, SMALL, view) + factor * project_grid(second, SMALL, view)
    np.testing.assert_allclose(both, apart, rtol=1e-4, atol=1e-4)
    assert both.sum() * 9 == pytest.approx((first + factor * second).sum() * 27, rel=1e-4)


@given(first=volumes, second=volumes, factor=st.floats(0, 10))
@settings(max_examples=5, deadline=None)
def test_a_cone_projection_is_linear(first, second, factor):
    camera = ConeCamera("lateral", (0, 0, 0), (4, 4), (8, 8), 300, 200)
    both = project_rays(first + np.float32(factor) * second, SMALL, camera)
    apart = project_rays(first, SMALL, camera) + factor * project_rays(second, SMALL, camera)
    np.testing.assert_allclose(both, apart, rtol=1e-3, atol=1e-3)


def test_ct_numbers_become_attenuation_above_the_threshold():
    hu = np.array([-1000.0, -500.0, 0.0, 1000.0])
    np.testing.assert_allclose(ct_attenuation(hu, -1000), [0, 0.00965, 0.0193, 0.0386], rtol=1e-6)
    np.testing.assert_allclose(ct_attenuation(hu, 0), [0, 0, 0, 0.0193], rtol=1e-6)


def test_every_class_can_have_its_own_attenuation():
    labels = np.array([0, 1, 54], dtype=np.uint8)
    np.testing.assert_allclose(label_attenuation(labels, 0.5), [0, 0.5, 0.5])
    np.testing.assert_allclose(label_attenuation(labels, np.arange(55) / 10), [0, 0.1, 5.4])


def test_the_radiograph_of_a_phantom_shows_its_right_femur_on_the_left_of_the_radiograph():
    phantom = build_phantom(spacing_mm=4.0, field_of_view=FieldOfView((-180, -90, -110), (180, 90, 160)))
    only = np.zeros(55, dtype=np.float32)
    only[54] = 1.0
    radiograph = project_labels(phantom.labels, phantom.affine, "ap", only)
    _, column = centroid(radiograph)
    assert column < radiograph.shape[1] / 2
    head = phantom.truth.femora["right"].head_centre
    row, column = ParallelCamera.on_grid("ap", phantom.labels.shape, phantom.affine).project(head)
    assert radiograph[round(row), round(column)] == pytest.approx(2 * 25.0, abs=8.0), (
        "as thick as the head is wide"
    )


def test_a_radiograph_of_a_ct_is_the_same_whatever_order_its_axes_have():
    ct = np.random.default_rng(5).normal(0, 500, SHAPE).astype(np.float32)
    other, affine = reorient(ct, AFFINE, "RAS")
    np.testing.assert_allclose(
        project_ct(other, affine, parallel("ap")),
        project_ct(ct, AFFINE, parallel("ap")),
        rtol=1e-4,
        atol=1e-5,
    )
    with pytest.raises(ValueError, match="network order"):
        project_ct(other, affine, "ap")


def test_a_source_inside_the_volume_is_refused():
    with pytest.raises(ValueError, match="inside the volume"):
        project_rays(bead((1, 1, 1)), AFFINE, cone("ap", 5.0, 10.0))


@pytest.mark.parametrize("camera_of", [parallel, cone])
@pytest.mark.parametrize("view", ["ap", "lateral"])
def test_a_volume_oblique_to_the_radiograph_is_sampled_point_by_point_with_the_same_result(view, camera_of):
    volume = np.random.default_rng(6).random(SHAPE, dtype=np.float32)
    turn = np.eye(4)
    angle = 1e-5
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    straight = project_rays(volume, AFFINE, camera_of(view))
    turned = project_rays(volume, turn @ AFFINE, camera_of(view))
    assert straight.max() > 1
    np.testing.assert_allclose(turned, straight, atol=2e-3 * straight.max())


def test_a_ray_ends_at_the_detector_even_within_the_volume():
    column = np.ones((3, 41, 3), dtype=np.float32)
    affine = network_affine(2.0, column.shape, (0.0, 0.0, 0.0))
    camera = ConeCamera("ap", (0.0, 0.0, 0.0), (1.0, 1.0), (1, 1), 1000.0, 1000.0)
    # The detector stands at the isocentre, in the middle of 82 mm.
    assert project_rays(column, affine, camera)[0, 0] == pytest.approx(41.0, abs=2.1)


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
def test_a_cone_radiograph_is_that_of_a_ray_marcher_with_many_samples(view):
    nanodrr = pytest.importorskip("nanodrr.drr")
    torch = pytest.importorskip("torch")
    from nanodrr.data import Subject
    from torchio import ScalarImage

    from SwinX2SLib.drr.projection import _ray_ends

    rng = np.random.default_rng(7)
    volume = rng.random(SHAPE, dtype=np.float32)
    source, target = (torch.from_numpy(ends).float()[None] for ends in _ray_ends(cone(view)))
    subject = Subject.from_images(
        ScalarImage(tensor=torch.from_numpy(volume)[None], affine=AFFINE), convert_to_mu=False
    )
    marched = nanodrr.render(
        subject, rt_inv=torch.eye(4)[None], height=1, width=target.shape[1], n_samples=1500,
        src=source, tgt=target, backend="torch", k_inv=None, sdd=None,
    ).reshape(121, 121).numpy()  # fmt: skip
    ours = project_rays(volume, AFFINE, cone(view))
    assert np.abs(ours - marched).mean() < 0.01 * marched.max()
    assert np.corrcoef(ours.ravel(), marched.ravel())[0, 1] > 0.999
