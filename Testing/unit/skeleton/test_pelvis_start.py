"""A turned pelvis is found by its silhouettes."""

import math

import pytest
import torch

from SwinX2SLib.skeleton.initial_pose import BIN, Silhouettes, start_pelvis
from SwinX2SLib.skeleton.pieces import HIP_LEFT, HIP_RIGHT, PELVIS_TURN, SACRUM

pytestmark = pytest.mark.slow

SHAPE, SPACING_MM = (100, 72, 84), 3.0


@pytest.mark.parametrize("turn_deg", [20, -12])
def test_a_turned_pelvis_is_found_by_its_silhouettes(pelvis, fill, outline, distance_mm, turn_deg):
    turn = math.radians(turn_deg)
    silhouettes = outline(fill(pelvis(turn), SHAPE, SPACING_MM))
    found = start_pelvis(lambda: pelvis(step=8), silhouettes, SPACING_MM)
    true = pelvis(turn, step=8)
    assert distance_mm(found, true) < 7 < 15 < distance_mm(pelvis(step=8), true)
    assert float(found.turn[0, 2].detach()) * PELVIS_TURN == pytest.approx(turn, abs=math.radians(3))
    assert float((found.transforms()[2] - true.transforms()[2]).detach().norm()) < 4


def test_both_hips_count_together_from_the_side_and_each_for_itself_from_the_front():
    coronal, sagittal = torch.zeros(54, 8, 6), torch.zeros(54, 4, 6)
    for label, x in ((HIP_LEFT, 6), (HIP_RIGHT, 0), (SACRUM, 2)):
        coronal[label - 1, x : x + 2, :2] = 1.0
    sagittal[HIP_LEFT - 1, 2:, 4:], sagittal[HIP_RIGHT - 1, 2:, 4:] = 0.5, 0.4
    frontal, lateral = Silhouettes(coronal, sagittal).targets()
    assert (frontal.axis, lateral.axis) == (0, 1)
    assert frontal.radiographs.shape == (3, 8 // BIN, 6 // BIN)
    shown = dict(zip(frontal.bones, frontal.radiographs, strict=True))
    assert shown[(HIP_LEFT,)].nonzero().tolist() == [[3, 0]]
    assert shown[(HIP_RIGHT,)].nonzero().tolist() == [[0, 0]]
    assert shown[(SACRUM,)].nonzero().tolist() == [[1, 0]]
    assert set(lateral.bones[0]) == {HIP_LEFT, HIP_RIGHT}
    assert float(lateral.radiographs[0, 1, 2]) == pytest.approx(1 - 0.5 * 0.6)
    assert not lateral.radiographs[1].any()
