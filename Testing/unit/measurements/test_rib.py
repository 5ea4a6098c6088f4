"""Ribs against the phantom's centrelines, in pieces, cut, and mirrored; distances between lines by hand."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from SwinX2SLib.evaluation.evaluate import line_segment_chamfer_mm, normalised_line_dice
from SwinX2SLib.measurements.bones import bone_from_mesh, bones_from_labels
from SwinX2SLib.measurements.crosschecks import unlike_other_ribs
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.rib import mean_curvature, measure_ribs
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, build_phantom

SPACING_MM = 2.6
SIDES = ("left", "right")


@pytest.fixture(scope="module")
def chest():
    return build_phantom(PhantomParameters(), SPACING_MM)


@pytest.fixture(scope="module")
def bones(chest):
    names = tuple(chest.truth.ribs) + tuple(f"vertebrae_T{number}" for number in range(1, 13))
    return bones_from_labels(chest.labels, chest.affine, names)


def lengths(measurements):
    return {m.structure: m for m in measurements if m.name == "rib_length"}


def test_every_centreline_lies_on_the_truth_and_runs_from_the_vertebra(chest, bones):
    found = lengths(measure_ribs(bones))
    assert len(found) == 24
    for name, truth in chest.truth.ribs.items():
        line = found[name].curves[0].points_ras_mm
        assert line_segment_chamfer_mm(line, truth) < 1.2
        assert normalised_line_dice(line, truth) > 0.97
        assert np.linalg.norm(line[0] - truth[0]) < np.linalg.norm(line[0] - truth[-1])
        length = np.linalg.norm(np.diff(truth, axis=0), axis=1).sum()
        assert found[name].value == pytest.approx(length + 8, abs=9)  # the bone's ends reach beyond its line


def test_without_vertebrae_the_upper_end_is_the_vertebral_one(chest, bones):
    ribs = {name: bone for name, bone in bones.items() if name.startswith("rib")}
    for name, measurement in lengths(measure_ribs(ribs)).items():
        line, truth = measurement.curves[0].points_ras_mm, chest.truth.ribs[name]
        assert np.linalg.norm(line[0] - truth[0]) < np.linalg.norm(line[0] - truth[-1])


def test_a_rib_in_pieces_keeps_its_line(chest):
    labels = chest.labels.copy()
    label = bones_from_labels(labels, chest.affine, ("rib_left_7",))["rib_left_7"].label
    voxels = np.argwhere(labels == label)
    gone = voxels[np.abs(voxels[:, 2] - np.median(voxels[:, 2])) < 1]
    labels[tuple(gone.T)] = 0
    broken = bones_from_labels(labels, chest.affine, ("rib_left_7", "vertebrae_T7"))
    found = lengths(measure_ribs(broken))["rib_left_7"]
    truth = chest.truth.ribs["rib_left_7"]
    assert found.curves
    assert line_segment_chamfer_mm(found.curves[0].points_ras_mm, truth) < 2.0


def test_a_rib_that_the_radiograph_cuts_has_no_length_but_keeps_what_is_seen(chest):
    truth = chest.truth.ribs["rib_right_6"]
    lower, upper = truth.min(axis=0) - 20, truth.max(axis=0) + 20
    lower[1] = truth[:, 1].mean()
    cut = build_phantom(PhantomParameters(), SPACING_MM, FieldOfView(tuple(lower), tuple(upper)))
    bones = bones_from_labels(cut.labels, cut.affine, ("rib_right_6",))
    found = lengths(measure_ribs(bones))["rib_right_6"]
    assert found.quality == "absent"
    assert "cut off by the field of view" in found.reasons[0]
    assert len(found.curves[0].points_ras_mm) > 10


def test_a_mirrored_rib_has_the_mirrored_line(bones):
    mirror = np.array([-1.0, 1.0, 1.0])
    pairs = []
    for name in ("rib_left_5", "rib_right_5"):
        bone = bones[name]
        mesh = bone_from_mesh(name, bone.vertices_ras_mm * mirror, bone.faces[:, ::-1])
        pairs.append((lengths(measure_ribs({name: bone}))[name], lengths(measure_ribs({name: mesh}))[name]))
    for before, after in pairs:
        line, image = before.curves[0].points_ras_mm, after.curves[0].points_ras_mm
        assert line_segment_chamfer_mm(line * mirror, image) < 0.5


def test_the_curvature_of_an_arc_is_one_over_its_radius():
    angle = np.linspace(0, 2.5, 400)
    arc = 80 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    assert mean_curvature(arc) == pytest.approx(1000 / 80, rel=0.02)
    assert mean_curvature(np.linspace([0, 0, 0], [100, 0, 0], 50)) == pytest.approx(0, abs=1e-6)


def test_distances_between_parallel_lines_are_their_distance():
    line = np.linspace([0, 0, 0], [100, 0, 0], 3)
    assert line_segment_chamfer_mm(line, line + np.array([0, 3, 0])) == pytest.approx(3)
    assert normalised_line_dice(line, line + np.array([0, 3, 0])) == 1
    assert normalised_line_dice(line, line + np.array([0, 6, 0])) == 0
    half = np.array([[0, 0, 0], [50.0, 0, 0]])
    # 51 of its own points and, of the longer line's 101, those up to 50 + 5 mm.
    assert normalised_line_dice(half, line) == pytest.approx((51 + 56) / (51 + 101))


def test_a_line_needs_two_points():
    with pytest.raises(ValueError, match="two finite points"):
        normalised_line_dice(np.zeros((1, 3)), np.zeros((2, 3)))


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_half_a_millimetre_bends_no_rib_by_a_seventh(seed):
    angle = np.linspace(0, 2.6, 260)
    arc = 100 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    noise = gaussian_filter1d(np.random.default_rng(seed).normal(size=arc.shape), 4, axis=0)
    noisy = arc + 0.5 * noise / noise.std()
    assert mean_curvature(noisy) == pytest.approx(10.0, rel=0.15)
    assert mean_curvature(noisy, 12.0) > 11.5


def rib(side, number, length):
    name = f"rib_{side}_{number}"
    return [
        Measurement("rib_length", name, side, length, "mm"),
        Measurement("rib_curvature", name, side, 12.0, "1/m"),
    ]


def test_a_rib_shorter_than_its_fellow_and_neighbours_is_told_and_a_last_stump_is_not():
    lengths = {number: 300.0 - 8 * (number - 7) ** 2 for number in range(4, 12)} | {12: 90.0}
    ribs = [one for number, length in lengths.items() for side in SIDES for one in rib(side, number, length)]
    assert not unlike_other_ribs(ribs)
    cut = [one for one in ribs if one.structure not in ("rib_left_7", "rib_right_12")]
    cut += rib("left", 7, 200.0) + rib("right", 12, 60.0)
    found = unlike_other_ribs(cut)
    assert {("rib_left_7", "rib_length"), ("rib_left_7", "rib_curvature")} <= set(found)
    assert ("rib_right_12", "rib_length") not in found
    assert "68%" in found["rib_left_7", "rib_length"][0]
