"""A label volume of all 54 bones as blocks, every one on its own side of the patient."""

from pathlib import Path

import nibabel
import numpy as np

from SwinX2SLib.geometry.frames import network_affine

GRID = (64, 48, 96)
AFFINE = network_affine(2.5, GRID, centre_ras_mm=(5.0, -12.0, 80.0))


def block_bones() -> np.ndarray:
    """Return uint8 labels in network order (right -> left, anterior -> posterior, superior -> inferior).

    A column of vertebrae in the middle, ribs beside it, sacrum, hips and femora below.
    """
    labels = np.zeros(GRID, np.uint8)
    for vertebra in range(1, 26):
        top = 2 + (vertebra - 1) * 2
        labels[29:35, 26:34, top : top + 2] = vertebra
    for rib in range(12):
        top = 14 + rib * 3
        labels[38:58, 10:40, top : top + 2] = 26 + rib
        labels[6:26, 10:40, top : top + 2] = 38 + rib
    labels[26:38, 28:38, 54:62] = 50
    labels[8:25, 16:36, 56:72] = 51
    labels[39:56, 16:36, 56:72] = 52
    labels[46:54, 20:28, 74:94] = 53
    labels[10:18, 20:28, 74:94] = 54
    return labels


def write_labels(path: Path, labels: np.ndarray) -> Path:
    """Write `labels.nii.gz` as the worker does."""
    nibabel.save(nibabel.Nifti1Image(labels, AFFINE), path)
    return path
