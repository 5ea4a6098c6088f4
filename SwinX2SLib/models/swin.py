"""The 2D Swin Transformer that both views share, as a pyramid of five normalised feature maps.

Section 3.1 of the paper. Blocks are those of Liu et al., "Swin Transformer" (ICCV 2021), with parameters named as in
timm: importing timm itself loads torchvision and the compiler of PyTorch, which takes longer than PyTorch. The
encoder differs from the usual Swin classifier in its patches of 2x2 pixels, in merging patches after every stage (the
last one too), and in the size of its windows on small maps.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
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


def relative_position_index(window: tuple[int, int]) -> Tensor:
    """Return the row of the table of biases for each pair of patches of a window, int64 `(HW, HW)`.

    Args:
        window: `(H, W)` in patches.
    """
    height, width = window
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    down, across = ((each.flatten()[:, None] - each.flatten()[None]) for each in (rows, columns))
    return (down + height - 1) * (2 * width - 1) + across + width - 1


def _in_windows(maps: Tensor, window: tuple[int, int]) -> Tensor:
    """Return the windows of `(B, H, W, C)`, `(B * windows, patches, C)`."""
    batch, height, width, channels = maps.shape
    tiles = maps.view(batch, height // window[0], window[0], width // window[1], window[1], channels)
    return tiles.transpose(2, 3).reshape(-1, window[0] * window[1], channels)


def _from_windows(windows: Tensor, window: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Return maps `(B, H, W, C)` of size `(H, W)` from their windows; the inverse of `_in_windows`."""
    height, width = size
    tiles = windows.view(-1, height // window[0], width // window[1], *window, windows.shape[-1])
    return tiles.transpose(2, 3).reshape(-1, height, width, windows.shape[-1])


class WindowAttention(nn.Module):
    """Self-attention of the patches of a window, with a learned bias for each offset between two patches."""

    relative_position_index: Tensor

    def __init__(self, channels: int, heads: int, window: tuple[int, int]):
        super().__init__()
        self.heads, self.window_size = heads, window
        table = torch.empty((2 * window[0] - 1) * (2 * window[1] - 1), heads)
        self.relative_position_bias_table = nn.Parameter(table)
        # Not stored: it is made even where the other tensors get no memory yet.
        with torch.device("cpu"):
            index = relative_position_index(window)
        self.register_buffer("relative_position_index", index, persistent=False)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, windows: Tensor, mask: Tensor | None = None) -> Tensor:
        """Apply attention to windows `(B * windows, patches, C)`.

        Args:
            windows: of all maps of a batch.
            mask: `(windows, patches, patches)`, added to the attention; None adds nothing.
        """
        count, patches, channels = windows.shape
        qkv = self.qkv(windows).reshape(count, patches, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)
        attention = (query * (channels // self.heads) ** -0.5) @ key.transpose(-2, -1)
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)]
        attention = attention + bias.view(patches, patches, -1).permute(2, 0, 1)
        if mask is not None:
            attention = (attention.unflatten(0, (-1, len(mask))) + mask[:, None]).flatten(0, 1)
        seen = attention.softmax(dim=-1) @ value
        return self.proj(seen.transpose(1, 2).reshape(windows.shape))


class SwinBlock(nn.Module):
    """Attention within windows and a perceptron, both with a residual path; keeps the shape `(B, H, W, C)`.

    Maps are padded to whole windows before they are shifted, as published. timm shifts first, which puts the padding
    next to other patches and changes the result.

    Args:
        channels: C.
        map_size: `(H, W)` for which the block is meant; others can be fed.
        heads: attention heads; they divide C.
        window: `(H, W)` of a window in patches.
        shift: by how many patches windows are shifted, 0 for none.
    """

    def __init__(
        self, channels: int, map_size: tuple[int, int], heads: int, window: tuple[int, int], shift: int = 0
    ):
        super().__init__()
        self.map_size, self.window_size, self.shift = map_size, window, shift
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(
            OrderedDict(
                fc1=nn.Linear(channels, 4 * channels), act=nn.GELU(), fc2=nn.Linear(4 * channels, channels)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to `(B, H, W, C)`."""
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))

    def attend(self, x: Tensor) -> Tensor:
        """Return what each patch of `(B, H, W, C)` learns from its window."""
        height, width = x.shape[1:3]
        below, right = (
            -side % window for side, window in zip((height, width), self.window_size, strict=True)
        )
        padded = functional.pad(x, (0, 0, 0, right, 0, below))
        mask, size = None, (height + below, width + right)
        if self.shift:
            padded = padded.roll((-self.shift, -self.shift), dims=(1, 2))
            mask = self.mask(size).to(x.device, x.dtype)
        windows = self.attn(_in_windows(padded, self.window_size), mask)
        seen = _from_windows(windows, self.window_size, size)
        if self.shift:
            seen = seen.roll((self.shift, self.shift), dims=(1, 2))
        return seen[:, :height, :width]

    def mask(self, size: tuple[int, int]) -> Tensor:
        """Return -100 for patches of a shifted window that come from opposite borders, `(windows, patches, patches)`.

        Args:
            size: `(H, W)` of the padded map.
        """
        bands = [
            (torch.arange(side) >= side - window).long() + (torch.arange(side) >= side - self.shift).long()
            for side, window in zip(size, self.window_size, strict=True)
        ]
        regions = 3 * bands[0][:, None] + bands[1][None]
        of_patch = _in_windows(regions[None, ..., None], self.window_size)[..., 0]
        return (of_patch[:, None] != of_patch[:, :, None]) * -100.0


class PatchEmbedding(nn.Module):
    """Patches of 2x2 pixels as vectors: `(B, N, H, W)` to `(B, H/2, W/2, C)`."""

    def __init__(self, in_channels: int, channels: int):
        super().__init__()
        self.proj = nn.Conv2d(in_channels, channels, PATCH_SIZE, PATCH_SIZE)
        self.norm = nn.LayerNorm(channels)

    def forward(self, image: Tensor) -> Tensor:
        """Embed images `(B, N, H, W)`."""
        return self.norm(self.proj(image).permute(0, 2, 3, 1))


class PatchMerging(nn.Module):
    """Four neighbouring patches become one of twice the channels: `(B, H, W, C)` to `(B, H/2, W/2, 2C)`."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Merge the patches of `(B, H, W, C)`; both sides are even."""
        tiles = x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2))
        return self.reduction(self.norm(tiles.permute(0, 1, 3, 4, 2, 5).flatten(3)))


class SwinStage(nn.Module):
    """Blocks of windowed attention, then patch merging: `(B, H, W, C)` to `(B, H/2, W/2, 2C)`."""

    def __init__(self, channels: int, depth: int, heads: int, map_size: tuple[int, int]):
        super().__init__()
        window, shift = window_and_shift(map_size)
        self.blocks = nn.Sequential(
            *(
                SwinBlock(channels, map_size, heads, window, shift if index % 2 else 0)
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
        self.patch_embed = PatchEmbedding(in_channels, embed_dim)
        height, width = (side // PATCH_SIZE for side in image_size)
        self.stages = nn.ModuleList(
            SwinStage(embed_dim * 2**i, depth, head, (height // 2**i, width // 2**i))
            for i, (depth, head) in enumerate(zip(depths, heads, strict=True))
        )
        self.norms = nn.ModuleList(nn.LayerNorm(embed_dim * 2**i) for i in range(STAGES + 1))

    def blocks_of(self, stage: int) -> list[SwinBlock]:
        """Return the attention blocks of a stage, in their order."""
        return [module for module in self.stages[stage].modules() if isinstance(module, SwinBlock)]

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
