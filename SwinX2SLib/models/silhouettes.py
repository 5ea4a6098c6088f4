"""The 2D half of the fused variant: in each film, where is the silhouette of every bone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.swin import SwinPyramid

if TYPE_CHECKING:
    from SwinX2SLib.models.fused import FusedConfig


class ConvBlock2d(nn.Module):
    """Two 3x3 convolutions with group normalisation and a residual path; `(B, C, H, W)` to `(B, D, H, W)`."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(8, channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(8, channels_out)
        self.skip = nn.Conv2d(channels_in, channels_out, 1) if channels_in != channels_out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to `(B, C, H, W)`."""
        y = functional.leaky_relu(self.norm1(self.conv1(x)), 0.01)
        return functional.leaky_relu(self.norm2(self.conv2(y)) + self.skip(x), 0.01)


class SilhouetteNet(nn.Module):
    """Shared 2D Swin encoder and U-shaped 2D decoder for both planes.

    The planes share all weights but two: a learned embedding of the plane on every level of the pyramid, and the
    last layer, which names the silhouettes.
    """

    def __init__(self, config: FusedConfig):
        super().__init__()
        dim, widths = config.embed_dim, config.decoder_2d
        bones = config.out_channels - 1
        # Two coordinate channels: which vertebra it is depends on where it is.
        channels = config.views_per_plane + 2
        size = (config.grid_shape[0], config.grid_shape[2])
        self.encoder = SwinPyramid(channels, dim, config.depths, config.heads, size)
        self.stem = ConvBlock2d(channels, widths[4])
        pyramid = [dim * 2**level for level in range(5)]
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
        self.decoder = nn.ModuleList(ConvBlock2d(a, b) for a, b in zip(inputs, widths, strict=True))
        self.names = nn.ModuleList(nn.Conv2d(widths[4], bones, 1) for _ in range(2))
        for head in self.names:
            # Most pixels hold no given bone: start at that prior, or the first steps are spent learning it.
            nn.init.constant_(head.bias, -4.0)

    def forward(self, coronal: Tensor, sagittal: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return, for each plane, features at 1/8, 1/4 and 1/2 and the silhouettes' logits at full resolution.

        Args:
            coronal: `(B, N, X, Z)`.
            sagittal: `(B, N, Y, Z)`; where X = Y both planes go through in one batch.
        """
        if coronal.shape == sagittal.shape:
            planes = torch.arange(2, device=coronal.device).repeat_interleave(len(coronal))
            features = self._decode(torch.cat([coronal, sagittal]), planes)
            split = [feature.chunk(2) for feature in features]
        else:
            split = list(
                zip(
                    *(
                        self._decode(film, torch.full((len(film),), plane, device=film.device))
                        for plane, film in enumerate((coronal, sagittal))
                    ),
                    strict=True,
                )
            )
        named = [[level[plane] for level in split] for plane in range(2)]
        for plane in range(2):
            named[plane][-1] = self.names[plane](named[plane][-1])
        return named[0], named[1]

    def _decode(self, film: Tensor, planes: Tensor) -> list[Tensor]:
        x = torch.cat([standardise(film), coordinates(film)], dim=1)
        pyramid = [
            level + embedding[planes].to(level.dtype)
            for level, embedding in zip(self.encoder(x), self.plane_embedding, strict=True)
        ]
        skips = [*pyramid[3::-1], self.stem(x)]
        y, features = pyramid[4], []
        for block, skip in zip(self.decoder, skips, strict=True):
            y = functional.interpolate(y, size=skip.shape[-2:], mode="bilinear")
            y = block(torch.cat([y, skip], dim=1))
            features.append(y)
        return features[1:]


def standardise(film: Tensor) -> Tensor:
    """Give every film `(B, N, H, W)` zero mean and unit variance: brightness and contrast carry no anatomy."""
    mean = film.mean(dim=(-2, -1), keepdim=True)
    deviation = film.std(dim=(-2, -1), keepdim=True)
    return (film - mean) / (deviation + 1e-5)


def coordinates(film: Tensor) -> Tensor:
    """Return two channels `(B, 2, H, W)` running from -1 to 1 along the film's axes."""
    height, width = film.shape[-2:]
    rows = torch.linspace(-1, 1, height, device=film.device, dtype=film.dtype)
    columns = torch.linspace(-1, 1, width, device=film.device, dtype=film.dtype)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
    return grid.expand(len(film), -1, -1, -1)
