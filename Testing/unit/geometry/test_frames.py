import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.geometry.frames import (
    network_affine,
    orientation_of,
    ras_to_lps,
    reorient,
    transform_points,
    voxel_spacing_mm,
)

ORIENTATIONS = [
    "".join(codes)
    for axes in itertools.permutations(("RL", "AP", "SI"))
    for codes in itertools.product(*axes)
]


def affine_for(orientation: str, spacing=(1.0, 2.0, 3.0), origin=(5.0, -7.0, 11.0)) -> np.ndarray:
    rows = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, code in enumerate(orientation):
        row, sign = rows[code]
        affine[row, axis] = sign * spacing[axis]
    affine[:3, 3] = origin
    return affine


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_orientation_of_every_axis_order_is_recognised(orientation):
    assert orientation_of(affine_for(orientation)) == orientation


@given(
    st.sampled_from(ORIENTATIONS),
    st.sampled_from(ORIENTATIONS),
    st.tuples(*[st.integers(1, 4)] * 3),
    st.floats(-0.3, 0.3),
)
def test_reorienting_moves_no_voxel_in_space(source, target, shape, tilt):
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]]
    affine = turn @ affine_for(source)
    volume = np.arange(np.prod(shape)).reshape(shape)
    result, new_affine = reorient(volume, affine, target)
    assert orientation_of(new_affine) == target
    for index in np.ndindex(*result.shape):
        old = np.argwhere(volume == result[index])[0]
        np.testing.assert_allclose(
            transform_points(new_affine, index), transform_points(affine, old), atol=1e-9
        )


def test_the_network_affine_runs_to_the_left_the_back_and_the_feet_about_its_centre():
    affine = network_affine(2.0, (4, 6, 8), centre_ras_mm=(10, 20, 30))
    assert orientation_of(affine) == "LPI"
    np.testing.assert_allclose(voxel_spacing_mm(affine), 2.0)
    np.testing.assert_allclose(transform_points(affine, (0, 0, 0)), (13, 25, 37))
    np.testing.assert_allclose(transform_points(affine, (1.5, 2.5, 3.5)), (10, 20, 30))


def test_converting_to_lps_twice_changes_nothing():
    affine = affine_for("RAS")
    np.testing.assert_array_equal(ras_to_lps(ras_to_lps(affine)), affine)
    np.testing.assert_array_equal(ras_to_lps(np.array([[1.0, 2.0, 3.0]])), [[-1.0, -2.0, 3.0]])


def test_a_singular_affine_is_refused_in_words():
    with pytest.raises(ValueError, match="singular"):
        orientation_of(np.diag([1.0, 0.0, 1.0, 1.0]))
