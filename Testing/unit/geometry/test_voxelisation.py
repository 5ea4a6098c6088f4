"""Surfaces are filled where they are, the first one wins, and what lies outside is cut."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.geometry.label_surfaces import mask_surface
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.voxelisation import fill_surfaces


def box(low, high):
    """A closed box, faces counter-clockwise from outside."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=float)
    vertices = np.asarray(low) + corners * (np.asarray(high) - np.asarray(low))
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Surface(vertices, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]))


def test_a_box_fills_the_voxels_whose_centres_it_holds():
    volume = fill_surfaces({7: box((1.5, 2.5, 3.5), (4.5, 5.5, 7.5))}, (8, 8, 10), np.eye(4))
    assert np.argwhere(volume).min(axis=0).tolist() == [2, 3, 4]
    assert np.argwhere(volume).max(axis=0).tolist() == [4, 5, 7]
    assert (volume == 7).sum() == 3 * 3 * 4


def test_the_affine_places_the_surface():
    affine = np.diag([-2.0, -2.0, -2.0, 1.0])
    affine[:3, 3] = [10, 12, 14]
    volume = fill_surfaces({1: box((-1, -1, -1), (5, 5, 5))}, (8, 8, 8), affine)
    centres = np.argwhere(volume) * -2 + [10, 12, 14]
    assert centres.min() >= -1
    assert centres.max() <= 5
    assert len(centres) == 27


def test_where_two_surfaces_overlap_the_first_one_has_the_voxel():
    both = {3: box((0.5, 0.5, 0.5), (4.5, 4.5, 4.5)), 2: box((2.5, 2.5, 2.5), (6.5, 6.5, 6.5))}
    volume = fill_surfaces(both, (8, 8, 8), np.eye(4))
    assert volume[3, 3, 3] == 3
    assert volume[5, 5, 5] == 2


def test_a_surface_outside_of_the_volume_leaves_nothing():
    assert not fill_surfaces({1: box((20, 20, 20), (25, 25, 25))}, (8, 8, 8), np.eye(4)).any()


@settings(max_examples=15, deadline=None)
@given(st.floats(3, 9), st.tuples(*[st.floats(-0.5, 0.5)] * 3))
def test_a_mask_comes_back_from_its_own_surface(radius, shift):
    grid = np.stack(np.meshgrid(*[np.arange(24)] * 3, indexing="ij"), -1)
    mask = np.linalg.norm(grid - 11.5 - np.array(shift), axis=-1) < radius
    again = fill_surfaces({1: mask_surface(mask, np.eye(4), smoothing=0)}, mask.shape, np.eye(4)) > 0
    assert (mask != again).sum() <= 0.02 * mask.sum() + 2
