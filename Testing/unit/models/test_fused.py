import pytest
import torch

from SwinX2SLib.models.fused import FusedConfig, FusedSwinX2S
from SwinX2SLib.models.silhouettes import RowExchange, standardise

SMALL = FusedConfig(
    embed_dim=8,
    depths=(2, 2, 2, 2),
    heads=(1, 2, 4, 8),
    decoder_2d=(16, 16, 16, 16, 8),
    decoder_3d=(16, 16, 8),
    grid_shape=(32, 32, 64),
    out_channels=7,
)


@pytest.fixture(scope="module")
def net() -> FusedSwinX2S:
    torch.manual_seed(0)
    return FusedSwinX2S(SMALL).eval()


def radiographs(batch: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.rand(batch, 1, 32, 64, generator=generator) for _ in range(2))


@torch.no_grad()
def test_slabs_of_the_full_resolution_logits_are_the_whole_cut_in_slices(net):
    output = net(*radiographs())
    whole = output.logits()
    assert whole.shape == (1, 7, 32, 32, 64)
    slabs = torch.cat([output.logits(0, 16), output.logits(16, 50), output.logits(50, 64)], dim=-1)
    torch.testing.assert_close(slabs, whole)


@torch.no_grad()
def test_the_silhouettes_of_a_radiograph_heed_the_other_radiograph_only_row_by_row(net):
    coronal, sagittal = radiographs()
    before = net(coronal, sagittal, volumes=0)
    # What the other radiograph shows in a row counts, where along the row it shows it does not.
    exchange = RowExchange(4)
    torch.nn.init.normal_(exchange.mix.weight)
    front, side = torch.rand(1, 4, 8, 6), torch.rand(1, 4, 5, 6)
    plain, flipped = exchange(front, side), exchange(front, side.flip(2))
    torch.testing.assert_close(plain[0], flipped[0])
    torch.testing.assert_close(plain[1], flipped[1].flip(2))
    # A new network has not learned to listen yet.
    after = net(coronal, sagittal.flip(2), volumes=0)
    torch.testing.assert_close(before.coronal_layout, after.coronal_layout)
    assert not torch.allclose(before.sagittal_layout, after.sagittal_layout)


@torch.no_grad()
def test_volumes_of_the_first_persons_alone_are_what_all_would_be(net):
    coronal, sagittal = radiographs(3)
    some, every = net(coronal, sagittal, volumes=2), net(coronal, sagittal)
    assert len(some.volume) == 2
    assert len(some.coronal_layout) == 3
    torch.testing.assert_close(some.logits(), every.logits()[:2], rtol=1e-4, atol=1e-5)
    assert net(coronal, sagittal, volumes=0).volume is None


@torch.no_grad()
def test_radiographs_of_different_widths_give_a_volume_as_wide_and_as_deep(net):
    generator = torch.Generator().manual_seed(3)
    narrow = torch.rand(1, 1, 32, 64, generator=generator), torch.rand(1, 1, 64, 64, generator=generator)
    assert net.reconstruct_logits(*narrow).shape == (1, 7, 32, 64, 64)


@torch.no_grad()
def test_brightness_and_contrast_of_a_radiograph_do_not_matter(net):
    coronal, sagittal = radiographs()
    torch.testing.assert_close(
        net.reconstruct_logits(coronal, sagittal),
        net.reconstruct_logits(coronal * 0.3 + 0.2, sagittal * 2),
        rtol=1e-2,
        atol=1e-3,
    )
    assert float(standardise(torch.full((1, 1, 4, 4), 0.5)).abs().max()) == 0


@torch.no_grad()
def test_a_batch_gives_what_its_cases_give_alone(net):
    coronal, sagittal = radiographs(2)
    together = net.reconstruct_logits(coronal, sagittal)
    for i in range(2):
        torch.testing.assert_close(
            net.reconstruct_logits(coronal[i : i + 1], sagittal[i : i + 1]),
            together[i : i + 1],
            rtol=1e-4,
            atol=1e-5,
        )


def test_every_parameter_learns():
    torch.manual_seed(0)
    net = FusedSwinX2S(SMALL)
    for head in net.silhouettes.names:
        # Fresh silhouettes are faint and their hull is empty.
        torch.nn.init.zeros_(head.bias)
    output = net(*radiographs())
    (output.logits() ** 2).sum().backward()
    still = [name for name, p in net.named_parameters() if p.grad is None or not bool(p.grad.abs().sum() > 0)]
    assert still == []


@pytest.mark.parametrize(
    ("coronal", "sagittal", "word"),
    [
        ((1, 1, 32, 64), (1, 1, 32, 32), "height"),
        ((1, 2, 32, 64), (1, 1, 32, 64), "coronal"),
        ((1, 1, 32, 64), (1, 1, 30, 64), "multiples of 32"),
    ],
)
def test_radiographs_of_the_wrong_size_are_refused_in_words(net, coronal, sagittal, word):
    with pytest.raises(ValueError, match=word):
        net(torch.zeros(coronal), torch.zeros(sagittal))
