"""One bone, one piece: gaps of drawn bones are bridged, crumbs removed."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

CRUMB_SHARE = 0.05  # pieces below this share of the largest are crumbs
GAP_LIMIT_VOXELS = 16  # longer gaps stay
END_VOXELS = 4.0  # what of a piece counts as its end, from the point nearest to the other piece
CONNECTED = np.ones((3, 3, 3))


def join_pieces(labels: np.ndarray) -> list[int]:
    """Make every bone one connected piece, in place; pieces that the field of view cuts apart may stay.

    Args:
        labels: uint8 `(X, Y, Z)` with cubic voxels.

    Returns:
        The bones for which it failed.
    """
    broken = []
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        mask = labels[box] == label
        if ndimage.label(mask, CONNECTED)[1] == 1:
            continue
        _remove_crumbs(labels, label, box)
        while (gap := _nearest_pieces(labels, label, box)) is not None:
            start, stop, radius = gap
            if np.linalg.norm(stop - start) > GAP_LIMIT_VOXELS or not _bridge(
                labels, label, start, stop, radius
            ):
                broken.append(label)
                break
    return broken


def _remove_crumbs(labels: np.ndarray, label: int, box: tuple[slice, ...]) -> None:
    view = labels[box]
    pieces, _ = ndimage.label(view == label, CONNECTED)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    small = sizes < CRUMB_SHARE * sizes.max()
    view[(pieces > 0) & small[pieces]] = 0


def _nearest_pieces(
    labels: np.ndarray, label: int, box: tuple[slice, ...]
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Return the ends of the narrowest gap from the largest piece to another one, and the bone's radius, in voxels.

    None when there is no gap: one piece, or all others reach the top or the bottom of the volume, where it was cut.
    """
    pieces, count = ndimage.label(labels[box] == label, CONNECTED)
    points = [np.argwhere(pieces == piece) for piece in range(1, count + 1)]
    first = [side.start for side in box]
    points.sort(key=len, reverse=True)
    main, last = points[0], labels.shape[2] - 1
    others = [p for p in points[1:] if (p[:, 2] + first[2] > 0).all() and (p[:, 2] + first[2] < last).all()]
    if not others:
        return None
    tree = cKDTree(main)
    matches = [tree.query(p) for p in others]
    nearest = min(range(len(others)), key=lambda place: matches[place][0].min())
    distances, partners = matches[nearest]
    here, there = others[nearest][distances.argmin()], main[partners[distances.argmin()]]
    radius = float(ndimage.distance_transform_edt(labels[box] == label).max())
    return _end(others[nearest], here) + first, _end(main, there) + first, 0.8 * radius


def _end(points: np.ndarray, tip: np.ndarray) -> np.ndarray:
    """Return the middle of that end of a piece which holds a point."""
    return points[np.linalg.norm(points - tip, axis=1) <= END_VOXELS].mean(0)


def _bridge(labels: np.ndarray, label: int, start: np.ndarray, stop: np.ndarray, radius: float) -> bool:
    """Fill a rod between two points where nothing is; whether that joined anything is seen by its new voxels."""
    low = np.maximum(np.floor(np.minimum(start, stop) - radius).astype(int), 0)
    high = np.ceil(np.maximum(start, stop) + radius).astype(int) + 1
    view = labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    grid = np.stack(np.indices(view.shape), axis=-1) + low
    along = stop - start
    share = np.clip((grid - start) @ along / max(along @ along, 1e-9), 0, 1)
    inside = np.linalg.norm(grid - (start + share[..., None] * along), axis=-1) <= radius
    free = inside & (view == 0)
    view[free] = label
    return bool(free.any())
