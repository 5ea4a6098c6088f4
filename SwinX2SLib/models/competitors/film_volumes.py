"""Films as volumes, for networks that know volumes only."""

from __future__ import annotations

import torch
from torch import Tensor

from SwinX2SLib.models.expansion import CORONAL_MISSING_AXIS, SAGITTAL_MISSING_AXIS


def film_volume(coronal: Tensor, sagittal: Tensor) -> Tensor:
    """Return both films, each repeated along the axis that it lacks, as channels `(B, 2N, X, Y, Z)`.

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
