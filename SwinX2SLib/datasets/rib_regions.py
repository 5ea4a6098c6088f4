"""Which rib is which, where a mask only says "rib": by connected regions, as the paper does it for RibSeg."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import reorient, voxel_spacing_mm

RIBS_A_SIDE = 12
# Below a third of the smallest first ribs; smaller regions are specks and tips that lost their rib.
SMALLEST_RIB_MM3 = 300.0
# Gaps of fractures and of single slices that nobody drew.
_CLOSED_MM = 1.5


def name_ribs(ribs: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Number the ribs of both sides from the first down, by the height of the vertebral ends.

    Args:
        ribs: boolean `(I, J, K)`.
        affine: index -> RAS mm.

    Returns:
        uint8 `(I, J, K)` of our labels, and what is to know of it.

    Raises:
        InputError: a side has not its twelve regions: the ribs cannot be counted.
    """
    upright, upright_affine = reorient(ribs, affine, "RAS")
    spacing = voxel_spacing_mm(upright_affine)
    regions = _regions(upright, spacing)
    numbered = np.zeros(upright.shape, dtype=np.uint8)
    sides = _sides(regions)
    counts = {side: len(found) for side, found in sides.items()}
    if any(count != RIBS_A_SIDE for count in counts.values()):
        message = f"The mask does not tell ribs apart, and has {counts['left']} regions on the left and "
        message += f"{counts['right']} on the right instead of 12 each."
        raise InputError([Fault("ribs-uncounted", message, "Use RibSeg v2, whose masks number the ribs.")])
    ids = {"left": label_ids("ribs")[:RIBS_A_SIDE], "right": label_ids("ribs")[RIBS_A_SIDE:]}
    for side, found in sides.items():
        for bone, region in zip(ids[side], found, strict=True):
            numbered[region.box][region.mask & upright[region.box]] = bone
    # Back to the file's order of axes: the same flips and permutations undo themselves through the affine.
    back = np.zeros(ribs.shape, dtype=np.uint8)
    reorient(back, affine, "RAS")[0][...] = numbered
    return back, ["The mask does not tell ribs apart: they were counted by connected regions from above."]


class _Region:
    """A connected region: its box, its mask within, its size and places."""

    def __init__(self, labelled: np.ndarray, number: int, box: tuple[slice, ...], spacing: np.ndarray):
        self.box, self.mask = box, labelled[box] == number
        points = np.argwhere(self.mask) + [part.start for part in box]
        self.volume_mm3 = len(points) * float(np.prod(spacing))
        self.right = float(points[:, 0].mean())
        # The end at the spine is the rearmost part of a rib, and its highest.
        rear = points[points[:, 1] <= np.quantile(points[:, 1], 0.25)]
        self.height = float(rear[:, 2].max())


def _regions(ribs: np.ndarray, spacing: np.ndarray) -> list[_Region]:
    closed = _closed(ribs, spacing)
    labelled, count = ndimage.label(closed)
    boxes = ndimage.find_objects(labelled, count)
    regions = [_Region(labelled, i, box, spacing) for i, box in enumerate(boxes, 1)]
    return [region for region in regions if region.volume_mm3 >= SMALLEST_RIB_MM3]


def _closed(ribs: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Close small gaps along each rib without joining neighbours."""
    reach = np.maximum(np.round(_CLOSED_MM / spacing), 1).astype(int)
    axes = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    ball = sum((axis / n) ** 2 for axis, n in zip(axes, reach, strict=True)) <= 1
    padded = np.pad(ribs, [(n, n) for n in reach])
    inner = tuple(slice(n, -n) for n in reach)
    return ndimage.binary_closing(padded, ball)[inner] | ribs


def _sides(regions: list[_Region]) -> dict[str, list[_Region]]:
    """Return the largest regions of each side of the middle, from above (RAS: the right has the higher index)."""
    middle = (
        np.average([r.right for r in regions], weights=[r.volume_mm3 for r in regions]) if regions else 0.0
    )
    sides = {
        "left": [region for region in regions if region.right < middle],
        "right": [region for region in regions if region.right >= middle],
    }
    for side, found in sides.items():
        largest = sorted(found, key=lambda region: -region.volume_mm3)[:RIBS_A_SIDE]
        sides[side] = sorted(largest, key=lambda region: -region.height)
    return sides
