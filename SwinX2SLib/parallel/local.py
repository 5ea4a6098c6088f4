"""Tasks in processes on this machine, each of which may die without harm to the others.

A pool of the standard library ends as a whole when one of its processes dies and does not know which task was its
end; here every process has a pipe of its own and exactly one task at a time.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

import psutil

from SwinX2SLib.parallel.tasks import Answer, Failure, Task, Work, attempt

_READY = "ready"
_GRACE_S = 5.0
# A terminal or a queue sends them to every process; the parent decides what they mean, and ends the others.
_SIGNALS_OF_THE_PARENT = ("SIGINT", "SIGTERM", "SIGHUP")
# So often in a row may a process end before it could start to work.
_FAILED_STARTS = 3
_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return (
        len(psutil.Process().cpu_affinity())
        if hasattr(psutil.Process, "cpu_affinity")
        else os.cpu_count() or 1
    )


def local_answers(
    tasks: Sequence[Task], work: Work, workers: int
) -> Generator[tuple[Task, Answer], None, None]:
    """Yield each task with its answer, in the order in which they end; closing it ends the processes.

    Args:
        tasks: what to do.
        work: what to do with a payload; must be importable.
        workers: how many processes at most.
    """
    pickle.dumps(work)  # fails here, not with processes around
    crew = _Crew(work, min(workers, len(tasks)))
    try:
        yield from crew.answers(deque(tasks))
    finally:
        crew.stop()


class _Worker:
    """A process, the pipe to it, and the task it has."""

    def __init__(self, work: Work, threads: int):
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.task: Task | None = None
        self.is_ready = False
        self.process = context.Process(target=_serve, args=(other, threads), daemon=True)
        with _interrupts_held():
            self.process.start()
        other.close()
        with suppress(ConnectionError):
            self.connection.send(work)

    def give(self, task: Task) -> None:
        """Hand over a task; a process that has died is noticed when its answer is awaited."""
        self.task = task
        with suppress(ConnectionError):
            self.connection.send(task)

    def receive(self) -> object:
        """Return what the process sent, or None when it is dead."""
        try:
            return self.connection.recv() if self.connection.poll() else None
        except (EOFError, OSError):
            return None

    def close(self) -> None:
        """End the process and what it has started."""
        if self.process.is_alive():
            for child in _descendants(self.process.pid):
                child.kill()
            self.process.kill()
        self.process.join(_GRACE_S)
        self.connection.close()


class _Crew:
    """The processes, and which of them wait for what."""

    def __init__(self, work: Work, size: int):
        self._work, self._size = work, size
        self._threads = max(1, usable_cores() // max(1, size))
        self._members: list[_Worker] = []
        self._failed_starts = 0

    def answers(self, waiting: deque[Task]) -> Iterator[tuple[Task, Answer]]:
        while waiting or any(worker.task for worker in self._members):
            while len(self._members) < min(self._size, len(waiting) + len(self._members)):
                self._members.append(_Worker(self._work, self._threads))
            for worker in self._events():
                message = worker.receive()
                if message is None:
                    yield from self._bury(worker)
                elif not worker.is_ready:
                    self._begin(worker, message)
                elif worker.task is not None and isinstance(message, Answer):
                    task, worker.task = worker.task, None
                    yield task, message
            for worker in self._members:
                if worker.is_ready and worker.task is None and waiting:
                    worker.give(waiting.popleft())

    def stop(self) -> None:
        """End all processes."""
        while self._members:
            self._members.pop().close()

    def _events(self) -> list[_Worker]:
        """Wait until some process has sent something or died."""
        handles: dict[Any, _Worker] = {worker.connection: worker for worker in self._members}
        handles |= {worker.process.sentinel: worker for worker in self._members}
        return list({id(handles[handle]): handles[handle] for handle in wait(handles)}.values())

    def _begin(self, worker: _Worker, message: object) -> None:
        if message != _READY:
            raise RuntimeError(f"a worker process cannot load the task: {message}")
        worker.is_ready, self._failed_starts = True, 0

    def _bury(self, worker: _Worker) -> Iterator[tuple[Task, Answer]]:
        self._members.remove(worker)
        worker.close()
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS:
                raise RuntimeError(f"worker processes exit during start-up ({_end(worker.process.exitcode)})")
        if worker.task is not None:
            yield worker.task, Answer(None, _death(worker.task.key, worker.process.exitcode))


def _serve(connection: Connection, threads: int) -> None:
    """Do what comes through the pipe until it closes; runs in the process of a worker."""
    for name in _SIGNALS_OF_THE_PARENT:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for name in _THREAD_COUNTS:
        os.environ.setdefault(name, str(threads))
    # A parent that has gone wants no more: whatever the pipe says of it ends this process in silence.
    with suppress(EOFError, OSError):
        _work_off(connection)


def _work_off(connection: Connection) -> None:
    try:
        work = connection.recv()
    except (EOFError, OSError):
        raise
    except Exception as error:  # the module of the work cannot be loaded here
        connection.send(f"{type(error).__name__}: {error}")
        return
    connection.send(_READY)
    while True:
        connection.send(attempt(work, connection.recv()))


def _end_with_parent() -> None:
    """A parent that was killed cannot end its workers: they notice."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    for child in _descendants(os.getpid()):
        child.kill()
    os._exit(1)


def _descendants(pid: int | None) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start a process that no Ctrl-C of the terminal reaches before it can handle it; ours comes a moment later."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _death(key: str, code: int | None) -> Failure:
    message = f"The worker process died ({_end(code)})."
    if code == -getattr(signal, "SIGKILL", 9):
        message += " Memory may have run out: use fewer workers, or a machine with more memory."
    return Failure(key, "worker-died", message)


def _end(code: int | None) -> str:
    if code is None:
        return "unknown reason"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"by signal {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"
