"""A bone taken from voxels is the bone: its size, its place, its pieces, and where the field of view cuts it."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from SwinX2SLib.anatomy import labels
from SwinX2SLib.geometry.frames import network_affine, transform_points
from SwinX2SLib.measurements import bone_from_mesh, bones_from_labels

FEMUR = next(label.id for label in labels() if label.name == "femur_left")


def ball(radius, shape, centre):
    index = np.moveaxis(np.indices(shape), 0, -1)
    return (np.linalg.norm(index - np.asarray(centre), axis=-1) <= radius).astype(np.uint8) * FEMUR


@pytest.mark.parametrize("radius", [5.0, 9.3, 17.7])
def test_the_surface_of_a_voxel_ball_has_its_radius_and_centre(radius):
    rng = np.random.default_rng(int(radius))
    for _ in range(4):
        centre = 22 + rng.uniform(-0.5, 0.5, 3)
        affine = network_affine(2.6, (45, 45, 45))
        bone = bones_from_labels(ball(radius, (45, 45, 45), centre), affine)["femur_left"]
        place = transform_points(affine, centre)
        radii = np.linalg.norm(bone.vertices_ras_mm - place, axis=1) / 2.6
        assert abs(radii.mean() - radius) < 0.1
        assert np.abs(radii - radius).max() < 0.6
        assert np.linalg.norm(bone.vertices_ras_mm.mean(axis=0) - place) < 0.15 * 2.6
        normals = np.cross(
            *(bone.vertices_ras_mm[bone.faces[:, i]] - bone.vertices_ras_mm[bone.faces[:, 0]] for i in (1, 2))
        )
        outwards = bone.vertices_ras_mm[bone.faces].mean(axis=1) - place
        assert ((normals * outwards).sum(axis=1) > 0).mean() > 0.99
        assert not bone.cut


def test_faces_of_the_field_of_view_that_cut_a_bone_are_named():
    affine = network_affine(2.0, (40, 40, 40))  # indices run to the left, to the back and downwards
    low = bones_from_labels(ball(8, (40, 40, 40), (20, 20, 36)), affine)["femur_left"]
    assert low.cut == ("inferior",)
    right = bones_from_labels(ball(8, (40, 40, 40), (3, 3, 20)), affine)["femur_left"]
    assert right.cut == ("anterior", "right")


def three_vertebrae(shape, size):
    """Three vertebrae that end at the same voxel of the second axis, and padding beyond."""
    ids = [next(label.id for label in labels() if label.name == f"vertebrae_L{n}") for n in (1, 2, 3)]
    volume = np.zeros(shape, np.uint8)
    index = np.moveaxis(np.indices(shape), 0, -1)
    for place, label in enumerate(ids):
        volume[np.linalg.norm(index - (20, 20, 12 + 18 * place), axis=-1) <= size] = label
    return volume


def test_a_padded_volume_cuts_where_several_bones_end_in_one_full_layer():
    affine = network_affine(2.0, (40, 40, 60))
    whole = three_vertebrae((40, 40, 60), 7.6)
    assert all(bone.cut == () for bone in bones_from_labels(whole, affine).values())
    whole[:, 23:] = 0
    assert {bone.cut for bone in bones_from_labels(whole, affine).values()} == {("posterior",)}
    alone = np.where(whole == whole.max(), whole, 0)
    assert all(bone.cut == () for bone in bones_from_labels(alone, affine).values())


def test_near_pieces_are_kept_and_far_or_small_ones_left_out():
    near = ball(8, (60, 60, 60), (20, 20, 20)) | ball(5, (60, 60, 60), (20, 20, 36))
    volume = near | ball(5, (60, 60, 60), (50, 50, 50)) | ball(1, (60, 60, 60), (20, 32, 20))
    bone = bones_from_labels(volume, np.eye(4))["femur_left"]
    assert bone.voxel_count == np.count_nonzero(near)
    assert 0.75 < bone.kept_fraction < 0.9


def test_a_hole_within_a_bone_is_filled():
    volume = ball(12, (40, 40, 40), (20, 20, 20))
    volume[18:22, 18:22, 18:22] = 0
    bone = bones_from_labels(volume, np.eye(4))["femur_left"]
    assert bone.voxel_count == np.count_nonzero(ball(12, (40, 40, 40), (20, 20, 20)))


def test_a_single_voxel_is_a_bone_and_an_empty_volume_has_none():
    volume = np.zeros((9, 9, 9), np.int16)
    assert bones_from_labels(volume, np.eye(4)) == {}
    volume[4, 4, 4], volume[2, 2, 2] = FEMUR, 99
    bones = bones_from_labels(volume, np.eye(4))
    assert list(bones) == ["femur_left"]
    assert bones["femur_left"].voxel_count == 1


def test_a_mesh_is_turned_outwards_and_freed_of_loose_pieces():
    bone = bones_from_labels(ball(9, (40, 40, 40), (20, 20, 20)), np.eye(4))["femur_left"]
    inside_out = np.concatenate([bone.faces[:, ::-1], bone.faces[:, ::-1] + len(bone.vertices_ras_mm)])
    vertices = np.concatenate([bone.vertices_ras_mm, bone.vertices_ras_mm * 0.5 + 100])
    again = bone_from_mesh("femur_left", vertices, inside_out)
    assert len(again.vertices_ras_mm) == len(bone.vertices_ras_mm)
    assert again.volume_mm3 == pytest.approx(4 / 3 * np.pi * 9**3, rel=0.02)
    assert again.kept_fraction == pytest.approx(0.8)


def test_a_mesh_without_faces_or_with_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="no faces"):
        bone_from_mesh("femur_left", np.zeros((3, 3)), np.zeros((0, 3)))
    with pytest.raises(ValueError, match="not the name"):
        bone_from_mesh("fibula", np.zeros((3, 3)), np.zeros((1, 3)))


@pytest.mark.parametrize("turn", [(0, 0, 0), (25, 0, 0), (0, 40, 0), (30, -20, 15), (60, 0, 0), (0, 75, 30)])
def test_what_the_faces_of_an_oblique_volume_cut_is_cut_there(turn):
    """The same voxels, whichever way the volume lies: near the face, all over it, and nowhere else."""
    mask = np.zeros((40, 40, 20), np.uint8)
    mask[5:35, 5:35, :12] = 20
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", turn, degrees=True).as_matrix() * 2.0
    bone = bones_from_labels(mask, affine)["vertebrae_L1"]
    assert len(bone.cut) == 1
    for corner in ((6, 6), (6, 33), (33, 6), (33, 33), (20, 20)):
        assert bone.cut_near([transform_points(affine, np.array([*corner, 0.5]))], 3.0)
        assert not bone.cut_near([transform_points(affine, np.array([*corner, 8.0]))], 3.0)
