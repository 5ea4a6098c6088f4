"""Fit the tables of `Resources/Shapes`: how spines curve and how pelves vary.

`python -m SwinX2SLib.training.synthesis.fit_shapes spine_keypoints.npz jhu_pelvis_atlas.npz OUT` writes them. The
tables are shipped instead of a path in every run's parameters: a run then needs nothing beside its own case list.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from SwinX2SLib.training.synthesis.registration import fit_similarity

LEVELS = 24  # C1..L5
SPINE_MODES = 12
PELVIS_MODES = 8
VERTICES_PER_BONE = 350
BONES = ("LeftHip", "RightHip", "Sacrum")
LPS_TO_NETWORK = np.array([1.0, 1.0, -1.0])
FEWEST_SCANS = 40
OUTLIER_DEVIATIONS = (
    3.5  # steps that lean further from the median, in robust standard deviations, are mislabelled
)


def segment_angles(centres: np.ndarray) -> np.ndarray:
    """Return how far each step from vertebra to vertebra leans to the left and to the back.

    Args:
        centres: `(24, 3)` body centres C1..L5, network order [mm]; NaN where unknown.

    Returns:
        `(23, 2)` [rad]; NaN where either end is unknown.
    """
    step = np.diff(centres, axis=0)
    return np.arctan2(step[:, :2], step[:, 2:])


def fit_spines(scan: np.ndarray, kind: np.ndarray, level: np.ndarray, points: np.ndarray) -> dict:
    """Return mean `(23, 2)` and modes `(K, 23, 2)` (one standard deviation each) of the angles [rad].

    Args:
        scan, kind, level, points: as in the key point file; kind 0 is a body centre, points are LPS mm.
    """
    rows = []
    for number in np.unique(scan):
        here = (scan == number) & (kind == 0) & (level >= 1) & (level <= LEVELS)
        centres = np.full((LEVELS, 3), np.nan)
        centres[level[here] - 1] = points[here] * LPS_TO_NETWORK
        rows.append(segment_angles(centres).ravel())
    table = np.array(rows)
    table = table[np.isfinite(table).any(1)]
    off = np.abs(table - np.nanmedian(table, axis=0))
    table[off > OUTLIER_DEVIATIONS * 1.4826 * np.nanmedian(off, axis=0)] = np.nan
    mean = np.nanmean(table, axis=0)
    found = np.isfinite(table)
    centred = np.where(found, table - mean, 0.0)
    count = found.T.astype(float) @ found
    covariance = np.where(count >= FEWEST_SCANS, centred.T @ centred / np.maximum(count - 1, 1), 0.0)
    return {"mean": mean.reshape(-1, 2), "modes": _modes(covariance, SPINE_MODES).reshape(-1, LEVELS - 1, 2)}


def fit_pelves(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean `(V, 3)` and modes `(K, V, 3)` [mm] of shapes `(N, V, 3)` laid onto each other, at mean size."""
    mean, aligned = align_pelves(shapes)
    return mean, scaled_modes(aligned, PELVIS_MODES)


def scaled_modes(aligned: np.ndarray, count: int) -> np.ndarray:
    """Return the first modes `(K, V, 3)` of shapes `(N, V, 3)`, one standard deviation each."""
    residual = (aligned - aligned.mean(0)).reshape(len(aligned), -1)
    _, deviations, modes = np.linalg.svd(residual, full_matrices=False)
    return (modes[:count] * deviations[:count, None] / np.sqrt(len(aligned) - 1)).reshape(count, -1, 3)


def align_pelves(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean `(V, 3)` of shapes `(N, V, 3)` [mm] at mean size, and the shapes laid onto it."""
    mean = shapes[0] - shapes[0].mean(0)
    size = np.mean([np.sqrt(((s - s.mean(0)) ** 2).sum()) for s in shapes])
    aligned = shapes
    for _ in range(10):
        mean = mean * size / np.sqrt((mean**2).sum())
        aligned = np.stack([fit_similarity(shape, mean).apply(shape) for shape in shapes])
        mean = aligned.mean(0) - aligned.mean((0, 1))
    return mean, aligned


def _modes(covariance: np.ndarray, count: int) -> np.ndarray:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    order = np.argsort(values)[::-1][:count]
    return (vectors[:, order] * np.sqrt(np.maximum(values[order], 0))).T


def read_paths(about: str, **what: str) -> argparse.Namespace:
    """Read the arguments of a script that writes tables: paths by name, with what they are, and the folder `out`."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, meaning in {**what, "out": "folder to write"}.items():
        parser.add_argument(name, type=Path, help=meaning)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    return args


def main() -> None:
    """Write both tables."""
    args = read_paths(__doc__, keypoints="spine_keypoints.npz", atlas="jhu_pelvis_atlas.npz")
    data = np.load(args.keypoints)
    spines = fit_spines(data["scan"], data["kind"], data["level"], data["xyz_lps_mm"].astype(np.float64))
    np.savez_compressed(
        args.out / "spine_alignment.npz", **{name: value.astype(np.float32) for name, value in spines.items()}
    )
    data = np.load(args.atlas)
    step = data["LeftHip_vertices"].shape[1] // VERTICES_PER_BONE
    shapes = np.concatenate([data[f"{bone}_vertices"][:, ::step] for bone in BONES], axis=1) * LPS_TO_NETWORK
    mean, modes = fit_pelves(shapes.astype(np.float64))
    bone = np.repeat(np.arange(len(BONES)), mean.shape[0] // len(BONES))
    np.savez_compressed(
        args.out / "pelvis_shape.npz",
        mean=mean.astype(np.float32),
        modes=modes.astype(np.float32),
        bone=bone.astype(np.uint8),
    )


if __name__ == "__main__":
    main()
