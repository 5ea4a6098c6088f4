"""Radiographs of points conserve what the points attenuate, and similarity is a correlation."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.skeleton.projections import blurred, cast, edges, similarity, within

SHAPE = (12, 10)


def cast_one(x: float, z: float, weight: float = 1.0) -> torch.Tensor:
    return cast(torch.tensor([[x, z]]), torch.tensor([weight]), SHAPE)


def random_radiograph(seed: int) -> torch.Tensor:
    return torch.rand(SHAPE, generator=torch.Generator().manual_seed(seed))


def test_a_point_in_the_middle_of_a_pixel_lands_there_alone():
    radiograph = cast_one(3.0, 7.0, 2.5)
    assert radiograph.shape == SHAPE
    assert float(radiograph[3, 7]) == 2.5
    assert int((radiograph != 0).sum()) == 1


def test_a_point_between_four_pixels_is_shared_by_how_near_they_are():
    radiograph = cast_one(3.25, 7.5, 8.0)
    assert radiograph[3:5, 7:9].tolist() == [[3.0, 3.0], [1.0, 1.0]]
    assert float(radiograph.sum()) == 8.0


@given(
    st.lists(
        st.tuples(st.floats(0, SHAPE[0] - 1), st.floats(0, SHAPE[1] - 1), st.floats(0, 5)),
        min_size=1,
        max_size=20,
    )
)
def test_nothing_is_lost_inside_and_the_middle_of_mass_stays(points):
    x, z, weight = torch.tensor(points, dtype=torch.float32).T
    radiograph = cast(torch.stack([x, z], dim=1), weight, SHAPE)
    assert float(radiograph.sum()) == pytest.approx(float(weight.sum()), rel=1e-4, abs=1e-5)
    moment = (radiograph.sum(1) * torch.arange(SHAPE[0])).sum()
    assert float(moment) == pytest.approx(float((weight * x).sum()), rel=1e-3, abs=1e-3)


@given(st.sampled_from([(-1.0, 5.0), (12.0, 5.0), (5.0, -1.5), (5.0, 10.0), (-400.0, 900.0)]))
def test_a_point_outside_casts_nothing(place):
    assert not cast_one(*place).any()


def test_a_point_on_the_border_gives_only_what_falls_inside():
    radiograph = cast_one(-0.25, 9.5)
    assert float(radiograph[0, 9]) == pytest.approx(0.75 * 0.5)
    assert float(radiograph.sum()) == pytest.approx(0.75 * 0.5)


def test_the_slope_of_a_radiograph_along_a_shift_is_that_of_the_shares():
    places = torch.tensor([[3.25, 7.5]], requires_grad=True)
    cast(places, torch.tensor([2.0]), SHAPE)[4, 7].backward()
    assert places.grad.tolist() == [[1.0, -0.5]]


@given(st.floats(0.7, 2.0))
def test_blurring_keeps_the_sum_away_from_borders_and_is_even(sigma):
    radiograph = torch.zeros(31, 31)
    radiograph[15, 15] = 3.0
    soft = blurred(radiograph, sigma)
    assert float(soft.sum()) == pytest.approx(3.0, rel=1e-4)
    assert torch.allclose(soft, soft.flip(0), atol=1e-6)
    assert torch.allclose(soft, soft.T, atol=1e-6)
    away = torch.arange(31) - 15
    assert float((soft.sum(1) * away**2).sum() / 3) == pytest.approx(sigma**2, rel=0.1)


def test_several_radiographs_are_blurred_each_for_itself():
    radiographs = torch.stack([random_radiograph(1), random_radiograph(2)])
    together = blurred(radiographs, 1.0)
    assert torch.allclose(together[0], blurred(radiographs[0], 1.0))
    assert torch.allclose(together[1], blurred(radiographs[1], 1.0))


def test_edges_of_an_even_radiograph_are_nothing_and_those_of_a_bar_are_on_its_side():
    even = torch.full((61, 61), 7.0)
    assert edges(even)[25:36, 25:36].abs().max() < 1e-4
    even[30:] = 9.0
    found = edges(even)[15:46, 30]
    assert float(found[15]) > 0.3
    assert float(found[14]) < -0.3


def test_within_is_around_the_shadow_only():
    radiograph = torch.zeros(41, 41)
    radiograph[18:23, 18:23] = 2.0
    mask = within(radiograph)
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert bool((mask[18:23, 18:23] == 1).all())
    assert not mask[:10].any()
    assert not mask[:, 31:].any()


@given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-20, 20))
def test_likeness_knows_neither_factor_nor_constant(seed, factor, constant):
    radiograph, where = random_radiograph(seed), (random_radiograph(seed + 1) > 0.4).float()
    assert float(similarity(radiograph, factor * radiograph + constant, where)) == pytest.approx(1, abs=1e-3)
    assert float(similarity(radiograph, constant - factor * radiograph, where)) == pytest.approx(-1, abs=1e-3)


@given(st.integers(0, 10_000))
def test_likeness_looks_nowhere_but_within_the_mask(seed):
    one, other, where = (
        random_radiograph(seed),
        random_radiograph(seed + 1),
        (random_radiograph(seed + 2) > 0.5).float(),
    )
    before = float(similarity(one, other, where))
    assert -1 <= before <= 1
    changed = torch.where(where > 0, other, 100 * random_radiograph(seed + 3))
    assert float(similarity(one, changed, where)) == pytest.approx(before, abs=1e-4)


def test_likeness_to_an_even_radiograph_is_nothing():
    assert float(
        similarity(random_radiograph(3), torch.full(SHAPE, 4.0), torch.ones(SHAPE))
    ) == pytest.approx(0, abs=1e-2)
