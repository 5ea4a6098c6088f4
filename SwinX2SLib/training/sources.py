"""The sources of a run: its cases, and random phantoms and composed people if the run asks for them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.datasets import Case
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.models.builder import variant_config
from SwinX2SLib.phantom import PhantomParameters, build_phantom
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.people import Person
from SwinX2SLib.training.synthesis.selection import compose_people

PHANTOM_SPACING_MM = 3.0
COMPOSITION = 1  # tells the random numbers of the composition from others of the same seed
logger = logging.getLogger(__name__)


def load_sources(
    config: TrainingConfig,
    cases: Sequence[Case],
    grid_shape: tuple[int, int, int],
    device: torch.device | str = "cpu",
) -> Synthesiser:
    """Load everything that the run draws samples from into memory.

    Args:
        config: names the cases' weights and how many phantoms and composed people join them.
        cases: the people.
        grid_shape: `(X, Y, Z)` of the samples.
        device: where they are drawn.

    Raises:
        InputError: the network takes more than one film of each plane, and X differs from Y.
    """
    views = films_per_plane(config)
    if views > 1 and grid_shape[0] != grid_shape[1]:
        sentence = f"Films from {2 * views} sides need a grid as wide (X) as deep (Y), not {grid_shape}."
        raise InputError([Fault("grid-not-square", sentence, "Change grid_shape.")])
    synthesiser = Synthesiser(
        grid_shape,
        device=device,
        augment=config.augmentation,
        published_look=config.published_look,
        views_per_plane=views,
    )
    synthesiser.add_cases(cases, [config.case_weights.get(case.name, 1.0) for case in cases])
    rng = np.random.default_rng(config.seed)
    for _ in range(config.phantoms):
        phantom = build_phantom(PhantomParameters.random(rng), PHANTOM_SPACING_MM)
        everything = np.ones(CLASS_COUNT, dtype=bool)
        spacing = voxel_spacing_mm(phantom.affine)
        synthesiser.add_volume(phantom.labels, spacing, everything, config.phantom_weight)
    for person in _composed(config, cases):
        synthesiser.add_volume(person.labels, person.spacing_mm, person.known, config.composed_weight)
    return synthesiser


def films_per_plane(config: TrainingConfig) -> int:
    """Return how many films of each plane the run's network takes (N of the paper)."""
    return getattr(variant_config(config.model, **config.network_overrides), "views_per_plane", 1)


def _composed(config: TrainingConfig, cases: Sequence[Case]) -> list[Person]:
    """Return the people composed of the run's cases: the same ones for the same cases and seed."""
    if not config.composed:
        return []
    donors = [
        Person(case.name, *case.load_labels(), case.known_classes)
        for case in cases
        if config.case_weights.get(case.name, 1.0) > 0
    ]
    made = compose_people(donors, config.composed, np.random.default_rng((config.seed, COMPOSITION)))
    logger.info("%d people composed of the cases: %s", len(made), ", ".join(p.name for p in made))
    return made
