"""`python -m SwinX2SLib.reconstruct.worker JOB.json`: one job in a separate process, reported as JSON lines.

With `--serve` in place of the file the process stays: job files arrive as lines on standard input, the network is
loaded once, and the process ends when standard input closes or no job came for ten minutes.

Standard output carries the events of `protocol` and nothing else; whatever libraries print goes to standard error.
SIGTERM and SIGINT end the job cleanly; so does the death of the process that started it, or of the one named by
`--parent`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import psutil

from SwinX2SLib.errors import CANCELLED, DONE, Cancelled
from SwinX2SLib.reconstruct.backends import Backend, TorchBackend
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.pipeline import run_job
from SwinX2SLib.reconstruct.protocol import Message, Report, describe_failure, encode
from SwinX2SLib.reconstruct.serving import IDLE_SECONDS, serve

_POLL_SECONDS = 0.5
# A layer of the largest network may take seconds before Python handles a signal.
_GRACE_SECONDS = 15.0


def main(
    arguments: Sequence[str] | None = None,
    backend: Backend = TorchBackend(),  # noqa: B008 - has no state
) -> int:
    """Run one job file, or those of standard input, and return the exit code (`command_line.EXIT_CODES`)."""
    parser = argparse.ArgumentParser(prog="python -m SwinX2SLib.reconstruct.worker", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("job", type=Path, metavar="JOB.json", nargs="?")
    what.add_argument(
        "--serve", action="store_true", help="run the job files that standard input names, one a line"
    )
    parser.add_argument(
        "--idle-seconds",
        type=float,
        default=IDLE_SECONDS,
        metavar="S",
        help="with --serve, end after this time without a job (default: %(default)s)",
    )
    parser.add_argument(
        "--parent", type=int, metavar="PID", help="stop when this process ends (default: the parent process)"
    )
    parsed = parser.parse_args(arguments)
    events = claim_standard_output()
    stop_on_signals()
    end_with_parent(parsed.parent)

    def report(event: Message) -> None:
        print(encode(event), file=events, flush=True)

    if parsed.serve:
        return serve(report, backend, run_reported, parsed.idle_seconds)
    return run_reported(lambda: run_job(Job.load(parsed.job), report, backend), report)


def run_reported(work: Callable[[], object], report: Report) -> int:
    """Do some work; report how it failed, if it does, and return the exit code."""
    try:
        work()
        return DONE
    except (Exception, Cancelled, KeyboardInterrupt) as error:
        failures, code = describe_failure(error)
        # The reader has closed the stream.
        with suppress(BrokenPipeError):
            for failure in failures:
                report(failure)
        return code


def claim_standard_output() -> TextIO:
    """Return a stream to standard output that is ours alone; what libraries print goes to standard error."""
    sys.stdout.flush()
    # A file name that is no UTF-8 becomes an escape of JSON.
    ours = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return ours


def stop_on_signals() -> None:
    """Turn SIGTERM and SIGINT into `Cancelled` in the main thread, once; the clean-up is not cut off by another."""

    def stop(number: int, frame: object) -> None:
        for other in (signal.SIGTERM, signal.SIGINT):
            signal.signal(other, signal.SIG_IGN)
        raise Cancelled

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def end_with_parent(pid: int | None = None) -> None:
    """Watch the parent (or another process) from a thread, and end this process when it is gone."""
    try:
        parent = psutil.Process(pid if pid is not None else os.getppid())
    except psutil.NoSuchProcess:
        raise SystemExit(CANCELLED) from None

    def watch() -> None:
        # It may go between two questions.
        with suppress(psutil.NoSuchProcess):
            while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
                time.sleep(_POLL_SECONDS)
        signal.raise_signal(signal.SIGTERM)
        time.sleep(_GRACE_SECONDS)
        os._exit(CANCELLED)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
