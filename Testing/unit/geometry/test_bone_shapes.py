"""The shipped shapes are bones of people: whole, as large as they should be, and on their side of the body."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import label_by_id, label_ids
from SwinX2SLib.skeleton.bone_shapes import SPACING_MM, BoneShape, bone_shapes, femoral_heads_mm, pelvis_modes

SACRUM, HIP_RIGHT, HIP_LEFT = 50, 51, 52
SHAPES = pytest.mark.parametrize("label", sorted(bone_shapes()), ids=lambda label: label_by_id(label).name)
# Adults, from small women to large men [cm³].
VOLUMES_CM3 = {"C4": (7, 16), "T1": (12, 28), "T6": (20, 35), "T12": (35, 60), "L3": (45, 80), "L5": (45, 85)}
LARGE_CM3 = {SACRUM: (150, 350), HIP_RIGHT: (200, 450), HIP_LEFT: (200, 450)}


def volume_cm3(shape: BoneShape) -> float:
    return float(shape.probability.sum() * SPACING_MM**3 / 1000)


def middle_mm(shape: BoneShape, probability: np.ndarray) -> np.ndarray:
    return shape.origin_mm + SPACING_MM * np.array(ndimage.center_of_mass(probability))


def test_vertebrae_and_pelvis_have_shapes():
    assert {*label_ids("spine")[:24], SACRUM, HIP_RIGHT, HIP_LEFT} == set(bone_shapes())


@SHAPES
def test_a_shape_is_a_probability_that_is_certain_inside_and_whole_but_for_tips(label):
    probability = bone_shapes()[label].probability
    assert probability.dtype == np.float32
    assert probability.min() == 0
    assert 0.9 < probability.max() <= 1
    border = np.ones(probability.shape, bool)
    border[1:-1, 1:-1, 1:-1] = False
    assert (probability[border] > 0.5).sum() < 0.015 * (probability > 0.5).sum()


@SHAPES
def test_a_shape_is_one_bone(label):
    parts, count = ndimage.label(bone_shapes()[label].probability > 0.5)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    assert sizes.max() > 0.99 * sizes.sum()


@pytest.mark.parametrize(("vertebra", "limits"), VOLUMES_CM3.items())
def test_vertebrae_are_as_large_as_those_of_adults(vertebra, limits):
    label = next(i for i in label_ids("spine") if label_by_id(i).name == f"vertebrae_{vertebra}")
    assert limits[0] < volume_cm3(bone_shapes()[label]) < limits[1]


@pytest.mark.parametrize(("label", "limits"), LARGE_CM3.items())
def test_bones_of_the_pelvis_are_as_large_as_those_of_adults(label, limits):
    assert limits[0] < volume_cm3(bone_shapes()[label]) < limits[1]


def test_vertebrae_grow_downwards():
    volumes = [volume_cm3(bone_shapes()[label]) for label in (4, 9, 13, 17, 20, 23)]
    assert volumes == sorted(volumes)


def test_both_hips_are_mirror_images_in_volume_and_extent():
    left, right = (bone_shapes()[label] for label in (HIP_LEFT, HIP_RIGHT))
    assert volume_cm3(left) == pytest.approx(volume_cm3(right), rel=0.03)
    extents = [np.ptp(np.argwhere(shape.probability > 0.5), axis=0) for shape in (left, right)]
    assert extents[0] == pytest.approx(extents[1], abs=3)


def test_the_left_hip_lies_at_larger_x_and_the_sacrum_between_and_behind_them():
    left, right, sacrum = (
        middle_mm(bone_shapes()[label], bone_shapes()[label].probability)
        for label in (HIP_LEFT, HIP_RIGHT, SACRUM)
    )
    assert left[0] > sacrum[0] + 40 > right[0] + 80
    assert sacrum[1] > max(left[1], right[1]) + 20
    assert sacrum[2] < min(left[2], right[2])


def test_the_modes_of_the_pelvis_lie_on_its_bones_and_shrink():
    modes = pelvis_modes()
    assert modes.controls_mm.shape[1:] == (3,)
    assert modes.modes_mm.shape[1:] == modes.controls_mm.shape
    sizes = np.sqrt((modes.modes_mm**2).sum((1, 2)))
    assert bool((np.diff(sizes) <= 1e-3 * sizes[0]).all())
    assert 1 < np.linalg.norm(modes.modes_mm[0], axis=-1).mean() < 10
    nearest = np.full(len(modes.controls_mm), np.inf)
    for label in (HIP_LEFT, HIP_RIGHT, SACRUM):
        shape = bone_shapes()[label]
        bone = shape.origin_mm + SPACING_MM * np.argwhere(shape.probability > 0.5)
        nearest = np.minimum(nearest, cKDTree(bone).query(modes.controls_mm)[0])
    assert np.percentile(nearest, 95) < 2 * SPACING_MM


@pytest.mark.parametrize(("femur", "hip"), [(53, HIP_LEFT), (54, HIP_RIGHT)])
def test_a_femoral_head_lies_in_the_socket_of_its_hip(femur, hip):
    head, shape = femoral_heads_mm()[femur], bone_shapes()[hip]
    bone = shape.origin_mm + SPACING_MM * np.argwhere(shape.probability > 0.5)
    away = bone - head
    distance = np.linalg.norm(away, axis=1)
    # Heads of adults have radii of 19 to 28 mm, cartilage included.
    assert 17 < distance.min() < 30
    # The socket is a cup: it lies about the head towards the body's midst, above, in front and behind.
    near = away[distance < 35] / distance[distance < 35, None]
    inwards = -np.sign(head[0])
    assert (near[:, 0] * inwards > 0.7).any()
    assert (near[:, 2] < -0.7).any()
    assert (near[:, 1] > 0.5).any()
    assert (near[:, 1] < -0.5).any()


def test_femoral_heads_lie_alike_on_both_sides():
    left, right = femoral_heads_mm()[53], femoral_heads_mm()[54]
    assert left[0] > 0 > right[0]
    assert left * [-1, 1, 1] == pytest.approx(right, abs=8)
