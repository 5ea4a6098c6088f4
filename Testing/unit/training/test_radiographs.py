"""Pairs of radiographs from label maps and CTs: what every training sample shows."""

import numpy as np
import pytest
import torch

from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.phantom import PhantomParameters, build_phantom
from SwinX2SLib.training.synthesis.appearance import finish, visibility
from SwinX2SLib.training.synthesis.implants import random_arms, random_implants, random_unlabelled_bones
from SwinX2SLib.training.synthesis.objects import draw_shapes
from SwinX2SLib.training.synthesis.projections import make_radiograph_groups
from SwinX2SLib.training.synthesis.subjects import Landmarks
from SwinX2SLib.training.synthesis.view_geometry import ViewGeometry

pytestmark = pytest.mark.slow

SPACING_MM = 5.0


@pytest.fixture(scope="module")
def person() -> torch.Tensor:
    """Labels of a whole phantom, network order, at 5 mm."""
    phantom = build_phantom(PhantomParameters(), SPACING_MM)
    np.testing.assert_allclose(voxel_spacing_mm(phantom.affine), SPACING_MM)
    labels = torch.from_numpy(np.ascontiguousarray(phantom.labels))
    assert len(labels.unique()) > 40
    return labels


def make_radiographs(*arguments, **more) -> tuple[torch.Tensor, torch.Tensor]:
    """The radiograph of either plane."""
    coronal, sagittal = make_radiograph_groups(*arguments, **more)
    assert len(coronal) == len(sagittal) == 1
    return coronal[0], sagittal[0]


def fits(radiograph: torch.Tensor, *shape: int) -> bool:
    return (
        tuple(radiograph.shape) == shape
        and bool(((radiograph >= 0) & (radiograph <= 1)).all())
        and float(radiograph.std()) > 0.01
    )


def test_radiographs_have_the_grids_size_and_lie_within_zero_and_one(person):
    x, y, z = person.shape
    for seed in range(60):
        coronal, sagittal = make_radiographs(person, None, None, SPACING_MM, np.random.default_rng(seed))
        assert fits(coronal, x, z)
        assert fits(sagittal, y, z)


def test_the_same_random_numbers_give_the_same_radiographs(person):
    for seed in range(10):
        pairs = [
            make_radiographs(person, None, None, SPACING_MM, np.random.default_rng(seed)) for _ in range(2)
        ]
        for first, again in zip(*pairs, strict=True):
            torch.testing.assert_close(first, again, rtol=0, atol=0)


def test_bones_can_be_made_out_on_nearly_all_radiographs(person):
    parallel = [(person > 0).float().sum(axis) for axis in (1, 0)]
    seen = [
        visibility(radiograph, bones)
        for seed in range(40)
        for radiograph, bones in zip(
            make_radiographs(person, None, None, SPACING_MM, np.random.default_rng(seed)),
            parallel,
            strict=True,
        )
    ]
    # Against the parallel, pixel-aligned truth, so that the radiographs' own cones and shifts count.
    assert np.mean(np.array(seen) < 0.1) < 0.05
    assert np.median(seen) > 0.4, "easy radiographs are common"


def test_a_radiograph_that_hides_its_bones_is_told_from_one_that_shows_them():
    bones = torch.zeros(48, 64)
    bones[20:26, 10:50] = 10
    rng = np.random.default_rng(0)
    assert visibility(torch.from_numpy(rng.random((48, 64), dtype=np.float32)), bones) < 0.15
    assert visibility(1 - bones / 10, bones) < -0.9
    radiographs = [finish(bones + 1, bones, np.random.default_rng(seed)) for seed in range(30)]
    assert np.mean([visibility(radiograph, bones) > 0.3 for radiograph in radiographs]) > 0.9


@pytest.mark.parametrize(("kind", "air", "bone"), [("HU", -1000.0, 700.0), ("8-bit rescaled", 0.0, 200.0)])
def test_a_ct_is_projected_with_and_without_labels(person, kind, air, bone):
    ct = torch.where(person > 0, bone, air)
    for labels in (None, person):
        for seed in range(15):
            coronal, sagittal = make_radiographs(labels, ct, kind, SPACING_MM, np.random.default_rng(seed))
            assert fits(coronal, person.shape[0], person.shape[2])
            assert fits(sagittal, person.shape[1], person.shape[2])


def test_radiographs_of_nothing_are_refused():
    with pytest.raises(ValueError, match="neither"):
        make_radiographs(None, None, None, SPACING_MM, np.random.default_rng(0))


@pytest.mark.parametrize("label", [0, 1, 12, 26, 53])
def test_a_view_with_one_bone_or_none_makes_radiographs_too(label):
    labels = torch.zeros(32, 32, 48, dtype=torch.uint8)
    labels[14:18, 14:18, 10:30] = label
    for seed in range(15):
        for radiograph in make_radiographs(labels, None, None, SPACING_MM, np.random.default_rng(seed)):
            assert bool(torch.isfinite(radiograph).all())


def test_metal_outshines_bone_in_some_people_and_is_absent_in_most(person):
    landmarks = Landmarks.of(person, SPACING_MM)
    empty = torch.zeros(person.shape[0], person.shape[2])
    peaks = [
        float(
            draw_shapes(
                empty, random_implants(landmarks, np.random.default_rng(seed)), SPACING_MM, ViewGeometry(1)
            ).max()
        )
        for seed in range(150)
    ]
    assert 0.1 < np.mean(np.array(peaks) > 0) < 0.5
    assert max(peaks) > 5


def test_shoulders_reach_beyond_the_ribs_on_both_sides_in_the_upper_half_of_the_chest(person):
    landmarks = Landmarks.of(person, SPACING_MM)
    ribs = landmarks.of_bones(tuple(range(26, 50)))
    shapes = [
        shape
        for seed in range(10)
        for make in (random_unlabelled_bones, lambda seen, rng: random_arms(seen, False, rng))
        for shape in make(landmarks, np.random.default_rng(seed))
    ]
    points = np.concatenate([np.atleast_2d(getattr(s, "points_mm", None) or s.centre_mm) for s in shapes])
    assert points[:, 0].max() > ribs[:, 0].max()
    assert points[:, 0].min() < ribs[:, 0].min()
    assert np.median(points[:, 2]) < ribs[:, 2].mean()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_radiographs_made_on_the_gpu_are_those_made_on_the_processor(person):
    for seed in range(10):
        here = make_radiographs(person, None, None, SPACING_MM, np.random.default_rng(seed))
        there = make_radiographs(person.cuda(), None, None, SPACING_MM, np.random.default_rng(seed))
        for first, second in zip(here, there, strict=True):
            assert second.is_cuda
            assert float((first - second.cpu()).abs().mean()) < 0.01


def test_published_looks_are_parallel_aligned_and_show_the_bones(person):
    for seed in range(8):
        coronal, sagittal = make_radiographs(
            person, None, None, SPACING_MM, np.random.default_rng(seed), published=True
        )
        for radiograph, axis in ((coronal, 1), (sagittal, 0)):
            bones = (person > 0).sum(axis).float()
            assert float(np.corrcoef(radiograph.flatten(), bones.flatten())[0, 1]) > 0.45
