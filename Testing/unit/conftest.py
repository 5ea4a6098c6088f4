"""Fixtures of several packages."""

from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def write_known_result() -> Callable:
    """Function (job, reconstruct) that writes a result's files as `run_job` does, without a network.

    `reconstruct(ap, lateral)` gives the `Reconstruction` of both films.
    """
    from SwinX2SLib.inference.outputs import write_provenance, write_volumes
    from SwinX2SLib.inference.provenance import describe
    from SwinX2SLib.radiographs import read_pair

    def write(job, reconstruct):
        films = read_pair(job.ap, job.lateral, job.ap_options, job.lateral_options, job.ap_view)
        reconstruction = reconstruct(*films)
        job.out.mkdir(parents=True, exist_ok=True)
        write_volumes(job.out, reconstruction)
        write_provenance(job.out, describe(job, *films, reconstruction, {"total": 1.0}))
        return reconstruction

    return write
