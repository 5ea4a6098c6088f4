"""A run that takes seconds: three bones, the smallest network, one thread; and a phantom as a person."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.phantom import PhantomParameters, build_phantom
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.joints import find_joints
from SwinX2SLib.training.synthesis.subjects import Person

GRID = (32, 32, 64)


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def three_bones() -> Synthesiser:
    """Draws from one volume with two femora and a sacrum."""
    volume = np.zeros(GRID, np.uint8)
    volume[20:26, 10:17, 30:60] = 53
    volume[6:12, 10:17, 30:60] = 54
    volume[13:19, 18:25, 8:28] = 50
    made = Synthesiser(GRID)
    made.add_volume(volume, np.full(3, 4.0), np.ones(CLASS_COUNT, dtype=bool), 1.0)
    return made


@pytest.fixture
def tiny() -> Callable[..., TrainingConfig]:
    """Function that makes the parameters of a run of a few steps; keywords change them."""

    def make(**changes) -> TrainingConfig:
        values = {"model": "fused-nano", "network": {"grid_shape": list(GRID)}, "steps": 4, "layout_steps": 2}
        values |= {"batch_size": 1, "layout_batch_size": 2, "warmup_steps": 2, "checkpoint_seconds": 0.0}
        return TrainingConfig(**{**values, "mixed_precision": False, **changes})

    return make


@pytest.fixture(scope="session")
def phantom():
    # Asymmetric: a left that is told from a right after any mix-up.
    return build_phantom(PhantomParameters(scoliosis_cobb_deg=12.0), 3.0)


@pytest.fixture(scope="session")
def person(phantom) -> Person:
    return Person(
        "phantom", phantom.labels, voxel_spacing_mm(phantom.affine), np.ones(CLASS_COUNT, dtype=bool)
    )


@pytest.fixture(scope="session")
def joints(person):
    return find_joints(person)
