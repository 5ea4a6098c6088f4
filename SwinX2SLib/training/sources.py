"""The sources of a run: its cases, and random phantoms if the run asks for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.datasets import Case
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.phantom import PhantomParameters, build_phantom
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.synthesis import Synthesiser

PHANTOM_SPACING_MM = 3.0


def load_sources(
    config: TrainingConfig, cases: Sequence[Case], grid_shape: tuple[int, int, int]
) -> Synthesiser:
    """Load everything that the run draws samples from into memory.

    Args:
        config: names the cases' weights and how many phantoms join them.
        cases: the people.
        grid_shape: `(X, Y, Z)` of the samples.
    """
    synthesiser = Synthesiser(grid_shape)
    synthesiser.add_cases(cases, [config.case_weights.get(case.name, 1.0) for case in cases])
    rng = np.random.default_rng(config.seed)
    for _ in range(config.phantoms):
        phantom = build_phantom(PhantomParameters.random(rng), PHANTOM_SPACING_MM)
        everything = np.ones(CLASS_COUNT, dtype=bool)
        spacing = voxel_spacing_mm(phantom.affine)
        synthesiser.add_volume(phantom.labels, spacing, everything, config.phantom_weight)
    return synthesiser
