import numpy as np
import pytest
import torch

from SwinX2SLib.training.synthesis.soft_tissue import lungs, make_body
from SwinX2SLib.training.synthesis.subjects import Landmarks

SHAPE, SPACING_MM = (40, 40, 60), 8.0


def rib_cage() -> np.ndarray:
    """Six rings of ribs, left ones at larger x, around a spine."""
    volume = np.zeros(SHAPE, np.uint8)
    x, y = np.meshgrid(np.arange(40), np.arange(40), indexing="ij")
    ring = np.abs(np.hypot((x - 20) / 16, (y - 20) / 12) - 1) < 0.12
    for height in range(10, 40, 5):
        volume[ring & (x > 20), height] = 26 + height // 5
        volume[ring & (x <= 20), height] = 38 + height // 5
    volume[18:23, 28:33, :] = 12
    return volume


def axes():
    return tuple((torch.arange(n, dtype=torch.float32) - (n - 1) / 2) * SPACING_MM for n in SHAPE)


def test_lungs_lie_inside_the_ribs_on_both_sides_of_the_spine_and_above_the_lowest_rib():
    landmarks = Landmarks.of(torch.from_numpy(rib_cage()), SPACING_MM)
    x, y = np.meshgrid(np.arange(40), np.arange(40), indexing="ij")
    inside = np.hypot((x - 20) / 19.5, (y - 20) / 15.5) < 1
    for seed in range(10):
        air = lungs(axes(), landmarks, np.random.default_rng(seed)).numpy()
        assert air[8:14, :, 12:25].mean() > 0.2
        assert air[26:32, :, 12:25].mean() > 0.2  # the heart's side
        assert air[~inside].max() == 0
        assert air[19:22].max() == 0, "the mediastinum"
        assert air[..., 42:].max() == 0
        assert air[..., :9].max() == 0


def test_without_ribs_there_are_no_lungs():
    landmarks = Landmarks.of(torch.zeros(SHAPE, dtype=torch.uint8), SPACING_MM)
    assert lungs(axes(), landmarks, np.random.default_rng(0)) is None


@pytest.mark.parametrize("labels", [rib_cage(), np.zeros(SHAPE, np.uint8)], ids=["chest", "nothing in view"])
def test_the_body_holds_the_bones_and_is_finite(labels):
    tensor = torch.from_numpy(labels)
    landmarks = Landmarks.of(tensor, SPACING_MM)
    for seed in range(10):
        body = make_body(tensor, landmarks, SPACING_MM, np.random.default_rng(seed))
        assert body.shape == (20, 20, 30)
        assert bool(torch.isfinite(body).all())
        assert float(body.min()) >= 0
        bone = tensor[::2, ::2, ::2] == 12
        if bone.any():
            assert float((body[bone] > 0.3).float().mean()) > 0.9


def test_landmarks_tell_where_bones_are_in_millimetres():
    landmarks = Landmarks.of(torch.from_numpy(rib_cage()), SPACING_MM)
    assert landmarks.sees(12)
    assert not landmarks.sees(53)
    x, y, _ = landmarks.centres_mm[12]
    assert (x, y) == pytest.approx(((20 - 19.5) * SPACING_MM, (30 - 19.5) * SPACING_MM), abs=SPACING_MM)
    assert (landmarks.of_bone(28)[:, 0] > 0).all(), "left ribs lie at larger x"
