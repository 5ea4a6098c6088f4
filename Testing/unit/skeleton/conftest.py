"""A person drawn from the statistical skeleton, and the silhouettes of the bones."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from SwinX2SLib.skeleton.contours import View
from SwinX2SLib.skeleton.population import label_map, sample_weights
from SwinX2SLib.training.data import occupied_rays

SPACING_MM = 4.0


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Arrays are small: threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Drawn:
    """A person's labels in network order and silhouettes of all bones, frontal `(54, X, Z)` and lateral."""

    labels: np.ndarray
    silhouettes: tuple[np.ndarray, np.ndarray]

    def views(self, **options) -> list[View]:
        bones = tuple((label,) for label in range(1, 55))
        return [View(axis, bones, self.silhouettes[axis], **options) for axis in (0, 1)]


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    labels, _ = label_map(sample_weights(np.random.default_rng(8)), SPACING_MM)
    # A torso: the femora are cut.
    rows = np.flatnonzero((labels == 53).any(axis=(0, 1)))
    torso = np.ascontiguousarray(labels[:, :, : rows[0] + 30])
    maps = (occupied_rays(torch.from_numpy(torso), axis).float().numpy() for axis in (1, 0))
    return Drawn(torso, tuple(maps))
