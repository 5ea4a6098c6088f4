"""Competitors that are MONAI's own networks: they see both radiographs as one volume of two channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from monai.networks.nets.attentionunet import AttentionUnet
from monai.networks.nets.swin_unetr import SwinUNETR
from monai.networks.nets.unet import UNet
from monai.networks.nets.unetr import UNETR
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from SwinX2SLib.models.layers import CORONAL_MISSING_AXIS, SAGITTAL_MISSING_AXIS
from SwinX2SLib.models.single import SingleOutputConfig, SingleOutputNetwork


def radiograph_volume(coronal: Tensor, sagittal: Tensor) -> Tensor:
    """Return both radiographs, each repeated along the axis that it lacks, as channels `(B, 2N, X, Y, Z)`.

    Args:
        coronal: `(B, N, X, Z)`.
        sagittal: `(B, N, Y, Z)`.
    """
    x, y = coronal.shape[-2], sagittal.shape[-2]
    repeated = [
        coronal.unsqueeze(CORONAL_MISSING_AXIS).expand(-1, -1, -1, y, -1),
        sagittal.unsqueeze(SAGITTAL_MISSING_AXIS).expand(-1, -1, x, -1, -1),
    ]
    return torch.cat(repeated, dim=1)


@dataclass(frozen=True)
class _FiveLevelConfig(SingleOutputConfig):
    """Sizes of a U-shaped network that halves the grid between its levels.

    Attributes:
        channels: of each level.
    """

    channels: tuple[int, ...] = (8, 16, 32, 64, 128)
    SIDE_MULTIPLE: ClassVar[int] = 16

    def _own_faults(self) -> list[str]:
        found = self._number_faults(channels=self.channels)
        if len(self.channels) != 5:
            found.append(f"Give the channels of 5 levels, not {self.channels}.")
        return found

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides between the levels."""
        return (2,) * (len(self.channels) - 1)


@dataclass(frozen=True)
class UNetConfig(_FiveLevelConfig):
    """Sizes of the UNet (Kasten et al. 2020 for biplanar radiographs): 1.31 million parameters in the paper."""


@dataclass(frozen=True)
class AttentionUNetConfig(_FiveLevelConfig):
    """Sizes of the AttentionUNet (Oktay et al. 2018): 1.48 million parameters in the paper."""


@dataclass(frozen=True)
class UNETRConfig(SingleOutputConfig):
    """Sizes of UNETR (Hatamizadeh et al. 2022): 95.77 million parameters in the paper.

    Attributes:
        feature_size: channels at full resolution.
        hidden_size: length of a token.
        mlp_dim: hidden width of a token's perceptron.
        heads: attention heads.
    """

    feature_size: int = 16
    hidden_size: int = 768
    mlp_dim: int = 3072
    heads: int = 12
    SIDE_MULTIPLE: ClassVar[int] = 16

    def _own_faults(self) -> list[str]:
        found = self._number_faults(
            feature_size=self.feature_size,
            hidden_size=self.hidden_size,
            mlp_dim=self.mlp_dim,
            heads=self.heads,
        )
        if not found and self.hidden_size % self.heads:
            found.append(f"The {self.heads} heads do not divide the hidden size {self.hidden_size}.")
        return found


@dataclass(frozen=True)
class SwinUNETRConfig(SingleOutputConfig):
    """Sizes of SwinUNETR (Hatamizadeh et al. 2021): 61.99 million parameters in the paper.

    Attributes:
        feature_size: channels of the first stage; each stage doubles them.
        depths: blocks of each stage.
        heads: attention heads of each stage.
    """

    feature_size: int = 48
    depths: tuple[int, ...] = (2, 2, 2, 2)
    heads: tuple[int, ...] = (3, 6, 12, 24)
    SIDE_MULTIPLE: ClassVar[int] = 32

    def _own_faults(self) -> list[str]:
        found = self._number_faults(feature_size=self.feature_size, depths=self.depths, heads=self.heads)
        if len(self.depths) != 4 or len(self.heads) != 4:
            found.append(f"Give 4 depths and 4 heads, not {self.depths} and {self.heads}.")
        elif not found and any(self.feature_size * 2**i % n for i, n in enumerate(self.heads)):
            found.append(
                f"The heads {self.heads} do not divide {self.feature_size} channels and their doublings."
            )
        if self.feature_size % 12:
            found.append(f"feature_size must be a multiple of 12, not {self.feature_size}.")
        return found


class _VolumeCompetitor(SingleOutputNetwork):
    """A network of volumes, fed with radiographs."""

    network: nn.Module

    def _predict(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        return self.network(radiograph_volume(coronal, sagittal))


class UNetCompetitor(_VolumeCompetitor):
    """MONAI's UNet with residual units."""

    def __init__(self, config: UNetConfig):
        super().__init__(config)
        self.network = UNet(
            3,
            2 * config.views_per_plane,
            config.out_channels,
            config.channels,
            config.strides,
            num_res_units=2,
            act="RELU",
            norm="BATCH",
        )
        self.finish()


class AttentionUNetCompetitor(_VolumeCompetitor):
    """MONAI's AttentionUnet."""

    def __init__(self, config: AttentionUNetConfig):
        super().__init__(config)
        radiographs = 2 * config.views_per_plane
        self.network = AttentionUnet(3, radiographs, config.out_channels, config.channels, config.strides)
        self.finish()


class UNETRCompetitor(_VolumeCompetitor):
    """MONAI's UNETR."""

    def __init__(self, config: UNETRConfig):
        super().__init__(config)
        self.network = UNETR(
            2 * config.views_per_plane,
            config.out_channels,
            config.grid_shape,
            config.feature_size,
            config.hidden_size,
            config.mlp_dim,
            config.heads,
        )
        for block in self.network.vit.blocks:
            # Made by newer versions of MONAI although nothing flows through it: it would never learn.
            block.norm_cross_attn = nn.Identity()
        self.finish()


class SwinUNETRCompetitor(_VolumeCompetitor):
    """MONAI's SwinUNETR."""

    def __init__(self, config: SwinUNETRConfig):
        super().__init__(config)
        with _NumbersOnProcessor():
            self.network = SwinUNETR(
                2 * config.views_per_plane,
                config.out_channels,
                depths=config.depths,
                num_heads=config.heads,
                feature_size=config.feature_size,
            )
        self.finish()


class _NumbersOnProcessor(TorchFunctionMode):
    """Let MONAI read its drop rates also where layers are built without numbers, on the device "meta"."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.linspace:
            kwargs = {**kwargs, "device": "cpu"}
        return func(*args, **kwargs)
