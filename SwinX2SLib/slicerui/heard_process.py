"""What runs of every kind have in common: one process, started once, asked whether it runs, ended with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from SwinX2SLib.slicerui.interpreter import worker_environment
from SwinX2SLib.slicerui.process import WorkerListener, WorkerProcess


class HeardProcess:
    """Holds a process; a run of some kind hears it (`WorkerListener`) and is made of it."""

    _process: WorkerProcess | None = None
    _reason = ""

    def _start_process(
        self, command: Sequence[str], make_process: Callable[[WorkerListener], WorkerProcess]
    ) -> None:
        self._process = make_process(self)
        self._process.start(command, worker_environment())

    def cancel(self, reason: str = "") -> None:
        """End the process with all that it started; `on_ended` hears of it when it is gone.

        Args:
            reason: why, for the user.
        """
        if self.is_running():
            self._reason = reason
            self._process.cancel()

    def cancel_and_wait(self, reason: str = "") -> None:
        """End the process and return when it is gone, for when the module itself goes away."""
        if self.is_running():
            self.cancel(reason)
            self._process.wait()

    def is_running(self) -> bool:
        """Return whether the process is still there."""
        return self._process is not None and self._process.is_running()
