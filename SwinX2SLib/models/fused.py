"""Our fused variant: one prediction from both views, made of silhouettes and a residual inside their visual hull.

The paper's network predicts once for each view and lets the views meet only in the bottleneck (section 3.3). Here
a shared 2D Swin encoder and 2D decoder find, in each film, the silhouette of every bone ("layout"); lifted along
their rays, the two silhouettes of a bone intersect in its visual hull. A small 3D decoder, fed on three levels with
features of both films lifted into the same voxel, decides what fills the hull. Since nearly all the layout is learned
in 2D, where a step is cheap, few people and a processor are enough.

Arrays: coronal `(B, N, X, Z)`, sagittal `(B, N, Y, Z)`, volumes `(B, C, X, Y, Z)`, all in network order (axes run
right -> left, anterior -> posterior, superior -> inferior).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.lifting import LiftedLevel, lift_silhouettes
from SwinX2SLib.models.silhouettes import SilhouetteNet


@dataclass(frozen=True)
class FusedConfig:
    """Sizes of the fused variant.

    Attributes:
        embed_dim: channels of the first Swin stage; each stage doubles them.
        depths: Swin blocks of each stage.
        heads: attention heads of each stage.
        decoder_2d: channels of the 2D decoder at 1/16, 1/8, 1/4, 1/2 and full resolution.
        decoder_3d: channels of the 3D decoder at 1/8, 1/4 and 1/2 resolution.
        grid_shape: voxels `(X, Y, Z)` for which the variant is meant; multiples of 32.
        out_channels: classes, background included.
        views_per_plane: films of each plane (N of the paper).
    """

    embed_dim: int = 32
    depths: tuple[int, ...] = (2, 2, 6, 2)
    heads: tuple[int, ...] = (1, 2, 4, 8)
    decoder_2d: tuple[int, ...] = (160, 128, 96, 64, 16)
    decoder_3d: tuple[int, ...] = (64, 48, 32)
    grid_shape: tuple[int, int, int] = (96, 96, 128)
    out_channels: int = 55
    views_per_plane: int = 1


@dataclass
class FusedOutput:
    """What the fused variant predicts.

    Attributes:
        residual: 3D logits at half resolution `(B, K, X/2, Y/2, Z/2)`; None when only the layout was asked for.
        coronal_layout: logits that a bone lies on the ray, `(B, K-1, X, Z)`.
        sagittal_layout: the same for the lateral film, `(B, K-1, Y, Z)`.
    """

    residual: Tensor | None
    coronal_layout: Tensor
    sagittal_layout: Tensor

    def half_resolution_logits(self) -> Tensor:
        """Return class logits `(B, K, X/2, Y/2, Z/2)`."""
        coronal, sagittal = (
            functional.avg_pool2d(view, 2) for view in (self.coronal_layout, self.sagittal_layout)
        )
        return lift_silhouettes(self.residual, coronal, sagittal)

    def logits(self, start: int = 0, stop: int | None = None) -> Tensor:
        """Return full-resolution class logits `(B, K, X, Y, stop - start)` of a slab of slices along Z.

        Slabs keep 55 channels at full resolution out of memory; `start` and `stop` must be even.
        """
        stop = self.coronal_layout.shape[-1] if stop is None else stop
        # One more half-resolution slice on either side, so that a slab's border interpolates as the whole does.
        low, high = max(start // 2 - 1, 0), min(stop // 2 + 1, self.residual.shape[-1])
        fine = functional.interpolate(self.residual[..., low:high], scale_factor=2, mode="trilinear")
        fine = fine[..., start - 2 * low : stop - 2 * low]
        return lift_silhouettes(
            fine, self.coronal_layout[..., start:stop], self.sagittal_layout[..., start:stop]
        )


class FusedSwinX2S(nn.Module):
    """Two films in, 3D class logits out; see the module's description."""

    def __init__(self, config: FusedConfig = FusedConfig()):
        super().__init__()
        self.config = config
        self.grid_shape = config.grid_shape
        self.silhouettes = SilhouetteNet(config)
        eighth, quarter, half = config.decoder_3d
        _, feature_8, feature_4, feature_2, _ = config.decoder_2d
        self.level_8 = LiftedLevel(feature_8, 0, eighth)
        self.level_4 = LiftedLevel(feature_4, eighth, quarter)
        self.level_2 = LiftedLevel(feature_2, quarter, half)
        self.head = nn.Conv3d(half, config.out_channels, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, coronal: Tensor, sagittal: Tensor, layout_only: bool = False) -> FusedOutput:
        """Predict from films `(B, N, X, Z)` and `(B, N, Y, Z)`.

        Raises:
            ValueError: a size is not a multiple of 32, or the films differ in height.
        """
        self._check(coronal, sagittal)
        (cor_8, cor_4, cor_2, cor_layout), (sag_8, sag_4, sag_2, sag_layout) = self.silhouettes(
            coronal, sagittal
        )
        residual = None
        if not layout_only:
            volume = self.level_8(cor_8, sag_8, None)
            volume = self.level_4(cor_4, sag_4, volume)
            volume = self.level_2(cor_2, sag_2, volume)
            residual = self.head(volume)
        return FusedOutput(residual, cor_layout, sag_layout)

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return class logits `(B, K, X, Y, Z)` at full resolution."""
        return self(coronal, sagittal).logits()

    def _check(self, coronal: Tensor, sagittal: Tensor) -> None:
        if coronal.shape[-1] != sagittal.shape[-1]:
            raise ValueError(
                f"The films differ in height: coronal {coronal.shape[-1]}, sagittal {sagittal.shape[-1]} pixels."
            )
        for name, film in (("coronal", coronal), ("sagittal", sagittal)):
            if film.ndim != 4 or film.shape[1] != self.config.views_per_plane:
                raise ValueError(
                    f"The {name} films must be (batch, {self.config.views_per_plane}, width, height), "
                    f"not {tuple(film.shape)}."
                )
            if film.shape[-1] % 32 or film.shape[-2] % 32:
                raise ValueError(
                    f"The {name} film's sides must be multiples of 32, not {tuple(film.shape[-2:])}."
                )
