"""Checkpoints of the published code (Swin-X2S) turned into ours."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.builder import PAPER_VARIANTS
from SwinX2SLib.models.swin import SIDE_MULTIPLE, STAGES, SwinBlock, relative_position_index
from SwinX2SLib.models.swinx2s import SwinX2S, SwinX2SConfig
from SwinX2SLib.weights.record import key_faults

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


_HINT = "Check that the checkpoint was written by the published Swin-X2S code with 7x7 windows."


@dataclasses.dataclass(frozen=True)
class Converted:
    """A published checkpoint in our terms.

    Attributes:
        variant: name for the builder.
        overrides: arguments for the builder that differ from the variant's.
        state: state dictionary of the network.
    """

    variant: str
    overrides: dict[str, Any]
    state: dict[str, Tensor]


def convert(published: Mapping[str, Tensor], path: str) -> Converted:
    """Rename the tensors of a published checkpoint, after checking all of them.

    Args:
        published: its state dictionary, see `checkpoint.read_checkpoint`.
        path: the file, for messages.

    Raises:
        InputError: it is of another network, or tensors are missing, unexpected, misshapen or not finite; names all.
    """
    if not any(key.startswith(("swinViT.", "cross_atte6.")) for key in published):
        some = ", ".join(list(published)[:5])
        sentence = f"This is no checkpoint of Swin-X2S; it contains {len(published)} tensors such as {some}."
        raise InputError([Fault("checkpoint-foreign", sentence, _HINT, path)])
    config = infer_config(published)
    if sentences := config.faults():
        raise InputError([Fault("checkpoint-sizes", sentence, _HINT, path) for sentence in sentences])
    variant, overrides = name_config(config)
    with torch.device("meta"):
        model = SwinX2S(config)
    ours = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    tensors = {key: value for key, value in published.items() if not BUFFER.match(key)}
    faults = key_faults(upstream_shapes(ours), {k: tuple(v.shape) for k, v in tensors.items()}, path)
    faults += _buffer_faults(model, published, path)
    faults += _value_faults(tensors, path)
    if faults:
        raise InputError(faults)
    state = {name: tensors[upstream_name(name)].reshape(shape) for name, shape in ours.items()}
    return Converted(variant, overrides, state)


def infer_config(published: Mapping[str, Tensor]) -> SwinX2SConfig:
    """Return the sizes that the tensors of a checkpoint have; where one is absent, those of the likeliest variant."""
    embed_dim = _size(
        published, "swinViT.patch_embed.proj.weight", 0, PAPER_VARIANTS["swinx2s-tiny"].embed_dim
    )
    likely = PAPER_VARIANTS[_closest(embed_dim)]
    depths, heads = [], []
    for i in range(STAGES):
        table = f"swinViT.layers.{i}.blocks.0.attn.relative_position_bias_table"
        blocks = {key.split(".")[4] for key in published if key.startswith(f"swinViT.layers.{i}.blocks.")}
        depths.append(len(blocks) or likely.depths[i])
        heads.append(_size(published, table, 1, likely.heads[i]))
    width, _, height = likely.grid_shape
    width = _size(published, "expand_.0.weight", 0, width)
    columns = max(width // SIDE_MULTIPLE, 1) ** 2
    tokens = _size(published, "cross_atte6.position_embeddings", 1, columns * height // SIDE_MULTIPLE)
    return SwinX2SConfig(
        embed_dim=embed_dim,
        depths=tuple(depths),
        heads=tuple(heads),
        grid_shape=(width, width, tokens // columns * SIDE_MULTIPLE),
        out_channels=_size(published, "out.conv.conv.weight", 0, likely.out_channels),
        views_per_plane=_size(published, "swinViT.patch_embed.proj.weight", 1, likely.views_per_plane),
    )


def name_config(config: SwinX2SConfig) -> tuple[str, dict[str, Any]]:
    """Return the variant with these sizes, or the closest one, and what has to be overridden for it."""
    variant = _closest(config.embed_dim)
    overrides = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in vars(config).items()
        if value != getattr(PAPER_VARIANTS[variant], key)
    }
    return variant, overrides


def _closest(embed_dim: int) -> str:
    return min(PAPER_VARIANTS, key=lambda name: abs(PAPER_VARIANTS[name].embed_dim - embed_dim))


def _size(published: Mapping[str, Tensor], key: str, axis: int, otherwise: int) -> int:
    shape = published[key].shape if key in published else ()
    return shape[axis] if axis < len(shape) else otherwise


def _buffer_faults(model: SwinX2S, published: Mapping[str, Tensor], path: str) -> list[Fault]:
    """Compare the tables of windows and masks that a checkpoint stores with those that this network computes."""
    faults = []
    for key, found in published.items():
        if not (match := BUFFER.match(key)):
            continue
        stage, index, kind = int(match[1]), int(match[2]), match[3]
        blocks = model.pyramid.blocks_of(stage) if stage < STAGES else []
        expected = _buffer(blocks[index], kind) if index < len(blocks) else None
        if expected is None or expected.shape != found.shape or not bool((expected == found).all()):
            sentence = (
                f"{key} differs from the table computed by this network: the window layout is different."
            )
            faults.append(Fault("checkpoint-windows", sentence, _HINT, path))
    return faults


def _buffer(block: SwinBlock, kind: str) -> Tensor | None:
    if kind != "attn_mask":
        return relative_position_index(block.window_size)
    height, width = (
        -(-side // window) * window for side, window in zip(block.map_size, block.window_size, strict=True)
    )
    return block.mask((height, width)) if block.shift else None


def _value_faults(tensors: Mapping[str, Tensor], path: str) -> list[Fault]:
    return [
        Fault("checkpoint-not-finite", f"{key} has NaN or infinite values.", "Use another checkpoint.", path)
        for key, value in tensors.items()
        if value.is_floating_point() and not bool(value.isfinite().all())
    ]
