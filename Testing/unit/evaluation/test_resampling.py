import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from SwinX2SLib.geometry.frames import network_affine, reorient
from SwinX2SLib.geometry.resampling import resample_labels


def bar() -> np.ndarray:
    labels = np.zeros((12, 10, 8), np.uint8)
    labels[2:6, 3:7, 1:5] = 20
    labels[8:11, 2:5, 4:7] = 53
    return labels


@pytest.mark.parametrize("orientation", ["PIR", "RAS", "SLA", "LPI", "AIL"])
def test_a_volume_in_another_array_order_comes_back_voxel_for_voxel(orientation):
    affine = network_affine(2.0, bar().shape, (5, 6, 7))
    turned, turned_affine = reorient(bar(), affine, orientation)
    np.testing.assert_array_equal(resample_labels(turned, turned_affine, bar().shape, affine), bar())


def test_a_finer_grid_holds_the_same_volume_in_millimetres():
    affine = network_affine(2.0, bar().shape)
    fine = resample_labels(bar(), affine, (24, 20, 16), network_affine(1.0, (24, 20, 16)))
    assert (fine == 20).sum() == 8 * (bar() == 20).sum()


def test_what_lies_outside_the_source_is_background():
    affine = network_affine(2.0, bar().shape)
    far = network_affine(2.0, bar().shape, (1000, 0, 0))
    assert not resample_labels(bar(), affine, bar().shape, far).any()
    np.testing.assert_array_equal(resample_labels(bar(), affine, bar().shape, far, align_centres=True), bar())


@given(
    spacing=st.tuples(*[st.sampled_from([0.9, 1.3, 2.0, 3.1])] * 3),
    centre=st.tuples(*[st.integers(-9, 9)] * 3),
    orientation=st.sampled_from(["RAS", "PIR", "SLA"]),
)
def test_parallel_grids_give_what_interpolation_of_order_zero_gives(spacing, centre, orientation):
    # Bone at the ends, too, whose outer half voxels are part of it.
    turned, affine = reorient(bar() + np.uint8(1), network_affine(2.0, bar().shape), orientation)
    shape = (9, 11, 13)
    target = network_affine(spacing, shape, np.array(centre) + 0.217)
    way = np.linalg.inv(affine) @ target
    expected = ndimage.affine_transform(
        turned, way[:3, :3], way[:3, 3], output_shape=shape, order=0, mode="grid-constant"
    )
    np.testing.assert_array_equal(resample_labels(turned, affine, shape, target), expected)


def test_a_turned_grid_shows_the_same_bones():
    """Ten degrees about the long axis: half of the voxels' places change, no bone moves."""
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[10:30, 10:30, 10:30] = 20
    affine = network_affine(1.0, labels.shape)
    angle = np.deg2rad(10)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    found = resample_labels(labels, affine, labels.shape, turn @ affine)
    assert (found == 20).sum() == pytest.approx(20**3, rel=0.02)
    # The corner of a square of half width 10 leaves a turned one; its centre stays.
    assert np.argwhere(found == 20).mean(axis=0) == pytest.approx([19.5] * 3, abs=0.1)
    assert (found != labels).any()


def test_bone_at_the_ends_of_the_volume_keeps_its_outer_half_voxels_when_turned():
    """A volume that is all bone, seen on a finer grid turned by 30 degrees, keeps its volume in millimetres."""
    labels = np.full((12, 12, 6), 53, np.uint8)
    affine = network_affine(2.0, labels.shape)
    angle = np.deg2rad(30)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    shape = (80, 80, 30)
    found = resample_labels(labels, affine, shape, turn @ network_affine(0.5, shape))
    assert (found == 53).sum() * 0.5**3 == pytest.approx(labels.size * 2.0**3, rel=0.01)
