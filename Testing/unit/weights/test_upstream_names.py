import json

import pytest
import torch

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.weights.upstream import BUFFER, upstream_name, upstream_shapes


@pytest.mark.parametrize(
    ("ours", "published"),
    [
        ("encoders.0.conv3.conv.weight", "encoder1.layer.conv3.conv.weight"),
        ("encoders.4.conv1.conv.weight", "encoder5.layer.conv1.conv.weight"),
        ("encoders.5.conv2.conv.weight", "encoder10.layer.conv2.conv.weight"),
        ("decoders.0.transp_conv.conv.weight", "decoder1.transp_conv.conv.weight"),
        ("decoders.4.conv_block.conv3.conv.weight", "decoder5.conv_block.conv3.conv.weight"),
        ("head.bias", "out.conv.conv.bias"),
        ("expansions.0.scale", "expand_.0.weight"),
        ("expansions.5.offset", "expand_.5.bias"),
        ("fusion.position_embedding", "cross_atte6.position_embeddings"),
        ("fusion.projection.weight", "cross_atte6.patch_embeddings.weight"),
        ("fusion.input_norm.bias", "cross_atte6.layer.0.attention_norm.bias"),
        ("fusion.query.weight", "cross_atte6.layer.0.attn.query.weight"),
        ("fusion.out.bias", "cross_atte6.layer.0.attn.out.bias"),
        ("fusion.output_norm.weight", "cross_atte6.encoder_norm.weight"),
        ("pyramid.patch_embed.norm.weight", "swinViT.patch_embed.norm.weight"),
        ("pyramid.norms.0.weight", "swinViT.norm.weight"),
        ("pyramid.norms.4.bias", "swinViT.layers.3.norm.bias"),
        ("pyramid.stages.2.merge.reduction.weight", "swinViT.layers.2.downsample.reduction.weight"),
        ("pyramid.stages.2.blocks.5.attn.qkv.bias", "swinViT.layers.2.blocks.5.attn.qkv.bias"),
    ],
)
def test_our_tensors_have_their_published_names(ours, published):
    assert upstream_name(ours) == published


def test_a_tensor_that_the_network_has_not_has_no_published_name():
    with pytest.raises(KeyError):
        upstream_name("wings.0.weight")


def test_published_names_are_as_many_as_ours(network):
    ours = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert len(upstream_shapes(ours)) == len(ours)


@pytest.mark.parametrize("size", ["tiny", "small", "base", "large"])
def test_names_and_shapes_are_those_of_the_published_networks(shared_data, size):
    reference = json.loads((shared_data / "reference" / "upstream_state_dicts.json").read_text())
    published = {
        name: tuple(shape)
        for name, (shape, _) in reference[size]["state_dict"].items()
        if not BUFFER.match(name)
    }
    with torch.device("meta"):
        model = build_model(f"swinx2s-{size}")
    assert upstream_shapes({k: tuple(v.shape) for k, v in model.state_dict().items()}) == published
