"""Derivatives of the posed skeleton equal finite differences; normals point outwards; offsets move one bone."""

import numpy as np
import pytest
import torch

from SwinX2SLib.skeleton.model import PARTS, skeleton_model
from SwinX2SLib.skeleton.posing import OFFSET_COUNT, SHARED_COUNT, PosedSkeleton, bone_of_vertex

LABELS = (1, 5, 20, 50, 51, 52, 53, 54, 26, 30, 45, 49)


@pytest.fixture(scope="module")
def posed() -> PosedSkeleton:
    generator = torch.Generator().manual_seed(3)
    weights = {name: 0.5 * torch.randn(shape, generator=generator) for name, shape in PARTS.items()}
    return PosedSkeleton(weights, 0.3 * torch.randn(7, generator=generator))


@pytest.mark.parametrize("label", LABELS)
def test_shared_weights_and_pose_move_vertices_as_finite_differences_do(posed, label):
    rng, part = np.random.default_rng(label), skeleton_model().slices[label]
    vertex, direction = rng.integers(part.start, part.stop, 5), rng.normal(size=(5, 3))
    state = posed.state()
    factors, matrix = state.shared_factors(vertex, direction, label)
    rows = factors @ matrix
    columns = np.concatenate([rng.choice(SHARED_COUNT, 40, replace=False), SHARED_COUNT + np.arange(7)])
    step = 0.02
    for column in columns:
        moved = []
        for sign in (-1, 1):
            changed, vector = posed.copy(), posed.shared.clone()
            vector[column] += sign * step
            changed.shared = vector
            moved.append(changed.points_mm()[vertex])
        found = ((moved[1] - moved[0]) * direction).sum(axis=1) / (2 * step)
        # The ribs' rings turn a little with their curves, which the derivatives leave out.
        slack = 0.05 * float(np.abs(rows[:, column]).max()) + (0.6 if 26 <= label <= 49 else 0.05)
        assert found == pytest.approx(rows[:, column], abs=slack), column


@pytest.mark.parametrize("label", [5, 51, 54, 30])
def test_what_moves_one_bone_alone_moves_it_as_finite_differences_do(posed, label):
    rng, part = np.random.default_rng(label), skeleton_model().slices[label]
    vertex, direction = rng.integers(part.start, part.stop, 5), rng.normal(size=(5, 3))
    rows, before = posed.state().own_rows(vertex, direction, label), posed.points_mm()
    values = posed.own(label)
    assert rows.shape == (5, len(values))
    for column in range(len(values)):
        changed, stepped = posed.copy(), values.clone()
        stepped[column] += 0.1
        changed.set_own(label, stepped)
        points = changed.points_mm()
        found = ((points - before)[vertex] * direction).sum(axis=1) / 0.1
        assert found == pytest.approx(rows[:, column], abs=0.03), column
        assert np.abs(points - before)[bone_of_vertex() != label].max() < 1e-4


def test_a_bone_without_local_deformation_has_shift_and_turn_alone(posed):
    assert len(posed.own(30)) == OFFSET_COUNT
    assert len(posed.own(5)) > OFFSET_COUNT


def test_normals_point_outwards(posed):
    state = posed.state()
    for label, part in skeleton_model().slices.items():
        away = state.points[part] - state.points[part].mean(axis=0)
        assert (away * state.normals[part]).sum(axis=1).mean() > 0, label


def test_a_copy_changes_alone(posed):
    before = posed.points_mm()
    other = posed.copy()
    other.offsets[0] += 5
    other.weights["size"] += 1
    assert np.array_equal(posed.points_mm(), before)


def test_a_person_twice_as_large_on_the_radiographs_is_twice_as_large(posed):
    larger = posed.copy()
    larger.pose[6] += float(np.log(2)) / 0.2
    spans = [np.linalg.norm(np.ptp(one.points_mm(), axis=0)) for one in (posed, larger)]
    assert spans[1] / spans[0] == pytest.approx(2, rel=1e-4)
    assert larger.magnification / posed.magnification == pytest.approx(2, rel=1e-5)
