"""Label volumes and CTs of a download, whatever their headers, as the grid of a case needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import CLASS_COUNT, label_ids
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.components import connected_components
from SwinX2SLib.geometry.frames import reorient, voxel_spacing_mm
from SwinX2SLib.io.bone_masks import read_bone_masks
from SwinX2SLib.io.label_volumes import whole_numbers
from SwinX2SLib.io.volumes import read_volume, three_axes_affine
from SwinX2SLib.label_maps import numbering, settled, without_unnamed

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
        message = f"The mask has a single rib label, with {counts['left']} components on the left and "
        message += f"{counts['right']} on the right instead of 12 each."
        raise InputError(
            [Fault("ribs-uncounted", message, "Use RibSeg v2, whose masks have one label per rib.")]
        )
    ids = {"left": label_ids("ribs")[:RIBS_A_SIDE], "right": label_ids("ribs")[RIBS_A_SIDE:]}
    for side, found in sides.items():
        for bone, region in zip(ids[side], found, strict=True):
            numbered[region.box][region.mask & upright[region.box]] = bone
    # Back to the file's order of axes: the same flips and permutations undo themselves through the affine.
    back = np.zeros(ribs.shape, dtype=np.uint8)
    reorient(back, affine, "RAS")[0][...] = numbered
    return back, ["The mask has a single rib label: ribs were numbered by connected components from above."]


class _Region:
    """A connected region: its box, its mask within, its size and places."""

    def __init__(self, mask: np.ndarray, box: tuple[slice, ...], spacing: np.ndarray):
        self.box, self.mask = box, mask
        points = np.argwhere(self.mask) + [part.start for part in box]
        self.volume_mm3 = len(points) * float(np.prod(spacing))
        self.right = float(points[:, 0].mean())
        # The end at the spine is the rearmost part of a rib, and its highest.
        rear = points[points[:, 1] <= np.quantile(points[:, 1], 0.25)]
        self.height = float(rear[:, 2].max())


def _regions(ribs: np.ndarray, spacing: np.ndarray) -> list[_Region]:
    found = connected_components(_closed(ribs, spacing), faces_only=True)
    regions = [
        _Region(found.numbers[box] == number, box, spacing) for number, box in enumerate(found.boxes, start=1)
    ]
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


RIB_SCHEME = "ribseg"


@dataclass(frozen=True, eq=False)
class Labels:
    """Bones of a scan, in the file's own array order.

    Attributes:
        values: uint8 `(I, J, K)`, our labels.
        affine: index -> RAS mm.
        notes: what a reader of the result must know, in sentences.
    """

    values: np.ndarray
    affine: np.ndarray
    notes: list[str] = field(default_factory=list)


def read_labels(
    paths: Sequence[Path],
    groups: Sequence[str],
    scheme: str | Path,
    masks: bool,
    assumed_orientation: str | None = None,
) -> Labels:
    """Read the bones of some groups.

    Args:
        paths: the label volume, or the mask of each bone.
        groups: of `anatomy.GROUPS`; bones of others become background.
        scheme: numbering of the label volume (see `label_maps.numbering`).
        masks: whether each file is the mask of the bone that its name states.
        assumed_orientation: see `read_three_axes`.

    Raises:
        InputError: see `read_three_axes`; values that the numbering does not have; masks on different grids.
    """
    if masks:
        masks_read = read_bone_masks(paths, assumed_orientation)
        read = Labels(masks_read.labels, masks_read.affine, list(masks_read.notes))
    else:
        read = _read_numbered(paths[0], scheme, assumed_orientation)
    kept = np.zeros(CLASS_COUNT, dtype=np.uint8)
    for group in groups:
        kept[list(label_ids(group))] = label_ids(group)
    return Labels(kept[read.values], read.affine, read.notes)


def _read_numbered(path: Path, scheme: str | Path, assumed: str | None) -> Labels:
    volume = read_volume(path)
    affine = three_axes_affine(volume, assumed)
    volume, rounding = whole_numbers(volume)
    values, notes = volume.array, [*volume.header.notes, *rounding]
    used = numbering(scheme)
    if scheme == RIB_SCHEME and values.max() == 1:
        # The first release of RibSeg has one label for all ribs.
        named, naming = name_ribs(values > 0, affine)
        return Labels(named, affine, [*notes, *naming])
    try:
        marked = used.to_labels_with_unnamed(values, affine)
    except InputError as error:
        faults = [Fault(f.kind, f.message, f.hint, str(path)) for f in error.faults]
        raise InputError(faults) from error
    named, left_out = without_unnamed(marked, settled(used).title)
    return Labels(named, affine, [*notes, *used.notes, *left_out])
