"""ImageNet weights for the Swin encoder (section 4.4 of the paper: Swin networks trained on ImageNet-22K)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from SwinX2SLib.errors import Fault, InputError, needs_extra
from SwinX2SLib.models.builder import Config, known_variants
from SwinX2SLib.models.fused import FusedConfig, FusedSwinX2S
from SwinX2SLib.models.swin import PATCH_SIZE, STAGES, WINDOW_SIZE, SwinPyramid, WindowAttention
from SwinX2SLib.models.swinx2s import SwinX2S, SwinX2SConfig
from SwinX2SLib.weights.checkpoint import read_checkpoint
from SwinX2SLib.weights.record import key_faults

PICTURE_PATCH, PICTURE_CHANNELS = 4, 3
# Red, green and blue of ImageNet, by which its pictures are normalised.
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_PATCHES = "patch_embed.proj."
_TABLE = "relative_position_bias_table"
# Microsoft's own files merge patches at the end of a stage, timm's at the start of the next.
_MERGES_AT_END = "layers.0.downsample.reduction.weight"


def convert_swin(
    found: Mapping[str, Tensor], encoder: SwinPyramid, radiographs: int, radiograph_range: bool, path: str
) -> dict[str, Tensor]:
    """Return the tensors of our encoder that have a counterpart.

    Args:
        found: state dictionary of timm, or of Microsoft's Swin repository; windows of 7x7.
        encoder: gives names, shapes and windows.
        radiographs: N, radiographs of one plane; the first of the encoder's channels.
        film_range: see `radiograph_patches`.
        path: the file, for messages.

    Raises:
        InputError: tensors are missing, too many or misshapen; names all.
    """
    source = _as_timm_names(found)
    if faults := key_faults(_expected(encoder), {k: tuple(v.shape) for k, v in source.items()}, path):
        raise InputError(faults)
    weight, bias = (source[f"{_PATCHES}{kind}"] for kind in ("weight", "bias"))
    channels = encoder.patch_embed.proj.in_channels
    weight, bias = radiograph_patches(weight, bias, radiographs, channels, radiograph_range)
    taken = {f"{_PATCHES}weight": weight, f"{_PATCHES}bias": bias}
    for name in encoder.state_dict():
        counterpart = _timm_name(name)
        if counterpart is None or name in taken:
            continue
        taken[name] = source[counterpart]
        if name.endswith(_TABLE):
            attention = encoder.get_submodule(name.removesuffix(f".{_TABLE}"))
            if isinstance(attention, WindowAttention):
                taken[name] = window_table(source[counterpart], attention.window_size)
    return taken


def radiograph_patches(
    weight: Tensor, bias: Tensor, radiographs: int, channels: int, radiograph_range: bool
) -> tuple[Tensor, Tensor]:
    """Turn the embedding of 4x4 patches of colour pictures into one of 2x2 patches of radiographs.

    A radiograph counts as a grey picture of twice its size, each pixel repeated: so the three colours' kernels add
    up, and so do the four values that see one pixel. Several radiographs share the kernel evenly; other channels
    start silent.

    Args:
        weight: `(C, 3, 4, 4)`.
        bias: `(C,)`.
        radiographs: N; they are the first of the channels.
        channels: of the new embedding.
        film_range: radiographs are in 0..1, and ImageNet's normalisation is built in; else they arrive normalised.

    Returns:
        Weight `(C, channels, 2, 2)` and bias `(C,)`.
    """
    if radiograph_range:
        mean, deviation = (
            torch.tensor(value).view(1, -1, 1, 1) for value in (IMAGENET_MEAN, IMAGENET_DEVIATION)
        )
        weight = weight / deviation
        bias = bias - (weight * mean).sum((1, 2, 3))
    halves = (PATCH_SIZE, PICTURE_PATCH // PATCH_SIZE)
    grey = weight.sum(1).unflatten(1, halves).unflatten(3, halves).sum((2, 4))
    result = grey.new_zeros(len(grey), channels, PATCH_SIZE, PATCH_SIZE)
    result[:, :radiographs] = grey[:, None] / radiographs
    return result, bias


def window_table(table: Tensor, window: tuple[int, int]) -> Tensor:
    """Take a table of relative positions over to another window.

    Args:
        table: `(13 * 13, heads)` of a 7x7 window: a bias for each offset of -6 to 6 patches along either axis.
        window: `(H, W)` of the new one; offsets beyond 6 patches take the bias of 6.

    Returns:
        `((2H - 1) * (2W - 1), heads)`.
    """
    reach = WINDOW_SIZE - 1
    rows, columns = (torch.arange(1 - side, side).clamp(-reach, reach) + reach for side in window)
    return table.unflatten(0, (2 * reach + 1, 2 * reach + 1))[rows][:, columns].flatten(0, 1)


def _timm_name(name: str) -> str | None:
    """Return timm's name of a tensor of our encoder, or None if it has no counterpart."""
    if name.startswith("patch_embed."):
        return name
    if match := re.fullmatch(r"stages\.(\d)\.blocks\.(.*)", name):
        return f"layers.{match[1]}.blocks.{match[2]}"
    match = re.fullmatch(r"stages\.(\d)\.merge\.(.*)", name)
    if match and int(match[1]) < STAGES - 1:
        return f"layers.{int(match[1]) + 1}.downsample.{match[2]}"
    return None


def _as_timm_names(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what belongs to the encoder, in timm's order, without tables that follow from the sizes."""
    shift = int(_MERGES_AT_END in found)
    return {
        re.sub(r"(?<=layers\.)\d(?=\.downsample)", lambda stage: str(int(stage[0]) + shift), key): value
        for key, value in found.items()
        if key.startswith(("patch_embed.", "layers.")) and not key.endswith(("position_index", "attn_mask"))
    }


def _expected(encoder: SwinPyramid) -> dict[str, tuple[int, ...]]:
    """Return timm's names and shapes for an encoder."""
    shapes = {}
    for name, value in encoder.state_dict().items():
        if (counterpart := _timm_name(name)) is None:
            continue
        shapes[counterpart] = tuple(value.shape)
        if name.endswith(_TABLE):
            shapes[counterpart] = ((2 * WINDOW_SIZE - 1) ** 2, value.shape[1])
        elif name == f"{_PATCHES}weight":
            shapes[counterpart] = (len(value), PICTURE_CHANNELS, PICTURE_PATCH, PICTURE_PATCH)
    return shapes


# Channels, depths and heads of the Swin networks with 7x7 windows that were trained on ImageNet-22K, by timm's name.
_Sizes = tuple[int, tuple[int, ...], tuple[int, ...]]
PUBLISHED: dict[_Sizes, str] = {
    (96, (2, 2, 6, 2), (3, 6, 12, 24)): "swin_tiny_patch4_window7_224.ms_in22k",
    (96, (2, 2, 18, 2), (3, 6, 12, 24)): "swin_small_patch4_window7_224.ms_in22k",
    (128, (2, 2, 18, 2), (4, 8, 16, 32)): "swin_base_patch4_window7_224.ms_in22k",
    (192, (2, 2, 18, 2), (6, 12, 24, 48)): "swin_large_patch4_window7_224.ms_in22k",
}
FILE_NAME = "model.safetensors"


def start_from_imagenet(model: nn.Module, file: Path | None = None) -> str:
    """Copy ImageNet weights into the Swin encoder of a network.

    Args:
        model: the paper's network or a fused variant; changed in place.
        file: weights of timm or of Microsoft's Swin repository; None takes the published ones of these sizes from
            the Hugging Face cache, or downloads them.

    Returns:
        A sentence that says how much was taken and what stayed fresh.

    Raises:
        InputError: there are none of these sizes, they cannot be had, or the file does not fit; names every fault.
    """
    if not isinstance(model, (SwinX2S, FusedSwinX2S)):
        sentence = "The network has no 2D Swin encoder for ImageNet weights."
        raise InputError([Fault("pretrained-size", sentence, _hint("remove `pretrained`"))])
    path = Path(file) if file is not None else _download(_published_name(model.config))
    encoder = next(module for module in model.modules() if isinstance(module, SwinPyramid))
    # The fused variants bring every radiograph to zero mean and unit variance themselves.
    radiograph_range = isinstance(model, SwinX2S)
    radiographs = model.config.views_per_plane
    taken = convert_swin(read_checkpoint(path), encoder, radiographs, radiograph_range, str(path))
    encoder.load_state_dict(taken, strict=False)
    own = encoder.state_dict()
    count, whole = (sum(value.numel() for value in tensors.values()) for tensors in (taken, own))
    fresh = ", ".join(name for name in own if name not in taken)
    return (
        f"ImageNet weights from {path}: {count:,} of the Swin encoder's {whole:,} parameters; fresh: {fresh}."
    )


def has_imagenet_weights(config: Config) -> bool:
    """Return whether there are ImageNet weights of the sizes of a network's 2D Swin encoder."""
    return isinstance(config, (SwinX2SConfig, FusedConfig)) and _sizes(config) in PUBLISHED


def _published_name(config: SwinX2SConfig | FusedConfig) -> str:
    if name := PUBLISHED.get(_sizes(config)):
        return name
    channels, depths, heads = _sizes(config)
    sentence = (
        f"No ImageNet weights are available for a Swin with {channels} channels, depths {depths} and heads "
        f"{heads}."
    )
    otherwise = (
        "the paper's smaller networks start fresh, too. Or remove `pretrained`, or name the file of a Swin "
        "of these sizes as `pretrained_file`"
    )
    raise InputError([Fault("pretrained-size", sentence, _hint(otherwise))])


def _hint(otherwise: str) -> str:
    having = [
        f"{name} ({PUBLISHED[_sizes(config)]})"
        for name, config in known_variants().items()
        if isinstance(config, (SwinX2SConfig, FusedConfig)) and _sizes(config) in PUBLISHED
    ]
    return f"Choose {' or '.join(having)}; {otherwise}."


def _sizes(config: SwinX2SConfig | FusedConfig) -> _Sizes:
    """Return channels, depths and heads of the 2D Swin encoder."""
    return config.embed_dim, tuple(config.depths), tuple(config.heads)


def _download(name: str) -> Path:
    with needs_extra("training"):
        from huggingface_hub import hf_hub_download
        from huggingface_hub.constants import HF_HUB_CACHE

    repository = f"timm/{name}"
    try:
        return Path(hf_hub_download(repository, FILE_NAME))
    except OSError as error:
        sentence = (
            f"The ImageNet weights {name} are not in {HF_HUB_CACHE} and cannot be downloaded "
            f"({str(error).splitlines()[0]})."
        )
        hint = (
            f"On a computer with access to the internet, download "
            f"https://huggingface.co/{repository}/resolve/main/{FILE_NAME}, copy it here and write "
            f'pretrained_file = "PATH/{FILE_NAME}" into the parameters of the run.'
        )
        raise InputError([Fault("pretrained-offline", sentence, hint)]) from error
