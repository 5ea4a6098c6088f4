"""Pieces start where the reconstruction has their bones, as large as these are apart."""

import math

import numpy as np
import pytest
import torch

from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM
from SwinX2SLib.skeleton.initial_pose import LEAST_VOXELS, Silhouettes, starting_placement
from SwinX2SLib.skeleton.pieces import PELVIS, PELVIS_TURN

SHAPE = (32, 32, 120)
EMPTY = Silhouettes(torch.zeros(54, 32, 120), torch.zeros(54, 32, 120))
AXIS = 2


def spine(first: int, last: int, size: float, top: int = 12) -> np.ndarray:
    """Cubes of vertebrae as far apart as those of a person of that size, relative to the shapes; 2 mm voxels."""
    labels = np.zeros(SHAPE, np.uint8)
    height = float(top)
    for label in range(first, last + 1):
        middle = round(height)
        labels[13:18, 12:17, max(middle - 2, 0) : middle + 3] = label
        height += BODY_STEPS_MM[label - AXIS] * ADULT_SIZE * size / 2.0
    return labels


@pytest.mark.parametrize("size", [0.8, 1.0, 1.15])
def test_people_are_as_large_as_their_vertebrae_are_apart(size):
    placement = starting_placement(spine(17, 22, size), EMPTY, 2.0)
    assert placement.size.numpy() == pytest.approx(size, rel=0.03)
    assert [piece.labels for piece in placement.pieces] == [(label,) for label in range(17, 23)]


def test_voxels_of_another_size_make_another_person():
    placement = starting_placement(spine(17, 22, 1.0), EMPTY, 1.8)
    assert placement.size.numpy() == pytest.approx(0.9, rel=0.03)


def test_pieces_start_in_the_middle_of_their_bones():
    placement = starting_placement(spine(17, 19, 1.0), EMPTY, 2.0)
    assert placement.at_mm[0].tolist() == pytest.approx([30, 28, 24])
    assert torch.allclose(
        placement.placed_mm()[0].detach()[placement.piece == 0].mean(0), placement.at_mm[0], atol=8
    )


@pytest.mark.parametrize("end", [0, SHAPE[2] - 1])
def test_vertebrae_that_the_radiograph_cuts_are_left_out(end):
    labels = spine(17, 20, 1.0)
    labels[15, 14, end] = 17 if end == 0 else 20
    placement = starting_placement(labels, EMPTY, 2.0)
    assert [piece.labels[0] for piece in placement.pieces] == ([18, 19, 20] if end == 0 else [17, 18, 19])


def test_specks_and_bones_without_a_shape_do_not_start():
    labels = spine(17, 19, 1.0)
    labels[2:8, 2:8, 50:60] = 26
    labels[24:30, 2, 100 : 100 + LEAST_VOXELS // 6] = 24
    placement = starting_placement(labels, EMPTY, 2.0)
    assert [piece.labels[0] for piece in placement.pieces] == [17, 18, 19]


def test_fewer_than_two_distances_say_nothing_of_the_size():
    assert starting_placement(spine(17, 18, 1.3), EMPTY, 2.0).size.tolist() == [1.0, 1.0]


def test_where_there_is_no_bone_nothing_starts():
    assert starting_placement(np.zeros(SHAPE, np.uint8), EMPTY, 2.0) is None
    one_hip = np.zeros(SHAPE, np.uint8)
    one_hip[4:12, 4:12, 60:80] = 51
    assert starting_placement(one_hip, EMPTY, 2.0) is None


def test_a_pelvis_starts_where_its_silhouettes_put_it(pelvis, fill, outline, distance_mm):
    true = pelvis(math.radians(15))
    bones = fill(true, (75, 54, 63), 4.0)
    labels = np.zeros((75, 54, 63), np.uint8)
    for label, bone in bones.items():
        labels[bone > 0.5] = label
    placement = starting_placement(labels, outline(bones), 4.0)
    assert [piece.labels for piece in placement.pieces] == [PELVIS]
    assert distance_mm(placement, true) < 8
    assert float(placement.turn[0, 2].detach()) * PELVIS_TURN == pytest.approx(
        math.radians(15), abs=math.radians(4)
    )
