"""Where the intervertebral discs of a label volume lie, as lines in both radiographs.

A disc is not labelled; it is the gap between the bodies of two neighbours. In every column of voxels (along the body
axis) that meets both bodies, its middle is half-way from the lower face of the upper body to the upper face of the
lower one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# The bodies are the front of vertebrae: so much of their depth. Behind it lie facet joints, which overlap.
BODY_SHARE = 0.4
# Voxels that a column's gap may have; faces drawn over one another count as touching.
GAP_VOXELS = (-1, 8)
LEAST_COLUMNS = 6
SACRUM = 50
_AXIS, _L5, _L6 = 2, 24, 25
# From the middle of each body to that of the next, C2-C3 to L5-L6, along the body axis [mm], in a person of middle
# size: geometric means over 2116 scans (ImFusion VID, CC BY-SA 4.0) after the size of each was taken out.
BODY_STEPS_MM = (
    *(20.7, 14.8, 14.1, 13.4, 13.7, 14.9),
    *(15.9, 16.5, 17.2, 18.2, 19.2, 20.0, 20.6, 20.8, 22.0, 23.6, 25.6, 28.0),
    *(29.8, 31.3, 32.6, 32.1, 29.0),
)
# An adult of middle height is larger than the middle person of these scans by this factor.
ADULT_SIZE = 1.13


@dataclass(frozen=True)
class Disc:
    """The middle of one disc, seen from the front and from the side.

    Attributes:
        upper: label of the vertebra above.
        lower: label of the vertebra (or sacrum) below.
        across: voxel indices along X, right -> left, of its frontal line.
        frontal: height there, voxel index along Z, superior -> inferior.
        along: voxel indices along Y, anterior -> posterior, of its lateral line.
        lateral: height there.
    """

    upper: int
    lower: int
    across: np.ndarray
    frontal: np.ndarray
    along: np.ndarray
    lateral: np.ndarray


def find_discs(labels: np.ndarray) -> list[Disc]:
    """Return the discs C2-C3 to L5-S1 (L6-S1) between vertebrae that are both there, from above downwards.

    Args:
        labels: `(X, Y, Z)`, ids of `anatomy`, network order.
    """
    places = np.argwhere(((labels >= _AXIS) & (labels <= _L6)) | (labels == SACRUM))
    values = labels[tuple(places.T)]
    bones = {int(value): places[values == value] for value in np.unique(values)}
    last = _L6 if _L6 in bones else _L5
    pairs = [(upper, upper + 1) for upper in range(_AXIS, last)] + [(last, SACRUM)]
    found = (_disc(a, b, bones[a], bones[b]) for a, b in pairs if a in bones and b in bones)
    return [disc for disc in found if disc is not None]


def _disc(upper: int, lower: int, above: np.ndarray, below: np.ndarray) -> Disc | None:
    """Return the disc between two bones, given as voxels `(N, 3)`; None where their bodies do not meet."""
    depth = np.percentile(above[:, 1], [2, 98])
    front = depth[0] + BODY_SHARE * (depth[1] - depth[0])
    floor = _faces(above[above[:, 1] <= front], np.maximum)
    ceiling = _faces(below[below[:, 1] <= front], np.minimum)
    columns, first, second = np.intersect1d(floor[0], ceiling[0], assume_unique=True, return_indices=True)
    gap = ceiling[1][second] - floor[1][first]
    near = (gap >= GAP_VOXELS[0]) & (gap <= GAP_VOXELS[1])
    if near.sum() < LEAST_COLUMNS:
        return None
    middle = (ceiling[1][second] + floor[1][first])[near] / 2
    x, y = np.divmod(columns[near], _STRIDE)
    return Disc(upper, lower, *_line(x, middle), *_line(y, middle))


# More than any volume is deep: columns are named by one number.
_STRIDE = 1 << 16


def _faces(voxels: np.ndarray, outermost: np.ufunc) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns that voxels `(N, 3)` occupy and the outermost height in each."""
    columns, which = np.unique(voxels[:, 0] * _STRIDE + voxels[:, 1], return_inverse=True)
    heights = np.full(len(columns), -outermost(-np.inf, np.inf))
    outermost.at(heights, which, voxels[:, 2])
    return columns, heights


def _line(position: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct positions and the mean height at each."""
    distinct, which = np.unique(position, return_inverse=True)
    return distinct, np.bincount(which, weights=height) / np.bincount(which)
