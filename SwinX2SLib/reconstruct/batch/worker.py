"""What a process of a batch does with one pair."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from SwinX2SLib.errors import InputError
from SwinX2SLib.reconstruct.backends import Backend, KeptBackend, TorchBackend
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.pipeline import examined_radiographs, run_job
from SwinX2SLib.reconstruct.reconstruction import FILES

MEASUREMENTS = "measurements"


_KEPT = KeptBackend(TorchBackend())


def check_pair(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Read both radiographs of a pair; runs in a separate process.

    Raises:
        InputError: all faults of the radiographs and of the pair.
    """
    job = job_of(payload)
    _, faults = examined_radiographs(job)
    if faults := [*job.faults(), *faults]:
        raise InputError(faults)
    return {"case": payload["case"]}


def reconstruct_pair(payload: Mapping[str, Any], backend: Backend = _KEPT) -> dict[str, Any]:
    """Reconstruct a pair into its folder; runs in a separate process.

    Returns:
        Row of the batch table.

    Raises:
        InputError: all faults of the radiographs, or the result could not be written.
    """
    job = job_of(payload)
    # Measurements of an earlier result must not lie beside a new one.
    shutil.rmtree(job.out / MEASUREMENTS, ignore_errors=True)
    reconstruction, result = run_job(job, lambda event: None, backend)
    bones = np.unique(reconstruction.labels[reconstruction.labels > 0])
    expected = list(reconstruction.expected_dice.values())
    return {
        "case": payload["case"],
        "folder": job.out.name,
        "seconds": round(result.seconds["total"], 2),
        "bones": len(bones),
        "expected_dice": round(float(np.mean(expected)), 4) if expected else None,
        "warnings": list(result.notes),
        "files": {name: (job.out / name).stat().st_size for name in FILES.values()},
    }


def job_of(payload: Mapping[str, Any]) -> Job:
    """Return the job of a payload."""
    paths = {name: str(payload[name]) for name in ("ap", "lateral")}
    return Job.from_dict({**payload["job"], **paths, "out": payload["out"]})


def is_there(result: Mapping[str, Any], folder: Path, measure: bool) -> bool:
    """Return whether the files of a finished case are still those that were written."""
    sizes = result.get("files", {})
    measured = not measure or (folder / MEASUREMENTS / "measurements.csv").is_file()
    return measured and all(
        (folder / name).is_file() and (folder / name).stat().st_size == size for name, size in sizes.items()
    )
