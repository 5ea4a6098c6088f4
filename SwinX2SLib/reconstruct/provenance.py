"""Where a result comes from: inputs, options, model, grid, device, time, versions."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from SwinX2SLib import __version__
from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.reconstruct.job import Job

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.reconstruction import Reconstruction


_PACKAGES = (
    "numpy",
    "scipy",
    "pillow",
    "pydicom",
    "SimpleITK",
    "nibabel",
    "torch",
    "timm",
    "monai",
    "safetensors",
)


def describe(reconstruction: Reconstruction, job: Job | None, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the provenance of a result as JSON values.

    Args:
        reconstruction: the result.
        job: what makes it again; None where the radiographs are no files.
        seconds: time by phase.
    """
    check = reconstruction.orientation_check
    radiographs = zip(("ap", "lateral"), reconstruction.radiographs or (), strict=False)
    bones = [label_by_id(int(value)).name for value in np.unique(reconstruction.labels) if value]
    return {
        "program": {"name": "SwinX2S", "version": __version__},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": {view: _radiograph(radiograph) for view, radiograph in radiographs},
        "orientation_check": None if check is None else check.to_json(),
        "options": None if job is None else job.to_dict(),
        "command": None if job is None else ["swinx2s", *job.arguments()],
        "model": _model(reconstruction),
        "grid": {
            "shape": list(reconstruction.labels.shape),
            "spacing_mm": reconstruction.spacing_mm,
            "affine_ras_mm": (reconstruction.affine + 0.0).tolist(),
            "order": "right to left, anterior to posterior, superior to inferior",
        },
        "bones": bones,
        "expected_dice": reconstruction.expected_dice,
        "disc_shifts_mm": reconstruction.disc_shifts_mm,
        "shape_similarity": reconstruction.shape_similarity,
        "femur_shifts_mm": reconstruction.femur_shifts_mm,
        "removed_component_voxels": reconstruction.removed_component_voxels,
        "device": reconstruction.device,
        "precision": reconstruction.precision,
        "seconds": {phase: round(value, 3) for phase, value in seconds.items()},
        "versions": _versions(),
        "intended_use": "research",
    }


def _radiograph(radiograph: Radiograph) -> dict[str, Any]:
    rows, cols = radiograph.pixels.shape
    return {
        "path": None if radiograph.path is None else str(radiograph.path),
        "sha256": radiograph.sha256,
        "view": radiograph.view,
        "pixels": {"columns": cols, "rows": rows},
        "spacing_mm": {"row": radiograph.spacing_mm[0], "column": radiograph.spacing_mm[1]},
        "spacing_source": radiograph.spacing_source,
        "middle_mm": radiograph.middle_mm,
        **_tube(radiograph),
        "notes": list(radiograph.notes),
    }


def _tube(radiograph: Radiograph) -> dict[str, Any]:
    if radiograph.xray_source is None or radiograph.central_ray_px is None:
        return {}
    row, column = radiograph.central_ray_px
    return {
        "source_to_detector_mm": radiograph.xray_source.source_to_detector_mm,
        "source_to_isocentre_mm": radiograph.xray_source.source_to_patient_mm,
        "tube_source": radiograph.xray_source.source,
        "magnification": radiograph.xray_source.magnification,
        "central_ray_px": {"row": row, "column": column},
    }


def _model(reconstruction: Reconstruction) -> dict[str, Any]:
    record = reconstruction.model_record
    # A model supplied by the calling program has no record in the manifest.
    return {
        "asked": reconstruction.settings.model,
        **(dataclasses.asdict(record) if record is not None else {"name": "supplied by the caller"}),
    }


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions
