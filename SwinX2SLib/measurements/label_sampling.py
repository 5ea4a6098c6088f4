"""Intervals of measurements from label maps sampled from the uncertainty of a reconstruction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage, special

from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.measurements.results import Measurement

CORRELATION_MM = 10.0
REACH_MM = 8.0
METHOD = (
    "label volumes sampled from the uncertainty map by thresholding it with smooth Gaussian noise "
    f"(correlation length {CORRELATION_MM:.0f} mm, up to {REACH_MM:.0f} mm outside a bone); errors in depth, "
    "size or label of a whole bone are not included"
)


def sampled_labels(
    labels: np.ndarray, affine: np.ndarray, uncertainty: np.ndarray, count: int, seed: int
) -> Iterator[np.ndarray]:
    """Yield label volumes that the uncertainty allows.

    Args:
        labels: uint8 `(I, J, K)`.
        affine: 4x4, index -> RAS mm.
        uncertainty: float `(I, J, K)`, 1 minus the probability of the label taken, 0..1.
        count: of volumes.
        seed: of the random numbers.
    """
    spacing = voxel_spacing_mm(affine)
    rng = np.random.default_rng(seed)
    distance, nearest = ndimage.distance_transform_edt(labels == 0, sampling=spacing, return_indices=True)
    near = (labels > 0) | (distance <= REACH_MM)
    bone = np.where(near, labels[tuple(nearest)], 0)
    del distance, nearest, near
    belongs = np.where(labels > 0, 1 - uncertainty, uncertainty)
    for _ in range(count):
        level = _smooth_uniform(labels.shape, spacing, rng)
        yield np.where(level < belongs, bone, 0).astype(np.uint8)


def _smooth_uniform(shape: tuple[int, ...], spacing_mm: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return numbers between 0 and 1, each evenly distributed, that change over `CORRELATION_MM`."""
    noise = ndimage.gaussian_filter(
        rng.standard_normal(shape, dtype=np.float32), CORRELATION_MM / spacing_mm, mode="wrap", truncate=3.0
    )
    return special.ndtr(noise / noise.std())


PERCENTILES = (5.0, 95.0)
# Of fewer values than these, percentiles would be read into a gap between the outermost two.
LEAST_FOR_PERCENTILES = 10


def with_intervals(
    measurements: Sequence[Measurement], samples: Sequence[Sequence[Measurement]]
) -> list[Measurement]:
    """Return the measurements with the interval of each value over samples of the same person.

    The interval is the 5th to the 95th percentile (linear between values), or the whole range of fewer than ten
    values. A value outside of its interval, or one that fewer than half of the samples show, is to be checked.

    Args:
        measurements: of the segmentation itself.
        samples: the same measurements of each sample.
    """
    by_sample = [{_key(found): found.value for found in sample} for sample in samples]
    results = []
    for measurement in measurements:
        values = [values.get(_key(measurement)) for values in by_sample]
        results.append(
            _with_interval(measurement, [value for value in values if value is not None], len(values))
        )
    return results


def interval_of(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the interval of values, or None of fewer than two."""
    if len(values) < 2:
        return None
    ends = PERCENTILES if len(values) >= LEAST_FOR_PERCENTILES else (0.0, 100.0)
    low, high = np.percentile(np.asarray(values, dtype=np.float64), ends)
    return float(low), float(high)


def interval_words(count: int) -> str:
    """Return how intervals of so many samples are made, for a reader."""
    if count >= LEAST_FOR_PERCENTILES:
        return f"{PERCENTILES[0]:.0f}th to {PERCENTILES[1]:.0f}th percentile of {count} samples"
    return f"smallest to largest of {count} samples"


def _with_interval(measurement: Measurement, values: list[float], count: int) -> Measurement:
    if measurement.value is None:
        return measurement
    interval = interval_of(values)
    reasons = []
    if len(values) < count / 2:
        reasons.append(f"Present in only {len(values)} of {count} samples.")
    if interval and not interval[0] <= measurement.value <= interval[1]:
        reasons.append("The value is outside the interval of its samples.")
    return replace(measurement, interval=interval).flagged(reasons)


def _key(measurement: Measurement) -> tuple[str, str, str | None]:
    return measurement.structure, measurement.name, measurement.side
