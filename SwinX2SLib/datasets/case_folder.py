"""The folder of a prepared case: labels, CT and films, whole or not at all."""

from __future__ import annotations

import glob
import secrets
import shutil
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image

from SwinX2SLib.datasets.grid import Grid
from SwinX2SLib.geometry.frames import reorient
from SwinX2SLib.projection.attenuation import WATER_PER_MM
from SwinX2SLib.projection.grid import project_grid

LABELS, CT, FILMS = "labels.nii.gz", "ct.nii.gz", ("coronal.png", "sagittal.png")
LAYOUT = (
    "PNG rows run superior to inferior; coronal columns run patient right to left, sagittal columns run posterior to "
    "anterior"
)


def write_case(
    folder: Path, grid: Grid, labels: np.ndarray, ct: np.ndarray | None, excess: np.ndarray | None
) -> None:
    """Write a case beside its place, then move it there; an earlier one is replaced.

    Args:
        folder: of the case.
        grid: of the arrays.
        labels: uint8 `(X, Y, Z)`.
        ct: float32 `(X, Y, Z)` [HU], or None.
        excess: what of the CT the films show, float32 `(X, Y, Z)` [HU], or None.
    """
    remove_case(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}.part-{secrets.token_hex(4)}")
    part.mkdir()
    try:
        _save(labels, grid, part / LABELS)
        if ct is not None:
            _save(np.round(ct).astype(np.int16), grid, part / CT)
            for picture, name in zip(films(excess, grid), FILMS, strict=True):
                Image.fromarray(picture).save(part / name, optimize=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def remove_case(folder: Path) -> None:
    """Remove a case, and what killed runs left of it."""
    for path in (folder, *folder.parent.glob(f".{glob.escape(folder.name)}.part-*")):
        shutil.rmtree(path, ignore_errors=True)


def files_of(with_ct: bool) -> tuple[str, ...]:
    """Return the names of a case's files."""
    return (LABELS, CT, *FILMS) if with_ct else (LABELS,)


def films(excess: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return the coronal and the sagittal film in the layout of the paper's pictures.

    Parallel rays, a pixel for each line of voxels; the darkest value becomes 0 and the brightest 255, as the paper's
    code rescales them. See `cases.RadiographPair` for the layout.

    Args:
        excess: what attenuates, float32 `(X, Y, Z)` [HU] above the threshold, in network order.
        grid: of the array.

    Returns:
        uint8 `(Z, X)` and `(Z, Y)`.

    Raises:
        ValueError: a film shows nothing.
    """
    attenuation = excess * np.float32(WATER_PER_MM / 1000)
    coronal = project_grid(attenuation, grid.affine, "ap")
    sagittal = project_grid(attenuation, grid.affine, "lateral")[:, ::-1]
    return _eight_bits(coronal), _eight_bits(sagittal)


def _eight_bits(film: np.ndarray) -> np.ndarray:
    darkest, brightest = float(film.min()), float(film.max())
    if not brightest > darkest:
        raise ValueError("A film shows nothing.")
    return np.ascontiguousarray(np.round((film - darkest) / (brightest - darkest) * 255).astype(np.uint8))


def _save(volume: np.ndarray, grid: Grid, path: Path) -> None:
    """Save in RAS order, as viewers and the other case lists have it."""
    upright, affine = reorient(volume, grid.affine, "RAS")
    image = nibabel.Nifti1Image(np.ascontiguousarray(upright), affine)
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
