"""What our tensors of the paper's network are called in checkpoints of the published code."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Ours -> published. Levels count from 0 here, from 1 there; the bottom level is "10" there.
_RULES: tuple[tuple[str, str], ...] = (
    (r"encoders\.5\.", "encoder10.layer."),
    (r"encoders\.(?P<n>\d)\.", "encoder{n+1}.layer."),
    (r"decoders\.(?P<n>\d)\.", "decoder{n+1}."),
    (r"head\.", "out.conv.conv."),
    (r"expansions\.(?P<n>\d)\.scale$", "expand_.{n}.weight"),
    (r"expansions\.(?P<n>\d)\.offset$", "expand_.{n}.bias"),
    (r"fusion\.position_embedding$", "cross_atte6.position_embeddings"),
    (r"fusion\.projection\.", "cross_atte6.patch_embeddings."),
    (r"fusion\.input_norm\.", "cross_atte6.layer.0.attention_norm."),
    (r"fusion\.output_norm\.", "cross_atte6.encoder_norm."),
    (r"fusion\.", "cross_atte6.layer.0.attn."),
    (r"pyramid\.norms\.0\.", "swinViT.norm."),
    (r"pyramid\.norms\.(?P<n>\d)\.", "swinViT.layers.{n-1}.norm."),
    (r"pyramid\.stages\.(?P<n>\d)\.merge\.", "swinViT.layers.{n}.downsample."),
    (r"pyramid\.stages\.(?P<n>\d)\.", "swinViT.layers.{n}."),
    (r"pyramid\.", "swinViT."),
)
# Tables that follow from the sizes; the published code stores them, this one computes them.
BUFFER = re.compile(r"swinViT\.layers\.(\d)\.blocks\.(\d+)\.(attn_mask|attn\.relative_position_index)$")


def upstream_name(name: str) -> str:
    """Return the published name of a tensor of `models.swinx2s.SwinX2S`.

    Raises:
        KeyError: the network has no such tensor.
    """
    for pattern, published in _RULES:
        if match := re.match(pattern, name):
            return _with_number(published, match.groupdict().get("n")) + name[match.end() :]
    raise KeyError(name)


def upstream_shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the published shape of one of our tensors: expansions are kept as 1x1x1 convolutions there."""
    return (*shape, 1, 1, 1, 1) if re.match(r"expansions\.\d\.scale$", name) else shape


def upstream_shapes(ours: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return published names and shapes for ours."""
    return {upstream_name(name): upstream_shape(name, shape) for name, shape in ours.items()}


def _with_number(published: str, number: str | None) -> str:
    if number is None:
        return published
    for text, shift in (("{n}", 0), ("{n+1}", 1), ("{n-1}", -1)):
        published = published.replace(text, str(int(number) + shift))
    return published
