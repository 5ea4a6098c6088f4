"""Every rewrite of the paper's network gives the published result."""

import itertools
from dataclasses import fields, replace

import pytest
import torch
from torch.nn import functional

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.layers import DimensionExpansion, UpBlock
from SwinX2SLib.models.rewrites import (
    MergedUpBlock,
    Rewrites,
    RewrittenSwinX2S,
    expanded_convolution,
    for_inference,
)

SIZES = {
    "embed_dim": 8,
    "depths": (2, 2, 2, 2),
    "heads": (1, 2, 4, 8),
    "grid_shape": (64, 64, 96),
    "out_channels": 6,
}
NAMES = [field.name for field in fields(Rewrites)]


def random_network(**overrides):
    """The network with random numbers everywhere, also where training starts from constants."""
    torch.manual_seed(1)
    network = build_model("swinx2s-tiny", **{**SIZES, **overrides}).eval()
    for name, parameter in network.named_parameters():
        if "expansions" in name or "bias" in name:
            torch.nn.init.normal_(parameter, mean=float(name.endswith("scale")), std=0.3)
    return network


def radiographs(seed: int = 2):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, 1, 64, 96, generator=generator), torch.rand(1, 1, 64, 96, generator=generator)


@pytest.fixture(scope="module")
def network():
    return random_network()


@pytest.fixture(scope="module")
@torch.inference_mode()
def published(network):
    first, second = network(*radiographs())
    return (first + second) / 2


def assert_same_labels(found, published):
    same = float((found.argmax(1) == published.argmax(1)).float().mean())
    assert same > 0.999
    assert float((found - published).abs().max()) < 1e-3 * float(published.abs().max())


@torch.inference_mode()
@pytest.mark.parametrize("name", [*NAMES, "all", "none"])
def test_a_rewrite_alone_and_all_together_give_the_published_labels(name, network, published):
    rewrites = {"all": Rewrites(), "none": Rewrites.none()}.get(name)
    rewrites = rewrites or replace(Rewrites.none(), **{name: True})
    found = RewrittenSwinX2S(network, rewrites).reconstruct_logits(*radiographs())
    assert found.shape == published.shape
    assert_same_labels(found, published)


@torch.inference_mode()
def test_a_network_without_transformer_skips_is_rewritten_too():
    network = random_network(transformer_skip=False)
    first, second = network(*radiographs())
    found = RewrittenSwinX2S(network).reconstruct_logits(*radiographs())
    assert_same_labels(found, (first + second) / 2)


@torch.inference_mode()
def test_the_head_of_the_features_makes_the_logits(network):
    rewritten = RewrittenSwinX2S(network)
    features = rewritten.reconstruct_features(*radiographs())
    torch.testing.assert_close(rewritten.head(features), rewritten.reconstruct_logits(*radiographs()))


def test_radiographs_of_another_size_are_refused_in_words(network):
    with pytest.raises(ValueError, match="must be"):
        RewrittenSwinX2S(network).reconstruct_logits(torch.zeros(1, 1, 32, 96), torch.zeros(1, 1, 64, 96))


@torch.inference_mode()
@pytest.mark.parametrize(("axis", "size"), list(itertools.product((2, 3), (1, 3))))
def test_the_convolution_of_an_expanded_map_needs_no_volume(axis, size):
    torch.manual_seed(3)
    expand = DimensionExpansion(5)
    torch.nn.init.normal_(expand.scale)
    torch.nn.init.normal_(expand.offset)
    maps, kernel = torch.randn(2, 3, 4, 6), torch.randn(7, 3, size, size, size)
    expected = functional.conv3d(expand(maps, axis), kernel, padding=size // 2)
    torch.testing.assert_close(
        expanded_convolution(maps, axis, expand, kernel), expected, rtol=1e-4, atol=1e-4
    )


@torch.inference_mode()
def test_merged_kernels_upsample_and_convolve_at_once_up_to_the_border():
    torch.manual_seed(4)
    block = UpBlock(6, 3)
    volume, skip = torch.randn(2, 6, 3, 2, 4), torch.randn(2, 3, 6, 4, 8)
    joined = torch.cat((block.transp_conv(volume), skip), dim=1)
    first, shortcut = MergedUpBlock(block)(volume, skip)
    torch.testing.assert_close(first, block.conv_block.conv1(joined), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(shortcut, block.conv_block.conv3(joined), rtol=1e-4, atol=1e-5)


FUSED = {
    "embed_dim": 8,
    "depths": (1, 1, 1, 1),
    "heads": (1, 1, 1, 1),
    "decoder_2d": (16, 16, 16, 8, 8),
    "decoder_3d": (8, 8, 8),
    "grid_shape": (32, 32, 64),
}


def random_fused():
    """A fused network whose hull is neither empty nor full."""
    torch.manual_seed(5)
    network = build_model("fused-nano", **FUSED).eval()
    for head in network.silhouettes.names:
        torch.nn.init.normal_(head.weight, std=1.5)
        torch.nn.init.constant_(head.bias, -40.0)
        head.bias.data[:3] = -4.0
    torch.nn.init.normal_(network.head.head.weight, std=0.5)
    return network


@torch.inference_mode()
def test_the_cells_of_the_hull_are_enough_for_the_silhouettes_of_a_volume():
    output = random_fused()(torch.rand(1, 1, 32, 64), torch.rand(1, 1, 32, 64))
    hull = output.hull(0)
    assert 0.02 < float(hull.float().mean()) < 0.98
    probability = output.logits()[0].softmax(dim=0)[1:]
    front, side = output.silhouettes_of_volume(0)
    torch.testing.assert_close(front.float(), probability.amax(dim=2), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(side.float(), probability.amax(dim=1), rtol=1e-3, atol=1e-4)
    assert float(front.max()) > 0.3


@torch.inference_mode()
def test_a_network_for_inference_gives_the_same_logits(network):
    torch.manual_seed(6)
    pair = torch.rand(1, 1, 32, 64), torch.rand(1, 1, 32, 64)
    expected = random_fused().reconstruct_logits(*pair)
    torch.testing.assert_close(
        for_inference(random_fused()).reconstruct_logits(*pair), expected, rtol=1e-3, atol=1e-3
    )
    assert isinstance(for_inference(network), RewrittenSwinX2S)
