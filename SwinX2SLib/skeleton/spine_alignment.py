"""Bending a person so that the spine takes another course, sampled from how spines run."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from SwinX2SLib.resources import resource_path

LEVELS = 24  # C1..L5
SPINE_MODES = 12
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
    """Write the table."""
    args = read_paths(__doc__, keypoints="spine_keypoints.npz")
    data = np.load(args.keypoints)
    spines = fit_spines(data["scan"], data["kind"], data["level"], data["xyz_lps_mm"].astype(np.float64))
    np.savez_compressed(
        args.out / "spine_alignment.npz", **{name: value.astype(np.float32) for name, value in spines.items()}
    )


if __name__ == "__main__":
    main()


STEP_MM = 2.0
SMOOTHING_MM = 18.0
LIMIT_DEG = 14.0  # how much the lean of any piece of the spine may change
FADE_MM = 150.0  # beyond the ends of the spine the change of lean fades over this length
LEVER_MM = (
    45.0  # a vertebra turns rigidly so far around the spine; further out the turn's lever grows no more
)
MODE_LIMIT = 2.0
FEWEST_SEGMENTS = 3


@cache
def alignment_table() -> tuple[np.ndarray, np.ndarray]:
    """Return mean `(23, 2)` and modes `(K, 23, 2)` of the lean of the steps C1-C2 .. L4-L5 [rad]."""
    with np.load(resource_path("Shapes", "spine_alignment.npz")) as data:
        return data["mean"].astype(np.float64), data["modes"].astype(np.float64)


@dataclass(frozen=True)
class Bend:
    """How a person is bent, as curves of height.

    Attributes:
        start_mm: height of the first sample; the samples are `STEP_MM` apart.
        course_mm: `(N, 2)`; where the bent spine runs (x, y).
        shift_mm: `(N, 2)`; how far it was moved there.
        lean_rad: `(N, 2)`; by how much its direction changed.
    """

    start_mm: float
    course_mm: np.ndarray
    shift_mm: np.ndarray
    lean_rad: np.ndarray

    def source(self, points: np.ndarray) -> np.ndarray:
        """Return where points `(N, 3)` [mm] of the bent person lie in the person as it was."""
        course, lean = self._at(self.course_mm, points[:, 2]), self._at(self.lean_rad, points[:, 2])
        lever = LEVER_MM * np.tanh((points[:, :2] - course) / LEVER_MM)
        height = points[:, 2] + (np.sin(lean) * lever).sum(1)
        result = np.column_stack([points[:, :2] - self._at(self.shift_mm, height), height])
        return result

    def _at(self, curve: np.ndarray, height: np.ndarray) -> np.ndarray:
        place = (height - self.start_mm) / STEP_MM
        index = np.arange(len(curve))
        return np.stack([np.interp(place, index, curve[:, axis]) for axis in range(2)], axis=-1)


def random_bend(spine_mm: np.ndarray, rng: np.random.Generator) -> Bend | None:
    """Return a bend towards a random spine, or None where too little of the spine is there.

    Args:
        spine_mm: `(24, 3)` body centres C1..L5 in network order; NaN where unknown.
    """
    mean, modes = alignment_table()
    weights = rng.normal(0, 1, len(modes)).clip(-MODE_LIMIT, MODE_LIMIT)
    share = rng.uniform(0.2, 1.0)
    own = segment_angles(spine_mm)
    found = np.isfinite(own).all(1)
    if found.sum() < FEWEST_SEGMENTS:
        return None
    change = share * (mean + np.tensordot(weights, modes, axes=1) - own)[found]
    # How the person as a whole leans is a matter of the pose.
    change = np.clip(change - change.mean(0), -np.radians(LIMIT_DEG), np.radians(LIMIT_DEG))
    middles = ((spine_mm[1:] + spine_mm[:-1]) / 2)[found]
    return bend_by(spine_mm[np.isfinite(spine_mm).all(1)], middles[:, 2], change)


def bend_by(spine_mm: np.ndarray, heights_mm: np.ndarray, change_rad: np.ndarray) -> Bend:
    """Return the bend that changes the lean of the spine at given heights.

    Args:
        spine_mm: `(M, 3)`, downwards.
        heights_mm: `(N,)`, increasing.
        change_rad: `(N, 2)`; to the left and to the back on the way down.
    """
    reach = 2 * FADE_MM
    z = np.arange(heights_mm[0] - reach, heights_mm[-1] + reach, STEP_MM)
    ends = [heights_mm[0] - FADE_MM, heights_mm[-1] + FADE_MM]
    at = np.concatenate([ends[:1], heights_mm, ends[1:]])
    padded = np.pad(change_rad, ((1, 1), (0, 0)))
    lean = np.stack([np.interp(z, at, padded[:, axis]) for axis in range(2)], axis=-1)
    lean = ndimage.gaussian_filter1d(lean, SMOOTHING_MM / STEP_MM, axis=0, mode="nearest")
    shift = np.cumsum(np.tan(lean), axis=0) * STEP_MM
    inside = (z >= spine_mm[0, 2]) & (z <= spine_mm[-1, 2])
    shift -= shift[inside].mean(0)
    course = np.stack([np.interp(z, spine_mm[:, 2], spine_mm[:, axis]) for axis in range(2)], axis=-1)
    return Bend(float(z[0]), course + shift, shift, lean)
