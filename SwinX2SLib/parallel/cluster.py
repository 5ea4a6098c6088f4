"""Tasks on a running Dask cluster."""

from __future__ import annotations

import logging
import pickle
import platform
import queue
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from SwinX2SLib.errors import Fault, InputError, needs_extra
from SwinX2SLib.parallel.tasks import Answer, Failure, Task, Work
from SwinX2SLib.version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future


_CONNECT_S = 15
_LOOK_EVERY_S = 1.0
# Tasks at the cluster for each of its threads: one to work on, one to go on with.
_TASKS_PER_THREAD = 2


def cluster_answers(
    tasks: Sequence[Task], work: Work, address: str, note: Callable[[str], None]
) -> Generator[tuple[Task, Answer], None, None]:
    """Yield each task with its answer, in the order in which they end; closing it withdraws what is not done.

    Args:
        tasks: what to do.
        work: what to do with a payload; the cluster's workers must be able to import it.
        address: of the scheduler.
        note: called with messages for the user.

    Raises:
        InputError: Dask is not installed, the scheduler cannot be reached or goes away, or its workers have not this
            version of the library and of Python.
    """
    if not tasks:
        return
    with _connected(address) as client:
        _check_workers(client, address, note)
        ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        remote, run = _remote_attempt(), uuid.uuid4().hex
        waiting = deque(tasks)
        running: dict[Future, Task] = {}
        while waiting or running:
            while waiting and len(running) < max(1, _threads(client)) * _TASKS_PER_THREAD:
                task = waiting.popleft()
                future = client.submit(remote, pickle.dumps((work, task)), key=f"swinx2s-{task.key}-{run}")
                running[future] = task
                future.add_done_callback(ended.put)
            try:
                future = ended.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                if client.status != "running":
                    raise _gone(address) from None
                continue
            yield running[future], _answer(future, running[future], address)
            del running[future]


def _remote_attempt() -> Callable[[bytes], Answer]:
    """Return what a worker calls.

    A function within a function travels by value, and its argument as bytes: so the scheduler, which unpacks both,
    needs no more than Dask.
    """

    def swinx2s_attempt(packed: bytes) -> Answer:
        import pickle

        from SwinX2SLib.parallel.tasks import attempt

        return attempt(*pickle.loads(packed))

    return swinx2s_attempt


def _answer(future: Future, task: Task, address: str) -> Answer:
    if future.status == "finished":
        return future.result()
    if future.status in ("cancelled", "lost"):
        raise _gone(address)
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        message = "Several workers of the cluster died while processing it, possibly because memory ran out."
        return Answer(None, Failure(task.key, "worker-died", message))
    return Answer(None, Failure(task.key, "cluster", f"{type(error).__name__}: {error}"))


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    with needs_extra("cluster"):
        from distributed import Client
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        message = f"The scheduler {address} cannot be reached ({str(error) or type(error).__name__})."
        hint = "Start one with `dask scheduler` and use the address that it prints, such as tcp://host:8786."
        raise InputError([Fault("scheduler-unreachable", message, hint)]) from error
    # It reports by tracebacks what is reported here as text.
    logger, before = logging.getLogger("distributed.client"), logging.getLogger("distributed.client").level
    logger.setLevel(logging.CRITICAL)
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=_CONNECT_S)
        logger.setLevel(before)


def _threads(client: Client) -> int:
    with suppress(OSError):
        return sum(client.nthreads().values())
    return 0


def _check_workers(client: Client, address: str, note: Callable[[str], None]) -> None:
    found: dict[str, Any] = client.run(_versions, on_error="return")
    if not found:
        note(f"The scheduler {address} has no workers yet; start `dask worker {address}`.")
    faults = []
    for worker, versions in sorted(found.items()):
        if isinstance(versions, Exception):
            faults.append(_unfit(worker, f"cannot load the library ({type(versions).__name__}: {versions})"))
        elif versions != _versions():
            faults.append(_unfit(worker, "has swinx2s {} and Python {}".format(*versions)))
    if faults:
        raise InputError(faults)


def _versions() -> tuple[str, str]:
    return __version__, ".".join(platform.python_version_tuple()[:2])


def _unfit(worker: str, why: str) -> Fault:
    hint = "Install swinx2s {} with Python {} in the environment of the workers.".format(*_versions())
    return Fault("worker-unfit", f"The worker {worker} {why}.", hint)


def _gone(address: str) -> InputError:
    message = f"The connection to the scheduler {address} was lost."
    hint = "Start it again and run the same command: finished cases are kept."
    return InputError([Fault("scheduler-gone", message, hint)])
