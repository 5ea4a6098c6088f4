"""ImageNet weights for the Swin encoder (section 4.4 of the paper: Swin networks trained on ImageNet-22K)."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.builder import VARIANTS, Config
from SwinX2SLib.models.fused import FusedConfig
from SwinX2SLib.models.swin import SwinPyramid
from SwinX2SLib.models.swinx2s import SwinX2S, SwinX2SConfig
from SwinX2SLib.training.swin_conversion import convert_swin
from SwinX2SLib.weights.checkpoint import read_checkpoint

# Channels, depths and heads of the Swin networks with 7x7 windows that were trained on ImageNet-22K, by timm's name.
PUBLISHED = {
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
    if _sizes(model.config) is None:
        sentence = "The network has no 2D Swin encoder that ImageNet weights could start."
        raise InputError([Fault("pretrained-size", sentence, _hint("remove `pretrained`"))])
    path = Path(file) if file is not None else _download(_published_name(model.config))
    encoder = next(module for module in model.modules() if isinstance(module, SwinPyramid))
    # The fused variants bring every film to zero mean and unit variance themselves.
    film_range = isinstance(model, SwinX2S)
    films = model.config.views_per_plane
    taken = convert_swin(read_checkpoint(path), encoder, films, film_range, str(path))
    encoder.load_state_dict(taken, strict=False)
    own = encoder.state_dict()
    count, whole = (sum(value.numel() for value in tensors.values()) for tensors in (taken, own))
    fresh = ", ".join(name for name in own if name not in taken)
    return (
        f"ImageNet weights from {path}: {count:,} of the Swin encoder's {whole:,} parameters; fresh: {fresh}."
    )


def has_imagenet_weights(config: Config) -> bool:
    """Tell whether there are ImageNet weights of the sizes of a network's 2D Swin encoder."""
    return _sizes(config) in PUBLISHED


def _published_name(config: Config) -> str:
    if name := PUBLISHED.get(_sizes(config)):
        return name
    channels, depths, heads = _sizes(config)
    sentence = (
        f"There are no ImageNet weights of a Swin of {channels} channels, depths {depths} and heads {heads}."
    )
    otherwise = (
        "the paper's smaller networks start fresh, too. Or remove `pretrained`, or name the file of a Swin of these "
        "sizes as `pretrained_file`"
    )
    raise InputError([Fault("pretrained-size", sentence, _hint(otherwise))])


def _hint(otherwise: str) -> str:
    having = [f"{name} ({PUBLISHED[_sizes(c)]})" for name, c in VARIANTS.items() if _sizes(c) in PUBLISHED]
    return f"Choose {' or '.join(having)}; {otherwise}."


def _sizes(config: Config) -> tuple[int, tuple[int, ...], tuple[int, ...]] | None:
    """Return channels, depths and heads of the 2D Swin encoder; None for a network without one."""
    if not isinstance(config, (SwinX2SConfig, FusedConfig)):
        return None
    return config.embed_dim, tuple(config.depths), tuple(config.heads)


def _download(name: str) -> Path:
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
