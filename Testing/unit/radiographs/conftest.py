"""Radiographs drawn for the tests."""

import sys
from pathlib import Path

import numpy as np
import pytest

# Helpers of these tests are modules beside them.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def radiograph_values() -> np.ndarray:
    """A drawn frontal radiograph, uint16 (200, 160), bone bright: a spine, and one rib only on the patient's left."""
    rng = np.random.default_rng(3)
    values = rng.integers(400, 900, (200, 160)).astype(np.float64)
    values[:, 70:90] += 2000
    values[40:60, 100:150] += 1500
    return np.clip(values, 0, 4095).astype(np.uint16)


@pytest.fixture
def other_values(radiograph_values) -> np.ndarray:
    """A drawn lateral radiograph of the same height."""
    return np.roll(radiograph_values, 40, axis=1)
