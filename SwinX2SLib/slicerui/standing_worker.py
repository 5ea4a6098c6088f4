"""The worker that stays alive between runs, seen from the panel: one process, one run at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from SwinX2SLib.reconstruct.protocol import Finished, decode
from SwinX2SLib.slicerui.background_process import (
    Ending,
    WorkerListener,
    WorkerProcess,
    worker_environment,
)


class StandingWorker:
    """Starts the process with the first run, and again after it has ended for whatever reason.

    It listens to the process (`WorkerListener`) and passes on to each run what belongs to it.

    Args:
        make_process: makes the background process.
        make_command: gives the command of a worker that reads job files from its standard input.
    """

    def __init__(
        self,
        make_process: Callable[[WorkerListener], WorkerProcess],
        make_command: Callable[[], list[str]],
    ):
        self._make_process, self._make_command = make_process, make_command
        self._process: WorkerProcess | None = None
        self._job: Path | None = None
        self._run: WorkerListener | None = None
        self._served, self._answered = 0, False

    def start(self, job: Path, run: WorkerListener) -> None:
        """Start a run, in the process that is there or in a new one.

        Args:
            job: file of the job.
            run: hears the lines of this run, and its end as that of a process of its own.

        Raises:
            InterpreterError: there is no Python for the worker.
        """
        self._job, self._run, self._answered = job, run, False
        try:
            if not self.is_alive():
                self._start_process()
        except Exception:
            self._job, self._run = None, None
            raise
        # A process that could not be started has already told so.
        if self._run is run and self._process is not None:
            self._process.send(str(job))

    def is_alive(self) -> bool:
        """Return whether the process is there, with a run or without."""
        return self._process is not None and self._process.is_running()

    def is_ready(self) -> bool:
        """Return whether the process has served a run and waits for the next: its start takes no time any more."""
        return self.is_alive() and self._served > 0

    def is_running(self) -> bool:
        """Return whether a run is under way."""
        return self._run is not None

    def cancel(self) -> None:
        """End the process with all that it started; the run, if there is one, hears of it when it is gone."""
        if self._process is not None:
            self._process.cancel()

    def wait(self) -> None:
        """Return when a cancelled process is gone."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """End the process and return when it is gone, for when the scene or the module goes away."""
        self.cancel()
        self.wait()

    # Callbacks of the process (WorkerListener)

    def on_line(self, line: str) -> None:
        """Pass a line on to the run, or end the run with its last one."""
        if self._run is None:
            return
        self._answered = True
        event = decode(line)
        if isinstance(event, Finished):
            self._served += 1
            self._end_run(Ending(event.code))
        else:
            self._run.on_line(line)

    def on_log(self, line: str) -> None:
        """Pass a line of standard error on to the run."""
        if self._run is not None:
            self._run.on_log(line)

    def on_ended(self, ending: Ending) -> None:
        """Tell the run that its process is gone; a process that was idle for too long is replaced."""
        was_idle = self._served > 0 and not self._answered and ending.exit_code == 0
        self._process = None
        if self._run is None:
            return
        if was_idle and self._job is not None:
            # It ended by itself at the moment when the job was sent.
            self.start(self._job, self._run)
        else:
            self._end_run(ending)

    def _start_process(self) -> None:
        command = self._make_command()
        self._served = 0
        self._process = self._make_process(self)
        self._process.start(command, worker_environment(), keeps_input=True)

    def _end_run(self, ending: Ending) -> None:
        run, self._run, self._job = self._run, None, None
        if run is not None:
            run.on_ended(ending)
