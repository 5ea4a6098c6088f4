"""Bones that move carry their places with them, and values move as geometry says."""

import dataclasses
import json

import numpy as np
import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.io.volumes import write_volume
from SwinX2SLib.measurements.bone_motions import BoneMotions, bone_motion, in_frame
from SwinX2SLib.measurements.bones import bones_from_labels
from SwinX2SLib.measurements.measure import measure, measure_subject
from SwinX2SLib.measurements.motion_intervals import with_motion_intervals
from SwinX2SLib.phantom import build_phantom
from SwinX2SLib.report.measurements.write import MeasureJob, run_measuring

COUNT = 20


@pytest.fixture(scope="module")
def phantom():
    return build_phantom(spacing_mm=3.0)


@pytest.fixture(scope="module")
def bones(phantom):
    return bones_from_labels(phantom.labels, phantom.affine)


@pytest.fixture(scope="module")
def measured(bones):
    return measure_subject(bones, ("femur", "pelvis", "spine"))


def still(bones) -> np.ndarray:
    return np.tile(np.eye(3, 4), (COUNT, len(bones), 1, 1)).astype(np.float32)


def by_name(measured, name, side=None):
    return next(one for ones in measured.values() for one in ones if one.name == name and one.side == side)


def about(axis: np.ndarray, angle_rad: float, centre: np.ndarray) -> np.ndarray:
    """Affine map of a rotation about an axis through a point (Rodrigues)."""
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * cross @ cross
    return np.column_stack([turn, centre - turn @ centre])


def test_where_no_bone_moves_intervals_are_points(measured, bones):
    found = with_motion_intervals(measured, bones, BoneMotions(tuple(bones), still(bones)))
    for name, side in (("neck_shaft_angle", "left"), ("pelvic_incidence", None), ("lumbar_lordosis", None)):
        one = by_name(found, name, side)
        assert one.interval == pytest.approx((one.value, one.value), abs=1e-3)


def test_the_interval_of_an_angle_is_as_wide_as_the_sacrum_rocks(measured, bones):
    """Turning the sacrum about the hip axis turns the endplate and moves it: incidence stays, tilt moves."""
    heads = by_name(measured, "pelvic_incidence").landmarks
    left, right = (
        next(m for m in heads if m.name.endswith(side)).position_ras_mm for side in ("left", "right")
    )
    axis, middle = (right - left) / np.linalg.norm(right - left), (left + right) / 2
    angles = np.radians(np.linspace(-6, 6, COUNT))
    matrices = still(bones)
    matrices[:, list(bones).index("sacrum")] = [about(axis, angle, middle) for angle in angles]
    found = with_motion_intervals(measured, bones, BoneMotions(tuple(bones), matrices))
    tilt, incidence = by_name(found, "pelvic_tilt"), by_name(found, "pelvic_incidence")
    low, high = np.percentile(np.degrees(angles), [5, 95])
    assert tilt.interval == pytest.approx((tilt.value + low, tilt.value + high), abs=0.05)
    assert incidence.interval == pytest.approx((incidence.value, incidence.value), abs=0.05)


def test_a_person_of_another_size_has_longer_distances_and_the_same_angles(measured, bones):
    scales = np.linspace(0.9, 1.1, COUNT)
    matrices = np.stack([np.tile(s * np.eye(3, 4), (len(bones), 1, 1)) for s in scales]).astype(np.float32)
    found = with_motion_intervals(measured, bones, BoneMotions(tuple(bones), matrices))
    width, angle = by_name(found, "inter_asis_width"), by_name(found, "neck_shaft_angle", "right")
    low, high = np.percentile(scales, [5, 95])
    assert width.interval == pytest.approx((low * width.value, high * width.value), rel=1e-3)
    assert angle.interval == pytest.approx((angle.value, angle.value), abs=1e-2)


def test_vertebrae_move_alone_between_their_neighbours(measured, bones):
    """A slip of L4 against L5 follows the movement of L4 to the front, millimetre by millimetre."""
    matrices = still(bones)
    steps = np.linspace(-4, 4, COUNT)
    matrices[:, list(bones).index("vertebrae_L4"), 1, 3] = steps
    found = with_motion_intervals(measured, bones, BoneMotions(tuple(bones), matrices))
    slip, other = by_name(found, "listhesis_L4_L5"), by_name(found, "listhesis_L1_L2")
    assert np.ptp(slip.interval) == pytest.approx(np.ptp(np.percentile(steps, [5, 95])), rel=0.15)
    assert np.ptp(other.interval) < 0.05


def test_what_the_samples_leave_open_by_more_than_five_millimetres_or_degrees_is_not_good(measured, bones):
    """The left hip moves sideways by 2 and by 20 mm: the width of the spines varies as much, their places too."""
    for reach_mm, is_open in ((2.0, False), (20.0, True)):
        matrices = still(bones)
        matrices[:, list(bones).index("hip_left"), 0, 3] = np.linspace(-reach_mm, reach_mm, COUNT)
        found = with_motion_intervals(measured, bones, BoneMotions(tuple(bones), matrices))
        width = by_name(found, "inter_asis_width")
        assert ("Its interval is wider than 10 mm." in width.reasons) == is_open
        assert (width.quality == by_name(measured, "inter_asis_width").quality) or is_open
        (place,) = (
            one for ones in found.values() for one in ones if (one.name, one.side) == ("asis", "left")
        )
        assert ("Its place is uncertain by more than 5 mm." in place.reasons) == is_open
        (other,) = (
            one for ones in found.values() for one in ones if (one.name, one.side) == ("asis", "right")
        )
        assert not any("open" in reason for reason in other.reasons)


def test_without_samples_there_is_no_interval(measured, bones):
    found = with_motion_intervals(measured, bones, BoneMotions.none())
    assert all(one.interval is None for ones in found.values() for one in ones)
    assert {region: len(ones) for region, ones in found.items()} == {
        region: len(ones) for region, ones in measured.items()
    }


def test_an_object_with_motions_is_measured_with_intervals(phantom, bones):
    with_samples = dataclasses.make_dataclass("Found", ["labels", "affine", "motions"])
    source = with_samples(phantom.labels, phantom.affine, BoneMotions(tuple(bones), still(bones)))
    low, high = by_name(measure(source, only="femur"), "head_radius", "left").interval
    assert high - low < 0.01


def test_the_affine_map_of_a_bone_is_found_from_its_vertices_and_can_be_exaggerated():
    rng = np.random.default_rng(1)
    before = rng.normal(size=(60, 3)) * 30 + [100, 20, -300]
    matrix, shift = np.eye(3) + rng.normal(size=(3, 3)) / 20, rng.normal(size=3) * 5
    after = before @ matrix.T + shift
    found = bone_motion(before, after)
    np.testing.assert_allclose(found, np.column_stack([matrix, shift]), atol=1e-8)
    twice = bone_motion(before, after, 2.0)
    np.testing.assert_allclose(before @ twice[:, :3].T + twice[:, 3], 2 * after - before, atol=1e-6)


def test_a_map_in_another_frame_moves_the_same_points():
    rng = np.random.default_rng(2)
    frame = np.diag([-2.0, -2.0, -2.0, 1.0])
    frame[:3, 3] = [50, 60, 70]
    maps = rng.normal(size=(4, 2, 3, 4))
    found = in_frame(maps, frame)
    point = np.array([3.0, 4.0, 5.0, 1.0])
    moved = frame[:3] @ np.append(maps[1, 1] @ point, 1)
    np.testing.assert_allclose(found[1, 1] @ (frame @ point), moved)


def test_samples_come_back_from_their_file_and_damaged_ones_are_refused_in_words(tmp_path, bones):
    path = tmp_path / "skeleton_samples.npz"
    motions = BoneMotions(tuple(bones), still(bones))
    motions.write(path)
    back = BoneMotions.read(path)
    assert back.bones == motions.bones
    np.testing.assert_array_equal(back.matrices, motions.matrices)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"skeleton_samples\.npz.*Reconstruct again"):
        BoneMotions.read(path)
    np.savez(path, bones=np.array(["femur_left"]), matrices=np.zeros((2, 3, 3, 4)))
    with pytest.raises(InputError, match="one map for each bone"):
        BoneMotions.read(path)


def test_a_result_is_measured_with_the_intervals_of_its_samples(tmp_path, phantom, bones):
    result = tmp_path / "result"
    result.mkdir()
    write_volume(result / "labels.nii.gz", phantom.labels, phantom.affine, "RAS")
    matrices = still(bones)
    matrices[:, list(bones).index("femur_left"), 0, 3] = np.linspace(-3, 3, COUNT)
    BoneMotions(tuple(bones), matrices).write(result / "skeleton_samples.npz")
    job = MeasureJob(result, tmp_path / "out", only=("femur",), with_page=False)
    written = run_measuring(job)
    document = json.loads(written["measurements"].read_text(encoding="utf-8"))
    assert document["provenance"]["intervals"]["samples"] == COUNT
    lengths = {
        one["side"]: one["interval"] for one in document["measurements"] if one["name"] == "head_radius"
    }
    assert all(interval is not None for interval in lengths.values())
    (result / "skeleton_samples.npz").write_bytes(b"broken")
    with pytest.raises(InputError, match="samples of the skeleton cannot be read"):
        run_measuring(dataclasses.replace(job, out=tmp_path / "other"))
    assert not (tmp_path / "other").exists()
