"""A job's events for a person at a terminal: a progress bar, then the files, the notes, or all faults."""

from __future__ import annotations

import io
import sys
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from SwinX2SLib.inference.protocol import Error, Event, Progress, Result


class ConsoleReport:
    """Tells events on standard error (progress, notes, faults) and standard output (files); a context manager."""

    def __init__(self):
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # File names may hold what the terminal's encoding has no letter for.
                stream.reconfigure(errors="backslashreplace")
        self._out, self._err = (
            Console(highlight=False, soft_wrap=True),
            Console(stderr=True, highlight=False, soft_wrap=True),
        )
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=self._err, transient=True, disable=not self._err.is_terminal)
        self._task = self._bar.add_task("", total=1.0)
        self._message = ""

    def __enter__(self) -> ConsoleReport:
        self._bar.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        if isinstance(event, Progress):
            self._progress(event)
            return
        self._bar.stop()
        if isinstance(event, Error):
            self._error(event)
        else:
            self._result(event)

    def _progress(self, event: Progress) -> None:
        self._bar.update(self._task, completed=event.fraction, description=event.message)
        # Where there is no terminal to draw on, one line tells each phase.
        if not self._err.is_terminal and event.message != self._message:
            self._err.print(escape(event.message))
        self._message = event.message

    def _error(self, event: Error) -> None:
        where = f"{event.path}: " if event.path else ""
        self._err.print(
            f"[bold red]{escape(event.kind)}[/] {escape(where + event.message)} {escape(event.hint)}"
        )

    def _result(self, event: Result) -> None:
        for note in event.notes:
            self._err.print(f"[yellow]note[/] {escape(note)}")
        for role, path in event.files.items():
            self._out.print(f"{role:<13} {escape(path)}")
        self._err.print(f"{event.seconds.get('total', 0.0):.1f} s")
