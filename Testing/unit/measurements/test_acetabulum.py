"""The head of a femur is the ball in the acetabulum; one that is elsewhere is no head, and nothing rests on it."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from SwinX2SLib.measurements import bone_from_mesh, bones_from_labels
from SwinX2SLib.measurements.acetabulum import MOST_APART_RADII, head_site
from SwinX2SLib.measurements.femur import HEAD, KNEE, NECK, SHAFT, measure_femur
from SwinX2SLib.measurements.measure import measure_subject
from SwinX2SLib.phantom import PhantomParameters

sys.path.insert(0, str(Path(__file__).parent))
from people import bones_of, names_of_people, phantom_bones

NAMES = {"femur_left", "femur_right", "hip_left", "hip_right", "sacrum"}
SIDES = ("left", "right")


@pytest.fixture(scope="module")
def phantom():
    return phantom_bones(PhantomParameters(), 3.0, NAMES)


def edited(bone, change):
    """The bone with other voxels: `change` gets the places `(X, Y, Z, 3)` RAS mm and the padded mask."""
    mask = np.pad(bone.mask, 20)
    affine = bone.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ (20, 20, 20)
    places = np.moveaxis(np.indices(mask.shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    return bones_from_labels(change(places, mask).astype(np.uint8) * bone.label, affine)[bone.name]


def with_ball_below(bone, radius_mm=27.0):
    """The femur with a ball at its lower end, rounder than its head."""
    end = bone.vertices_ras_mm[bone.vertices_ras_mm[:, 2] < bone.vertices_ras_mm[:, 2].min() + 5].mean(axis=0)
    return edited(bone, lambda places, mask: mask | (np.linalg.norm(places - end, axis=-1) < radius_mm))


def dented(bone, centre, radius_mm):
    """The femur whose head is eaten from above, so that another ball has more votes."""
    return edited(bone, lambda places, mask: mask & (np.linalg.norm(places - centre, axis=-1) > radius_mm))


def moved(bone, rotation=None, shift=(0.0, 0.0, 0.0)):
    rotation = np.eye(3) if rotation is None else rotation
    return bone_from_mesh(bone.name, bone.vertices_ras_mm @ rotation.T + np.asarray(shift), bone.faces)


def of(measurements, name):
    return next(one for one in measurements if one.name == name)


@pytest.mark.parametrize("spacing_mm", [2.0, 4.0])
def test_the_acetabulum_of_phantoms_lies_around_the_head(spacing_mm):
    rng = np.random.default_rng(4)
    for _ in range(4):
        bones, truth = phantom_bones(PhantomParameters.random(rng), spacing_mm, NAMES)
        for side in SIDES:
            femur = truth.femora[side]
            apart = np.linalg.norm(head_site(bones, side).centre - femur.head_centre)
            assert apart < 0.3 * femur.head_radius_mm


@pytest.mark.slow
def test_the_acetabulum_of_people_lies_around_the_head(shared_data):
    folder = shared_data / "anatomy" / "meshes"
    for name in names_of_people(folder):
        bones = bones_of(folder, name)
        for side in (side for side in SIDES if f"femur_{side}" in bones):
            centre = of(measure_femur(bones[f"femur_{side}"], side), "head_centre").landmarks[0]
            site = head_site(bones, side)
            apart = np.linalg.norm(site.centre - centre.position_ras_mm)
            assert apart < MOST_APART_RADII / 2 * site.radius_mm, (name, side)


@pytest.mark.parametrize("turned", [False, True])
def test_a_rounder_ball_at_the_other_end_is_not_taken_for_the_head(phantom, turned):
    bones, truth = dict(phantom[0]), phantom[1].femora["left"]
    top = truth.head_centre + np.array([0.0, 0.0, truth.head_radius_mm])
    bones["femur_left"] = with_ball_below(dented(bones["femur_left"], top, 20.0), 27.0)
    rotation = Rotation.from_rotvec([0.9, -1.7, 0.6]).as_matrix() if turned else np.eye(3)
    bones = {name: moved(bone, rotation) for name, bone in bones.items()}
    alone = of(measure_femur(bones["femur_left"], "left"), "head_centre").landmarks[0].position_ras_mm
    head = rotation @ truth.head_centre
    assert np.linalg.norm(alone - head) > 80, "without its acetabulum the ball is taken for the head"
    found = of(measure_femur(bones["femur_left"], "left", bones), "head_centre")
    assert np.linalg.norm(found.landmarks[0].position_ras_mm - head) < 5


def withheld_reasons(bones, side="left"):
    """The reasons of all measures of a femur, which are all absent."""
    measured = measure_subject(bones, ("femur", "pelvis"))
    femur = [one for one in measured["femur"] if one.side == side]
    assert {one.name for one in femur} == {name for name, _ in HEAD + NECK + SHAFT + KNEE}
    assert {one.quality for one in femur} == {"absent"}
    for name in ("pelvic_tilt", "pelvic_incidence"):
        assert not of(measured["pelvis"], name).is_present
    return {reason for one in femur for reason in one.reasons}


@pytest.mark.parametrize("shift", [(45.0, 0.0, 0.0), (0.0, -30.0, 0.0), (0.0, 0.0, -60.0)])
def test_a_femur_whose_head_is_not_in_the_acetabulum_is_withheld_for_one_reason(phantom, shift):
    bones = dict(phantom[0])
    bones["femur_left"] = moved(bones["femur_left"], shift=shift)
    (reason,) = withheld_reasons(bones)
    assert "not found in the acetabulum" in reason


def test_a_femur_without_its_head_has_no_angle(phantom):
    bones, truth = dict(phantom[0]), phantom[1].femora["left"]
    neck = truth.head_centre
    bones["femur_left"] = dented(bones["femur_left"], neck, 1.5 * truth.head_radius_mm)
    assert len(withheld_reasons(bones)) == 1


def test_the_shaft_alone_has_no_angle(phantom):
    bones, truth = dict(phantom[0]), phantom[1].femora["left"]
    below = truth.head_centre[2] - 70
    bones["femur_left"] = edited(bones["femur_left"], lambda places, mask: mask & (places[..., 2] < below))
    assert len(withheld_reasons(bones)) == 1


@pytest.mark.parametrize("swapped", [False, True])
def test_overlapping_or_exchanged_hips_give_no_angle(phantom, swapped):
    bones, (left, right) = dict(phantom[0]), (phantom[0][f"hip_{side}"] for side in SIDES)
    bones["hip_left"] = replace(right, name="hip_left")
    bones["hip_right"] = replace(left, name="hip_right") if swapped else right
    assert len(withheld_reasons(bones)) == 1


@pytest.mark.parametrize("with_sacrum", [True, False])
def test_without_a_hip_bone_the_head_is_at_the_upper_end(phantom, with_sacrum):
    bones = {"femur_left": with_ball_below(phantom[0]["femur_left"])}
    truth = phantom[1].femora["left"]
    bones["femur_left"] = dented(bones["femur_left"], truth.head_centre, 22.0)
    if with_sacrum:
        bones["sacrum"] = phantom[0]["sacrum"]
    (reason,) = withheld_reasons(bones)
    assert "lower end" in reason
    whole = dict(bones, femur_left=phantom[0]["femur_left"])
    assert of(measure_femur(whole["femur_left"], "left", whole), "neck_shaft_angle").is_present
