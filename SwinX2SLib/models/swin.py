"""The 2D Swin Transformer that both views share, as a pyramid of five normalised feature maps.

Section 3.1 of the paper, on timm's blocks. It differs from the usual Swin classifier in its patches of 2x2 pixels,
in merging patches after every stage (the last one too), and in the size of its windows on small maps.
"""

from __future__ import annotations

from collections.abc import Sequence

from timm.layers.patch_embed import PatchEmbed
from timm.models.swin_transformer import PatchMerging, SwinTransformerBlock
from torch import Tensor, nn
from torch.nn import functional

PATCH_SIZE = 2
WINDOW_SIZE = 7
STAGES = 4
# Five halvings: one by the patches, one after each stage.
SIDE_MULTIPLE = PATCH_SIZE * 2**STAGES


def window_and_shift(map_size: tuple[int, int]) -> tuple[tuple[int, int], int]:
    """Return the attention window of a feature map, and how far every second block shifts it.

    Windows are 7x7. Where either side of the map is 7 or less, the window is the whole map, also along its longer
    side, and nothing is shifted (published behaviour).

    Args:
        map_size: `(H, W)` in patches.
    """
    if min(map_size) <= WINDOW_SIZE:
        return map_size, 0
    return (WINDOW_SIZE, WINDOW_SIZE), WINDOW_SIZE // 2


class PaddedSwinBlock(SwinTransformerBlock):
    """timm's block, with maps padded to whole windows before they are shifted, as published.

    timm shifts first, which puts the padding beside other patches and changes the result.
    """

    def _attn(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        below, right = (
            -side % window for side, window in zip((height, width), self.window_size, strict=True)
        )
        padded = functional.pad(x, (0, 0, 0, right, 0, below))
        return super()._attn(padded)[:, :height, :width]


class SwinStage(nn.Module):
    """Blocks of windowed attention, then patch merging: `(B, H, W, C)` to `(B, H/2, W/2, 2C)`."""

    def __init__(self, channels: int, depth: int, heads: int, map_size: tuple[int, int]):
        super().__init__()
        window, shift = window_and_shift(map_size)
        self.blocks = nn.Sequential(
            *(
                PaddedSwinBlock(
                    channels,
                    input_resolution=map_size,
                    num_heads=heads,
                    window_size=window,
                    shift_size=shift if index % 2 else 0,
                    dynamic_mask=True,
                )
                for index in range(depth)
            )
        )
        self.merge = PatchMerging(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the stage to `(B, H, W, C)`."""
        return self.merge(self.blocks(x))


class SwinPyramid(nn.Module):
    """Image `(B, N, H, W)` to five maps `(B, C * 2**i, H / 2**(i+1), W / 2**(i+1))`, each layer-normalised.

    The normalisation belongs to the outputs: what goes on to the next stage is not normalised.
    """

    def __init__(
        self,
        in_channels: int,
        embed_dim: int,
        depths: Sequence[int],
        heads: Sequence[int],
        image_size: tuple[int, int],
    ):
        """Build the encoder.

        Args:
            in_channels: N, radiographs of one plane.
            embed_dim: C, channels of the first stage; every merging doubles them.
            depths: blocks of each of the four stages.
            heads: attention heads of each stage; they divide the stage's channels.
            image_size: `(H, W)` in pixels; decides the windows. Other sizes can be fed, with these windows.

        Raises:
            ValueError: the sizes do not fit together.
        """
        super().__init__()
        _check_sizes(embed_dim, depths, heads, image_size)
        self.patch_embed = PatchEmbed(
            img_size=None,
            patch_size=PATCH_SIZE,
            in_chans=in_channels,
            embed_dim=embed_dim,
            norm_layer=nn.LayerNorm,
            flatten=False,
            output_fmt="NHWC",
        )
        height, width = (side // PATCH_SIZE for side in image_size)
        self.stages = nn.ModuleList(
            SwinStage(embed_dim * 2**i, depth, head, (height // 2**i, width // 2**i))
            for i, (depth, head) in enumerate(zip(depths, heads, strict=True))
        )
        self.norms = nn.ModuleList(nn.LayerNorm(embed_dim * 2**i) for i in range(STAGES + 1))

    def blocks_of(self, stage: int) -> list[PaddedSwinBlock]:
        """Return the attention blocks of a stage, in their order."""
        return [module for module in self.stages[stage].modules() if isinstance(module, PaddedSwinBlock)]

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the pyramid of `(B, N, H, W)`, finest map first.

        Raises:
            ValueError: a side is not a multiple of 32.
        """
        if image.shape[-2] % SIDE_MULTIPLE or image.shape[-1] % SIDE_MULTIPLE:
            raise ValueError(
                f"The image's sides must be multiples of {SIDE_MULTIPLE}, not {tuple(image.shape[-2:])}."
            )
        x = self.patch_embed(image)
        pyramid = [self.norms[0](x)]
        for stage, norm in zip(self.stages, self.norms[1:], strict=True):
            x = stage(x)
            pyramid.append(norm(x))
        return [level.permute(0, 3, 1, 2).contiguous() for level in pyramid]


def _check_sizes(
    embed_dim: int, depths: Sequence[int], heads: Sequence[int], image_size: tuple[int, int]
) -> None:
    if len(depths) != STAGES or len(heads) != STAGES:
        raise ValueError(f"Give {STAGES} depths and {STAGES} heads, not {list(depths)} and {list(heads)}.")
    for i, head in enumerate(heads):
        if (embed_dim * 2**i) % head:
            raise ValueError(f"Stage {i} has {embed_dim * 2**i} channels, which {head} heads do not divide.")
    if any(side < SIDE_MULTIPLE or side % SIDE_MULTIPLE for side in image_size):
        raise ValueError(f"Image sides must be multiples of {SIDE_MULTIPLE}, not {tuple(image_size)}.")
