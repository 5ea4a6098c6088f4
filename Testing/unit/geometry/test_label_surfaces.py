"""Surfaces of labels lie where the shapes are, are closed, look outwards and keep the volume."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.geometry.label_surfaces import label_surfaces, mask_surface

GRID = np.stack(np.meshgrid(*[np.arange(40.0)] * 3, indexing="ij"), axis=-1)
OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = Rotation.from_euler("xyz", (12, -20, 31), degrees=True).as_matrix() @ np.diag(
    (1.5, 2.0, 2.5)
)
OBLIQUE[:3, 3] = (-31.0, 12.0, 500.0)


def ball(centre, radius):
    return ((GRID - centre) ** 2).sum(axis=-1) <= radius**2


def solid(surface):
    return trimesh.Trimesh(surface.vertices, surface.faces, process=False)


@pytest.mark.parametrize("radius", [5.0, 9.0, 16.0])
def test_a_ball_has_its_radius_and_its_volume(radius):
    centre = np.array([19.7, 20.2, 19.4])
    mask = ball(centre, radius)
    surface = mask_surface(mask, np.eye(4))
    away = np.linalg.norm(surface.vertices - centre, axis=1) - radius
    assert abs(away.mean()) < 0.03
    assert np.sqrt((away**2).mean()) < 0.12
    assert surface.volume_mm3 == pytest.approx(mask.sum(), rel=0.025 if radius < 9 else 0.012)
    assert solid(surface).is_watertight


def test_an_ellipsoid_on_oblique_coarse_voxels_lies_where_it_is():
    """Semi-axes of 9, 12 and 15 mm along x, y, z; voxels of 1.5, 2 and 2.5 mm turned in space."""
    axes, centre = np.array([9.0, 12.0, 15.0]), transform_points(OBLIQUE, np.array([19.5, 19.5, 19.5]))
    mask = (((transform_points(OBLIQUE, GRID) - centre) / axes) ** 2).sum(axis=-1) <= 1
    surface = mask_surface(mask, OBLIQUE)
    scaled = np.linalg.norm((surface.vertices - centre) / axes, axis=1)
    assert abs(scaled.mean() - 1) < 0.01
    assert np.abs(scaled - 1).max() < 0.13
    assert surface.volume_mm3 == pytest.approx(4 / 3 * np.pi * axes.prod(), rel=0.02)


def test_a_box_keeps_its_faces_and_loses_its_edges_only():
    mask = np.zeros((40, 40, 40), bool)
    mask[5:35, 10:30, 10:20] = True
    surface = mask_surface(mask, np.eye(4))
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    assert low == pytest.approx([4.5, 9.5, 9.5], abs=0.2)
    assert high == pytest.approx([34.5, 29.5, 19.5], abs=0.2)
    assert surface.volume_mm3 == pytest.approx(30 * 20 * 10, rel=0.01)


def test_without_smoothing_the_contour_of_one_voxel_is_an_octahedron():
    """Corners half a voxel away along each axis: a volume of 4/3 * 0.5 ** 3."""
    mask = np.zeros((3, 3, 3), bool)
    mask[1, 1, 1] = True
    surface = mask_surface(mask, np.diag([2.0, 3.0, 4.0, 1.0]), smoothing=0.0)
    assert len(surface.vertices) == 6
    assert surface.volume_mm3 == pytest.approx(4 / 3 * 0.125 * 24)


def test_a_speck_beside_a_bone_keeps_its_size():
    mask = ball((15, 20, 20), 8)
    mask[35, 35, 35] = True
    surface = mask_surface(mask, np.eye(4))
    speck = surface.vertices[np.linalg.norm(surface.vertices - 35, axis=1) < 2]
    assert np.ptp(speck, axis=0) == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_labels_keep_their_places_at_the_ends_of_the_volume_and_look_outwards(mirror):
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[:10], labels[10:22, 5:20] = 7, 54
    affine = OBLIQUE @ np.diag([mirror, 1, 1, 1])
    found = label_surfaces(labels, affine)
    assert list(found) == [7, 54]
    for label, surface in found.items():
        volume = (labels == label).sum() * 7.5
        assert surface.volume_mm3 == pytest.approx(volume, rel=0.02)
        centre = transform_points(affine, np.argwhere(labels == label).mean(axis=0))
        assert solid(surface).center_mass == pytest.approx(centre, abs=0.2)
    assert list(label_surfaces(labels, affine, wanted={54})) == [54]


def test_fine_grids_are_thinned_on_demand():
    labels = ball((20, 20, 20), 12).astype(np.uint8)
    fine, coarse = (label_surfaces(labels, np.eye(4), coarsest_mm=mm)[1] for mm in (None, 2.0))
    assert len(coarse.vertices) < len(fine.vertices) / 3
    assert coarse.volume_mm3 == pytest.approx(fine.volume_mm3, rel=0.03)


def test_nothing_has_no_surface_and_smoothing_is_checked():
    assert label_surfaces(np.zeros((4, 4, 4), np.uint8), np.eye(4)) == {}
    assert len(mask_surface(np.zeros((4, 4, 4), bool), np.eye(4)).faces) == 0
    with pytest.raises(ValueError, match="from 0 to 1"):
        mask_surface(np.ones((2, 2, 2), bool), np.eye(4), smoothing=2.0)


@settings(max_examples=40)
@given(mask=arrays(bool, (5, 6, 4), elements=st.booleans()), smoothing=st.sampled_from([0.0, 0.25]))
def test_any_mask_has_a_closed_surface_that_looks_outwards(mask, smoothing):
    surface = mask_surface(mask, np.eye(4), smoothing)
    if not mask.any():
        return
    assert np.isfinite(surface.vertices).all()
    edges = np.concatenate([surface.faces[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    there, back = (set(map(tuple, each)) for each in (edges, edges[:, ::-1]))
    assert there == back, "every edge is run along in both directions: closed, and of one sense"
    assert surface.volume_mm3 > 0
