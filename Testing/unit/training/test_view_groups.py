"""Radiographs from other angles: where they stand, that they agree with ray marching, and that pairs stay as they
were."""

import numpy as np
import pytest
import torch

from SwinX2SLib.drr import project_rays
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.cameras import ParallelCamera
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import BatchDataset, load_sources
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.view_geometry import (
    ViewGeometry,
    group_angles_deg,
    make_groups,
    radiograph_at,
)

SIDE, HEIGHT, SPACING_MM = 32, 24, 4.0
PLAIN = ViewGeometry(1), ViewGeometry(0)


@pytest.fixture(scope="module")
def blobs() -> torch.Tensor:
    """Three soft balls of different size, none on an axis, well inside the volume."""
    x, y, z = np.meshgrid(np.arange(SIDE), np.arange(SIDE), np.arange(HEIGHT), indexing="ij")
    volume = np.zeros((SIDE, SIDE, HEIGHT))
    for centre, width in (((11, 13, 8), 2.5), ((20, 12, 12), 2.0), ((14, 21, 16), 3.0)):
        distance = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2
        volume += np.exp(-distance / (2 * width**2))
    return torch.from_numpy(volume.astype(np.float32))


def radiograph(volume: torch.Tensor, angle: float) -> torch.Tensor:
    found = radiograph_at(PLAIN, angle)
    made = found.geometry.project(volume, SPACING_MM)
    return made.flip(0) if found.mirrored else made


def test_groups_share_a_right_angle_in_equal_steps():
    assert group_angles_deg(1) == ((0.0,), (90.0,))
    assert group_angles_deg(4) == ((0.0, 22.5, 45.0, 67.5), (90.0, 112.5, 135.0, 157.5))


def test_a_radiograph_at_a_right_angle_is_the_other_radiograph(blobs):
    torch.testing.assert_close(radiograph(blobs, 0.0), blobs.sum(1))
    torch.testing.assert_close(radiograph(blobs, 90.0), blobs.sum(0))


@pytest.mark.parametrize("angle", [22.5, 45.0, 67.5, 112.5, 135.0, 157.5])
def test_radiographs_at_any_angle_are_those_of_rays_through_the_turned_volume(blobs, angle):
    # The volume turned back under a coronal camera, instead of the camera turned round the volume.
    cosine, sine = np.cos(np.deg2rad(-angle)), np.sin(np.deg2rad(-angle))
    turn = np.eye(4)
    turn[:2, :2] = [[cosine, -sine], [sine, cosine]]
    affine = turn @ network_affine(SPACING_MM, (SIDE, SIDE, HEIGHT))
    camera = ParallelCamera("ap", (0.0, 0.0, 0.0), (SPACING_MM, SPACING_MM), (HEIGHT, SIDE))
    rays = torch.from_numpy(project_rays(blobs.numpy(), affine, camera)).T
    ours = radiograph(blobs, angle) * SPACING_MM
    assert float((ours - rays).abs().max()) < 0.04 * float(rays.max())
    assert float(np.corrcoef(ours.flatten(), rays.flatten())[0, 1]) > 0.999


def test_the_pair_of_a_group_is_that_of_a_run_with_one_pair(three_bones):
    alone = three_bones.draw(np.random.default_rng(5))
    three_bones.views_per_plane = 3
    group = three_bones.draw(np.random.default_rng(5))
    assert group.coronal_radiographs.shape == (3, 32, 64)
    assert group.sagittal_radiographs.shape == (3, 32, 64)
    assert torch.equal(group.coronal, alone.coronal)
    assert torch.equal(group.sagittal, alone.sagittal)
    assert torch.equal(group.labels, alone.labels)
    for radiographs in (group.coronal_radiographs, group.sagittal_radiographs):
        assert float(radiographs.min()) >= 0
        assert float(radiographs.max()) <= 1
        assert all(float(one.std()) > 0.01 for one in radiographs)
        assert not torch.allclose(radiographs[0], radiographs[1])


def test_plain_groups_need_no_random_numbers_and_begin_with_the_plain_pair(blobs):
    made = Synthesiser((SIDE, SIDE, HEIGHT), augment=False, views_per_plane=2)
    labels = (blobs > 0.5).to(torch.uint8).numpy()
    made.add_volume(labels, np.full(3, SPACING_MM), np.ones(55, dtype=bool), 1.0)
    first, again = (made.draw(np.random.default_rng(seed)) for seed in (1, 2))
    assert torch.equal(first.coronal_radiographs, again.coronal_radiographs)
    projection = first.labels.float().gt(0).sum(1).float()
    torch.testing.assert_close(first.coronal, projection / projection.max())
    assert BatchDataset(made, 2, 0)[0].coronal.shape == (2, 2, SIDE, HEIGHT)


def test_a_mirrored_cone_stands_on_the_other_side():
    cone = ViewGeometry(1, source_mm=1000.0, source_first=True)
    assert not radiograph_at((cone, PLAIN[1]), 170.0).geometry.source_first
    assert radiograph_at((cone, PLAIN[1]), 20.0).geometry.source_first


def test_radiographs_are_made_pair_first():
    asked = []
    make_groups(PLAIN, 2, lambda geometry: asked.append(geometry) or torch.zeros(2, 2))
    assert asked[:2] == list(PLAIN)
    assert len(asked) == 4


def test_more_radiographs_need_a_grid_as_wide_as_deep():
    config = TrainingConfig(model="unet", network={"views_per_plane": 2, "grid_shape": [32, 48, 64]})
    with pytest.raises(InputError, match="equal width"):
        load_sources(config, [], (32, 48, 64))
