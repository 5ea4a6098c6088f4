"""Maps of how unsure a network was of each voxel."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from SwinX2SLib.geometry.frames import orientation_of, reorient
from SwinX2SLib.measurements.reading.nifti import is_nifti, read_nifti
from SwinX2SLib.measurements.reading.volume import LabelVolume, refuse

_SAME_PLACE_MM = 0.01


def read_uncertainty(path: Path, volume: LabelVolume) -> np.ndarray:
    """Read a map of 1 minus the probability of the label taken, as `swinx2s reconstruct` writes it.

    Args:
        path: NIfTI.
        volume: on whose grid it has to lie.

    Returns:
        float32 `(I, J, K)`, 0..1, in the array order of `volume`.

    Raises:
        InputError: unreadable, another grid, or values outside 0..1.
    """
    if not path.is_file():
        raise refuse("missing-file", "There is no such file.", "Check the path.", path)
    if not is_nifti(path):
        raise refuse("unsupported-format", "An uncertainty map is a NIfTI file.", "Give such a file.", path)
    values, affine = read_nifti(path)
    if values.ndim == 3:
        # The same voxels may be stored in another order: Slicer's file and the map of one result are.
        values, affine = reorient(values, affine, orientation_of(volume.affine))
    same = values.shape == volume.labels.shape and np.allclose(affine, volume.affine, atol=_SAME_PLACE_MM)
    if not same:
        message = "The uncertainty map lies on another grid than the segmentation."
        raise refuse("grid-mismatch", message, "Give the map of this segmentation.", path)
    values = values.astype(np.float32)
    # Stored in steps of 1/255, a sum may end a rounding error above 1.
    if not np.isfinite(values).all() or values.min(initial=0) < 0 or values.max(initial=0) > 1 + 1e-5:
        message = "The map holds values outside 0..1."
        hint = "It has to hold 1 minus the probability of the label taken."
        raise refuse("not-uncertainty", message, hint, path)
    return np.minimum(values, 1.0)
