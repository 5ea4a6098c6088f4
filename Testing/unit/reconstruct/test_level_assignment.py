"""Vertebrae of a reconstruction are renamed where their names do not follow each other."""

import numpy as np
import torch

from SwinX2SLib.reconstruct.label_assignment import assign_labels
from SwinX2SLib.reconstruct.level_assignment import name_levels
from SwinX2SLib.reconstruct.plausibility import level_warnings
from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM

SPACING_MM = 4.0
SHAPE = (24, 24, 96)


def column(names):
    """Probabilities of a column T10 to L5 with the sacrum below, vertebrae under the names given, and its discs."""
    labels = list(range(17, 25))
    heights = [round(BODY_STEPS_MM[label - 3] * ADULT_SIZE / SPACING_MM) for label in labels]
    ends = np.concatenate([[0], np.cumsum(heights)])
    probability = torch.zeros(55, *SHAPE)
    discs = np.full((SHAPE[0], SHAPE[2]), -3.0)
    truth = np.zeros(SHAPE, np.uint8)
    for label, name, start, stop in zip(labels, names, ends[:-1], ends[1:], strict=True):
        part = (slice(8, 16), slice(8, 16), slice(int(start) + 1, int(stop)))
        probability[name][part] = 0.9
        truth[part] = label
        discs[8:16, int(stop)] = 3.0
    probability[50, 6:18, 10:18, int(ends[-1]) + 1 :] = 0.95
    probability[0] = 1 - probability[1:].sum(0)
    return probability, (discs, discs), truth


def test_names_that_are_right_are_not_touched():
    probability, discs, _ = column(range(17, 25))
    before = probability.clone()
    assert name_levels(probability, discs, SPACING_MM).renamed == ()
    assert torch.equal(probability, before)


def test_a_column_one_level_off_gets_its_names():
    # All one too high: L5 has the name of L4, and nothing is called L5.
    probability, discs, truth = column(range(16, 24))
    naming = name_levels(probability, discs, SPACING_MM)
    assert sum(naming.shift_odds.values()) < 0.1
    found = assign_labels(probability).labels
    assert 24 in naming.renamed
    for label in range(17, 25):
        own = truth == label
        assert (found[own] == label).mean() > 0.8, label
    assert not (found == 16).any()


def test_two_vertebrae_of_one_name_are_told_apart():
    probability, discs, truth = column([17, 18, 19, 19, 21, 22, 23, 24])
    name_levels(probability, discs, SPACING_MM)
    found = assign_labels(probability).labels
    assert (found[truth == 20] == 20).mean() > 0.8
    assert (found[truth == 19] == 19).mean() > 0.8


def test_a_reconstruction_without_vertebrae_is_left_alone():
    probability, discs, _ = column(range(17, 25))
    probability[1:26] = 0
    before = probability.clone()
    assert name_levels(probability, discs, SPACING_MM).renamed == ()
    assert torch.equal(probability, before)


def test_doubtful_levels_and_new_names_are_stated_in_words():
    (doubt, renamed) = level_warnings(["vertebrae_L4", "vertebrae_L5"], {-1: 0.2, 1: 0.05})
    assert "may be off by one" in doubt
    assert "25 %" in doubt
    assert "L4, L5" in renamed
    assert level_warnings([], {1: 0.04}) == []
