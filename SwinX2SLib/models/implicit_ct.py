"""A CT and its structures as a function of the point, conditioned on two radiographs.

After SPIDER (Yu et al., arXiv 2507.04684), of which a summary but no code is public. A shared 2D encoder; each point
is projected into both radiographs, whose features there are joined with an encoding of its place; a residual MLP
ends in two heads, CT number and structure. The structures supervise the same features, which is the prior.

Frames. Points are in the network's box: -1 and 1 are the centres of the first and last voxels of a grid in network
order (right -> left, anterior -> posterior, superior -> inferior). A view's `(3, 4)` matrix leads from homogeneous
points to homogeneous (row, column) of its radiograph, where -1 and 1 are the centres of the first and last pixels
(`align_corners=True`); `view_matrix` makes it of a camera. Radiographs are `(B, 1, W, H)`, columns before rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.models.reconstruction import ReconstructionModel
from SwinX2SLib.models.residual import UNet2d
from SwinX2SLib.models.silhouettes import coordinates, standardise

# Points that are evaluated at a time: their features take a few hundred megabytes.
CHUNK = 100_000
# The window of CT numbers that the network learns, as 0..1; denser than that is cortical bone throughout, and metal.
LEAST_HU, MOST_HU = -1000.0, 1500.0
# Losses that can be weighed by learned uncertainties: intensity, cross entropy, Dice.
LEARNED = 3


@dataclass(frozen=True)
class ImplicitCTConfig:
    """Sizes of the implicit decoder.

    Attributes:
        widths: channels of the 2D encoder at full, 1/2, 1/4, ... resolution.
        features: channels of a radiograph's feature map.
        octaves: of the positional encoding.
        hidden: widths of the perceptron (SPIDER's order of magnitude: 512, 1024, 512, 256, 128).
        grid_shape: voxels `(X, Y, Z)` of the box; radiographs are brought to its sides.
        out_channels: structures, background included; 0 for no structure head.
        views_per_plane: 1.
        learned_weights: weigh the losses by learned uncertainties (Kendall et al., CVPR 2018).
    """

    widths: tuple[int, ...] = (16, 32, 64, 96)
    features: int = 128
    octaves: int = 10
    hidden: tuple[int, ...] = (256, 320, 256, 128, 64)
    grid_shape: tuple[int, int, int] = (96, 96, 128)
    out_channels: int = 55
    views_per_plane: int = 1
    learned_weights: bool = False

    def faults(self) -> list[str]:
        """Return what is wrong with the sizes, in sentences."""
        found = [
            f"{name} must hold whole numbers of 1 or more, not {values}."
            for name, values in (("widths", self.widths), ("hidden", self.hidden))
            if not values or min(values) < 1
        ]
        if any(width % 8 for width in self.widths):
            found.append(f"widths must be multiples of 8, not {self.widths}.")
        if len(self.grid_shape) != 3 or min(self.grid_shape) < 2:
            found.append(f"The grid must be three sides of 2 voxels or more, not {self.grid_shape}.")
        if self.features < 1 or self.octaves < 0 or self.out_channels < 0 or self.out_channels == 1:
            found.append("features must be 1 or more, octaves 0 or more, and out_channels 0, or 2 or more.")
        if self.views_per_plane != 1:
            found.append("The implicit decoder takes one radiograph of each plane.")
        return found


Views = tuple[Tensor, ...]


@dataclass
class PointValues:
    """What a network says of points.

    Attributes:
        intensity: CT numbers as 0..1 of the window, not clipped, `(B, P)`.
        structure: class logits `(B, K, P)`; None without a structure head.
    """

    intensity: Tensor
    structure: Tensor | None


class CTModel(ReconstructionModel):
    """Two radiographs in, CT numbers (and structures) of any points out.

    Subclasses say what they make of radiographs once (`encode`) and of points then (`decode`).
    """

    config: ImplicitCTConfig

    def __init__(self, config: ImplicitCTConfig):
        """Check the sizes.

        Raises:
            ValueError: they do not fit together; names every fault.
        """
        super().__init__()
        if faults := config.faults():
            raise ValueError(" ".join(faults))
        self.config = config
        self.grid_shape = shape3(config.grid_shape)
        self.log_variances = nn.Parameter(torch.zeros(LEARNED)) if config.learned_weights else None

    def encode(self, coronal: Tensor, sagittal: Tensor) -> Views:
        """Return what `decode` needs of radiographs `(B, 1, W, H)`."""
        raise NotImplementedError

    def decode(self, encoded: Views, points: Tensor, matrices: Tensor) -> PointValues:
        """Return the values of points `(B, P, 3)`, projected by `matrices` `(B, 2, 3, 4)` (frontal, lateral)."""
        raise NotImplementedError

    def forward(
        self, coronal: Tensor, sagittal: Tensor, points: Tensor, matrices: Tensor | None = None
    ) -> PointValues:
        """Return the values of points.

        Args:
            coronal: frontal radiographs `(B, 1, W, H)`.
            sagittal: lateral radiographs `(B, 1, D, H)`.
            points: `(B, P, 3)` in the network's box.
            matrices: `(B, 2, 3, 4)`; None for parallel, pixel-aligned rays.
        """
        if matrices is None:
            matrices = aligned_matrices(points.device).expand(len(points), -1, -1, -1)
        return self.decode(self.encode(coronal, sagittal), points, matrices)

    def chunks(
        self,
        coronal: Tensor,
        sagittal: Tensor,
        shape: Sequence[int],
        matrices: Tensor | None = None,
        to_box: Tensor | None = None,
        chunk: int = CHUNK,
    ) -> Iterator[tuple[slice, PointValues]]:
        """Yield the values of the voxels of a grid, a stretch of its flat order (last axis fastest) at a time.

        Memory is bounded by the stretch, whatever the grid.

        Args:
            coronal: `(1, 1, W, H)`.
            sagittal: `(1, 1, D, H)`.
            shape: `(X, Y, Z)` of the grid.
            matrices: `(2, 3, 4)`; None for parallel, pixel-aligned rays.
            to_box: `(3, 4)` from the grid's indices to the network's box; None for the grid that fills it.
            chunk: voxels at a time.

        Raises:
            ValueError: the chunk is empty.
        """
        if chunk < 1:
            raise ValueError(f"A chunk must hold 1 voxel or more, not {chunk}.")
        device = coronal.device
        views = aligned_matrices(device) if matrices is None else matrices.to(device)
        box = grid_to_box(shape) if to_box is None else to_box
        box = box.to(device)
        encoded = self.encode(coronal, sagittal)
        _, y, z = shape3(shape)
        total = math.prod(shape)
        for start in range(0, total, chunk):
            part = slice(start, min(start + chunk, total))
            flat = torch.arange(part.start, part.stop, device=device)
            index = torch.stack([flat // (y * z), flat // z % y, flat % z], dim=-1).to(box.dtype)
            points = transformed(index, box).float()
            yield part, self.decode(encoded, points[None], views[None].float())

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        """Return structure logits `(B, K, X, Y, Z)` for parallel, pixel-aligned radiographs.

        Raises:
            ValueError: the network has no structure head.
        """
        if self.config.out_channels == 0:
            raise ValueError("The network has no structure head: it reconstructs CT numbers alone.")
        shape = (coronal.shape[-2], sagittal.shape[-2], coronal.shape[-1])
        batch = []
        for front, side in zip(coronal, sagittal, strict=True):
            logits = torch.empty((self.config.out_channels, math.prod(shape)), device=coronal.device)
            for part, values in self.chunks(front[None], side[None], shape):
                if values.structure is not None:
                    logits[:, part] = values.structure[0].float()
            batch.append(logits.view(-1, *shape))
        return torch.stack(batch)


class ImplicitCT(CTModel):
    """Shared 2D encoder, projected features, residual perceptron; see the module's description."""

    def __init__(self, config: ImplicitCTConfig = ImplicitCTConfig()):
        super().__init__(config)
        # The radiograph, its two coordinates, and which view it is.
        self.encoder = UNet2d(4, config.widths)
        self.to_features = nn.Conv2d(config.widths[0], config.features, 1)
        of_point = 3 + 6 * config.octaves
        self.perceptron = ResidualPerceptron(2 * config.features + self.context + of_point, config.hidden)
        self.intensity = nn.Linear(config.hidden[-1], 1)
        # Most of the box is air or soft tissue: start in between, everywhere.
        nn.init.normal_(self.intensity.weight, std=0.01)
        nn.init.constant_(self.intensity.bias, 0.3)
        self.structure = nn.Linear(config.hidden[-1], config.out_channels) if config.out_channels else None

    @property
    def context(self) -> int:
        """Features of a point that are the same for all points of a person."""
        return 0

    def encode(self, coronal: Tensor, sagittal: Tensor) -> Views:
        """Return the feature maps `(B, F, W, H)` and `(B, F, D, H)`."""
        return self._features(coronal, -1.0), self._features(sagittal, 1.0)

    def _features(self, radiograph: Tensor, view: float) -> Tensor:
        picture = standardise(radiograph)
        named = torch.cat([picture, coordinates(picture), torch.full_like(picture, view)], dim=1)
        return self.to_features(self.encode_2d(named)[0])

    def encode_2d(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Return the map of the U-Net `(B, widths[0], W, H)` and its deepest one, of a picture `(B, 4, W, H)`."""
        deepest, skips = self.encoder.encoded(self.encoder.padded(picture))
        x = self.encoder.finest(deepest, skips)
        return x[..., : picture.shape[-2], : picture.shape[-1]], deepest

    def decode(self, encoded: Views, points: Tensor, matrices: Tensor) -> PointValues:
        """Return the values of points `(B, P, 3)`; what lands off a radiograph has features of 0 there."""
        seen = [sampled(view, projected(points, matrices[:, i])) for i, view in enumerate(encoded[:2])]
        # Autocast would round the place of a point to half a voxel.
        place = positional_encoding(points.float(), self.config.octaves).to(seen[0].dtype)
        hidden = self.perceptron(torch.cat([*seen, *self.contexts(encoded, points), place], dim=-1))
        structure = None if self.structure is None else self.structure(hidden).movedim(-1, 1)
        return PointValues(self.intensity(hidden)[..., 0].float(), structure)

    def contexts(self, encoded: Views, points: Tensor) -> list[Tensor]:
        """Return what else is known of the points, each `(B, P, C)`; `context` features in all."""
        return []


class ResidualPerceptron(nn.Module):
    """Linear layers with layer normalisation, each added to a projection of what it is made from."""

    def __init__(self, inputs: int, widths: Sequence[int]):
        super().__init__()
        sizes = list(zip((inputs, *widths), widths, strict=False))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(b) for _, b in sizes)
        # The first layer has no path around it, nor have those that keep their width a projection.
        self.skips = nn.ModuleList(
            nn.Identity() if a == b else nn.Linear(a, b, bias=False) for a, b in sizes[1:]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers to `(..., inputs)`."""
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            y = functional.leaky_relu(norm(layer(x)), 0.01)
            x = y + self.skips[number - 1](x) if number else y
        return x


def positional_encoding(points: Tensor, octaves: int) -> Tensor:
    """Return points `(..., 3)` with sines and cosines of pi, 2 pi, 4 pi... times them, `(..., 3 + 6 octaves)`."""
    frequencies = math.pi * 2.0 ** torch.arange(octaves, device=points.device, dtype=points.dtype)
    angles = (points[..., None] * frequencies).flatten(-2)
    return torch.cat([points, angles.sin(), angles.cos()], dim=-1)


def projected(points: Tensor, matrices: Tensor) -> Tensor:
    """Return where points `(B, P, 3)` land, `(B, P, 2)` in (row, column), by matrices `(B, 3, 4)`."""
    homogeneous = transformed(points, matrices)
    last = homogeneous[..., 2:]
    # What lies behind the source is on no radiograph.
    return torch.where(last > 1e-6, homogeneous[..., :2] / last.clamp(min=1e-6), torch.full_like(last, 9.0))


def transformed(points: Tensor, matrix: Tensor) -> Tensor:
    """Return points `(..., P, 3)` by affine maps `(..., R, 4)`, `(..., P, R)`.

    Written out, since autocast would round a matrix product, and with it the place of a point, to half precision.
    """
    return (points[..., :, None, :] * matrix[..., None, :, :3]).sum(-1) + matrix[..., None, :, 3]


def sampled(view: Tensor, places: Tensor) -> Tensor:
    """Return features `(B, P, F)` of a map `(B, F, W, H)` at places `(B, P, 2)` in (row, column), -1..1."""
    # The map's last axis runs along rows of the radiograph, and grid_sample takes the last axis first.
    # In float32: half precision would move a place by a quarter of a pixel.
    values = functional.grid_sample(
        view.float(), places[:, :, None].float(), mode="bilinear", padding_mode="zeros", align_corners=True
    )
    return values[..., 0].transpose(1, 2)


def aligned_matrices(device: torch.device | str = "cpu") -> Tensor:
    """Return the matrices `(2, 3, 4)` of parallel rays along the axes of the box: (z, x) and (z, y)."""
    rows = [[[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]], [[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]]
    return torch.tensor(rows, dtype=torch.float32, device=device)


def grid_to_box(shape: Sequence[int]) -> Tensor:
    """Return the `(3, 4)` matrix, float64, from indices of a grid to the box that its outermost voxels span."""
    last = torch.tensor([max(side - 1, 1) for side in shape], dtype=torch.float64)
    return torch.cat([torch.diag(2 / last), torch.full((3, 1), -1.0, dtype=torch.float64)], dim=1)


def view_matrix(
    camera_matrix: np.ndarray, radiograph_shape: Sequence[int], box_to_world: np.ndarray
) -> Tensor:
    """Return a view's matrix `(3, 4)`, float64, from points of the box to places -1..1 on its radiograph.

    Args:
        camera_matrix: `(3, 4)`, from homogeneous points to homogeneous (row, column) pixels.
        radiograph_shape: (rows, columns).
        box_to_world: 4x4, from the box to the camera's points (RAS mm, or voxels).
    """
    rows, columns = (max(int(side) - 1, 1) for side in radiograph_shape)
    to_places = np.array([[2 / rows, 0, -1], [0, 2 / columns, -1], [0, 0, 1]])
    matrix = to_places @ np.asarray(camera_matrix) @ np.asarray(box_to_world)
    # The scale of homogeneous coordinates is free: distances of metres would lose precision in float32.
    return torch.from_numpy(matrix / np.abs(matrix[2]).max())


def to_unit(hu: Tensor) -> Tensor:
    """Return CT numbers [HU] as 0..1 of the window."""
    return ((hu.float() - LEAST_HU) / (MOST_HU - LEAST_HU)).clamp(0, 1)


def to_hu(unit: Tensor) -> Tensor:
    """Return CT numbers [HU] of values 0..1, clipped to the window."""
    return unit.float().clamp(0, 1) * (MOST_HU - LEAST_HU) + LEAST_HU
