"""One builder for every network, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType

from torch import nn

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.models.competitors import COMPETITORS, NETWORKS, CompetitorConfig
from SwinX2SLib.models.film_orientation import FilmOrientationConfig, FilmOrientationNet
from SwinX2SLib.models.fused import FusedConfig, FusedSwinX2S
from SwinX2SLib.models.spine_discs import SpineDiscConfig, SpineDiscNet
from SwinX2SLib.models.swinx2s import SwinX2S, SwinX2SConfig

Config = SwinX2SConfig | FusedConfig | CompetitorConfig | FilmOrientationConfig | SpineDiscConfig

# Published sizes: tables 1 and 6 of the paper. Fused sizes: our own; nano and small scale the default.
VARIANTS: Mapping[str, Config] = MappingProxyType(
    {
        "swinx2s-tiny": SwinX2SConfig(32, (2, 2, 6, 2), (1, 2, 4, 8), (96, 96, 128)),
        "swinx2s-small": SwinX2SConfig(64, (2, 2, 6, 2), (2, 4, 8, 16)),
        "swinx2s-base": SwinX2SConfig(96, (2, 2, 18, 2), (3, 6, 12, 24)),
        "swinx2s-large": SwinX2SConfig(128, (2, 2, 18, 2), (4, 8, 16, 32)),
        "fused-nano": FusedConfig(
            embed_dim=16,
            depths=(2, 2, 2, 2),
            decoder_2d=(96, 64, 48, 32, 16),
            decoder_3d=(32, 24, 16),
            grid_shape=(64, 64, 96),
        ),
        "fused-tiny": FusedConfig(),
        "fused-small": FusedConfig(
            embed_dim=64,
            heads=(2, 4, 8, 16),
            decoder_2d=(256, 192, 128, 96, 32),
            decoder_3d=(96, 64, 48),
            grid_shape=(128, 128, 160),
        ),
        **COMPETITORS,
        "film-orientation": FilmOrientationConfig(),
        "spine-discs": SpineDiscConfig(),
    }
)
_NETWORKS = {
    SwinX2SConfig: SwinX2S,
    FusedConfig: FusedSwinX2S,
    FilmOrientationConfig: FilmOrientationNet,
    SpineDiscConfig: SpineDiscNet,
    **NETWORKS,
}


def variant_config(name: str, **overrides) -> Config:
    """Return the sizes of a variant.

    Args:
        name: a key of `VARIANTS`.
        overrides: fields of the variant's configuration; lists, as JSON has them, stand for tuples.

    Raises:
        InputError: there is no such variant or no such field.
    """
    if name not in VARIANTS:
        hint = f"Choose one of {', '.join(VARIANTS)}."
        raise InputError([Fault("unknown-model", f"There is no network called {name!r}.", hint)])
    known = {field.name for field in fields(VARIANTS[name])}
    if unknown := sorted(set(overrides) - known):
        raise InputError(
            [
                Fault("unknown-override", f"{name} has no {key!r}.", f"It has {sorted(known)}.")
                for key in unknown
            ]
        )
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in overrides.items()}
    return replace(VARIANTS[name], **given)


def build_model(name: str, **overrides) -> nn.Module:
    """Return a network with fresh weights, on the current default device.

    Every network has the attribute `grid_shape` `(X, Y, Z)` and, but for the two that look at single films, the
    method `reconstruct_logits(coronal, sagittal)` from films `(B, N, X, Z)` and `(B, N, Y, Z)` to class logits
    `(B, out_channels, X, Y, Z)`.

    Args:
        name: a key of `VARIANTS`.
        overrides: fields of the variant's configuration.

    Raises:
        InputError: there is no such variant or field, or the sizes do not fit together.
    """
    config = variant_config(name, **overrides)
    try:
        return _NETWORKS[type(config)](config)
    except ValueError as error:
        hint = "Change the sizes in the model's manifest entry or in the call."
        raise InputError([Fault("model-sizes", str(error), hint)]) from error
