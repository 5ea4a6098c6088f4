import pytest
import torch

from SwinX2SLib.models.swinx2s import SwinX2S, SwinX2SConfig


def network(grid=(32, 32, 64), views=1, classes=5) -> SwinX2S:
    torch.manual_seed(0)
    config = SwinX2SConfig(4, (2, 2, 2, 2), (1, 2, 4, 8), grid, classes, views)
    model = SwinX2S(config)
    # Fresh expansions repeat; differing slices are what a trained network has.
    for expansion in model.expansions:
        torch.nn.init.normal_(expansion.scale)
        torch.nn.init.normal_(expansion.offset)
    return model


def films(grid, views=1, batch=1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    x, y, z = grid
    return (
        torch.rand(batch, views, x, z, generator=generator),
        torch.rand(batch, views, y, z, generator=generator),
    )


@pytest.mark.parametrize(
    ("grid", "views", "batch"), [((32, 32, 96), 1, 1), ((64, 64, 32), 2, 1), ((32, 32, 64), 3, 2)]
)
@torch.no_grad()
def test_either_view_gets_a_volume_of_the_whole_grid(grid, views, batch):
    model = network(grid, views).eval()
    for logits in model(*films(grid, views, batch)):
        assert logits.shape == (batch, 5, *grid)
        assert bool(logits.isfinite().all())


@torch.no_grad()
def test_the_reconstruction_is_the_mean_of_both_views_logits():
    model, pair = network().eval(), films((32, 32, 64), batch=2)
    coronal, sagittal = model(*pair)
    torch.testing.assert_close(
        model.reconstruct_logits(*pair), (coronal + sagittal) / 2, rtol=1e-4, atol=1e-5
    )


@torch.no_grad()
def test_running_both_views_at_once_is_running_one_after_the_other():
    model = network((64, 64, 32)).eval()
    coronal, sagittal = films((64, 64, 32))
    seen = []

    def one_view_at_a_time(module, arguments):
        seen.append(len(arguments[0]))
        return torch.cat([module.forward(*(half.chunk(2)[i] for half in arguments)) for i in range(2)])

    together = model(coronal, sagittal)
    for block in (*model.encoders, *model.decoders):
        block.register_forward_hook(lambda module, arguments, _: one_view_at_a_time(module, arguments))
    for a, b in zip(together, model(coronal, sagittal), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    assert seen == [2] * 11


@torch.no_grad()
def test_cases_of_a_batch_do_not_see_each_other():
    model = network((64, 64, 32)).eval()
    coronal, sagittal = films((64, 64, 32), batch=2)
    together = model.reconstruct_logits(coronal, sagittal)
    for i in range(2):
        alone = model.reconstruct_logits(coronal[i : i + 1], sagittal[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_what_moves_in_a_film_moves_the_volume_on_the_films_axes():
    model = network((64, 64, 32)).eval()
    coronal, sagittal = films((64, 64, 32))
    changed = coronal.clone()
    changed[..., 0:4, :] += 3
    before, after = model(coronal, sagittal)[0], model(changed, sagittal)[0]
    difference = (after - before).abs().mean(dim=(0, 1, 3, 4))
    assert float(difference[:4].mean()) > 2 * float(difference[32:].mean())


def test_every_parameter_of_the_network_learns():
    model, pair = network((64, 64, 32)), films((64, 64, 32))
    coronal, sagittal = model(*pair)
    (coronal.square() + sagittal.abs()).mean().backward()
    # A bias common to all keys shifts all scores of a softmax alike, so it has no effect by construction.
    still = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not bool(parameter.grad.abs().sum() > 0)
    ]
    assert set(still) <= {"fusion.key.bias"}


@pytest.mark.parametrize(
    ("coronal", "sagittal", "words"),
    [
        ((1, 1, 32, 60), (1, 1, 32, 64), ["coronal films must be (batch, 1, 32, 64)", "(1, 1, 32, 60)"]),
        ((1, 2, 32, 64), (1, 1, 64, 64), ["The coronal films", "The sagittal films"]),
        ((1, 32, 64), (1, 1, 32, 64), ["coronal films must be"]),
        ((2, 1, 32, 64), (1, 1, 32, 64), ["2 coronal films and 1 sagittal"]),
    ],
)
def test_films_that_do_not_fit_are_refused_in_words(coronal, sagittal, words):
    model = network()
    for method in (model.forward, model.reconstruct_logits):
        with pytest.raises(ValueError) as caught:
            method(torch.zeros(coronal), torch.zeros(sagittal))
        assert all(word in str(caught.value) for word in words)


def test_sizes_that_do_not_fit_are_refused_before_anything_is_built():
    with pytest.raises(ValueError, match="as wide"):
        SwinX2S(SwinX2SConfig(4, (2, 2, 2, 2), (1, 2, 4, 8), (32, 64, 64)))
