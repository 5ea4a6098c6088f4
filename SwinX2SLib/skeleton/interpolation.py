"""Linear interpolation along one axis, as a matrix."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def mixing_matrix(sources: np.ndarray) -> Tensor:
    """Return the matrix `(slices, slices)` of linear interpolation, from old slices (rows) to new ones (columns).

    Args:
        sources: for each new slice, the old one it comes from; beyond the ends there is nothing.
    """
    slices = len(sources)
    lower = np.floor(sources).astype(int)
    share = sources - lower
    mixing = torch.zeros(slices, slices)
    for rows, weights in ((lower, 1 - share), (lower + 1, share)):
        inside = np.flatnonzero((rows >= 0) & (rows < slices))
        mixing[rows[inside], inside] += torch.from_numpy(weights[inside]).float()
    return mixing
