"""A worker that stays: one job after the other in one process, with the network kept in memory."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from SwinX2SLib.errors import CANCELLED, DONE, INPUT, Cancelled
from SwinX2SLib.reconstruct.backends import Backend, KeptBackend
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.pipeline import run_job
from SwinX2SLib.reconstruct.protocol import Finished, Message, Report

# A worker without a job ends after this time.
IDLE_SECONDS = 600.0


class JobLines:
    """The job files that arrive as lines; when the stream closes, nobody wants the running job any more.

    Args:
        stream: bytes, not buffered: a thread that waits in a buffer would hold its lock while the process ends.
    """

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._jobs: queue.Queue[Path | None] = queue.Queue()
        threading.Thread(target=self._read, name="job lines", daemon=True).start()

    def next(self, idle_seconds: float) -> Path | None:
        """Return the next job file; None when none came in time, or the stream was closed.

        Args:
            idle_seconds: how long to wait.
        """
        try:
            return self._jobs.get(timeout=idle_seconds)
        except queue.Empty:
            return None

    def done(self) -> None:
        """Call this after each job."""
        self._jobs.task_done()

    def _read(self) -> None:
        # It may be closed in the middle of a line; what was sent by then is no job.
        with suppress(OSError):
            for line in self._stream:
                if path := os.fsdecode(line).strip():
                    self._jobs.put(Path(path))
        if self._jobs.unfinished_tasks:
            signal.raise_signal(signal.SIGTERM)
        self._jobs.put(None)


def serve(
    report: Callable[[Message], None],
    backend: Backend,
    run_reported: Callable[[Callable[[], object], Report], int],
    idle_seconds: float = IDLE_SECONDS,
) -> int:
    """Run the jobs whose files standard input names, until it closes or nothing arrives for a while.

    Args:
        report: called with the events of each job and with `Finished` after its last.
        backend: makes reconstructors; the last one is kept for jobs with the same weights, device and options.
        run_reported: does a job and reports how it failed; returns its exit code.
        idle_seconds: how long to wait for a job.

    Returns:
        The exit code.
    """
    kept = KeptBackend(backend)
    try:
        jobs = JobLines(open(0, "rb", buffering=0, closefd=False))  # noqa: SIM115 - lives as long as the process
        while (path := jobs.next(idle_seconds)) is not None:
            code = run_reported(partial(_run, path, report, kept), report)
            if code == CANCELLED:
                return CANCELLED
            if code not in (DONE, INPUT):
                # What failed may have harmed the network, or memory is short.
                kept.forget()
            _free_card()
            jobs.done()
            report(Finished(code))
    except (Cancelled, KeyboardInterrupt, BrokenPipeError):
        return CANCELLED
    return DONE


def _run(path: Path, report: Report, backend: Backend) -> None:
    run_job(Job.load(path), report, backend)


def _free_card() -> None:
    """Give the working memory of a graphics card back to others; the network stays there."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
