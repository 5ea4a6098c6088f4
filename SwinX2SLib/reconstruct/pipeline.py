"""One job from its checks to its files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from SwinX2SLib.errors import InputError
from SwinX2SLib.io.atomic_output import atomic_result, output_faults, remove_stale
from SwinX2SLib.radiographs import Radiograph, examine_pair
from SwinX2SLib.reconstruct.backends import Backend, TorchBackend
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.outputs import FILES, write_provenance, write_volumes
from SwinX2SLib.reconstruct.plausibility import doubts, found_bones
from SwinX2SLib.reconstruct.protocol import Progress, Report, Result
from SwinX2SLib.reconstruct.provenance import describe

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.orientation_check import OrientationCheck
    from SwinX2SLib.reconstruct.reconstructor import Reconstruction


# Fractions at which the phases start.
_CHECK, _LOAD, _NETWORK, _WRITE = 0.0, 0.05, 0.15, 0.95


def run_job(
    job: Job,
    report: Report,
    backend: Backend = TorchBackend(),  # noqa: B008 - has no state
) -> tuple[Reconstruction, Result]:
    """Check the inputs, reconstruct, and write the result, whole or not at all.

    Args:
        job: what to do.
        report: told progress and, at the end, the result; what it raises ends the job.
        backend: makes the reconstructor.

    Returns:
        The reconstruction and the event that was reported last.

    Raises:
        InputError: all faults of the job, of both radiographs, of the pair, of the output folder, of device and
            weights.
        DeviceError: the device is all that is at fault.
        ModelError: the model or its weights cannot be used.
        OutputError: the result could not be written.
    """
    started = time.perf_counter()
    report(Progress(_CHECK, "Checking the radiographs"))
    seconds: dict[str, float] = {}
    ap, lateral = _checked_radiographs(job, backend, seconds)
    report(Progress(_LOAD, "Loading the model"))
    asked = time.perf_counter()
    reconstructor = backend.make(job)
    made = time.perf_counter() - asked
    span = _WRITE - _NETWORK
    reconstruction = reconstructor.reconstruct(
        ap, lateral, lambda fraction, message: report(Progress(_NETWORK + span * fraction, message))
    )
    checked = time.perf_counter()
    check = reconstructor.check_orientation(ap, lateral)
    seconds["hanging"] = time.perf_counter() - checked
    report(Progress(_WRITE, "Writing the result"))
    # What making a reconstructor took beside the model is, mostly, loading PyTorch.
    seconds["start"] = max(made - reconstruction.seconds.get("load", 0.0), 0.0)
    seconds |= {**reconstruction.seconds, "total": time.perf_counter() - started}
    _write(job, reconstruction, describe(job, ap, lateral, reconstruction, seconds, check))
    files = {role: str(job.out.resolve() / name) for role, name in FILES.items()}
    result = Result(files, tuple(_notes(ap, lateral, reconstruction, check)), seconds)
    report(Progress(1.0, "Done"))
    report(result)
    return reconstruction, result


def _checked_radiographs(
    job: Job, backend: Backend, seconds: dict[str, float]
) -> tuple[Radiograph, Radiograph]:
    """Read both radiographs, or raise all faults: theirs, the job's, the output folder's, the device's and the
    weights'."""
    started = time.perf_counter()
    ap, lateral, radiograph_faults = examine_pair(
        job.ap, job.lateral, job.ap_options, job.lateral_options, job.ap_view, job.lateral_offset_mm
    )
    remove_stale(job.out, FILES.values())
    faults = [*job.faults(), *radiograph_faults, *output_faults(job.out, FILES.values(), job.overwrite)]
    seconds["read"] = time.perf_counter() - started
    errors = backend.check(job)
    seconds["check"] = time.perf_counter() - started - seconds["read"]
    if ap is None or lateral is None or faults or errors:
        # Where only the device or the model is at fault, the error says so by its kind.
        kind = InputError if faults else type(errors[0])
        raise kind([*faults, *(fault for error in errors for fault in error.faults)])
    return ap, lateral


def _write(job: Job, reconstruction: Reconstruction, provenance: dict[str, Any]) -> None:
    with atomic_result(job.out, FILES.values(), job.overwrite, "result") as folder:
        write_volumes(folder, reconstruction)
        write_provenance(folder, provenance)


def _notes(
    ap: Radiograph, lateral: Radiograph, reconstruction: Reconstruction, check: OrientationCheck
) -> list[str]:
    notes = [check.doubt()] if check.suspected else []
    notes += [
        f"{'Frontal' if radiograph is ap else 'Lateral'} radiograph: {note}"
        for radiograph in (ap, lateral)
        for note in radiograph.notes
    ]
    if not reconstruction.labels.any():
        notes.append(
            "No bone was found. Check that bone is bright and that the views and the pixel size are correct."
        )
    bones = found_bones(
        reconstruction.labels, reconstruction.uncertainty, reconstruction.spacing_mm**3 / 1000
    )
    return notes + doubts(reconstruction.labels, bones)
