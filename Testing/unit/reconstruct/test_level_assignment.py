"""Vertebrae are renamed where their names do not follow each other, and moved to the discs."""

import numpy as np
import pytest
import torch
from torch import nn

from SwinX2SLib.reconstruct.level_assignment import SUREST, disc_log_odds, name_levels
from SwinX2SLib.reconstruct.plausibility import level_warnings
from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM

SPACING_MM = 4.0
WIDTH, ROWS = 24, 96
LABELS = range(17, 25)
HEIGHTS = [round(BODY_STEPS_MM[label - 3] * ADULT_SIZE / SPACING_MM) for label in LABELS]
ENDS = np.concatenate([[0], np.cumsum(HEIGHTS)])


def column(names, lower=0):
    """Silhouettes of T10 to L5 with the sacrum below, vertebrae under the names given and so many rows too low."""
    view, discs = np.zeros((54, WIDTH, ROWS), np.float32), np.full((WIDTH, ROWS), -3.0)
    for name, start, stop in zip(names, ENDS[:-1], ENDS[1:], strict=True):
        view[name - 1, 8:16, int(start) + 1 + lower : int(stop) + lower] = 0.9
        discs[8:16, int(stop)] = 3.0
    view[49, 6:18, int(ENDS[-1]) + 1 :] = 0.95
    return (view, view.copy()), (discs, discs)


def rows_of(view, label):
    shown = np.flatnonzero(view[label - 1].max(axis=0) > 0.45)
    return (int(shown[0]), int(shown[-1]) + 1) if len(shown) else None


def test_names_and_places_that_are_right_are_not_touched():
    silhouettes, discs = column(LABELS)
    before = silhouettes[0].copy()
    assert name_levels(silhouettes, discs, SPACING_MM).renamed == ()
    for view in silhouettes:
        # A row of discs belongs to either neighbour.
        np.testing.assert_allclose(view, before, atol=0.46)
        assert all(abs(rows_of(view, k)[0] - rows_of(before, k)[0]) <= 1 for k in LABELS)


def test_a_column_one_level_off_gets_its_names():
    # All one too high: L5 has the name of L4, and nothing is called L5.
    silhouettes, discs = column(range(16, 24))
    naming = name_levels(silhouettes, discs, SPACING_MM)
    assert sum(naming.shift_odds.values()) < 0.1
    assert 24 in naming.renamed
    for view in silhouettes:
        for label, start, stop in zip(LABELS, ENDS[:-1], ENDS[1:], strict=True):
            found = rows_of(view, label)
            assert found is not None
            assert abs(found[0] - start) <= 2, label
            assert abs(found[1] - stop) <= 2, label
        assert not view[15].any()


def test_two_vertebrae_of_one_name_are_told_apart():
    (view, _), discs = silhouettes, discs = column([17, 18, 19, 19, 21, 22, 23, 24])
    assert 20 in name_levels(silhouettes, discs, SPACING_MM).renamed
    assert abs(rows_of(view, 20)[0] - ENDS[3]) <= 2
    assert abs(rows_of(view, 19)[1] - ENDS[3]) <= 2


def test_vertebrae_that_lie_below_their_discs_are_moved_up_to_them():
    (view, _), discs = silhouettes, discs = column(LABELS, lower=2)
    assert abs(rows_of(view, 20)[0] - ENDS[3]) >= 2
    naming = name_levels(silhouettes, discs, SPACING_MM)
    # The inner ones have discs on both sides.
    for label in list(LABELS)[1:-1]:
        middle = sum(rows_of(view, label)) / 2
        place = label - LABELS[0]
        assert middle == pytest.approx((ENDS[place] + ENDS[place + 1]) / 2, abs=1.0), label
        assert naming.heights_mm(SPACING_MM)[label] == pytest.approx(
            (ENDS[place] + ENDS[place + 1] - 1) / 2 * SPACING_MM, abs=SPACING_MM
        )


def test_without_vertebrae_nothing_changes():
    silhouettes, discs = column(LABELS)
    for view in silhouettes:
        view[:25] = 0
    before = silhouettes[0].copy()
    naming = name_levels(silhouettes, discs, SPACING_MM)
    assert naming.renamed == naming.levels == ()
    np.testing.assert_array_equal(silhouettes[0], before)


def test_each_radiograph_is_looked_at_in_its_own_view_and_log_odds_are_bounded():
    class Brightness(nn.Module):
        def forward(self, radiograph: torch.Tensor, lateral: bool) -> torch.Tensor:
            return 100 * radiograph[:, 0] * (-1 if lateral else 1)

    frontal, lateral = disc_log_odds(Brightness(), torch.ones(1, 2, 3, 5), torch.ones(1, 2, 4, 5))
    np.testing.assert_array_equal(frontal, np.full((3, 5), SUREST))
    np.testing.assert_array_equal(lateral, np.full((4, 5), -SUREST))


def test_doubtful_levels_and_new_names_are_stated_in_words():
    (doubt, renamed) = level_warnings(["vertebrae_L4", "vertebrae_L5"], {-1: 0.2, 1: 0.05})
    assert "may be off by one" in doubt
    assert "25 %" in doubt
    assert "L4, L5" in renamed
    assert level_warnings([], {1: 0.04}) == []
