"""Vertebrae are moved to the discs that the radiographs show, all alike, and not where nothing is seen."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from SwinX2SLib.reconstruct.disc_alignment import (
    DiscAlignment,
    align_vertebrae_to_discs,
    disc_log_odds,
    move_along_z,
)
from SwinX2SLib.skeleton.discs import SACRUM, find_discs

FIRST = 16
SHAPE = (32, 32, 112)
# Discs of T9 and below, their distances in proportion to those of people.
DISCS = np.array([20, 33, 47, 62, 78])


def spine(discs: np.ndarray) -> np.ndarray:
    """Vertebrae between discs of three slices, the outermost 11 slices high."""
    labels = np.zeros(SHAPE, np.uint8)
    ends = [discs[0] - 14, *discs, discs[-1] + 14]
    for number, (above, below) in enumerate(itertools.pairwise(ends)):
        for across, along in ((slice(11, 21), slice(8, 16)), (slice(14, 18), slice(16, 28))):
            labels[across, along, int(above) + 2 : int(below) - 1] = FIRST + number
    return labels


class Seen(nn.Module):
    """A network that sees the discs of a truth, with so much certainty."""

    def __init__(self, truth: np.ndarray, certainty: float = 4.0):
        super().__init__()
        self.discs, self.certainty = find_discs(truth), certainty

    def forward(self, radiograph: torch.Tensor, lateral: bool) -> torch.Tensor:
        seen = torch.full(radiograph.shape[2:], -self.certainty)
        for disc in self.discs:
            columns, heights = (disc.along, disc.lateral) if lateral else (disc.across, disc.frontal)
            for column, middle in zip(columns, heights, strict=True):
                seen[int(column), int(np.floor(middle)) : int(np.ceil(middle)) + 1] = self.certainty
        return seen[None]


class Blind(nn.Module):
    """A network that sees nothing."""

    def forward(self, radiograph: torch.Tensor, lateral: bool) -> torch.Tensor:
        return torch.full((1, *radiograph.shape[2:]), -4.0)


RADIOGRAPHS = torch.zeros(1, 1, SHAPE[0], SHAPE[2]), torch.zeros(1, 1, SHAPE[1], SHAPE[2])


def aligned(network, labels, *radiographs):
    return align_vertebrae_to_discs(disc_log_odds(network, *radiographs), labels)


def test_the_spines_of_these_tests_have_their_discs_where_they_should():
    assert [disc.height for disc in find_discs(spine(DISCS))] == DISCS.tolist()


@given(st.integers(-5, 5))
def test_a_spine_that_lies_too_high_or_low_is_moved_by_just_that(offset):
    disc_alignment = aligned(Seen(spine(DISCS)), spine(DISCS + offset), *RADIOGRAPHS)
    # What lies well already need not move.
    shifts = [0] * 5 if disc_alignment is None else disc_alignment.shifts
    assert shifts == pytest.approx([-offset] * 5, abs=0.5)


def test_an_error_that_grows_along_the_spine_is_undone():
    drift = np.array([0, 1, 2, 3, 5])
    disc_alignment = aligned(Seen(spine(DISCS)), spine(DISCS + drift), *RADIOGRAPHS)
    assert disc_alignment.shifts == pytest.approx(-drift, abs=0.5)


def test_where_no_disc_is_seen_nothing_moves():
    assert aligned(Blind(), spine(DISCS + np.array([0, 2, 1, 3, 0])), *RADIOGRAPHS) is None


def test_a_disc_that_is_not_seen_goes_with_its_neighbours():
    seen = Seen(spine(DISCS))
    del seen.discs[2]
    disc_alignment = aligned(seen, spine(DISCS + 4), *RADIOGRAPHS)
    assert disc_alignment.shifts == pytest.approx([-4] * 5, abs=0.5)


def test_half_a_vertebra_off_the_sacrum_tells_which_row_of_discs_it_is():
    """Both rows of discs are as near; only one leaves the last disc on the sacrum, and distances as people have."""
    truth, found = spine(DISCS), spine(DISCS + np.array([7, 7, 7, 5, 1]))
    for labels in (truth, found):
        labels[labels == FIRST + 5] = SACRUM
        labels[labels > 0] = np.where(labels[labels > 0] == SACRUM, SACRUM, labels[labels > 0] + 4)
    disc_alignment = aligned(Seen(truth), found, *RADIOGRAPHS)
    assert disc_alignment.discs[-1].lower == SACRUM
    assert disc_alignment.shifts == pytest.approx([-7, -7, -7, -5, -1], abs=0.5)


def test_where_two_rows_of_discs_fit_alike_nothing_moves():
    """To guess would be wrong half of the time, and by a whole vertebra."""
    seen = Seen(spine(DISCS - 6))
    assert aligned(seen, spine(DISCS), *RADIOGRAPHS) is not None
    seen.discs += find_discs(spine(DISCS + 6))
    assert aligned(seen, spine(DISCS), *RADIOGRAPHS) is None


def test_less_than_two_discs_say_nothing():
    labels = spine(DISCS)
    labels[labels > FIRST + 1] = 0
    assert len(find_discs(labels)) == 1
    assert aligned(Blind(), labels, *RADIOGRAPHS) is None
    assert aligned(Blind(), np.zeros(SHAPE, np.uint8), *RADIOGRAPHS) is None


def test_vertebrae_out_of_order_stay_where_they_are():
    labels = spine(DISCS)
    swapped = labels.copy()
    swapped[labels == FIRST + 2], swapped[labels == FIRST + 4] = FIRST + 4, FIRST + 2
    swapped[labels == FIRST + 1], swapped[labels == FIRST + 3] = FIRST + 3, FIRST + 1
    assert aligned(Seen(labels), swapped, *RADIOGRAPHS) is None


@given(st.integers(0, 2**32 - 1))
def test_whatever_was_reconstructed_slices_keep_their_order(seed):
    """Vertebrae of any height and discs seen anywhere: no error, and no slice passes another."""
    rng = np.random.default_rng(seed)
    labels = spine(np.cumsum(rng.integers(6, 19, 5)) + 8)

    class Random(nn.Module):
        def forward(self, radiograph: torch.Tensor, lateral: bool) -> torch.Tensor:
            return torch.from_numpy(rng.normal(0, 4, (1, *radiograph.shape[2:])).astype(np.float32))

    disc_alignment = aligned(Random(), labels, *RADIOGRAPHS)
    assume(disc_alignment is not None)
    sources = disc_alignment.sources(SHAPE[2])
    assert bool(np.isfinite(sources).all())
    assert bool((np.diff(sources) >= 0).all())


def test_moving_follows_the_discs_and_leaves_the_other_bones():
    truth, found = spine(DISCS), spine(DISCS + np.array([0, 1, 2, 3, 5]))
    disc_alignment = aligned(Seen(truth), found, *RADIOGRAPHS)
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(found).long(), 55).permute(3, 0, 1, 2).half()
    one_hot[0], one_hot[50, :4] = 0.4, 1
    move_along_z(one_hot, disc_alignment.sources(SHAPE[2]))
    moved = one_hot[:50].argmax(dim=0).numpy()
    before, after = ((volume == truth)[truth > 0].mean() for volume in (found, moved))
    assert before < 0.85
    assert after > 0.95
    assert bool((one_hot[50, :4] == 1).all())


def test_what_comes_from_beyond_the_radiograph_is_empty():
    probability = torch.ones(55, 2, 2, 6)
    move_along_z(probability, np.arange(6) - 2.0)
    assert probability[1, 0, 0].tolist() == [0, 0, 1, 1, 1, 1]
    assert bool((probability[0] == 1).all() and (probability[26:] == 1).all())


def test_half_a_slice_mixes_neighbours():
    probability = torch.zeros(55, 1, 1, 4)
    probability[5, 0, 0] = torch.tensor([0.0, 1.0, 0.0, 0.0])
    move_along_z(probability, np.arange(4) + 0.5)
    assert probability[5, 0, 0].tolist() == [0.5, 0.5, 0, 0]


def test_between_discs_the_move_is_gradual_and_beyond_them_constant():
    discs = find_discs(spine(np.array([21, 35])))
    assert [disc.height for disc in discs] == [21, 35]
    sources = DiscAlignment(discs, np.array([2.0, 4.0])).sources(60)
    assert sources[0] == -2
    assert sources[59] == 55
    assert np.interp([23, 39], np.arange(60), sources) == pytest.approx([21, 35], abs=0.2)
    assert bool((np.diff(sources) > 0).all())
