"""Where the silhouette of every bone is in each radiograph: a network of its own, and half of the fused variant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.layers import fill_bias, row_mix, row_summary
from SwinX2SLib.models.reconstruction import ReconstructionModel
from SwinX2SLib.models.residual import ConvBlock2d, ResidualPyramid
from SwinX2SLib.models.swin import SwinPyramid


@dataclass(frozen=True)
class SilhouetteConfig:
    """Sizes of a network that finds silhouettes.

    Attributes:
        embed_dim: channels of the first Swin stage; each stage doubles them.
        depths: Swin blocks of each stage.
        heads: attention heads of each stage.
        decoder_2d: channels of the 2D decoder at 1/16, 1/8, 1/4, 1/2 and full resolution.
        grid_shape: voxels `(X, Y, Z)` for which the variant is meant; multiples of 32.
        out_channels: classes, background included.
        views_per_plane: radiographs of each plane (N of the paper).
        row_exchange: whether per-view features exchange information along the craniocaudal axis.
        residual_widths: channels of a residual convolutional encoder at 1/2 to 1/32 resolution, which takes the place
            of the Swin encoder; its 2D blocks have batch normalisation. Empty for the Swin encoder.
    """

    embed_dim: int = 32
    depths: tuple[int, ...] = (2, 2, 6, 2)
    heads: tuple[int, ...] = (1, 2, 4, 8)
    decoder_2d: tuple[int, ...] = (160, 128, 96, 64, 16)
    grid_shape: tuple[int, int, int] = (96, 96, 128)
    out_channels: int = 55
    views_per_plane: int = 1
    row_exchange: bool = True
    residual_widths: tuple[int, ...] = ()


class SilhouetteModel(ReconstructionModel):
    """Two radiographs in, the silhouettes of every bone out; the statistical skeleton fills them.

    Its own volume is the visual hull of the silhouettes: what both radiographs leave possible.
    """

    config: SilhouetteConfig

    def __init__(self, config: SilhouetteConfig = SilhouetteConfig()):
        super().__init__()
        self.config = config
        self.grid_shape = config.grid_shape
        self.silhouettes = SilhouetteNet(config)

    def forward(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits that a ray meets each bone, `(B, K-1, X, Z)` and `(B, K-1, Y, Z)`.

        Args:
            coronal: frontal radiographs `(B, N, X, Z)`.
            sagittal: lateral radiographs `(B, N, Y, Z)`.

        Raises:
            ValueError: a size is not a multiple of 32, or the radiographs differ in height.
        """
        check_radiographs(coronal, sagittal, self.config.views_per_plane)
        front, side = self.computed(coronal, sagittal)
        return front, side

    def tensors(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, ...]:
        """Return what `forward` returns."""
        front, side = self.silhouettes(coronal, sagittal)
        return front[-1], side[-1]

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return class logits `(B, K, X, Y, Z)` of the visual hull: bones are as probable as both rays together."""
        front, side = (functional.logsigmoid(logits.float()) for logits in self(coronal, sagittal))
        bones = front[:, :, :, None, :] + side[:, :, None, :, :]
        # Of rays through several bones, each has its share.
        total = bones.logsumexp(dim=1, keepdim=True).clamp(min=0)
        bones = bones - total
        background = torch.log1p(-bones.exp().sum(dim=1, keepdim=True).clamp(max=1 - 1e-6))
        return torch.cat([background, bones], dim=1)


def check_radiographs(coronal: Tensor, sagittal: Tensor, views_per_plane: int) -> None:
    """Check the shapes of radiographs `(B, N, X, Z)` and `(B, N, Y, Z)`.

    Raises:
        ValueError: they have other axes, a side is not a multiple of 32, or they differ in height.
    """
    if coronal.shape[-1] != sagittal.shape[-1]:
        raise ValueError(
            f"The radiographs differ in height: coronal {coronal.shape[-1]}, sagittal "
            f"{sagittal.shape[-1]} pixels."
        )
    for name, radiograph in (("coronal", coronal), ("sagittal", sagittal)):
        if radiograph.ndim != 4 or radiograph.shape[1] != views_per_plane:
            raise ValueError(
                f"The {name} radiographs must be (batch, {views_per_plane}, width, height), "
                f"not {tuple(radiograph.shape)}."
            )
        if radiograph.shape[-1] % 32 or radiograph.shape[-2] % 32:
            raise ValueError(
                f"The {name} radiograph's sides must be multiples of 32, not {tuple(radiograph.shape[-2:])}."
            )


class SilhouetteNet(nn.Module):
    """Shared 2D encoder, Swin or residual, and U-shaped 2D decoder for both planes.

    The planes share all weights but two: a learned embedding of the plane on every level of the pyramid, and the
    last layer, which names the silhouettes.
    """

    def __init__(self, config: SilhouetteConfig):
        super().__init__()
        dim, widths = config.embed_dim, config.decoder_2d
        bones = config.out_channels - 1
        # Two coordinate channels: which vertebra it is depends on where it is.
        channels = config.views_per_plane + 2
        size = (config.grid_shape[0], config.grid_shape[2])
        self.encoder: SwinPyramid | ResidualPyramid
        residual = bool(config.residual_widths)
        if residual:
            pyramid = list(config.residual_widths)
            self.encoder = ResidualPyramid(channels, pyramid)
        else:
            pyramid = [dim * 2**level for level in range(5)]
            self.encoder = SwinPyramid(channels, dim, config.depths, config.heads, size)
        self.stem = ConvBlock2d(channels, widths[4], batch_norm=residual)
        self.plane_embedding = nn.ParameterList(
            [nn.Parameter(torch.zeros(2, width, 1, 1)) for width in pyramid]
        )
        for parameter in self.plane_embedding:
            nn.init.normal_(parameter, std=0.02)
        inputs = (
            pyramid[4] + pyramid[3],
            *(widths[i] + pyramid[2 - i] for i in range(3)),
            widths[3] + widths[4],
        )
        self.decoder = nn.ModuleList(
            ConvBlock2d(a, b, batch_norm=residual) for a, b in zip(inputs, widths, strict=True)
        )
        # At 1/16, 1/8, 1/4 and 1/2; at full resolution it is named already.
        exchanges = (RowExchange(width) if config.row_exchange else NoExchange() for width in widths[:4])
        self.exchanges = nn.ModuleList([*exchanges, NoExchange()])
        heads = [nn.Conv2d(widths[4], bones, 1) for _ in range(2)]
        for head in heads:
            # Most pixels hold no given bone: start at that prior, or the first steps are spent learning it.
            fill_bias(head, -4.0)
        self.names = nn.ModuleList(heads)

    def forward(self, coronal: Tensor, sagittal: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return, for each plane, features at 1/8, 1/4, 1/2 and full resolution, and the silhouettes' logits.

        Args:
            coronal: `(B, N, X, Z)`.
            sagittal: `(B, N, Y, Z)`.
        """
        radiographs = (_with_coordinates(coronal), _with_coordinates(sagittal))
        pyramids = [
            (front + embedding[0].to(front.dtype), side + embedding[1].to(side.dtype))
            for (front, side), embedding in zip(
                _levels_of(self.encoder, radiographs), self.plane_embedding, strict=True
            )
        ]
        skips = [*pyramids[3::-1], _on_both(self.stem, radiographs)]
        views, features = pyramids[4], []
        for block, exchange, skip in zip(self.decoder, self.exchanges, skips, strict=True):
            joined = (_join(views[0], skip[0]), _join(views[1], skip[1]))
            views = exchange(*_on_both(block, joined))
            features.append(views)
        named = tuple(head(view) for head, view in zip(self.names, views, strict=True))
        coronal_levels, sagittal_levels = zip(*features[1:], named, strict=True)
        return list(coronal_levels), list(sagittal_levels)


class NoExchange(nn.Module):
    """Leave both radiographs' features as they are."""

    def forward(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        return coronal, sagittal


class RowExchange(nn.Module):
    """Exchange information between both radiographs along the craniocaudal axis.

    Both radiographs see a bone at the same heights, so a row of one is about the same slice of the person as that row
    of the other: a vertebra that is easy to name in the frontal radiograph names its lateral silhouette. Starts as
    the identity.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.mix = row_mix(channels)

    def forward(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, Tensor]:
        """Return both radiographs' features, `(B, C, X, Z)` and `(B, C, Y, Z)`, each with a summary of the rows
        added."""
        front, side = row_summary(coronal), row_summary(sagittal)
        return (
            coronal + self.mix(torch.cat([front, side], dim=1))[:, :, None],
            sagittal + self.mix(torch.cat([side, front], dim=1))[:, :, None],
        )


Pair = tuple[Tensor, Tensor]


def _on_both(module: nn.Module, views: Pair) -> Pair:
    """Apply a shared module to both radiographs."""
    return _levels_of(lambda radiograph: [module(radiograph)], views)[0]


def _levels_of(encoder: Callable[[Tensor], list[Tensor]], views: Pair) -> list[Pair]:
    """Return the levels of the encoder's pyramid, each for both radiographs, in one batch where their sizes allow
    it."""
    if views[0].shape == views[1].shape:
        halves = (level.chunk(2) for level in encoder(torch.cat(views)))
        return [(coronal, sagittal) for coronal, sagittal in halves]
    return list(zip(encoder(views[0]), encoder(views[1]), strict=True))


def _with_coordinates(radiograph: Tensor) -> Tensor:
    return torch.cat([standardise(radiograph), coordinates(radiograph)], dim=1)


def _join(deeper: Tensor, skip: Tensor) -> Tensor:
    return torch.cat([functional.interpolate(deeper, size=skip.shape[-2:], mode="bilinear"), skip], dim=1)


def standardise(radiograph: Tensor) -> Tensor:
    """Give every radiograph `(B, N, H, W)` zero mean and unit variance: brightness and contrast carry no anatomy."""
    mean = radiograph.mean(dim=(-2, -1), keepdim=True)
    deviation = radiograph.std(dim=(-2, -1), keepdim=True)
    return (radiograph - mean) / (deviation + 1e-5)


def coordinates(radiograph: Tensor) -> Tensor:
    """Return two channels `(B, 2, H, W)` running from -1 to 1 along the radiograph's axes."""
    height, width = radiograph.shape[-2:]
    rows = torch.linspace(-1, 1, height, device=radiograph.device, dtype=radiograph.dtype)
    columns = torch.linspace(-1, 1, width, device=radiograph.device, dtype=radiograph.dtype)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
    return grid.expand(len(radiograph), -1, -1, -1)
