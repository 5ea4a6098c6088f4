"""Truth of depth maps: where the rays of a synthetic frontal radiograph enter and leave each bone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.models.depth_maps import REFERENCE_MM
from SwinX2SLib.training.synthesis.view_geometry import ViewGeometry


@dataclass(frozen=True, eq=False)
class SampleDepths:
    """Depths of one sample, or of a batch with an axis B before the others.

    Attributes:
        depth_mm: float32 `(2 N, X, Z)`, front faces then back faces, from `REFERENCE_MM` before the plane through the
            volume's centre, along the rays from the patient's front to the back; 0 where a ray misses the bone.
        spacing_mm: of the pixels, `()`.
        divergence: see `models.depth_maps.DepthMapNet`, `()`.
    """

    depth_mm: Tensor
    spacing_mm: Tensor
    divergence: Tensor

    @classmethod
    def stacked(cls, samples: Sequence[SampleDepths]) -> SampleDepths:
        """Return samples as a batch."""
        return cls(*(torch.stack([getattr(one, field.name) for one in samples]) for field in fields(cls)))

    def to(self, device: torch.device | str, non_blocking: bool = False) -> SampleDepths:
        """Return the depths on a device."""
        return SampleDepths(
            *(getattr(self, field.name).to(device, non_blocking=non_blocking) for field in fields(self))
        )


def sample_depths(
    labels: Tensor, geometry: ViewGeometry, spacing_mm: float, bones: Sequence[int]
) -> SampleDepths:
    """Return the depths of bones in a frontal radiograph.

    Args:
        labels: uint8 `(X, Y, Z)`, network order.
        geometry: of the radiograph.
        spacing_mm: of the voxels.
        bones: their labels.
    """
    depth_mm = _depths(labels, geometry, spacing_mm, bones)
    source_mm = geometry.source_mm or float("inf")
    towards = 1.0 if geometry.source_first else -1.0
    divergence = towards * labels.shape[0] * spacing_mm / source_mm
    return SampleDepths(depth_mm, torch.tensor(spacing_mm), torch.tensor(divergence))


def _depths(labels: Tensor, geometry: ViewGeometry, spacing_mm: float, bones: Sequence[int]) -> Tensor:
    """Return `SampleDepths.depth_mm`: every slice is met where the ray crosses its middle."""
    slices = labels.movedim(geometry.depth_axis, 0)
    count, width, height = slices.shape
    numbers = torch.zeros(CLASS_COUNT, dtype=torch.uint8)
    numbers[list(bones)] = torch.arange(1, len(bones) + 1, dtype=torch.uint8)
    named = numbers.to(labels.device)[slices.reshape(count, -1).int()]
    # Slices without any of the bones are not looked at.
    held = torch.nonzero(named.any(dim=1)).flatten()
    first_slice, last_slice = (int(held[0]), int(held[-1]) + 1) if len(held) else (0, 1)
    centres_mm = (torch.arange(first_slice, last_slice) - (count - 1) / 2) * spacing_mm
    index, oblique = geometry.crossed_pixels((width, height), spacing_mm, centres_mm)
    index, oblique = index.to(labels.device), oblique.to(labels.device)
    met = named[first_slice:last_slice].gather(1, index.flatten(1)).view(-1, width, height)
    faces: tuple[list[Tensor], list[Tensor]] = ([], [])
    for number in range(1, len(bones) + 1):
        inside = (met == number).to(torch.uint8)
        any_of = inside.amax(0) > 0
        first, last = inside.argmax(0), len(inside) - 1 - inside.flip(0).argmax(0)
        for face, place, edge in ((faces[0], first, -0.5), (faces[1], last, 0.5)):
            depth = (place + first_slice + edge - (count - 1) / 2) * spacing_mm * oblique
            face.append(torch.where(any_of, REFERENCE_MM + depth, 0.0))
    return torch.stack([*faces[0], *faces[1]]).float()
