"""From two radiographs to a label volume: jobs, the reconstructor, the files written, the worker and its protocol.

Only `reconstructor`, `logits` and `device` need torch; they are loaded when a reconstruction starts, so that a
program can describe a job and read the worker's events without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.pipeline import run_job
from SwinX2SLib.reconstruct.reconstruction import Reconstruction

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.reconstructor import Reconstructor


__all__ = ["Job", "Reconstruction", "Reconstructor", "run_job"]


def __getattr__(name: str) -> Any:
    if name == "Reconstructor":
        from SwinX2SLib.reconstruct.reconstructor import Reconstructor

        return Reconstructor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
