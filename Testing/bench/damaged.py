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
from damages import DAMAGES, IDS
from scipy import ndimage

from SwinX2SLib.measurements.bones import bones_from_labels
from SwinX2SLib.measurements.measure import measure_person
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.phantom import PhantomParameters, build_phantom

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
