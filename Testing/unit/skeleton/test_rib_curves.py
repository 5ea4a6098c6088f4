"""Curves of ribs keep to the parameters that made them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.skeleton.rib_curves import RibShape, rib_curve

# About two standard deviations around the means of all levels (Holcombe et al. 2017).
SHAPES = st.builds(
    RibShape,
    peak_x=st.floats(0.25, 0.45),
    peak_y=st.floats(0.2, 0.65),
    proximal_angle_deg=st.floats(70, 125),
    distal_spiral=st.floats(-0.8, 1.8),
)


@given(SHAPES)
def test_a_rib_runs_from_one_end_of_its_chord_to_the_other(shape):
    curve = rib_curve(shape, 40)
    assert curve[0] == pytest.approx([0, 0], abs=1e-9)
    assert curve[-1] == pytest.approx([1, 0], abs=1e-9)


@given(SHAPES)
def test_the_points_of_a_rib_lie_at_even_distances(shape):
    steps = np.linalg.norm(np.diff(rib_curve(shape, 60), axis=0), axis=1)
    # Chords are a little shorter than the curve where it bends.
    assert steps.max() - steps.min() < 0.25 * steps.mean()


@given(SHAPES)
def test_a_rib_is_furthest_from_its_chord_at_its_peak(shape):
    curve = rib_curve(shape, 400)
    highest = curve[curve[:, 1].argmax()]
    assert highest == pytest.approx([shape.peak_x, shape.peak_y], abs=0.02)


def test_a_rib_leaves_its_vertebra_at_its_angle():
    curve = rib_curve(RibShape(0.297, 0.439, 112.0, -0.51), 2000)
    away = curve[3] - curve[0]
    assert np.degrees(np.arctan2(away[1], away[0])) == pytest.approx(112, abs=2)


def test_a_spiral_with_the_constant_nought_is_a_circle():
    # A logarithmic spiral whose constant is 0 has one radius: equal chords turn by equal angles.
    curve = rib_curve(RibShape(0.5, 0.5, 90.0, 0.0), 401)
    distal = curve[curve[:, 0] >= 0.5][5:-5]
    radii = np.linalg.norm(distal - [0.5, 0.0], axis=1)
    assert radii == pytest.approx(np.full(len(radii), 0.5), abs=0.005)
