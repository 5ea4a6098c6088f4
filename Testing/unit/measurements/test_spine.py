"""The column against the phantom's truth, with parts out of view, and turned with its patient."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from SwinX2SLib.geometry.surfaces import angle_deg
from SwinX2SLib.measurements.bones import bone_from_mesh, bones_from_labels
from SwinX2SLib.measurements.pelvis_landmarks import find_hip_landmarks
from SwinX2SLib.measurements.resolution import sacral_uncertainty_deg
from SwinX2SLib.measurements.sacral_endplate import find_sacral_endplate, frame_under
from SwinX2SLib.measurements.spine import measure_spine
from SwinX2SLib.measurements.spine_curves import PatientAxes, TiltedVertebra, cobb_curves
from SwinX2SLib.measurements.vertebra import vertebra_shapes
from SwinX2SLib.phantom import PhantomParameters, build_phantom

pytestmark = pytest.mark.slow

PARAMETERS = PhantomParameters(scoliosis_cobb_deg=28.0, axial_rotation_deg=8.0, lumbar_count=5)


@pytest.fixture(scope="module")
def phantom():
    return build_phantom(PARAMETERS, 2.0)


@pytest.fixture(scope="module")
def bones(phantom):
    return bones_from_labels(phantom.labels, phantom.affine, (*phantom.truth.vertebrae, "sacrum"))


@pytest.fixture(scope="module")
def found(bones):
    return {m.name: m for m in measure_spine(bones)}


def test_cobb_kyphosis_and_lordosis_are_those_of_the_truth(phantom, found):
    cobb = found["cobb_angle"]
    upper, lower = (plane.name.rsplit("_", 2)[0] for plane in cobb.planes)
    assert cobb.value == pytest.approx(28.0, abs=3.0)
    assert cobb.value == pytest.approx(phantom.truth.cobb_angle_deg(upper, lower), abs=3.0)
    assert cobb.side == "right"
    kyphosis = phantom.truth.kyphosis_deg("vertebrae_T4", "vertebrae_T12")
    assert found["thoracic_kyphosis"].value == pytest.approx(kyphosis, abs=2.5)
    assert found["lumbar_lordosis"].value == pytest.approx(PARAMETERS.lumbar_lordosis_deg, abs=2.5)
    for name in ("thoracic_kyphosis", "lumbar_lordosis"):
        assert all("uncertainty of this angle" in reason for reason in found[name].reasons)
    # The endplate of S1 has its uncertainty too.
    uncertainty = float(found["lumbar_lordosis"].reasons[0].split("is about ")[1].split()[0])
    assert uncertainty > sacral_uncertainty_deg(2.0)


def test_balance_is_measured_from_c7_to_the_back_of_s1(phantom, found):
    truth = phantom.truth
    c7 = truth.vertebrae["vertebrae_C7"].body_centre
    behind = truth.sacral_endplate_centre - (truth.landmarks["promontory"] - truth.sacral_endplate_centre)
    assert found["sagittal_vertical_axis"].value == pytest.approx(c7[1] - behind[1], abs=4.0)


def test_a_straight_stack_has_no_slip_and_a_pushed_vertebra_has(bones, found):
    slips = [
        abs(m.value) for name, m in found.items() if name.startswith("listhesis") and m.value is not None
    ]
    assert len(slips) >= 20
    assert np.median(slips) < 1.5
    pushed = dict(bones)
    l4 = bones["vertebrae_L4"]
    for name in ("vertebrae_L4", "vertebrae_L3", "vertebrae_L2", "vertebrae_L1"):
        bone = bones[name]
        pushed[name] = bone_from_mesh(name, bone.vertices_ras_mm + np.array([0, 9.0, 0]), bone.faces)
    after = {m.name: m for m in measure_spine(pushed)}
    name = "listhesis_L4_L5"
    assert after[name].value - found[name].value == pytest.approx(8.5, abs=1.5)
    assert l4.name == "vertebrae_L4"


def test_the_whole_patient_may_be_turned_when_the_axes_say_so(bones, found):
    rotation = Rotation.from_euler("xyz", [25, -40, 70], degrees=True).as_matrix()
    turned = {
        name: bone_from_mesh(name, bone.vertices_ras_mm @ rotation.T, bone.faces)
        for name, bone in bones.items()
    }
    axes = PatientAxes(rotation[:, 1], rotation[:, 2])
    after = {m.name: m for m in measure_spine(turned, axes=axes)}
    for name in ("cobb_angle", "thoracic_kyphosis", "lumbar_lordosis", "sagittal_vertical_axis"):
        assert after[name].value == pytest.approx(found[name].value, abs=0.3)


def test_without_the_standard_ends_the_nearest_are_used_and_told(bones):
    part = {name: bone for name, bone in bones.items() if name not in ("vertebrae_T4", "sacrum")}
    found = {m.name: m for m in measure_spine(part)}
    assert found["thoracic_kyphosis"].quality == "check"
    assert "instead of T4 to T12" in found["thoracic_kyphosis"].reasons[0]
    assert "instead of L1 to S1" in found["lumbar_lordosis"].reasons[0]
    assert found["sagittal_vertical_axis"].quality == "absent"


def test_nothing_in_view_gives_reasons_and_no_numbers():
    for measurement in measure_spine({}):
        assert measurement.quality == "absent"
        assert measurement.value is None
        assert measurement.reasons


def test_swapped_labels_are_told(bones):
    swapped = dict(bones)
    for name, other in (("vertebrae_T6", "vertebrae_L2"), ("vertebrae_L2", "vertebrae_T6")):
        swapped[name] = bone_from_mesh(name, bones[other].vertices_ras_mm, bones[other].faces)
    found = measure_spine(swapped)
    assert all(m.quality != "good" for m in found)
    assert any("check the labels" in reason for m in found for reason in m.reasons)


def test_a_double_curve_has_both_its_parts():
    tilts = [0, 8, 15, 8, 0, -8, -15, -8, 0, 6, 12, 6, 0]
    stack = [TiltedVertebra(f"vertebrae_T{i + 1}", i, tilt, tilt) for i, tilt in enumerate(tilts)]
    curves = cobb_curves(stack)
    assert (curves[0].upper, curves[0].lower) == ("vertebrae_T3", "vertebrae_T7")
    assert curves[0].angle_deg == pytest.approx(-30)
    assert (curves[1].upper, curves[1].lower) in {("vertebrae_T7", "vertebrae_T11")} or len(curves) == 3
    assert cobb_curves(stack[:2]) == []


def test_ends_without_a_vertebra_between_them_make_no_curve():
    sparse = [
        TiltedVertebra(f"vertebrae_T{number}", number + 6, 10.0 * number, 10.0 * number) for number in (1, 4)
    ]
    assert cobb_curves([*sparse, TiltedVertebra("vertebrae_T5", 11, 0.0, 0.0)])[0].apex == "vertebrae_T4"


def test_the_endplate_of_s1_is_the_same_for_the_pelvis_and_the_column(phantom):
    whole = bones_from_labels(phantom.labels, phantom.affine)
    lowest = list(vertebra_shapes(whole).values())[-1]
    hips = find_hip_landmarks(whole["hip_left"], whole["hip_right"])
    ends = [find_sacral_endplate(whole["sacrum"], frame) for frame in (hips.frame, frame_under(lowest))]
    assert angle_deg(ends[0].normal_ras, ends[1].normal_ras) < 0.5
    assert np.linalg.norm(ends[0].centre_ras_mm - ends[1].centre_ras_mm) < 0.5
    assert np.linalg.norm(ends[0].promontory_ras_mm - ends[1].promontory_ras_mm) < 1.0
