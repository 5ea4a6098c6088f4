"""Clouds of points stand for the bones that they were drawn from."""

import numpy as np
import pytest

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.skeleton.bone_shapes import SPACING_MM, bone_shapes, pelvis_modes
from SwinX2SLib.skeleton.pieces import (
    HIP_LEFT,
    HIP_RIGHT,
    PELVIS,
    SACRUM,
    SHELL_MM,
    SPONGY,
    piece_drawn,
    piece_of,
    spread_modes,
)


def volume_mm3(label: int) -> float:
    return float(bone_shapes()[label].probability.sum() * SPACING_MM**3)


@pytest.mark.parametrize("label", sorted(bone_shapes()), ids=lambda label: label_by_id(label).name)
def test_points_of_a_bone_stand_for_its_volume(label):
    piece = piece_of((label,))
    assert piece.solid.sum() == pytest.approx(volume_mm3(label), rel=0.06)
    assert (piece.solid >= 0).all()
    assert len(piece.modes_mm) == 0


def test_points_of_a_bone_attenuate_as_its_shell_and_its_inside_do():
    shape = bone_shapes()[22]
    slope = np.linalg.norm(np.stack(np.gradient(shape.probability, SPACING_MM)), axis=0)
    surface_mm2, volume = slope.sum() * SPACING_MM**3, volume_mm3(22)
    assert piece_of((22,)).dense.sum() == pytest.approx(SHELL_MM * surface_mm2 + SPONGY * volume, rel=1e-3)
    assert np.ptp(piece_of((22,)).dense) == 0, "each point attenuates alike"


def test_the_middle_of_a_piece_is_the_centroid_of_its_bone():
    shape = bone_shapes()[22]
    weight = shape.probability.ravel()
    index = np.indices(shape.probability.shape).reshape(3, -1)
    exact = shape.origin_mm + SPACING_MM * (index * weight).sum(axis=1) / weight.sum()
    assert piece_of((22,)).middle_mm == pytest.approx(exact, abs=1.0)


def test_points_of_the_left_hip_lie_left_and_all_belong_to_their_bone():
    piece = piece_of(PELVIS)
    x = {label: piece.points_mm[piece.bone == number, 0] for number, label in enumerate(PELVIS)}
    assert x[HIP_LEFT].min() > -25
    assert x[HIP_RIGHT].max() < 25
    assert x[HIP_LEFT].mean() > 50 > x[SACRUM].mean() > -50 > x[HIP_RIGHT].mean()
    for number, label in enumerate(PELVIS):
        own = piece.bone == number
        assert piece.solid[own].sum() == pytest.approx(volume_mm3(label), rel=0.04)


def test_a_thinned_piece_stands_for_the_same_volume_with_fewer_points():
    piece = piece_of(PELVIS)
    thin = piece.thinned(5)
    assert len(thin.points_mm) == len(piece.points_mm) // 5
    assert thin.solid.sum() == pytest.approx(piece.solid.sum(), rel=0.05)
    assert thin.dense.sum() == pytest.approx(piece.dense.sum())
    assert thin.middle_mm == pytest.approx(piece.middle_mm, abs=3.0)
    assert thin.modes_mm.shape == (len(piece.modes_mm), len(thin.points_mm), 3)
    assert thin.labels == piece.labels


def test_points_at_a_control_move_about_as_it_does():
    modes = pelvis_modes()
    moved = spread_modes(modes, modes.controls_mm)
    assert moved.shape == modes.modes_mm.shape
    apart = np.linalg.norm(moved[0] - modes.modes_mm[0], axis=-1)
    assert np.median(apart) < 0.3 * np.median(np.linalg.norm(modes.modes_mm[0], axis=-1))


def test_points_move_no_further_than_the_controls_do():
    modes = pelvis_modes()
    points = np.random.default_rng(0).uniform(-150, 150, (200, 3))
    moved = np.linalg.norm(spread_modes(modes, points), axis=-1)
    assert bool((moved.max(axis=1) <= np.linalg.norm(modes.modes_mm, axis=-1).max(axis=1) + 1e-9).all())


def test_a_piece_drawn_lies_where_the_volume_has_it_and_is_as_large():
    volume = np.zeros((60, 60, 60), np.uint8)
    volume[10:30, 20:50, 15:35] = HIP_RIGHT
    volume[40:50, 20:40, 15:35] = SACRUM
    piece = piece_drawn((HIP_RIGHT, SACRUM), volume, 2.5)
    for number, (middle, voxels) in enumerate((((19.5, 34.5, 24.5), 12000), ((44.5, 29.5, 24.5), 4000))):
        own = piece.bone == number
        assert np.average(piece.points_mm[own], axis=0, weights=piece.solid[own]) == pytest.approx(
            2.5 * np.array(middle), abs=1.0
        )
        assert piece.solid[own].sum() == pytest.approx(voxels * 2.5**3, rel=0.05)
        # The shell of its surface, and the spongy bone within.
    sides = np.array([[20, 30, 20], [10, 20, 20]]) * 2.5
    surface_mm2 = 2 * (sides * np.roll(sides, 1, axis=1)).sum()
    assert piece.dense.sum() == pytest.approx(
        SHELL_MM * surface_mm2 + SPONGY * sides.prod(axis=1).sum(), rel=0.15
    )
    assert len(piece.modes_mm) == 0
