"""From two radiographs to a label volume: jobs, the pipeline, the files written, the worker and its protocol.

Names are loaded when they are first used: a program that describes a job and reads the events of the worker needs
none of the libraries that reconstruct, PyTorch least of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from SwinX2SLib.lazy import lazy_names

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.job import Job
    from SwinX2SLib.reconstruct.pipeline import run_job
    from SwinX2SLib.reconstruct.reconstruction import Reconstruction
    from SwinX2SLib.reconstruct.reconstructor import Reconstructor

__all__ = ["Job", "Reconstruction", "Reconstructor", "run_job"]
_HOMES = {
    "Job": "job",
    "Reconstruction": "reconstruction",
    "Reconstructor": "reconstructor",
    "run_job": "pipeline",
}
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
