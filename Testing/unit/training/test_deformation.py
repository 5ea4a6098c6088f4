"""People are changed as joints, ribs and pelves allow: sides, order, volumes and pieces stay."""

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from SwinX2SLib.anatomy import CLASS_COUNT, label_ids, labels
from SwinX2SLib.skeleton.spine_alignment import FEWEST_SEGMENTS, LEVELS, alignment_table, bend_by, random_bend
from SwinX2SLib.skeleton.spine_alignment import LIMIT_DEG as LEAN_LIMIT_DEG
from SwinX2SLib.training.synthesis.deformation import (
    LIMIT_DEG,
    Chest,
    DeformationLimits,
    enlarge,
    femur_motion,
    random_chest,
    random_motion,
    source_coordinates,
)
from SwinX2SLib.training.synthesis.pelvis_shape import REACH_MM
from SwinX2SLib.training.synthesis.subjects import Person
from SwinX2SLib.training.synthesis.views import whole_view

ID = {label.name: label.id for label in labels()}
EVERYTHING = np.ones(CLASS_COUNT, dtype=bool)
ANATOMY_ONLY = DeformationLimits(0, 0, 0, 0, 0, 0, full_view=1.0, anatomical=1.0)


def warped(person: Person, change) -> np.ndarray:
    """The person on its own grid after one change, by its way back."""
    index = np.stack(np.indices(person.labels.shape)).reshape(3, -1).T
    back = change(index * person.spacing_mm) / person.spacing_mm
    found = ndimage.map_coordinates(person.labels, back.T, order=0, mode="constant")
    return found.reshape(person.labels.shape)


def centre(volume: np.ndarray, label: int) -> np.ndarray:
    return np.argwhere(volume == label).mean(0)


def test_joints_lie_where_the_phantom_has_them(phantom, joints):
    to_index = np.linalg.inv(phantom.affine)
    assert [hip.side for hip in joints.hips] == [1, -1]
    for hip in joints.hips:
        truth = phantom.truth.femora["left" if hip.side > 0 else "right"].head_centre
        expected = (to_index @ [*truth, 1])[:3] * 3.0
        np.testing.assert_allclose(hip.centre_mm, expected, atol=4.0)
    body = (to_index @ [*phantom.truth.vertebrae["vertebrae_L3"].body_centre, 1])[:3] * 3.0
    np.testing.assert_allclose(joints.spine_mm[ID["vertebrae_L3"] - 1], body, atol=5.0)


@pytest.mark.parametrize("side", [1, -1])
def test_abduction_moves_the_femur_outwards_flexion_forwards_and_leaves_the_pelvis(person, joints, side):
    hip = next(h for h in joints.hips if h.side == side)
    femur, pelvis = (ID[f"{bone}_{'left' if side > 0 else 'right'}"] for bone in ("femur", "hip"))
    other = ID[f"femur_{'right' if side > 0 else 'left'}"]
    out = warped(person, femur_motion(hip, 10, 0, 0).source)
    assert (centre(out, femur) - centre(person.labels, femur))[0] * side > 2
    front = warped(person, femur_motion(hip, 0, 10, 0).source)
    assert (centre(front, femur) - centre(person.labels, femur))[1] < -2, "axis 1 runs to the back"
    for moved in (out, front):
        assert (moved[person.labels == other] == other).mean() > 0.99
        assert (moved[person.labels == pelvis] == pelvis).mean() > 0.85
        kept = (moved == femur).sum() / (person.labels == femur).sum()
        assert 0.85 < kept < 1.15


def test_outward_rotation_turns_the_front_of_the_femur_outwards(joints):
    for hip in joints.hips:
        motion = femur_motion(hip, 0, 0, 20)
        front = np.array([0.0, -1.0, 0.0])
        # `turn` leads back to the femur as it was; its transpose is the motion.
        assert (motion.turn.T @ front)[0] * hip.side > 0.3


def test_random_femur_motions_stay_within_their_limits(joints):
    rng = np.random.default_rng(0)
    largest = np.linalg.norm(np.abs(LIMIT_DEG).max(1))
    for _ in range(200):
        turn = random_motion(joints.hips[0], rng).turn
        assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) <= largest + 1
        assert np.linalg.det(turn) == pytest.approx(1)


def test_a_bend_leans_the_spine_as_asked_and_turns_vertebrae_with_it():
    spine = np.stack([np.full(LEVELS, 150.0), np.full(LEVELS, 150.0), 40 + 22.0 * np.arange(LEVELS)], axis=-1)
    heights = (spine[1:, 2] + spine[:-1, 2]) / 2
    lean = np.radians(8)
    bend = bend_by(spine, heights, np.tile([0.0, lean], (len(heights), 1)))
    # Where a straight spine went: points whose source is the old axis.
    lower, upper = (bend.course_mm[int((z - bend.start_mm) / 2)] for z in (450.0, 250.0))
    assert (lower - upper)[1] / 200 == pytest.approx(np.tan(lean), rel=0.05)
    # A point in front of the spine (smaller y) comes from further up: the front of the vertebra went down.
    course = bend.course_mm[int((350.0 - bend.start_mm) / 2)]
    points = np.array([[*course, 350.0], [course[0], course[1] - 15.0, 350.0]])
    axis, front = bend.source(points)
    assert axis[2] == pytest.approx(350.0, abs=0.1)
    assert (axis - front)[2] / 15.0 == pytest.approx(np.sin(lean), rel=0.1)
    np.testing.assert_allclose(axis[:2], 150.0, atol=0.5)


def test_random_bends_come_nearer_to_real_spines_and_never_lean_beyond_the_limit(joints):
    mean, _ = alignment_table()
    straight = joints.spine_mm.copy()
    straight[:, :2] = joints.spine_mm[:, :2].mean(0)
    for seed in range(40):
        bend = random_bend(straight, np.random.default_rng(seed))
        assert np.degrees(np.abs(bend.lean_rad).max()) <= LEAN_LIMIT_DEG + 1e-6
    leans = [random_bend(straight, np.random.default_rng(s)) for s in range(40)]
    at = [
        [
            np.interp(straight[v, 2], b.start_mm + 2 * np.arange(len(b.lean_rad)), b.lean_rad[:, 1])
            for v in (9, 20)
        ]
        for b in leans
    ]
    thoracic, lumbar = np.mean(at, axis=0)
    assert mean[9, 1] > 0 > mean[20, 1], "a kyphosis above a lordosis"
    assert thoracic > np.radians(3) > np.radians(-3) > lumbar


def test_too_little_of_a_spine_is_not_bent():
    spine = np.full((LEVELS, 3), np.nan)
    spine[:FEWEST_SEGMENTS] = [[0, 0, 20 * i] for i in range(FEWEST_SEGMENTS)]
    assert random_bend(spine, np.random.default_rng(0)) is None
    assert random_chest(spine, np.random.default_rng(0)) is None


def test_the_chest_changes_and_the_spine_does_not(person, joints):
    thoracic = joints.spine_mm[7:19]
    wide = warped(person, Chest(thoracic, 0.15, 0.0, 0.0).source)
    ribs = [ID[f"rib_{side}_6"] for side in ("left", "right")]

    def width(volume):
        x = np.argwhere(np.isin(volume, ribs))[:, 0]
        return x.max() - x.min()

    assert width(wide) > 1.03 * width(person.labels)
    vertebra = ID["vertebrae_T6"]
    kept = (wide == vertebra) & (person.labels == vertebra)
    assert kept.sum() > 0.93 * (person.labels == vertebra).sum()
    sloped = warped(person, Chest(thoracic, 0.0, 0.0, 0.15).source)
    for rib in ribs:
        tip = np.argwhere(person.labels == rib)[:, 1].min() + 3
        before, after = (
            np.argwhere(v == rib)[np.argwhere(v == rib)[:, 1] <= tip][:, 2].mean()
            for v in (person.labels, sloped)
        )
        assert after > before + 1, "the front of the rib went down"


def test_pelvic_modes_change_the_pelvis_smoothly_and_nothing_far_from_it(joints):
    field = joints.pelvis
    assert field is not None
    weights = np.full(len(field.modes), 1.0)
    low = joints.bones_mm[ID["hip_left"]][0]
    moved = field.displacement(np.array([low + 30.0, low - [0, 0, 4 * REACH_MM]]), weights)
    assert 0.2 < np.linalg.norm(moved[0]) < 25
    assert not moved[1].any()
    for part in np.gradient(
        np.tensordot(weights.astype(np.float32), field.modes, axes=1), 10.0, axis=(1, 2, 3)
    ):
        assert np.abs(part).max() < 0.9, "no fold"


def test_all_anatomical_changes_keep_sides_order_volumes_and_pieces(person, joints):
    grid = person.labels.shape
    for seed in range(3):
        rng = np.random.default_rng(seed)
        view = whole_view(np.array(grid) * person.spacing_mm, grid)
        coarse = source_coordinates(view, joints, grid, person.spacing_mm, ANATOMY_ONLY, rng)
        index = enlarge(coarse, grid).numpy()
        found = ndimage.map_coordinates(person.labels, index, order=0, mode="constant")
        shape = Person("", found, np.full(3, view.spacing_mm), EVERYTHING)
        for bone in ("rib", "femur", "hip"):
            suffix = "_6" if bone == "rib" else ""
            left, right = (centre(found, ID[f"{bone}_{side}{suffix}"])[0] for side in ("left", "right"))
            assert left > right
        heights = [centre(found, v)[2] for v in label_ids("spine") if v in shape.boxes]
        assert heights == sorted(heights)
        for label in (*label_ids("spine"), *label_ids("pelvis"), *label_ids("femur")):
            if label not in person.boxes or person.volumes_mm3[label] < 20_000:
                continue
            assert 0.6 < shape.volumes_mm3[label] / person.volumes_mm3[label] < 1.6
            pieces, count = ndimage.label(found == label, np.ones((3, 3, 3)))
            sizes = np.bincount(pieces.ravel())[1:]
            assert count == 1 or sizes.max() > 0.97 * sizes.sum()


def test_without_any_limit_the_whole_view_gives_the_person_back(person, joints):
    still = dataclasses.replace(ANATOMY_ONLY, anatomical=0.0)
    grid = person.labels.shape
    view = whole_view(np.array(grid) * person.spacing_mm, grid)
    coarse = source_coordinates(view, joints, grid, person.spacing_mm, still, np.random.default_rng(0))
    index = np.round(enlarge(coarse, grid).numpy()).astype(int)
    np.testing.assert_array_equal(index, np.indices(grid))
