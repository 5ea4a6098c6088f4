"""Front and back depth of bones from one frontal radiograph, after 3DDX (Gu et al., MICCAI 2024).

Published of that work is the loss alone (`training.depth_objective`); the network is ours: a small U-Net with a front
and a back depth map and a silhouette for every bone. Depths are predicted in pixels of the radiograph, so that a
radiograph of another pixel size has depths of another size; how far the rays diverge is an input.

Arrays in network order: radiographs `(B, 1, X, Z)`, bone bright. Depths grow from the patient's front to the back
whatever side the source is on: "front" is the anterior face.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from SwinX2SLib.anatomy import ids_by_name
from SwinX2SLib.models.layers import fill_bias
from SwinX2SLib.models.residual import UNet2d
from SwinX2SLib.models.silhouettes import coordinates, standardise

# Depths count along the rays from so far before the plane through the middle of the patient: losses of their
# logarithm need positive numbers, and a usual source stands about there.
REFERENCE_MM = 1000.0
# Outputs of 1 stand for so many pixels.
_PIXELS = 16.0


@dataclass(frozen=True)
class DepthMapConfig:
    """Sizes of the network.

    Attributes:
        bones: names of the bones whose depths it predicts.
        faces: 2 for front and back, 1 for the front alone.
        centre_aligned: whether the depth maps are trained by the centre-aligned loss, which leaves their common depth
            open; a second head, trained by the plain loss, then says it.
        widths: channels at full resolution, 1/2, 1/4, 1/8 and 1/16.
        grid_shape: voxels `(X, Y, Z)` of the people whose radiographs it learns from.
    """

    bones: tuple[str, ...] = ("sacrum", "hip_left", "hip_right", "femur_left", "femur_right")
    faces: int = 2
    centre_aligned: bool = True
    widths: tuple[int, ...] = (24, 40, 64, 96, 128)
    grid_shape: tuple[int, int, int] = (96, 96, 128)

    @property
    def labels(self) -> tuple[int, ...]:
        """Labels of the bones."""
        return tuple(ids_by_name()[name] for name in self.bones)


@dataclass(frozen=True, eq=False)
class DepthMapOutput:
    """What the network predicts; channels are all front faces, then all back faces, in the order of the bones.

    Attributes:
        depth_mm: from the reference plane along the rays, `(B, faces * N, X, Z)`; with the centre-aligned loss up to
            one shift of all channels.
        placed_mm: the same of the head that is trained by the plain loss; equal to `depth_mm` without the other loss.
        masks: logits that a ray meets each bone, `(B, N, X, Z)`.
    """

    depth_mm: Tensor
    placed_mm: Tensor
    masks: Tensor

    def aligned_mm(self) -> Tensor:
        """Return the depth maps at the common depth that the plain head gives to the silhouettes."""
        mask = (self.masks > 0).repeat(1, self.depth_mm.shape[1] // self.masks.shape[1], 1, 1)
        return self.depth_mm + mean_shift(self.depth_mm, self.placed_mm, mask)


def mean_shift(depth: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of `wanted - depth` over the masked pixels of all channels, `(B, 1, 1, 1)`.

    Args:
        depth, wanted: `(B, C, X, Z)`.
        mask: bool `(B, C, X, Z)`; where nothing is masked the shift is 0.
    """
    total = torch.where(mask, wanted - depth, 0.0).sum(dim=(1, 2, 3), keepdim=True)
    return total / mask.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)


class DepthMapNet(UNet2d):
    """A frontal radiograph in, front and back depth and silhouette of every bone out."""

    config: DepthMapConfig
    grid_shape: tuple[int, int, int]

    def __init__(self, config: DepthMapConfig = DepthMapConfig()):
        """Build the network.

        Raises:
            ValueError: a bone is unknown, or there are not one or two faces; names every fault.
        """
        faults = [f"There is no bone {name!r}." for name in config.bones if name not in ids_by_name()]
        faults += [] if config.bones else ["There must be a bone."]
        faults += [] if config.faces in (1, 2) else [f"A bone has 1 or 2 faces, not {config.faces}."]
        if faults:
            raise ValueError(" ".join(faults))
        # The radiograph, where a pixel is, and how far the rays diverge.
        super().__init__(4, config.widths, batch_norm=True)
        self.config, self.grid_shape = config, config.grid_shape
        channels = config.faces * len(config.bones)
        self.depth = nn.Conv2d(config.widths[0], channels, 1)
        self.placed = nn.Conv2d(config.widths[0], channels, 1) if config.centre_aligned else None
        self.masks = nn.Conv2d(config.widths[0], len(config.bones), 1)
        fill_bias(self.masks, -2.0)

    def forward(self, radiograph: Tensor, spacing_mm: Tensor, divergence: Tensor) -> DepthMapOutput:
        """Predict from radiographs `(B, 1, X, Z)`.

        Args:
            radiograph: frontal.
            spacing_mm: of the pixels at the patient, `(B,)`.
            divergence: width of the radiograph at the patient over the distance from the source, `(B,)`; positive
                where the source is in front, negative behind the patient, 0 for parallel rays.
        """
        width, height = radiograph.shape[-2:]
        known = divergence.to(radiograph.dtype).view(-1, 1, 1, 1).expand(-1, 1, width, height)
        x = torch.cat([standardise(radiograph), coordinates(radiograph), known], dim=1)
        x = self.padded(x).contiguous(memory_format=torch.channels_last)
        x = self.finest(*self.encoded(x))[..., :width, :height]
        unit = _PIXELS * spacing_mm.float().view(-1, 1, 1, 1)
        # In half precision depths would have steps of a millimetre.
        with torch.autocast("cuda" if x.is_cuda else "cpu", enabled=False):
            x = x.float()
            depth = REFERENCE_MM + unit * self.depth(x)
            placed = depth if self.placed is None else REFERENCE_MM + unit * self.placed(x)
            return DepthMapOutput(depth, placed, self.masks(x))
