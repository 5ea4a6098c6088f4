"""Child processes: the interpreter, its lines, the end of the whole tree."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import qt
from slicer.i18n import tr as _

import SwinX2SLib

# A line of the protocol is far shorter; a worker that never ends its line must not fill the memory of Slicer.
MAX_LINE_BYTES = 1024 * 1024


class LineAssembler:
    """Collects chunks of bytes and gives back the complete lines as text."""

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES):
        self._pending = b""
        self._max_line_bytes = max_line_bytes

    def feed(self, chunk: bytes) -> list[str]:
        """Return the lines completed by this chunk; a line that grows too long is cut and returned as it is.

        Args:
            chunk: UTF-8; what is not UTF-8 is replaced, not refused.
        """
        *complete, self._pending = (self._pending + chunk).split(b"\n")
        while len(self._pending) > self._max_line_bytes:
            complete.append(self._pending[: self._max_line_bytes])
            self._pending = self._pending[self._max_line_bytes :]
        return [_text(line) for line in complete]

    def rest(self) -> list[str]:
        """Return what is left when the pipe closes: no line, or the one that was never ended."""
        pending, self._pending = self._pending, b""
        return [_text(pending)] if pending else []


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")


def end_process_tree(process_id: int) -> None:
    """Kill a process and all its descendants at once.

    The root is Slicer's launcher (PythonSlicer), which leaves the real interpreter alive when it is killed alone; the
    interpreter may have workers of its own. Each process is stopped before its children are listed, so that none can
    start another while the list is made.

    Args:
        process_id: the root; nothing happens when it has ended already, or (0) was never there.
    """
    # It comes with the packages that are installed before the first run, so it is not there at import.
    import psutil

    if process_id <= 0:
        return
    try:
        pending = [psutil.Process(process_id)]
    except psutil.NoSuchProcess:
        return
    stopped = []
    while pending:
        process = pending.pop()
        try:
            process.suspend()
            pending.extend(process.children())
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            # It cannot be stopped first; killing it may still be allowed.
            pass
        stopped.append(process)
    for process in stopped:
        try:
            process.kill()
        except psutil.Error:
            continue


# A killed process is gone in milliseconds; this bounds how long Slicer may hang if the system is stuck.
_WAIT_MS = 5000


@dataclass(frozen=True)
class Ending:
    """How a worker process ended.

    Attributes:
        exit_code: what the process returned; None when it crashed or never started.
        signal_number: the signal (or, on Windows, the exception code) that ended it, when it crashed.
        start_error: why it could not be started, or "".
        cancelled: whether it was ended on request.
    """

    exit_code: int | None = None
    signal_number: int | None = None
    start_error: str = ""
    cancelled: bool = False

    def describe(self) -> str:
        """Return how the process ended, as text."""
        if self.start_error:
            return _("The worker could not be started: {0}.").format(self.start_error)
        if self.signal_number is not None:
            return _("The worker crashed ({0}).").format(_signal_name(self.signal_number))
        return _("The worker exited with code {0}.").format(self.exit_code)


class WorkerListener(Protocol):
    """Listener of a worker."""

    def on_line(self, line: str) -> None:
        """Handle one line of the worker's standard output."""

    def on_log(self, line: str) -> None:
        """Handle one line of the worker's standard error."""

    def on_ended(self, ending: Ending) -> None:
        """Handle the end of the worker; called once, last."""


class Cancellable(Protocol):
    """Work in another process that can be cancelled at any time."""

    def cancel(self) -> None:
        """End the process and all its descendants; `on_ended` follows with `cancelled` set."""

    def wait(self) -> None:
        """Return when a cancelled process is gone and `on_ended` was called."""

    def is_running(self) -> bool:
        """Return whether the process is starting or running."""


class WorkerProcess(Cancellable, Protocol):
    """A worker that can be started once."""

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], *, keeps_input: bool = False
    ) -> None:
        """Start the command.

        Args:
            command: program and arguments.
            environment: variables to add to the environment.
            keeps_input: whether standard input stays open for `send`; it closes with this process.
        """

    def send(self, line: str) -> None:
        """Write a line to the standard input of the process; nothing happens when it has ended."""


class QtWorkerProcess:
    """A `WorkerProcess` on QProcess: signals arrive in Slicer's event loop, nothing blocks it."""

    def __init__(self, listener: WorkerListener):
        self._listener: WorkerListener | None = listener
        self._lines = {"out": LineAssembler(), "err": LineAssembler()}
        self._cancelled = False
        self._process = qt.QProcess()
        self._heard = (
            (self._process.readyReadStandardOutput, self._read_output),
            (self._process.readyReadStandardError, self._read_log),
            (self._process.finished, self._on_finished),
            (self._process.errorOccurred, self._on_error),
        )
        for signal_of_process, slot in self._heard:
            signal_of_process.connect(slot)

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], *, keeps_input: bool = False
    ) -> None:
        """Start the command; see `WorkerProcess`."""
        variables = qt.QProcessEnvironment.systemEnvironment()
        for name, value in environment.items():
            variables.insert(name, value)
        self._process.setProcessEnvironment(variables)
        self._process.start(command[0], list(command[1:]))
        if not keeps_input:
            self._process.closeWriteChannel()

    def send(self, line: str) -> None:
        """Write a line to standard input; see `WorkerProcess`."""
        if self.is_running():
            self._process.write(f"{line}\n".encode())

    def cancel(self) -> None:
        """End the process tree; see `WorkerProcess`."""
        if self.is_running():
            self._cancelled = True
            end_process_tree(self._process.processId())

    def wait(self) -> None:
        """Wait for the end of a cancelled process; see `WorkerProcess`."""
        self._process.waitForFinished(_WAIT_MS)

    def is_running(self) -> bool:
        """Return whether the process is starting or running."""
        return self._process.state() != qt.QProcess.NotRunning

    def _read_output(self) -> None:
        self._on_output("out", self._process.readAllStandardOutput())

    def _read_log(self) -> None:
        self._on_output("err", self._process.readAllStandardError())

    def _on_output(self, channel: str, received: qt.QByteArray) -> None:
        self._report_lines(channel, self._lines[channel].feed(bytes(received.data())))

    def _report_lines(self, channel: str, lines: Sequence[str]) -> None:
        for line in lines:
            if self._listener is not None:
                (self._listener.on_line if channel == "out" else self._listener.on_log)(line)

    def _on_error(self, error: qt.QProcess.ProcessError) -> None:
        # Every other error is followed by `finished`.
        if error == qt.QProcess.FailedToStart:
            self._end(Ending(start_error=self._process.errorString(), cancelled=self._cancelled))

    def _on_finished(self, *_signal_arguments: object) -> None:
        self._read_output()
        self._read_log()
        for channel, lines in self._lines.items():
            self._report_lines(channel, lines.rest())
        crashed = self._process.exitStatus() == qt.QProcess.CrashExit
        code = self._process.exitCode()
        self._end(
            Ending(
                None if crashed else code, signal_number=code if crashed else None, cancelled=self._cancelled
            )
        )

    def _end(self, ending: Ending) -> None:
        listener, self._listener = self._listener, None
        if listener is None:
            return
        # The process is inside a signal of its own: it must outlive that, whatever the listener lets go of.
        qt.QTimer.singleShot(0, lambda: self._let_go())
        listener.on_ended(ending)

    def _let_go(self) -> None:
        """Break the ring of process, connected methods and this object, which Slicer's Python would never free."""
        heard, self._heard = self._heard, ()
        for signal_of_process, slot in heard:
            signal_of_process.disconnect(slot)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"code {number}"


WORKER_MODULE = "SwinX2SLib.reconstruct.worker"


class InterpreterError(RuntimeError):
    """No Python was found that could run the worker."""


def worker_command() -> list[str]:
    """Return the command of a worker that runs the job files sent to it; it ends itself when this process is gone.

    Raises:
        InterpreterError: Slicer's Python was not found.
    """
    return [worker_python(), "-m", WORKER_MODULE, "--serve", "--parent", str(os.getpid())]


def worker_python() -> str:
    """Return the Python for the worker: `PythonSlicer` inside Slicer, this interpreter outside.

    Inside Slicer `sys.executable` may be the application itself, which would open a second window.

    Raises:
        InterpreterError: neither was found.
    """
    if found := shutil.which("PythonSlicer"):
        return found
    if Path(sys.executable).name.lower().startswith("python"):
        return sys.executable
    raise InterpreterError(
        _("PythonSlicer was not found next to {0}: reinstall Slicer, or add it to the PATH.").format(
            sys.executable
        )
    )


def worker_environment() -> dict[str, str]:
    """Return the variables to set for the worker: where the library is, and output that arrives at once in UTF-8."""
    library = str(Path(SwinX2SLib.__file__).resolve().parents[1])
    paths = [library, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


class BackgroundProcess:
    """Base of runs in a separate process; the subclass is its listener (`WorkerListener`)."""

    _process: Cancellable | None = None
    _reason = ""

    def _start_process(
        self, command: Sequence[str], make_process: Callable[[WorkerListener], WorkerProcess]
    ) -> None:
        process = make_process(self)
        self._process = process
        process.start(command, worker_environment())

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
