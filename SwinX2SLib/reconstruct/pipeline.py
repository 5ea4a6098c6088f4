"""The reconstruction pipeline: from the input checks to the output files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.atomic_output import output_faults, remove_stale
from SwinX2SLib.radiographs import Radiograph, examine_pair
from SwinX2SLib.radiographs.reading import examine_radiograph
from SwinX2SLib.reconstruct.backends import Backend, TorchBackend
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.protocol import Progress, Report, Result
from SwinX2SLib.reconstruct.reconstruction import ALL_FILES, describe, files_of, write_result

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.reconstruction import Reconstruction


# Fractions at which the phases start.
_CHECK, _LOAD, _NETWORK, _WRITE = 0.0, 0.05, 0.15, 0.95


def run_job(
    job: Job,
    report: Report,
    backend: Backend = TorchBackend(),  # noqa: B008 - has no state
) -> tuple[Reconstruction, Result]:
    """Check the inputs, reconstruct, and write the result atomically.

    Args:
        job: inputs, options and output folder.
        report: called with progress events and finally with the result; an exception from it stops the job.
        backend: makes the reconstructor.

    Returns:
        The reconstruction and the last reported event.

    Raises:
        InputError: lists every problem of the job, both radiographs, the pair, the output folder, the device and the
            weights.
        DeviceError: only the device is not available.
        ModelError: the model or its weights cannot be used.
        OutputError: the result could not be written.
    """
    started = time.perf_counter()
    report(Progress(_CHECK, "Checking the radiographs"))
    seconds: dict[str, float] = {}
    radiographs = _checked_radiographs(job, backend, seconds)
    report(Progress(_LOAD, "Loading the model"))
    asked = time.perf_counter()
    reconstructor = backend.make(job)
    made = time.perf_counter() - asked
    span = _WRITE - _NETWORK

    def progress(fraction: float, message: str) -> None:
        report(Progress(_NETWORK + span * fraction, message))

    if job.is_single:
        # PyTorch is there once there is a reconstructor.
        from SwinX2SLib.reconstruct.single_view import reconstruct_frontal

        reconstruction = reconstruct_frontal(
            radiographs[0],
            reconstructor,
            progress,
            depth_model=job.depth_model,
            absolute_depth=job.absolute_depth,
            accept_view=job.accept_view,
        )
    else:
        ap, lateral = radiographs
        reconstruction = reconstructor.reconstruct(ap, lateral, progress)
    report(Progress(_WRITE, "Writing the result"))
    # Most of the remaining start-up time is the import of PyTorch.
    seconds["start"] = max(made - reconstruction.seconds.get("load", 0.0), 0.0)
    seconds |= {**reconstruction.seconds, "total": time.perf_counter() - started}
    write_result(job.out, reconstruction, describe(reconstruction, job, seconds), job.overwrite)
    files = {role: str(job.out.resolve() / name) for role, name in files_of(reconstruction).items()}
    verdict = reconstruction.verdict
    result = Result(
        files, tuple(reconstruction.notes), seconds, None if verdict is None else verdict.to_json()
    )
    report(Progress(1.0, "Done"))
    report(result)
    return reconstruction, result


def _checked_radiographs(job: Job, backend: Backend, seconds: dict[str, float]) -> list[Radiograph]:
    """Read the radiographs, or raise every problem of inputs, job, output folder, device and weights."""
    started = time.perf_counter()
    found, radiograph_faults = examined_radiographs(job)
    remove_stale(job.out, ALL_FILES)
    faults = [*job.faults(), *radiograph_faults, *output_faults(job.out, ALL_FILES, job.overwrite)]
    seconds["read"] = time.perf_counter() - started
    errors = backend.check(job)
    seconds["check"] = time.perf_counter() - started - seconds["read"]
    radiographs = [radiograph for radiograph in found if radiograph is not None]
    if len(radiographs) < len(found) or faults or errors:
        # If only the device or the model is at fault, the type of the error is more specific.
        kind = InputError if faults else type(errors[0])
        raise kind([*faults, *(fault for error in errors for fault in error.faults)])
    return radiographs


def examined_radiographs(job: Job) -> tuple[list[Radiograph | None], list[Fault]]:
    """Return the radiographs of a job as far as they can be read, and what is wrong with them."""
    if job.lateral is None:
        # Not there yet where the panel has never installed anything.
        from SwinX2SLib.reconstruct.model_choice import frontal_faults

        ap, faults = examine_radiograph(job.ap, job.ap_view, job.ap_options)
        return [ap], [*faults, *frontal_faults(ap, job.settings)]
    *pair, faults = examine_pair(
        job.ap, job.lateral, job.ap_options, job.lateral_options, job.ap_view, job.lateral_offset_mm
    )
    return pair, faults
