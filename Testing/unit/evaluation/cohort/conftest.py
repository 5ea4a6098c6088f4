"""Small people: hips and a sacrum as boxes, and predictions that are a little off."""

import csv
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from SwinX2SLib.anatomy import labels as all_labels

BOXES = {
    "sacrum": (slice(14, 20), slice(8, 14), slice(14, 20)),
    "hip_right": (slice(22, 30), slice(6, 18), slice(6, 20)),
    "hip_left": (slice(4, 12), slice(6, 18), slice(6, 20)),
}
IDS = {label.name: label.id for label in all_labels()}


def write_labels(path: Path, shift: int = 0, bones: tuple[str, ...] = tuple(BOXES)) -> Path:
    """Write boxes on a grid of 34 x 26 x 26 voxels of 4 mm, moved upwards by `shift` voxels."""
    labels = np.zeros((34, 26, 26), dtype=np.uint8)
    for name in bones:
        x, y, z = BOXES[name]
        labels[x, y, z.start + shift : z.stop + shift] = IDS[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(labels, np.diag([4.0, 4.0, 4.0, 1.0])), path)
    return path


@pytest.fixture
def labels_file() -> Callable:
    """The function `write_labels`."""
    return write_labels


@pytest.fixture
def write_cohort() -> Callable:
    """Function (folder, count, broken) that writes people and the table of them, and returns the table.

    Case n is moved by n % 3 voxels; in the predictions of `broken` the second half of the file is missing.
    """

    def write(folder: Path, count: int, broken: tuple[int, ...] = ()) -> Path:
        rows = []
        for n in range(count):
            truth = write_labels(folder / "truth" / f"person{n:02}.nii.gz")
            prediction = write_labels(folder / "found" / f"person{n:02}.nii.gz", shift=n % 3)
            if n in broken:
                prediction.write_bytes(prediction.read_bytes()[: prediction.stat().st_size // 2])
            rows.append([f"person{n:02}", *(path.relative_to(folder) for path in (prediction, truth))])
        return write_table(folder / "table.csv", [["case", "prediction", "truth"], *rows])

    return write


def write_table(path: Path, rows: list[list]) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path
