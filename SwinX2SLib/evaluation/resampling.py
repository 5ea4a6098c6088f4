"""Label volumes from files, and from one grid onto another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import transform_points


def load_label_volume(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a NIfTI label volume in its own array order.

    Returns:
        uint8 `(I, J, K)` and the affine (index -> RAS mm).

    Raises:
        InputError: the file cannot be read, is not a volume, or holds values that are no label.
    """
    try:
        image = nib.load(path)
        values = np.asanyarray(image.dataobj)
    except Exception as error:  # nibabel raises many types for damaged files
        fault = Fault(
            "labels-unreadable", f"The label volume cannot be read: {error}.", "Give a NIfTI file.", str(path)
        )
        raise InputError([fault]) from error
    if values.ndim != 3:
        fault = Fault(
            "not-a-volume",
            f"The file has {values.ndim} axes.",
            "Give one three-dimensional volume.",
            str(path),
        )
        raise InputError([fault])
    if values.size and not (
        np.isfinite(values).all()
        and (values == np.round(values)).all()
        and 0 <= values.min() <= values.max() < CLASS_COUNT
    ):
        fault = Fault(
            "not-labels", "The file holds values that are no label.", "Labels run from 0 to 54.", str(path)
        )
        raise InputError([fault])
    return values.astype(np.uint8), np.asarray(image.affine, dtype=np.float64)


def resample_labels(
    labels: np.ndarray,
    affine: np.ndarray,
    shape: Sequence[int],
    target_affine: np.ndarray,
    align_centres: bool = False,
) -> np.ndarray:
    """Bring labels onto another grid, nearest neighbour; outside the source is background.

    Args:
        labels: uint8 `(I, J, K)`.
        affine: of `labels`, index -> RAS mm.
        shape: of the target.
        target_affine: of the target, index -> RAS mm.
        align_centres: shift the source so that both grids' centres coincide.

    Returns:
        uint8 of `shape`.
    """
    affine = np.array(affine, dtype=np.float64)
    if align_centres:
        centres = [
            transform_points(a, (np.asarray(s) - 1) / 2)
            for a, s in ((target_affine, shape), (affine, labels.shape))
        ]
        affine[:3, 3] += centres[0] - centres[1]
    target_to_source = np.linalg.inv(affine) @ target_affine
    return ndimage.affine_transform(
        labels,
        target_to_source[:3, :3],
        target_to_source[:3, 3],
        output_shape=tuple(shape),
        order=0,
        mode="constant",
    )
