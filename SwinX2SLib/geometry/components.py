"""Connected components of masks and of labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage


@dataclass(frozen=True, eq=False)
class Components:
    """The connected components of a mask.

    Attributes:
        numbers: int32, of the mask's shape; 0 outside the mask, 1..`count` within.
        sizes: `(count,)` voxels; component n has `sizes[n - 1]`.
    """

    numbers: np.ndarray
    sizes: np.ndarray

    @property
    def count(self) -> int:
        """Number of components."""
        return len(self.sizes)

    @property
    def largest(self) -> int:
        """Number of the largest component (the first of several), 0 when there is none."""
        return int(self.sizes.argmax()) + 1 if self.count else 0

    @property
    def largest_fraction(self) -> float:
        """Part of the mask's voxels that the largest component holds, 1 for an empty mask."""
        return float(self.sizes.max() / self.sizes.sum()) if self.count else 1.0

    @cached_property
    def boxes(self) -> list[tuple[slice, ...]]:
        """The box of each component, in the order of their numbers."""
        return ndimage.find_objects(self.numbers, max_label=self.count) if self.count else []

    def at_least(self, fraction: float) -> np.ndarray:
        """Return the numbers of the components that have this fraction of the largest one's voxels."""
        return np.flatnonzero(self.sizes >= fraction * self.sizes.max(initial=0)) + 1

    def mask(self, numbers: np.ndarray | list[int] | int) -> np.ndarray:
        """Return the voxels of some components, boolean."""
        chosen = np.zeros(self.count + 1, dtype=bool)
        chosen[numbers] = True
        chosen[0] = False
        return chosen[self.numbers]


def connected_components(mask: np.ndarray, faces_only: bool = False) -> Components:
    """Find the connected components of a mask.

    Args:
        mask: boolean, any number of axes.
        faces_only: voxels that share a face are connected; otherwise an edge or a corner is enough.

    Returns:
        Components, numbered in the order of their first voxels.
    """
    mask = np.asarray(mask)
    structure = ndimage.generate_binary_structure(mask.ndim, 1 if faces_only else mask.ndim)
    numbers, count = ndimage.label(mask, structure=structure)
    return Components(numbers, np.bincount(numbers.ravel(), minlength=count + 1)[1:])


def remove_small_components(labels: np.ndarray, min_fraction: float) -> tuple[np.ndarray, int]:
    """Keep, of each label, the components that have a fraction of the voxels of its largest one.

    Voxels that share an edge or a corner are connected. A thin bone such as a rib may rightly break into pieces at
    the network's resolution; a distant speck of a few voxels is no bone.

    Args:
        labels: unsigned integers `(X, Y, Z)`, 0 is background.
        min_fraction: 0 keeps everything, 1 only the largest component.

    Returns:
        The labels (a new array) with 0 where voxels were removed, and how many were.
    """
    cleaned, removed = labels.copy(), 0
    if min_fraction <= 0:
        return cleaned, 0
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        found = connected_components(labels[box] == label)
        small = (found.numbers > 0) & ~found.mask(found.at_least(min_fraction))
        cleaned[box][small] = 0
        removed += int(np.count_nonzero(small))
    return cleaned, removed
