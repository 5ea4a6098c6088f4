"""Removing loose pieces of bones."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_TOUCHING = ndimage.generate_binary_structure(3, 3)


def remove_islands(labels: np.ndarray, fraction: float) -> tuple[np.ndarray, int]:
    """Keep, of each bone, the pieces that have at least `fraction` of the voxels of its largest piece.

    Pieces are connected through faces, edges and corners. What is removed becomes background: a thin bone such as a
    rib may rightly break into pieces at the network's resolution, a distant speck of a few voxels is none.

    Args:
        labels: uint8 `(X, Y, Z)`.
        fraction: 0 keeps everything, 1 only the largest piece.

    Returns:
        The cleaned labels (a new array) and how many voxels were removed.
    """
    cleaned = labels.copy()
    if fraction <= 0:
        return cleaned, 0
    for index, box in enumerate(ndimage.find_objects(labels)):
        if box is None:
            continue
        pieces, count = ndimage.label(labels[box] == index + 1, structure=_TOUCHING)
        sizes = np.bincount(pieces.ravel(), minlength=count + 1)
        sizes[0] = 0
        small = sizes < fraction * sizes.max()
        small[0] = False
        cleaned[box][small[pieces]] = 0
    return cleaned, int(np.count_nonzero(cleaned != labels))
