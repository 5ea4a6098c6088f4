"""Runs one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from SwinX2SLib.slicerui.run import ReconstructionRun


class RunQueue:
    """One run at a time; the others wait in the order in which they came."""

    def __init__(self):
        self._running: ReconstructionRun | None = None
        # A run ends inside a signal of its own process, which must live until it has returned.
        self._ended: ReconstructionRun | None = None
        self._waiting: deque[tuple[ReconstructionRun, Callable[[], None]]] = deque()

    def add(self, run: ReconstructionRun, start: Callable[[], None]) -> None:
        """Start a run now, or when those before it have ended."""
        self._waiting.append((run, start))
        self.start_next()

    def release(self) -> None:
        """Know that the run that ran is gone; it calls this before its observer hears of it."""
        self._ended, self._running = self._running, None

    def start_next(self) -> None:
        """Start the next run, if one waits and none runs."""
        if self._running is None and self._waiting:
            self._running, start = self._waiting.popleft()
            try:
                start()
            except Exception:
                # It never ran; those behind it are not to wait for it.
                self._running = None
                raise

    def cancel(self, reason: str) -> None:
        """End the run that runs; the next one follows."""
        if self._running is not None:
            self._running.cancel(reason)

    def cancel_all(self, reason: str) -> None:
        """End the run that runs and give up those that wait."""
        waiting, self._waiting = self._waiting, deque()
        for run, _ in waiting:
            run.give_up(reason)
        self.cancel(reason)

    def cancel_and_wait(self, reason: str) -> None:
        """End everything and return when it is gone."""
        self.cancel_all(reason)
        if self._running is not None:
            self._running.cancel_and_wait(reason)

    def is_running(self) -> bool:
        """Return whether a run is there."""
        return self._running is not None

    def waiting(self) -> int:
        """Return how many runs wait."""
        return len(self._waiting)
