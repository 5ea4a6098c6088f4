"""Pieces are shifted, turned, grown and changed by just as much as is asked for."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.skeleton.pieces import (
    COMMON_GROWTH,
    GROWTH,
    PELVIS,
    PELVIS_GROWTH,
    SHIFT_MM,
    TURN,
    Placement,
    piece_of,
)

AT_MM = np.array([[60.0, 70.0, 40.0], [60.0, 70.0, 80.0]])


def pair(size: float = 1.0) -> Placement:
    """L1 and L2."""
    return Placement([piece_of((20,)), piece_of((21,))], AT_MM, [size, size])


def pelvis(step: int = 10) -> Placement:
    return Placement([piece_of(PELVIS).thinned(step)], AT_MM[:1], [1.0])


def distances(points: torch.Tensor) -> torch.Tensor:
    return (points[:, None] - points).norm(dim=-1)


@torch.no_grad()
def places(placement: Placement) -> torch.Tensor:
    return placement.placed_mm()[0]


def middles(placement: Placement) -> list[list[float]]:
    points, found = places(placement), []
    for number in range(len(placement.pieces)):
        own = placement.piece == number
        weight = placement.solid[own, None]
        found.append(((points[own] * weight).sum(0) / weight.sum()).tolist())
    return found


def test_untouched_pieces_have_their_middles_where_they_were_put():
    for size in (0.8, 1.0, 1.3):
        assert np.array(middles(pair(size))) == pytest.approx(AT_MM, abs=0.01)


def test_untouched_pieces_are_as_large_as_told_and_unturned():
    piece = piece_of((20,))
    own = places(pair(1.2))[: len(piece.points_mm)].numpy()
    assert own - AT_MM[0] == pytest.approx(1.2 * (piece.points_mm - piece.middle_mm), abs=1e-3)


def test_one_shift_moves_one_piece_by_its_deviation():
    placement = pair()
    with torch.no_grad():
        placement.shift[1] = torch.tensor([1.0, 0.0, -0.5])
    assert np.array(middles(placement)) == pytest.approx(
        np.add(AT_MM, [[0, 0, 0], [SHIFT_MM, 0, -SHIFT_MM / 2]]), abs=0.01
    )


@given(st.lists(st.floats(-20, 20), min_size=3, max_size=3))
def test_a_turn_keeps_distances_and_the_middle(turn):
    before, placement = pair(), pair()
    with torch.no_grad():
        placement.turn[0] = torch.tensor(turn)
    one, other = (distances(places(p)[:60]) for p in (before, placement))
    assert torch.allclose(one, other, atol=0.05)
    assert middles(placement)[0] == pytest.approx(AT_MM[0], abs=0.01)
    rotation = placement.transforms()[0][0].detach()
    assert float(torch.det(rotation)) == pytest.approx(1, abs=1e-4)


def test_a_quarter_turn_about_the_vertical_brings_left_to_behind():
    """By the right hand: x runs to the left, y backwards."""
    placement = pair()
    with torch.no_grad():
        placement.turn[0, 2] = np.pi / 2 / TURN
    rotation = placement.transforms()[0][0].detach()
    assert (rotation @ torch.tensor([1.0, 0.0, 0.0])).tolist() == pytest.approx([0, 1, 0], abs=1e-5)


def test_growth_scales_lengths_along_its_axis_and_volumes_of_all():
    before, placement = pair(), pair()
    with torch.no_grad():
        placement.growth[0, 1] = np.log(2) / GROWTH
    first = placement.piece == 0
    extent = (np.ptp(places(p)[first].numpy(), axis=0) for p in (placement, before))
    assert np.divide(*extent) == pytest.approx([1, 2, 1], rel=1e-4)
    larger = placement.placed_mm()[1].detach()
    assert larger[first].unique().tolist() == pytest.approx([2.0])
    assert larger[~first].unique().tolist() == pytest.approx([1.0])


def test_what_all_grow_in_common_they_grow_alike():
    placement = pair(1.5)
    with torch.no_grad():
        placement.common[:] = np.log(2) / COMMON_GROWTH
    assert placement.transforms()[1].detach().tolist() == pytest.approx(np.full((2, 3), 3.0), rel=1e-4)
    assert placement.placed_mm()[1].detach().numpy() == pytest.approx(27.0, rel=1e-4)


def test_a_pelvis_grows_alike_along_all_axes():
    placement = pelvis()
    with torch.no_grad():
        placement.growth[0] = torch.tensor([3.0, 0.0, 0.0])
        placement.common[:] = 5.0
    assert placement.transforms()[1].detach().numpy() == pytest.approx(np.exp(PELVIS_GROWTH), rel=1e-4)


def test_points_of_a_pelvis_move_along_its_modes_and_others_have_none():
    before, placement = pelvis(), pelvis()
    with torch.no_grad():
        placement.weights[0][1] = -2.0
    moved = (places(placement) - places(before)).numpy()
    assert moved == pytest.approx(-2 * placement.pieces[0].modes_mm[1], abs=1e-3)
    assert not pair().weights


def test_every_point_knows_its_piece_and_bone():
    placement = Placement([piece_of((20,)), piece_of(PELVIS)], AT_MM, [1, 1])
    assert placement.bone.unique().tolist() == [20, *sorted(PELVIS)]
    assert placement.piece[placement.bone == 20].unique().tolist() == [0]
    assert placement.piece[placement.bone != 20].unique().tolist() == [1]
    assert placement.is_pelvis.tolist() == [False, True]
    assert list(placement.weights) == [1]


def test_nothing_strains_an_untouched_placement_and_every_change_does():
    assert float(pair().strain().detach()) == 0
    for number in range(len(pelvis().parameters())):
        placement = pelvis()
        with torch.no_grad():
            placement.parameters()[number][:] = 1.0
        assert float(placement.strain().detach()) > 0


def test_neighbours_that_move_alike_strain_less_than_those_that_part():
    alike, parted = pair(), pair()
    with torch.no_grad():
        alike.shift[:, 2] = 1.0
        parted.shift[:, 2] = torch.tensor([1.0, -1.0])
    assert float(parted.strain().detach()) == pytest.approx(float(alike.strain().detach()) + 0.5 * 0.5 * 4)


def test_a_pelvis_placed_alone_is_taken_over_among_others():
    alone = pelvis()
    with torch.no_grad():
        for number, parameter in enumerate(alone.parameters()):
            parameter[:] = 0.2 + 0.1 * number
        alone.common[:] = 0.0
    among = Placement([piece_of((20,)), piece_of(PELVIS).thinned(10)], AT_MM[[1, 0]], [1, 1])
    among.take_over(alone, 1)
    assert torch.allclose(places(among)[among.piece == 1], places(alone), atol=1e-3)
    assert middles(among)[0] == pytest.approx(AT_MM[1], abs=0.01)


def test_places_of_the_shape_are_carried_as_its_points_are():
    placement = pelvis()
    with torch.no_grad():
        placement.turn[:] = torch.tensor([0.4, -0.7, 1.2])
        placement.shift[:] = torch.tensor([0.5, 1.0, -0.3])
        placement.growth[:] = 0.8
        placement.weights[0][:3] = torch.tensor([1.0, -1.5, 0.5])
    carried = placement.carried_mm(0, placement.pieces[0].points_mm)
    assert carried == pytest.approx(places(placement).numpy(), abs=1e-3)
    spine = pair(size=1.1)
    with torch.no_grad():
        spine.growth[1] = torch.tensor([1.0, -1.0, 0.5])
        spine.turn[1] = 0.6
    assert spine.carried_mm(1, spine.pieces[1].points_mm) == pytest.approx(
        places(spine)[spine.piece == 1].numpy(), abs=1e-3
    )
