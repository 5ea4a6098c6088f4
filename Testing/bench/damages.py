"""Ways to damage a label volume at random: each `damage(volume, rng)` changes a uint8 volume `(X, Y, Z)` in place."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import labels as anatomy_labels

IDS = {label.name: label.id for label in anatomy_labels()}


def _some(volume: np.ndarray, rng: np.random.Generator) -> int:
    return int(rng.choice(np.unique(volume[volume > 0])))


def _plane_part(volume, rng, label, low, high) -> np.ndarray:
    """Return the voxels `(N, 3)` of a bone beyond a plane in any direction that leaves a part of its length."""
    place = np.argwhere(volume == label)
    points = place - place.mean(axis=0)
    way = rng.normal(size=3)
    if rng.random() < 0.5:  # along the bone: the ends of ribs and femora, the processes of vertebrae
        way = np.linalg.svd(points, full_matrices=False)[2][rng.integers(2)] * rng.choice([-1, 1])
    along = points @ way
    return place[along > along.min() + np.ptp(along) * rng.uniform(low, high)]


def half(volume, rng):
    volume[tuple(_plane_part(volume, rng, _some(volume, rng), 0.3, 0.7).T)] = 0


def tip(volume, rng):
    volume[tuple(_plane_part(volume, rng, _some(volume, rng), 0.7, 0.92).T)] = 0


def broken(volume, rng):
    """Take a slice out of a bone."""
    label = _some(volume, rng)
    place = np.argwhere(volume == label)
    along = (place - place.mean(axis=0)) @ rng.normal(size=3)
    low = along.min() + np.ptp(along) * rng.uniform(0.2, 0.7)
    volume[tuple(place[(along > low) & (along < low + np.ptp(along) * rng.uniform(0.05, 0.2))].T)] = 0


def grafted(volume, rng):
    """Give the end of a bone to another label."""
    part = _plane_part(volume, rng, _some(volume, rng), 0.4, 0.9)
    volume[tuple(part.T)] = _some(volume, rng)


def blob(volume, rng):
    """Grow a ball of a bone's label on its surface."""
    label = _some(volume, rng)
    place = np.argwhere(volume == label)
    centre, radius = place[rng.integers(len(place))], rng.uniform(1.5, 5.0)
    grid = np.indices(volume.shape).reshape(3, -1).T
    ball = ((grid - centre) ** 2).sum(axis=1) < radius**2
    flat = volume.reshape(-1)
    flat[ball & (flat == 0)] = label


def dilated(volume, rng):
    """Grow one bone by a voxel."""
    label = _some(volume, rng)
    volume[ndimage.binary_dilation(volume == label) & (volume == 0)] = label


def eroded(volume, rng):
    """Take a voxel off all of a bone."""
    label = _some(volume, rng)
    bone = volume == label
    volume[bone & ~ndimage.binary_erosion(bone)] = 0


def hollow(volume, rng):
    """Leave the shells of all bones."""
    for label in np.unique(volume[volume > 0]):
        volume[ndimage.binary_erosion(volume == label)] = 0


def holes(volume, rng):
    inside = np.argwhere(volume > 0)
    for centre in inside[rng.integers(len(inside), size=rng.integers(5, 60))]:
        start = np.maximum(centre - rng.integers(1, 4, 3), 0)
        volume[tuple(slice(a, a + rng.integers(2, 6)) for a in start)] = 0


def components(volume, rng):
    present = np.unique(volume[volume > 0])
    for _ in range(rng.integers(10, 80)):
        start, size = rng.integers(0, volume.shape), rng.integers(1, 5)
        volume[tuple(slice(a, a + size) for a in start)] = rng.choice(present)


def view(volume, rng):
    """Leave nothing beyond a plane of the volume (the affine stays)."""
    axis, at = int(rng.integers(3)), rng.uniform(0.2, 0.8)
    index = [slice(None)] * 3
    edge = int(at * volume.shape[axis])
    index[axis] = slice(edge, None) if rng.random() < 0.5 else slice(0, edge)
    volume[tuple(index)] = 0


def swapped(volume, rng):
    one, other = _some(volume, rng), _some(volume, rng)
    places = volume == one, volume == other
    volume[places[0]], volume[places[1]] = other, one


def sides(volume, rng):
    for name in [name for name in IDS if "left" in name]:
        one, other = IDS[name], IDS[name.replace("left", "right")]
        places = volume == one, volume == other
        volume[places[0]], volume[places[1]] = other, one


def joined(volume, rng):
    """Give a bone the label of another."""
    volume[volume == _some(volume, rng)] = _some(volume, rng)


def merged(volume, rng):
    volume[volume > 0] = _some(volume, rng)


def specks(volume, rng):
    kept = np.argwhere(volume > 0)
    kept = kept[rng.integers(len(kept), size=rng.integers(20, 400))]
    few = np.zeros_like(volume)
    few[tuple(kept.T)] = volume[tuple(kept.T)]
    volume[:] = few


def thinned(volume, rng):
    volume[rng.random(volume.shape) < rng.uniform(0.03, 0.7)] = 0


def noise(volume, rng):
    start = [int(rng.integers(0, max(count - 24, 1))) for count in volume.shape]
    box = tuple(slice(a, a + int(rng.integers(8, 24))) for a in start)
    volume[box] = rng.choice(np.append(np.unique(volume), 0), volume[box].shape)


def missing(volume, rng):
    for _ in range(rng.integers(1, 6)):
        volume[volume == _some(volume, rng)] = 0


def empty(volume, rng):
    volume[:] = 0


DAMAGES = (
    *(
        half,
        tip,
        half,
        tip,
        broken,
        grafted,
        blob,
        dilated,
        eroded,
        hollow,
        holes,
        components,
        view,
        swapped,
        sides,
    ),
    *(joined, merged, specks, thinned, noise, missing, empty),
)
