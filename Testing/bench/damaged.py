"""Five hundred damaged label maps, too slow for a test: no exception, no warning, no nonsense that is called good.

`python -W error::RuntimeWarning Testing/bench/damaged.py --first 0 --count 500 --shared ../shared` prints every value
that is called good and lies much further from the undamaged person's than voxels explain, and counts them.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import labels as anatomy_labels
from SwinX2SLib.measurements.bones import bones_from_labels
from SwinX2SLib.measurements.person import measure_person
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.phantom import PhantomParameters, build_phantom

NAMES = {label.id: label.name for label in anatomy_labels()}
IDS = {name: label for label, name in NAMES.items()}
CASE = "anatomy/volumes/x2s_s0561/labels.nii.gz"
CHEST = (
    *(f"vertebrae_T{n}" for n in range(5, 10)),
    *(f"rib_{s}_{n}" for s in ("left", "right") for n in range(5, 10)),
)
PELVIS = (
    *(f"vertebrae_L{n}" for n in range(2, 6)),
    "sacrum",
    "hip_left",
    "hip_right",
    "femur_left",
    "femur_right",
)
PARTS = (CHEST, PELVIS)
SPACING_MM, MARGIN = 4.0, 4
SHAPES = 2
# A good value may lie so far from that of the whole person: voxels, part of the value, or degrees.
MOST_VOXELS, MOST_PART, MOST_DEG, MOST_CURVATURE_PART = 2.0, 0.2, 10.0, 0.3


def people(shared: Path | None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return label volumes `(X, Y, Z)` with their affines: parts of phantoms, and of a person where the data are."""
    shapes = [
        PhantomParameters(),
        *(PhantomParameters.random(np.random.default_rng(5 + n)) for n in range(SHAPES)),
    ]
    phantoms = [build_phantom(one, SPACING_MM) for one in shapes]
    wholes = [(phantom.labels, phantom.affine) for phantom in phantoms]
    if shared is not None:
        import nibabel as nib

        image = nib.load(shared / CASE)
        wholes.append((np.asanyarray(image.dataobj).astype(np.uint8), image.affine))
    return [_part(*whole, names) for whole in wholes for names in PARTS]


def _part(volume: np.ndarray, affine: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return some bones in a volume around them."""
    volume = np.where(np.isin(volume, [IDS[name] for name in names]), volume, 0)
    # Bones that end at the border stay at the border: what the field of view cuts is cut here too.
    box = [
        slice(max(s.start - MARGIN, 0), s.stop + MARGIN)
        for s in ndimage.find_objects((volume > 0).astype(np.uint8))[0]
    ]
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ [s.start for s in box]
    return volume[tuple(box)], moved


def measured(volume: np.ndarray, affine: np.ndarray) -> dict:
    """Return the measurements of a person by structure, name and side."""
    found = measure_person(bones_from_labels(volume, affine))
    return {(m.structure, m.name, m.side): m for region in found.values() for m in region}


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


def islands(volume, rng):
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
        islands,
        view,
        swapped,
        sides,
    ),
    *(joined, merged, specks, thinned, noise, missing, empty),
)


def _ends(one: Measurement) -> set[str]:
    return {item.name for item in (*one.landmarks, *one.planes)}


def nonsense(before: dict, after: dict, voxel_mm: float) -> list[tuple]:
    """Return what is called good and lies much further off than voxels explain: key, before, after."""
    found = []
    for key, one in after.items():
        other = before.get(key)
        if one.quality != "good" or other is None or other.quality != "good":
            continue  # what is told is told, and a doubted value is no measure for another
        if key[0] == "spine" and _ends(one) != _ends(other):
            continue  # between other vertebrae, as it says
        if one.unit == "point":
            pairs = {mark.name: mark.position_ras_mm for mark in other.landmarks}
            away = [
                float(np.linalg.norm(mark.position_ras_mm - pairs[mark.name]))
                for mark in one.landmarks
                if mark.name in pairs
            ]
            if max(away, default=0.0) > (MOST_VOXELS + 1) * voxel_mm + 4.0:
                found.append((key, 0.0, max(away)))
        elif one.value is not None and other.value is not None:
            limits = {
                "mm": max(MOST_VOXELS * voxel_mm, MOST_PART * abs(other.value)),
                "deg": MOST_DEG,
                "1/m": max(MOST_CURVATURE_PART * abs(other.value), 1.5),
            }
            if abs(one.value - other.value) > limits.get(one.unit, np.inf):
                found.append((key, other.value, one.value))
    return found


def main() -> int:
    """Print what goes wrong; return 1 when anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--shared", type=Path)
    options = parser.parse_args()
    persons = [(volume, affine, measured(volume, affine)) for volume, affine in people(options.shared)]
    print(
        len(persons),
        "persons",
        [sum(m.quality == "good" for m in p[2].values()) for p in persons],
        flush=True,
    )
    counts, failures, start = Counter(), 0, time.perf_counter()
    for seed in range(options.first, options.first + options.count):
        rng = np.random.default_rng(seed)
        volume, affine, before = persons[seed % len(persons)]
        kinds, damaged = [], volume.copy()
        for _ in range(1 + (seed % 4 == 3)):
            if damaged.any():
                kinds.append(DAMAGES[rng.integers(len(DAMAGES))])
                kinds[-1](damaged, rng)
        title = f"{seed} {'+'.join(kind.__name__ for kind in kinds)} person {seed % len(persons)}"
        try:
            after = measured(damaged, affine)
        except Exception:
            failures += 1
            print(f"{title}: EXCEPTION\n{traceback.format_exc()}", flush=True)
            continue
        if seed % 25 == 24:
            print(f"{seed - options.first + 1} maps", flush=True)
        voxel_mm = float(np.linalg.norm(affine[:3, :3], axis=0).max())
        for key, old, new in nonsense(before, after, voxel_mm):
            counts[key[1]] += 1
            print(f"{title}: {key} {old:.1f} -> {new:.1f}", flush=True)
    print(
        f"{options.count} maps in {time.perf_counter() - start:.0f} s: {failures} exceptions, {counts.total()}"
    )
    print(dict(counts.most_common()))
    return int(bool(failures or counts))


if __name__ == "__main__":
    sys.exit(main())
