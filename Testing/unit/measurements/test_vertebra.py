"""Vertebrae against phantoms with known truth, under rigid motion and mirroring, and on real labels."""

import re

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from SwinX2SLib.measurements.bones import bone_from_mesh, bones_from_labels
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.vertebra import measure_vertebrae, vertebra_shapes
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, build_phantom
from SwinX2SLib.phantom.skeleton import build_skeleton

pytestmark = pytest.mark.slow

LEVELS = [
    f"vertebrae_{name}" for name in ("C3", "C5", "C7", "T2", "T4", "T6", "T8", "T10", "T12", "L1", "L3", "L5")
]
NEIGHBOURS = {
    level: tuple(f"vertebrae_{name}" for name in names)
    for level, names in {"C5": ("C4", "C5", "C6"), "T8": ("T7", "T8", "T9"), "L3": ("L2", "L3", "L4")}.items()
}
INTRINSIC = ("height", "length", "width", "wedge", "spinous")
# Median errors of the paper's own measurement of x2s_s0561, swinx2sbase against labels, over its 15 vertebrae. Its
# lengths are in voxels: over seven methods they are 2.5 times smaller than those of the same files in mm.
PUBLISHED_VOXELS = (
    ("canal_length", 0.65),
    ("anterior_body_height", 0.47),
    ("posterior_body_height", 0.53),
    ("superior_endplate_length", 0.56),
    ("inferior_endplate_length", 0.93),
)
PUBLISHED_SPINOUS_ANGLE_DEG = 53.9
VOXEL_MM = 2.594


def around(parameters, name, spacing_mm, half_mm=(45, 62, 40), shift_mm=0.0):
    """Phantom about one vertebra, and the truth of it."""
    truth = build_skeleton(parameters)[1].vertebrae[name]
    middle = truth.canal_centre + shift_mm
    view = FieldOfView(tuple(middle - half_mm), tuple(middle + half_mm))
    return build_phantom(parameters, spacing_mm, view), truth


def posed(affine, rng):
    """The same volume of a patient who lies otherwise, and how: `(3, 3)` rotation."""
    rotation = Rotation.from_rotvec(rng.normal(size=3) * 0.25).as_matrix()
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, rng.uniform(-100, 100, 3)
    return pose @ affine, rotation


def by_name(measurements, structure):
    return {(m.name, m.side): m for m in measurements if m.structure == structure}


@pytest.mark.parametrize(
    ("spacing_mm", "tolerance_mm", "people"), [(1.0, 1.0, 5), (2.0, 1.5, 10), (2.6, 2.0, 20)]
)
def test_canal_and_heights_of_random_people_in_random_poses_are_found(spacing_mm, tolerance_mm, people):
    canal, height, depth = [], [], []
    for seed in range(people):
        rng = np.random.default_rng(seed)
        name = LEVELS[seed % len(LEVELS)]
        phantom, truth = around(PhantomParameters.random(rng), name, spacing_mm)
        affine, rotation = posed(phantom.affine, rng)
        bones = bones_from_labels(phantom.labels, affine)
        shapes = vertebra_shapes(bones, rotation @ (0.0, 0.0, 1.0))
        found = by_name(measure_vertebrae(bones, shapes), name)
        canal.append(found["canal_length", None].value - truth.canal_length_mm)
        heights = [found[f"{end}_body_height", None].value for end in ("anterior", "posterior")]
        height.append(np.mean(heights) - truth.body_height_mm)
        depth.append(found["superior_endplate_length", None].value - truth.body_depth_mm)
    assert np.max(np.abs(canal)) <= tolerance_mm
    assert np.median(np.abs(height)) <= 0.25 * spacing_mm
    assert np.median(np.abs(depth)) <= 0.6 * spacing_mm


@pytest.fixture(scope="module")
def lumbar():
    phantom, truth = around(PhantomParameters(), "vertebrae_L2", 1.5, (60, 70, 75))
    names = ("vertebrae_L1", "vertebrae_L2", "vertebrae_L3")
    return bones_from_labels(phantom.labels, phantom.affine, names), truth


def moved(bones, matrix, shift):
    """Bones as meshes after a linear map; turned inside out when it mirrors."""
    turned = -1 if np.linalg.det(matrix) < 0 else 1
    return {
        name: bone_from_mesh(name, bone.vertices_ras_mm @ matrix.T + shift, bone.faces[:, ::turned])
        for name, bone in bones.items()
    }


@pytest.mark.parametrize("seed", range(4))
def test_rigid_motion_changes_no_measure_of_a_vertebra(lumbar, seed):
    bones, _ = lumbar
    rng = np.random.default_rng(seed)
    rotation = Rotation.random(random_state=seed).as_matrix()
    before = by_name(measure_vertebrae(moved(bones, np.eye(3), 0.0)), "vertebrae_L2")
    shift = rng.uniform(-300, 300, 3)
    others = moved(bones, rotation, shift)
    anterior = rotation @ (0.0, 1.0, 0.0)
    after = by_name(
        measure_vertebrae(others, vertebra_shapes(others, rotation @ (0, 0, 1.0)), anterior), "vertebrae_L2"
    )
    for key, measurement in before.items():
        assert after[key].quality == measurement.quality
        if measurement.value is not None:
            # A voxel on the rim may fall to either side, which turns a process by some hundredths of a degree.
            tolerance = 0.1 if measurement.unit == "deg" else 0.05
            assert after[key].value == pytest.approx(measurement.value, abs=tolerance)
        for one, other in zip(measurement.landmarks, after[key].landmarks, strict=True):
            there = rotation @ one.position_ras_mm + shift
            np.testing.assert_allclose(other.position_ras_mm, there, atol=0.3)


def test_a_mirrored_patient_has_left_and_right_swapped(lumbar):
    bones, _ = lumbar
    mirror = np.diag([-1.0, 1.0, 1.0])
    before = by_name(measure_vertebrae(moved(bones, np.eye(3), 0.0)), "vertebrae_L2")
    after = by_name(measure_vertebrae(moved(bones, mirror, 0.0)), "vertebrae_L2")
    for side, other in (("left", "right"), ("right", "left")):
        place = before["pedicle", side].landmark(f"pedicle_{side}")
        image = after["pedicle", other].landmark(f"pedicle_{other}")
        np.testing.assert_allclose(image, mirror @ place, atol=0.2)
    assert after["axial_rotation", None].value == pytest.approx(
        -before["axial_rotation", None].value, abs=0.02
    )
    assert after["canal_length", None].value == pytest.approx(before["canal_length", None].value, abs=0.02)
    left = before["pedicle", "left"].landmark("pedicle_left")
    assert left[0] < before["pedicle", "right"].landmark("pedicle_right")[0]


@pytest.mark.parametrize("level", ["C5", "T8", "L3"])
def test_half_a_voxel_of_shift_turns_no_angle_by_a_degree_that_is_not_told_uncertain(level):
    name, found = f"vertebrae_{level}", []
    for shift in (np.zeros(3), *(0.5 * np.eye(3))):
        phantom, _ = around(PhantomParameters(), name, 1.0, shift_mm=shift)
        measured = measure_vertebrae(bones_from_labels(phantom.labels, phantom.affine, NEIGHBOURS[level]))
        found.append(by_name(measured, name))
    for angle in ("wedge_angle", "axial_rotation", "spinous_process_angle"):
        first = found[0][angle, None]
        for other in (one[angle, None] for one in found[1:]):
            told = any("uncertainty of this angle" in reason for reason in (*first.reasons, *other.reasons))
            assert told or abs(other.value - first.value) < 1.0, (angle, first, other)
    assert all(one["axial_rotation", None].quality == "good" for one in found)


def test_an_endplate_askew_to_the_voxels_is_more_certain_than_one_along_them():
    phantom, _ = around(PhantomParameters(), "vertebrae_T8", 1.0)
    straight = by_name(measure_vertebrae(bones_from_labels(phantom.labels, phantom.affine)), "vertebrae_T8")
    uncertainty = _uncertainty_deg(straight["wedge_angle", None])
    assert uncertainty > 1.0
    mesh = moved(bones_from_labels(phantom.labels, phantom.affine), np.eye(3), 0.0)
    assert by_name(measure_vertebrae(mesh), "vertebrae_T8")["wedge_angle", None].quality == "good"
    phantom, _ = around(PhantomParameters(), "vertebrae_T12", 1.0)
    askew = by_name(measure_vertebrae(bones_from_labels(phantom.labels, phantom.affine)), "vertebrae_T12")
    assert _uncertainty_deg(askew["wedge_angle", None]) < uncertainty


def _uncertainty_deg(angle: Measurement) -> float:
    """Return by how much the voxels leave an angle uncertain, as it says; 0 where it says nothing."""
    found = re.search(r"uncertainty of this angle is about ([0-9.]+) degrees", " ".join(angle.reasons))
    return float(found.group(1)) if found else 0.0


def test_short_endplates_of_coarse_voxels_are_told():
    phantom, _ = around(PhantomParameters(), "vertebrae_C5", 2.6)
    found = by_name(measure_vertebrae(bones_from_labels(phantom.labels, phantom.affine)), "vertebrae_C5")
    assert "uncertain" in found["wedge_angle", None].reasons[0]


def test_directions_pedicles_and_rotation_are_those_of_the_truth(lumbar):
    bones, truth = lumbar
    shape = vertebra_shapes(bones)["vertebrae_L2"]
    angles = np.degrees(np.arccos(np.clip((shape.frame.axes * truth.axes).sum(axis=0), -1, 1)))
    assert angles.max() < 2.0
    found = by_name(measure_vertebrae(bones), "vertebrae_L2")
    rotation = np.degrees(np.arctan2(truth.axes[1, 0], truth.axes[1, 1]))
    assert found["axial_rotation", None].value == pytest.approx(rotation, abs=1.0)
    for side, sign in (("left", -1), ("right", 1)):
        local = (found["pedicle", side].landmark(f"pedicle_{side}") - truth.canal_centre) @ truth.axes
        assert sign * local[0] > truth.canal_width_mm / 2
        assert abs(sign * local[0] - truth.canal_width_mm / 2) < 12
        assert 0 < local[1] < truth.canal_length_mm / 2 + 3
        assert 0 < local[2] < truth.body_height_mm / 2


def test_atlas_and_axis_have_what_they_have_and_no_more():
    parameters = PhantomParameters()
    phantom, _ = around(parameters, "vertebrae_C2", 1.5, (60, 70, 45))
    found = measure_vertebrae(bones_from_labels(phantom.labels, phantom.affine))
    atlas, axis = (by_name(found, f"vertebrae_{level}") for level in ("C1", "C2"))
    assert atlas["canal_length", None].is_present
    assert {key[0] for key, m in atlas.items() if not m.is_present} >= {
        "anterior_body_height",
        "wedge_angle",
        "pedicle",
    }
    assert axis["canal_length", None].is_present
    assert axis["spinous_process_length", None].is_present
    assert "dens" in axis["superior_endplate", None].reasons[0]


def test_what_the_field_of_view_cuts_has_no_number():
    parameters = PhantomParameters()
    whole, truth = around(parameters, "vertebrae_L3", 2.0)
    cut = whole.labels.copy()
    level = round(float((np.linalg.inv(whole.affine) @ [*truth.body_centre, 1.0])[2]))
    bones = bones_from_labels(cut[:, :, level:], whole.affine @ _shifted(level), ("vertebrae_L3",))
    found = by_name(measure_vertebrae(bones), "vertebrae_L3")
    for name in ("anterior_body_height", "superior_endplate_length"):
        measurement = found[name, None]
        assert measurement.quality == "absent"
        assert measurement.reasons


def _shifted(level):
    shift = np.eye(4)
    shift[2, 3] = level
    return shift


def test_published_predictions_are_measured_as_near_as_the_paper_does(shared_data):
    names = tuple(
        f"vertebrae_{part}{number}" for part, count in (("T", 12), ("L", 5)) for number in range(1, count + 1)
    )
    files = (
        shared_data / "anatomy/volumes/x2s_s0561/labels.nii.gz",
        shared_data / "reference/predictions/x2s_s0561/swinx2sbase.nii.gz",
    )
    values = []
    for file in files:
        image = nib.load(file)
        bones = bones_from_labels(np.asanyarray(image.dataobj), image.affine, names)
        values.append({(m.structure, m.name): m.value for m in measure_vertebrae(bones)})
    limits = [(measure, voxels * VOXEL_MM) for measure, voxels in PUBLISHED_VOXELS]
    for measure, limit in [*limits, ("spinous_process_angle", PUBLISHED_SPINOUS_ANGLE_DEG)]:
        pairs = [(values[0].get((name, measure)), values[1].get((name, measure))) for name in names]
        errors = [abs(one - other) for one, other in pairs if one is not None and other is not None]
        assert len(errors) >= 14, measure
        assert np.median(errors) <= limit, measure


def test_real_vertebrae_have_published_sizes(shared_data):
    image = nib.load(shared_data / "anatomy/volumes/verse005/labels.nii.gz")
    found = measure_vertebrae(bones_from_labels(np.asanyarray(image.dataobj), image.affine))
    values = {(m.structure, m.name): m.value for m in found}
    for level in range(2, 6):
        name = f"vertebrae_L{level}"
        assert 13 < values[name, "canal_length"] < 24
        assert 18 < values[name, "canal_width"] < 32
        assert 20 < values[name, "posterior_body_height"] < 33
        assert 28 < values[name, "superior_endplate_length"] < 42
