"""The files of a result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from SwinX2SLib.io.atomic_output import atomic_result, atomic_write
from SwinX2SLib.io.segmentations import write_segmentation
from SwinX2SLib.io.volumes import write_volume

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.reconstruction import Reconstruction


FILES = {
    "segmentation": "segmentation.seg.nrrd",
    "labels": "labels.nii.gz",
    "uncertainty": "uncertainty.nii.gz",
    "provenance": "provenance.json",
}
_UNCERTAINTY_STEP = 1 / 255


def write_result(
    out: Path, reconstruction: Reconstruction, provenance: dict[str, Any], overwrite: bool = False
) -> None:
    """Write all `FILES` of a result, or none.

    Args:
        out: the folder, which `atomic_output.output_faults` has found fit.
        reconstruction: what is written.
        provenance: of `provenance.describe`.
        overwrite: whether an earlier result may be replaced.

    Raises:
        OutputError: the files could not be written.
    """
    with atomic_result(out, FILES.values(), overwrite, "result") as folder:
        write_volumes(folder, reconstruction)
        write_provenance(folder, provenance)


def write_volumes(folder: Path, reconstruction: Reconstruction) -> None:
    """Write the segmentation, the labels and the uncertainty into a folder.

    The NIfTI arrays are in RAS order, labels as uint8 and uncertainty in steps of 1/255.
    """
    write_segmentation(folder / FILES["segmentation"], reconstruction.labels, reconstruction.affine)
    affine = reconstruction.affine
    write_volume(folder / FILES["labels"], reconstruction.labels, affine, "RAS")
    steps = np.rint(reconstruction.uncertainty.astype(np.float32) / _UNCERTAINTY_STEP).astype(np.uint8)
    write_volume(folder / FILES["uncertainty"], steps, affine, "RAS", slope=_UNCERTAINTY_STEP)


def write_provenance(folder: Path, provenance: dict[str, Any]) -> None:
    """Write where a result comes from, as JSON."""
    text = json.dumps(provenance, indent=2, ensure_ascii=False)
    # A file name that is no UTF-8 becomes an escape of JSON.
    atomic_write(folder / FILES["provenance"], text + "\n")
