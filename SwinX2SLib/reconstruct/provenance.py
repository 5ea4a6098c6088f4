"""Where a result comes from: inputs, options, model, grid, device, time, versions."""

from __future__ import annotations

import dataclasses
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from SwinX2SLib import __version__
from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.reconstruct.job import Job

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.orientation_check import HangingCheck
    from SwinX2SLib.reconstruct.reconstructor import Reconstruction


_PACKAGES = (
    "numpy",
    "scipy",
    "pillow",
    "pydicom",
    "pynrrd",
    "nibabel",
    "torch",
    "timm",
    "monai",
    "safetensors",
)


def describe(
    job: Job,
    ap: Radiograph,
    lateral: Radiograph,
    reconstruction: Reconstruction,
    seconds: dict[str, float],
    check: HangingCheck,
) -> dict[str, Any]:
    """Return the provenance of a result as JSON values."""
    bones = [label_by_id(int(value)).name for value in np.unique(reconstruction.labels) if value]
    return {
        "program": {"name": "SwinX2S", "version": __version__},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": {"ap": _film(ap), "lateral": _film(lateral)},
        "film_check": check.to_json(),
        "options": job.to_dict(),
        "command": ["swinx2s", *job.arguments()],
        "model": _model(job, reconstruction),
        "grid": {
            "shape": list(reconstruction.labels.shape),
            "spacing_mm": reconstruction.spacing_mm,
            "affine_ras_mm": (reconstruction.affine + 0.0).tolist(),
            "order": "right to left, anterior to posterior, superior to inferior",
        },
        "bones": bones,
        "expected_dice": reconstruction.expected_dice,
        "disc_shifts_mm": reconstruction.disc_shifts_mm,
        "shape_likeness": reconstruction.shape_likeness,
        "femur_shifts_mm": reconstruction.femur_shifts_mm,
        "removed_voxels": reconstruction.removed_voxels,
        "device": reconstruction.device,
        "precision": reconstruction.precision,
        "seconds": {phase: round(value, 3) for phase, value in seconds.items()},
        "versions": _versions(),
        "intended_use": "research",
    }


def _film(film: Radiograph) -> dict[str, Any]:
    rows, cols = film.pixels.shape
    return {
        "path": str(film.path),
        "sha256": film.sha256,
        "view": film.view,
        "pixels": {"columns": cols, "rows": rows},
        "spacing_mm": {"row": film.spacing_mm[0], "column": film.spacing_mm[1]},
        "spacing_source": film.spacing_source,
        "middle_mm": film.middle_mm,
        **_tube(film),
        "notes": list(film.notes),
    }


def _tube(film: Radiograph) -> dict[str, Any]:
    if film.tube is None:
        return {}
    row, column = film.central_ray_px
    return {
        "source_to_detector_mm": film.tube.source_to_detector_mm,
        "source_to_isocentre_mm": film.tube.source_to_patient_mm,
        "tube_source": film.tube.source,
        "magnification": film.tube.magnification,
        "central_ray_px": {"row": row, "column": column},
    }


def _model(job: Job, reconstruction: Reconstruction) -> dict[str, Any]:
    record = reconstruction.model_record
    # A model that the calling program made has no record in the manifest.
    return {
        "asked": job.model,
        **(dataclasses.asdict(record) if record is not None else {"name": "made by the caller"}),
    }


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions
