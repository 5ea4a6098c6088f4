"""Volumes on other grids: by hand, against scipy, and to the outer half voxel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation

from SwinX2SLib.geometry.frames import network_affine, reorient
from SwinX2SLib.geometry.resampling import resample_image, resample_labels

RAMP = np.arange(6.0, dtype=np.float32).reshape(6, 1, 1)


def bar():
    labels = np.zeros((12, 10, 8), np.uint8)
    labels[2:6, 3:7, 1:5], labels[8:11, 2:5, 4:7] = 20, 53
    return labels


def turned(affine, degrees=30):
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", degrees, degrees=True).as_matrix()
    return turn @ affine


def test_an_image_between_centres_beyond_them_and_outside_by_hand():
    """A ramp 0..5 on voxels of 1 mm, seen in steps of 1.25 mm from -0.5 mm."""
    target = np.diag([1.25, 1.0, 1.0, 1.0])
    target[0, 3] = -0.5
    found = resample_image(RAMP, np.eye(4), (7, 1, 1), target, outside=-9.0)[:, 0, 0]
    np.testing.assert_allclose(found, [0, 0.75, 2, 3.25, 4.5, -9, -9], atol=1e-6)


def test_labels_keep_the_outer_half_voxel_when_turned():
    labels = np.full((12, 12, 6), 53, np.uint8)
    shape = (80, 80, 30)
    found = resample_labels(
        labels, network_affine(2.0, labels.shape), shape, turned(network_affine(0.5, shape))
    )
    assert (found == 53).sum() * 0.5**3 == pytest.approx(labels.size * 2.0**3, rel=0.01)


def test_a_turned_image_ends_at_its_faces():
    """A line of voxels through a box of 3, at 45 degrees: its corners lie inside, what is past them does not."""
    half = np.sqrt(0.5)
    turned = np.array([[half, -half, 0, 1], [half, half, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    found = resample_image(np.full((3, 3, 1), 7.0, np.float32), np.eye(4), (4, 1, 1), turned, outside=-1.0)
    # Steps along the diagonal of the box, whose corner is 1.5 * sqrt(2) = 2.12 steps from its middle.
    np.testing.assert_allclose(found[:, 0, 0], (7, 7, 7, -1))


@pytest.mark.parametrize("orientation", ["PIR", "RAS", "SLA", "AIL"])
def test_another_array_order_comes_back_voxel_for_voxel(orientation):
    affine = network_affine(2.0, bar().shape, (5, 6, 7))
    other, other_affine = reorient(bar(), affine, orientation)
    np.testing.assert_array_equal(resample_labels(other, other_affine, bar().shape, affine), bar())
    image = bar().astype(np.float32)
    other, other_affine = reorient(image, affine, orientation)
    np.testing.assert_allclose(resample_image(other, other_affine, image.shape, affine), image, atol=1e-4)


def test_centres_are_aligned_on_demand():
    affine = network_affine(2.0, bar().shape)
    far = network_affine(2.0, bar().shape, (1000, 0, 0))
    assert not resample_labels(bar(), affine, bar().shape, far).any()
    np.testing.assert_array_equal(resample_labels(bar(), affine, bar().shape, far, align_centres=True), bar())


@settings(max_examples=30)
@given(
    degrees=st.tuples(*[st.integers(-60, 60)] * 3),
    shift=st.tuples(*[st.floats(-4, 4)] * 3),
    shear=st.floats(-0.2, 0.2),
)
def test_any_grid_gives_what_scipy_gives(degrees, shift, shear):
    way = np.eye(4)
    way[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    way[0, 1] += shear
    way[:3, 3] = np.array(shift) + 0.0123
    labels, shape = bar() + np.uint8(1), (11, 12, 9)
    expected = ndimage.affine_transform(labels, way[:3, :3], way[:3, 3], shape, order=0, mode="grid-constant")
    differing = resample_labels(labels, np.eye(4), shape, way) != expected
    # A place exactly between two centres may fall to either.
    assert differing.mean() < 0.003
    image = np.random.default_rng(0).normal(size=labels.shape)
    expected = ndimage.affine_transform(image, way[:3, :3], way[:3, 3], shape, order=1, mode="nearest")
    found = resample_image(image, np.eye(4), shape, way, outside=np.nan)
    inside = np.isfinite(found)
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-6)
    place = np.tensordot(way[:3, :3], np.indices(shape), axes=1) + way[:3, 3].reshape(3, 1, 1, 1)
    ends = np.array(labels.shape).reshape(3, 1, 1, 1) - 0.5
    clearly = ((place > -0.499) & (place < ends - 0.001)).all(axis=0)
    assert inside[clearly].all()
    assert not inside[((place < -0.501) | (place > ends + 0.001)).any(axis=0)].any()


def test_types_are_kept():
    assert resample_labels(bar().astype(np.int16), np.eye(4), (3, 3, 3), turned(np.eye(4))).dtype == np.int16
    assert resample_image(RAMP.astype(np.float64), np.eye(4), (3, 1, 1), np.eye(4)).dtype == np.float64
    assert resample_image(RAMP.astype(np.int16), np.eye(4), (3, 1, 1), np.eye(4)).dtype == np.float32
