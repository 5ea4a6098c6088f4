"""One builder for every network, by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from torch import nn

from SwinX2SLib.errors import Fault, InputError, needs_extra
from SwinX2SLib.models.bone_names import BoneNameConfig, BoneNameNet
from SwinX2SLib.models.depth_maps import DepthMapConfig, DepthMapNet
from SwinX2SLib.models.fused import FusedConfig, FusedSwinX2S
from SwinX2SLib.models.implicit_ct import ImplicitCT, ImplicitCTConfig
from SwinX2SLib.models.orientation import RadiographOrientationConfig, RadiographOrientationNet
from SwinX2SLib.models.silhouettes import SilhouetteConfig, SilhouetteModel
from SwinX2SLib.models.single import SingleOutputConfig
from SwinX2SLib.models.spine_discs import SpineDiscConfig, SpineDiscNet
from SwinX2SLib.models.swinx2s import SwinX2S, SwinX2SConfig

Config = (
    SwinX2SConfig
    | FusedConfig
    | SilhouetteConfig
    | SingleOutputConfig
    | RadiographOrientationConfig
    | SpineDiscConfig
    | BoneNameConfig
    | DepthMapConfig
    | ImplicitCTConfig
)

# Published sizes: tables 1 and 6 of the paper. Fused sizes: our own; nano and small scale the default.
PAPER_VARIANTS: Mapping[str, SwinX2SConfig] = MappingProxyType(
    {
        "swinx2s-tiny": SwinX2SConfig(32, (2, 2, 6, 2), (1, 2, 4, 8), (96, 96, 128)),
        "swinx2s-small": SwinX2SConfig(64, (2, 2, 6, 2), (2, 4, 8, 16)),
        "swinx2s-base": SwinX2SConfig(96, (2, 2, 18, 2), (3, 6, 12, 24)),
        "swinx2s-large": SwinX2SConfig(128, (2, 2, 18, 2), (4, 8, 16, 32)),
    }
)
_VARIANTS: dict[str, Config] = {
    **PAPER_VARIANTS,
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
    "silhouettes": SilhouetteConfig(residual_widths=(48, 96, 160, 256, 256)),
    "film-orientation": RadiographOrientationConfig(),
    "spine-discs": SpineDiscConfig(),
    "bone-names": BoneNameConfig(),
    "depth-maps": DepthMapConfig(),
    "implicit-ct": ImplicitCTConfig(),
}
_NETWORKS: dict[type, type[nn.Module]] = {
    SwinX2SConfig: SwinX2S,
    FusedConfig: FusedSwinX2S,
    SilhouetteConfig: SilhouetteModel,
    RadiographOrientationConfig: RadiographOrientationNet,
    SpineDiscConfig: SpineDiscNet,
    BoneNameConfig: BoneNameNet,
    DepthMapConfig: DepthMapNet,
    ImplicitCTConfig: ImplicitCT,
}
# Packages with further networks, which register themselves; loaded when a name is asked for that is not known here.
# By the extra that they need.
_EXTENSIONS = {"SwinX2SLib.paper.networks": "paper", "SwinX2SLib.paper.ct_networks": "paper"}


def register_variants(variants: Mapping[str, Config], networks: Mapping[type, type[nn.Module]]) -> None:
    """Make further networks known to the builder.

    Args:
        variants: name -> sizes.
        networks: class of the sizes -> class of the network, which is built from them.
    """
    _VARIANTS.update(variants)
    _NETWORKS.update(networks)


def known_variants() -> Mapping[str, Config]:
    """Return the sizes of all networks by name, those of extensions included whose packages are installed."""
    _load_extensions()
    return MappingProxyType(_VARIANTS)


def _load_extensions() -> list[Fault]:
    """Load the packages with further networks, and return why others are not known."""
    faults: list[Fault] = []
    for module, extra in _EXTENSIONS.items():
        try:
            with needs_extra(extra):
                importlib.import_module(module)
        except InputError as error:
            faults += error.faults
    return faults


def variant_config(name: str, **overrides: Any) -> Config:
    """Return the sizes of a variant.

    Args:
        name: a key of `known_variants`.
        overrides: fields of the variant's configuration; lists, as JSON has them, stand for tuples.

    Raises:
        InputError: there is no such variant or no such field.
    """
    absent = [] if name in _VARIANTS else _load_extensions()
    if name not in _VARIANTS:
        hint = f"Choose one of {', '.join(_VARIANTS)}."
        raise InputError([Fault("unknown-model", f"Unknown network {name!r}.", hint), *absent])
    known = {field.name for field in fields(_VARIANTS[name])}
    if unknown := sorted(set(overrides) - known):
        raise InputError(
            [
                Fault(
                    "unknown-override",
                    f"{name} has no parameter {key!r}.",
                    f"Its parameters are {sorted(known)}.",
                )
                for key in unknown
            ]
        )
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in overrides.items()
    }
    return replace(_VARIANTS[name], **given)


def build_model(name: str, **overrides: Any) -> nn.Module:
    """Return a network with fresh weights, on the current default device.

    Every network has the attribute `grid_shape` `(X, Y, Z)` and, but for those that look at single radiographs, the
    method `reconstruct_logits(coronal, sagittal)` from radiographs `(B, N, X, Z)` and `(B, N, Y, Z)` to class logits
    `(B, out_channels, X, Y, Z)`.

    Args:
        name: a key of `known_variants`.
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
