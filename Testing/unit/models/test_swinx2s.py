import pytest
import torch

from SwinX2SLib.models.swinx2s import SwinX2S, SwinX2SConfig


def network(grid=(32, 32, 64), views=1, classes=5, transformer_skip=True) -> SwinX2S:
    torch.manual_seed(0)
    config = SwinX2SConfig(4, (2, 2, 2, 2), (1, 2, 4, 8), grid, classes, views, transformer_skip)
    model = SwinX2S(config)
    # Fresh expansions repeat; differing slices are what a trained network has.
    for parameter in model.expansions.parameters():
        torch.nn.init.normal_(parameter)
    return model


def radiographs(grid, views=1, batch=1) -> tuple[torch.Tensor, torch.Tensor]:
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
    for logits in model(*radiographs(grid, views, batch)):
        assert logits.shape == (batch, 5, *grid)
        assert bool(logits.isfinite().all())


@torch.no_grad()
def test_the_reconstruction_is_the_mean_of_both_views_logits():
    model, pair = network().eval(), radiographs((32, 32, 64), batch=2)
    coronal, sagittal = model(*pair)
    torch.testing.assert_close(
        model.reconstruct_logits(*pair), (coronal + sagittal) / 2, rtol=1e-4, atol=1e-5
    )


@torch.no_grad()
def test_running_both_views_at_once_is_running_one_after_the_other():
    model = network((64, 64, 32)).eval()
    coronal, sagittal = radiographs((64, 64, 32))
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
    coronal, sagittal = radiographs((64, 64, 32), batch=2)
    together = model.reconstruct_logits(coronal, sagittal)
    for i in range(2):
        alone = model.reconstruct_logits(coronal[i : i + 1], sagittal[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_what_moves_in_a_radiograph_moves_the_volume_on_the_radiographs_axes():
    model = network((64, 64, 32)).eval()
    coronal, sagittal = radiographs((64, 64, 32))
    changed = coronal.clone()
    changed[..., 0:4, :] += 3
    before, after = model(coronal, sagittal)[0], model(changed, sagittal)[0]
    difference = (after - before).abs().mean(dim=(0, 1, 3, 4))
    assert float(difference[:4].mean()) > 2 * float(difference[32:].mean())


@torch.no_grad()
def test_features_of_either_view_under_the_head_are_its_logits():
    model, pair = network().eval(), radiographs((32, 32, 64))
    for features, logits in zip(model(*pair, apply_head=False), model(*pair), strict=True):
        assert features.shape == (1, 4, 32, 32, 64)
        torch.testing.assert_close(model.head(features), logits)


@pytest.mark.parametrize(("transformer_skip", "reading"), [(True, [1, 2, 3, 4, 5]), (False, [5])])
@torch.no_grad()
def test_without_its_skips_the_transformer_speaks_through_the_bottom_alone(transformer_skip, reading):
    model = network((64, 64, 32), transformer_skip=transformer_skip).eval()
    pair = radiographs((64, 64, 32))
    before = model.reconstruct_logits(*pair)
    heard = []
    for level in range(1, 6):

        def disturb(module, arguments, maps, index=level - 1):
            return [other + torch.randn_like(other) * (i == index) for i, other in enumerate(maps)]

        handle = model.pyramid.register_forward_hook(disturb)
        if not torch.equal(model.reconstruct_logits(*pair), before):
            heard.append(level)
        handle.remove()
    assert heard == reading


def test_without_the_skips_no_parameter_is_left_that_could_not_learn():
    whole, reduced = (
        dict(network((64, 64, 32), transformer_skip=skip).named_parameters()) for skip in (True, False)
    )
    gone = {name for name in whole if name not in reduced}
    assert {name.split(".")[0] for name in gone} == {"pyramid", "expansions", "encoders", "decoders"}
    assert {name for name in gone if name.startswith("pyramid")} == {
        f"pyramid.norms.{i}.{kind}" for i in range(4) for kind in ("weight", "bias")
    }


@pytest.mark.parametrize("transformer_skip", [True, False])
def test_every_parameter_of_the_network_learns(transformer_skip):
    model, pair = network((64, 64, 32), transformer_skip=transformer_skip), radiographs((64, 64, 32))
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
        (
            (1, 1, 32, 60),
            (1, 1, 32, 64),
            ["coronal radiographs must be (batch, 1, 32, 64)", "(1, 1, 32, 60)"],
        ),
        ((1, 2, 32, 64), (1, 1, 64, 64), ["The coronal radiographs", "The sagittal radiographs"]),
        ((1, 32, 64), (1, 1, 32, 64), ["coronal radiographs must be"]),
        ((2, 1, 32, 64), (1, 1, 32, 64), ["2 coronal radiographs and 1 sagittal"]),
    ],
)
def test_radiographs_that_do_not_fit_are_refused_in_words(coronal, sagittal, words):
    model = network()
    for method in (model.forward, model.reconstruct_logits):
        with pytest.raises(ValueError) as caught:
            method(torch.zeros(coronal), torch.zeros(sagittal))
        assert all(word in str(caught.value) for word in words)


def test_sizes_that_do_not_fit_are_refused_before_anything_is_built():
    with pytest.raises(ValueError, match="as wide"):
        SwinX2S(SwinX2SConfig(4, (2, 2, 2, 2), (1, 2, 4, 8), (32, 64, 64)))


@pytest.mark.slow
@pytest.mark.parametrize("grid", [(32, 32, 64), (64, 64, 32)])
def test_bfloat16_gradients_of_small_grids_do_not_hold_what_lay_in_memory_before(grid, native_bfloat16):
    model, pair = network(grid), radiographs(grid)
    found = []
    for _ in range(3):
        # Freed memory full of NaN is what an unwritten gradient would show.
        for size in (4**2 * 27 * 4**i for i in range(5)):
            torch.full((size,), float("nan"))
            torch.full((size,), float("nan"), dtype=torch.bfloat16)
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            coronal, sagittal = model(*pair)
        (coronal.float().square() + sagittal.float().abs()).mean().backward()
        found.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
    for gradients in found:
        for gradient, first in zip(gradients, found[0], strict=True):
            torch.testing.assert_close(gradient, first)
