"""How far many tasks are: a bar with the time that is left, or now and then a line where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from SwinX2SLib.parallel.tasks import Failure

if TYPE_CHECKING:
    from rich.console import Console

_LINE_EVERY_S = 30.0
# The speed is that of the last hour: one task may take minutes.
_SPEED_OVER_S = 3600.0


class TaskProgress(Protocol):
    """Who wants to know how far the tasks are."""

    def begin(self, total: int, kept: int) -> None:
        """So many tasks there are, so many of them were finished by earlier runs."""

    def finished(self, key: str, failure: Failure | None) -> None:
        """One task has ended."""

    def note(self, message: str) -> None:
        """Something to know, in a sentence."""


class Silent:
    """Reports nothing."""

    def begin(self, total: int, kept: int) -> None:
        """Say nothing."""

    def finished(self, key: str, failure: Failure | None) -> None:
        """Say nothing."""

    def note(self, message: str) -> None:
        """Say nothing."""


class ConsoleProgress:
    """Reports on standard error; a context manager.

    Args:
        doing: what is done, such as `Evaluating`.
        console: where to; standard error by default.
        clock: gives seconds.
    """

    def __init__(
        self, doing: str, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ):
        # The panel reads batches where rich is not installed yet.
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._escape = escape
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._doing, self._clock = doing, clock
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]}"),
            TimeRemainingColumn(compact=False, elapsed_when_finished=True),
        )  # fmt: skip
        self._bar = Progress(
            *columns, console=self._console, transient=True, speed_estimate_period=_SPEED_OVER_S, get_time=clock,
            disable=not self._console.is_terminal,
        )  # fmt: skip
        self._total = self._kept = self._done = self._failed = 0
        self._began = self._told = clock()

    def __enter__(self) -> ConsoleProgress:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def begin(self, total: int, kept: int) -> None:
        """Draw the bar."""
        self._total, self._kept = total, kept
        self._began = self._told = self._clock()
        if kept:
            self.note(f"{kept} of {total} were finished in an earlier run and are kept.")
        self._task = self._bar.add_task(self._doing, total=total, completed=kept, failed="")
        self._bar.start()

    def finished(self, key: str, failure: Failure | None) -> None:
        """Move the bar; report a failure at once."""
        self._done += 1
        if failure is not None:
            self._failed += 1
            self._console.print(f"[bold red]failed[/] {self._escape(key)}: {self._escape(failure.message)}")
        failed = f"{self._failed} failed" if self._failed else ""
        self._bar.update(self._task, advance=1, failed=failed)
        if not self._console.is_terminal and self._clock() - self._told >= _LINE_EVERY_S:
            self._told = self._clock()
            self._console.print(self._line())

    def note(self, message: str) -> None:
        """Print a sentence."""
        self._console.print(f"[yellow]note[/] {self._escape(message)}")

    def _line(self) -> str:
        left = self._total - self._kept - self._done
        rest = (self._clock() - self._began) / self._done * left
        failed = f", {self._failed} failed" if self._failed else ""
        return (
            f"{self._doing}: {self._kept + self._done} of {self._total}{failed}, about {_duration(rest)} left"
        )


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
