"""Further segmentations that a map of uncertainty allows, to carry it into the measurements.

The map says for each voxel how probable it is that its label is wrong, not how the errors of neighbours hang
together. Here they do so over a stated length: a smooth random field moves each surface out where it is low and in
where it is high, so that every voxel belongs to its bone with the probability that the map gives it, up to `REACH_MM`
outside of the bone. What a map of single voxels cannot tell is not in it: a whole bone that lies too deep, too large,
or under another name. The intervals are therefore rather too narrow than too wide.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage, special

from SwinX2SLib.geometry.frames import voxel_spacing_mm

CORRELATION_MM = 10.0
REACH_MM = 8.0
METHOD = (
    f"label volumes drawn from the uncertainty map by thresholding it with smooth Gaussian noise (length "
    f"{CORRELATION_MM:.0f} mm, up to {REACH_MM:.0f} mm outside of a bone); errors of depth, size or name of a whole "
    "bone are not in it"
)


def drawn_labels(
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
