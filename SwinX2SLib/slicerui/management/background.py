"""A command of the library, or of pip, in a process of its own while Slicer goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from slicer.i18n import tr as _

from SwinX2SLib.slicerui.heard_process import HeardProcess
from SwinX2SLib.slicerui.interpreter import worker_python
from SwinX2SLib.slicerui.process import Ending, QtWorkerProcess, WorkerListener, WorkerProcess

_LAST_WORDS = 8
# How the library's command and pip begin the lines that say why they gave up.
_COMPLAINTS = ("swinx2s: ", "ERROR: ")


class BackgroundCommand(HeardProcess):
    """Runs `python -m ...` and hears it (`WorkerListener`).

    Args:
        say: told each line that the process writes.
        finished: told once and last whether it went well, and what to tell the user.
        make_process: makes the process.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        finished: Callable[[bool, str], None],
        make_process: Callable[[WorkerListener], WorkerProcess] = QtWorkerProcess,
    ):
        self._say, self._finished, self._make_process = say, finished, make_process
        self._complaints: deque[str] = deque(maxlen=_LAST_WORDS)
        self._last_line = ""

    def start(self, arguments: Sequence[str]) -> None:
        """Start the process.

        Args:
            arguments: of the interpreter, from "-m" on.

        Raises:
            InterpreterError: there is no Python to run it with.
        """
        self._start_process([worker_python(), *arguments], self._make_process)

    def on_line(self, line: str) -> None:
        """Hear the process's standard output."""
        self._last_line = line.strip() or self._last_line
        self._say(line)

    def on_log(self, line: str) -> None:
        """Hear the process's standard error: what went wrong, and pip's warnings."""
        complaint = next((line.removeprefix(each) for each in _COMPLAINTS if line.startswith(each)), "")
        if complaint:
            self._complaints.append(complaint)
        self._say(line)

    def on_ended(self, ending: Ending) -> None:
        """Hear that the process has ended."""
        if ending.cancelled:
            self._finished(False, _("Cancelled."))
        elif ending.exit_code == 0:
            self._finished(True, self._last_line)
        else:
            self._finished(False, " ".join(self._complaints) or ending.describe())
