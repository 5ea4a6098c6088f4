"""Organs are drawn where their vertebrae are seen, and only there."""

import dataclasses

import numpy as np
import torch

from SwinX2SLib.training.synthesis.soft_tissue import random_organs
from SwinX2SLib.training.synthesis.subjects import Landmarks

SPACING_MM = 4.0
T9, L2 = 16, 21


def spine_of(first: int, last: int) -> Landmarks:
    """Landmarks of a stack of square vertebrae, network order."""
    labels = torch.zeros(64, 64, 96, dtype=torch.uint8)
    for place, label in enumerate(range(first, last + 1)):
        labels[24:40, 30:42, 8 + 8 * place : 14 + 8 * place] = label
    return Landmarks.of(labels, SPACING_MM)


def test_all_organs_have_finite_places_whichever_vertebrae_are_seen():
    for first in range(T9, L2 + 1):
        for last in range(first, L2 + 1):
            landmarks = spine_of(first, last)
            for seed in range(40):
                for shape in random_organs(landmarks, 0.3, np.random.default_rng(seed)):
                    values = [np.ravel(value).astype(float) for value in dataclasses.astuple(shape)]
                    assert all(np.isfinite(value).all() for value in values), (first, last, seed)
