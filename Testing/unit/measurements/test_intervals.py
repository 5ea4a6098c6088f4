"""Intervals hold true values and those of further segmentations, and drawn volumes follow the map they come from."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from SwinX2SLib.measurements import bone_from_mesh
from SwinX2SLib.measurements.label_intervals import SPREADS, with_label_intervals
from SwinX2SLib.measurements.label_sampling import REACH_MM, interval_of, sampled_labels, with_intervals
from SwinX2SLib.measurements.measure import measure
from SwinX2SLib.measurements.pelvis import measure_pelvis
from SwinX2SLib.measurements.results import Landmark, Measurement, absent
from SwinX2SLib.phantom import FieldOfView, build_phantom

sys.path.insert(0, str(Path(__file__).parent))
from people import PELVIC, bones_of, names_of_people

UPPER_FEMORA = FieldOfView((-150.0, -80.0, -190.0), (150.0, 80.0, 40.0))
TETRAHEDRON = (
    np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]]),
    np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]),
)


def length(value, side="left", name="neck_length"):
    return Measurement(name, f"femur_{side}", side, value, "mm")


def test_few_values_give_their_range_and_many_their_percentiles():
    assert interval_of([3.0, 1.0, 2.0]) == (1.0, 3.0)
    assert interval_of(range(101)) == (5.0, 95.0)
    assert interval_of([1.0]) is None


def test_each_value_gets_the_interval_of_its_own_kind_and_side():
    own = [
        length(50.0),
        length(60.0, "right"),
        absent("anteversion", "femur_left", "left", "deg", "No knee."),
    ]
    samples = [[length(50.0 + shift), length(60.0 - 2 * shift, "right")] for shift in (-1, 0, 2)]
    left, right, missing = with_intervals(own, samples)
    assert left.interval == (49.0, 52.0)
    assert right.interval == (56.0, 62.0)
    assert left.quality == "good"
    assert missing.interval is None


def test_values_that_samples_do_not_show_are_to_be_checked():
    outside, rare = with_intervals(
        [length(50.0), length(10.0, name="offset")],
        [[length(60.0)], [length(61.0)], [length(62.0), length(10.0, name="offset")]],
    )
    assert outside.quality == "check"
    assert "outside" in outside.reasons[0]
    assert rare.reasons == ("Present in only 1 of 3 samples.",)


def ball(radius):
    x, y, z = np.mgrid[:40, :40, :40] - 19.5
    return (np.sqrt(x**2 + y**2 + z**2) <= radius).astype(np.uint8) * 54


def test_a_certain_map_draws_the_segmentation_itself():
    labels = ball(10)
    for drawn in sampled_labels(labels, np.eye(4), np.zeros(labels.shape), 3, seed=1):
        assert np.array_equal(drawn, labels)


@pytest.mark.parametrize("level", [0.2, 0.5])
def test_voxels_belong_to_their_bone_as_often_as_the_map_says(level):
    labels, spacing = ball(10), np.diag((2.0, 2.0, 2.0, 1.0))
    uncertainty = np.full(labels.shape, level)
    drawn = np.stack(list(sampled_labels(labels, spacing, uncertainty, 40, seed=3))) == 54
    inside = labels == 54
    assert drawn[:, inside].mean() == pytest.approx(1 - level, abs=0.05)
    x, y, z = np.mgrid[:40, :40, :40] - 19.5
    outside = 2 * (np.sqrt(x**2 + y**2 + z**2) - 10)
    assert drawn[:, (outside > 2) & (outside < REACH_MM - 2)].mean() == pytest.approx(level, abs=0.05)
    assert not drawn[:, outside > REACH_MM + 4].any()


def test_drawn_volumes_are_the_same_for_the_same_seed():
    labels = ball(6)
    uncertainty = np.full(labels.shape, 0.3)
    first, again, other = (
        next(sampled_labels(labels, np.eye(4), uncertainty, 1, seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


FEMUR_NAMES = ("neck_shaft_angle", "head_radius")


def oblique_copy(labels, affine, spacing_mm, rng):
    """The same labels on a turned and shifted grid of other voxels (nearest neighbour)."""
    turn = Rotation.from_rotvec(rng.normal(size=3) * np.radians(6)).as_matrix()
    places = np.argwhere(labels > 0) @ affine[:3, :3].T + affine[:3, 3]
    turned = places @ turn
    start = turned.min(axis=0) - spacing_mm * rng.uniform(2, 3, 3)
    shape = np.ceil((turned.max(axis=0) - start) / spacing_mm).astype(int) + 3
    grid = np.eye(4)
    grid[:3, :3], grid[:3, 3] = spacing_mm * turn, turn @ start
    back = np.linalg.inv(affine) @ grid
    copy = ndimage.affine_transform(labels, back[:3, :3], back[:3, 3], tuple(shape), order=0)
    return copy, grid


def test_copies_on_other_grids_have_intervals_that_hold_the_truth_of_the_phantom():
    phantom = build_phantom(spacing_mm=1.5, field_of_view=UPPER_FEMORA)
    rng = np.random.default_rng(5)
    for spacing_mm in (2.0, 3.0):
        found = measure(oblique_copy(phantom.labels, phantom.affine, spacing_mm, rng), only="femur")["femur"]
        for side, truth in phantom.truth.femora.items():
            values = {one.name: one for one in found if one.side == side}
            for name, true in zip(
                FEMUR_NAMES, (truth.neck_shaft_angle_deg, truth.head_radius_mm), strict=True
            ):
                low, high = values[name].interval
                assert low < values[name].value < high
                assert low <= true <= high, (spacing_mm, side, name)


def test_bones_reconstructed_from_radiographs_have_no_interval_of_a_segmentation(tmp_path):
    phantom = build_phantom(spacing_mm=3.0, field_of_view=UPPER_FEMORA)
    nibabel.Nifti1Image(phantom.labels, phantom.affine).to_filename(tmp_path / "labels.nii.gz")
    drawn = measure(tmp_path / "labels.nii.gz", only="femur")["femur"]
    (tmp_path / "provenance.json").write_text("{}")
    for path in (tmp_path, tmp_path / "labels.nii.gz"):
        reconstructed = measure(path, only="femur")["femur"]
        assert all(one.interval is None for one in reconstructed)
    assert any(one.interval is not None for one in drawn)


def test_raters_find_what_lies_in_the_intervals(shared_data):
    """Each of five raters on the hips of three people, on coarse voxels."""
    folder, inside = shared_data / "anatomy" / "meshes", []
    for person in names_of_people(folder)[:3]:
        bones = {name: bone for name, bone in bones_of(folder, person, 3.0).items() if name.startswith("hip")}
        raters = json.loads((folder / f"{person}_landmarks.json").read_text())["pelvis"].values()
        found = with_label_intervals({"pelvis": measure_pelvis(bones)}, bones)["pelvis"]
        for one in found:
            if one.name in PELVIC and one.is_present:
                place, (_, reach) = one.landmarks[0].position_ras_mm, one.interval
                inside += [
                    np.linalg.norm(place - rater[f"{one.side.title()} {PELVIC[one.name]}"]) <= reach
                    for rater in raters
                ]
    assert len(inside) > 150
    assert np.mean(inside) > 0.85


def test_larger_voxels_widen_an_interval_and_meshes_have_that_of_raters():
    found = {"femur": [length(120.0, name="neck_shaft_angle")]}
    halves = []
    for spacing_mm in (None, 1.0, 3.0):
        spacing = None if spacing_mm is None else (1.0, 1.0, spacing_mm)
        bone = replace(bone_from_mesh("femur_left", *TETRAHEDRON), spacing_mm=spacing)
        low, high = with_label_intervals(found, {"femur_left": bone})["femur"][0].interval
        assert (low + high) / 2 == pytest.approx(120.0)
        halves.append((high - low) / 2)
    assert halves[0] == SPREADS["neck_shaft_angle"].reader
    assert halves[0] < halves[1] < halves[2]


def test_a_place_has_a_distance_and_what_is_absent_has_none():
    found = {
        "pelvis": [
            Measurement("asis", "pelvis", "left", None, "point", (Landmark("asis_left", np.zeros(3)),)),
            absent("psis", "pelvis", "left", "point", "No hip."),
            length(300.0, name="rib_length"),
        ]
    }
    place, missing, rib = with_label_intervals(found, {})["pelvis"]
    assert place.interval == (0.0, SPREADS["asis"].reader)
    assert missing.interval is None
    assert rib.interval is None
