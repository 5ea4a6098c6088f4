"""Tables of spines and pelves: they are those of people, and what is fitted comes out again."""

import numpy as np
import pytest

from SwinX2SLib.skeleton.spine_alignment import (
    LEVELS,
    alignment_table,
    fit_spines,
    segment_angles,
)
from SwinX2SLib.training.synthesis.pelvis_shape import mean_pelvis


def test_fitted_spine_modes_return_the_spread_that_the_scans_have():
    rng = np.random.default_rng(0)
    scans, rows = 200, []
    for _ in range(scans):
        tilt = rng.normal(0.1, 0.05)
        points = np.array([[0, -22 * i * np.tan(-tilt), -22.0 * i] for i in range(LEVELS)])
        rows.append(points)
    table = fit_spines(
        np.repeat(np.arange(scans), LEVELS),
        np.zeros(scans * LEVELS),
        np.tile(np.arange(1, LEVELS + 1), scans),
        np.concatenate(rows),
    )
    assert table["mean"][:, 1] == pytest.approx(0.1, abs=0.02)
    assert table["mean"][:, 0] == pytest.approx(0.0, abs=1e-6)
    assert np.sqrt((table["modes"] ** 2).sum(0))[:, 1] == pytest.approx(0.05, abs=0.015)
    upright = np.stack([np.zeros(LEVELS), np.zeros(LEVELS), np.arange(LEVELS) * 20.0], axis=-1)
    assert not segment_angles(upright).any()


def test_the_shipped_tables_are_of_people():
    mean, modes = alignment_table()
    assert mean.shape == (LEVELS - 1, 2)
    assert modes.shape[1:] == mean.shape
    assert np.abs(np.degrees(mean[3:, 0])).max() < 8, "on average the spine is straight from the front"
    bones, modes = mean_pelvis()
    left, right, sacrum = (vertices.mean(0) for vertices in bones)
    assert left[0] > sacrum[0] > right[0]
    assert sacrum[1] > left[1]
    vertices = np.concatenate(bones)
    assert modes.shape[1:] == vertices.shape
    width = np.ptp(vertices[:, 0])
    assert 230 < width < 310
