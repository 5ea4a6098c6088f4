"""Doing many tasks so that what is finished stays finished."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.parallel.progress import Silent, TaskProgress
from SwinX2SLib.parallel.records import Records, fingerprint
from SwinX2SLib.parallel.tasks import Answer, Failure, Outcome, Task, Work, check_keys

MOST_WORKERS = 512


def run_resumable(
    tasks: Sequence[Task],
    work: Work,
    out: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: TaskProgress | None = None,
    accept: Callable[[dict], bool] | None = None,
) -> Outcome:
    """Do every task that is not finished yet; a failed task is recorded and the others continue.

    The result of each is written to `<out>/<key>.json` by this process, atomically, as soon as it is there. A run
    that was interrupted, killed or had failures is taken up by calling this again: what is finished is not redone,
    unless its payload, or a file that the payload names, has changed since, or its result was damaged. The folder
    shows the results of these tasks only; those of others are put aside, and come back when asked for again.

    Args:
        tasks: what to do.
        work: a function that can be imported (no lambda, no closure); takes a payload, returns a JSON object without
            NaN. It runs in other processes and may be run again for the same task when one of these dies.
        out: folder of results; made where needed.
        workers: processes on this machine, at least 1; None for one per core that may be used. A single one that dies
            costs its task only.
        scheduler: address (`tcp://host:8786`) of a running Dask cluster to use instead. Its workers must be able to
            import this library and to read the inputs under the same paths; they write nothing. Tasks of a worker
            that is lost are done again by others.
        progress: called for every task.
        accept: returns whether a finished result is still valid, say whether files that it names are there.

    Raises:
        InputError: keys that cannot be file names, a folder that cannot be written or is in use, a cluster that
            cannot be used.
        KeyboardInterrupt: the user stopped it; the processes have ended, what is finished is kept.
    """
    check_keys(tasks)
    telling = progress or Silent()
    _check_ways(workers, scheduler)
    marks = {task.key: fingerprint(task.payload) for task in tasks}
    with Records(out) as records:
        records.hold_only(marks.keys())
        waiting = [task for task in tasks if not records.is_finished(task.key, marks[task.key], accept)]
        for task in waiting:
            records.forget(task.key)
        telling.begin(len(tasks), len(tasks) - len(waiting))
        failures: dict[str, Failure] = {}
        with closing(_answers(waiting, work, workers, scheduler, telling)) as answers:
            for task, answer in answers:
                if answer.text is not None:
                    records.finish(task.key, marks[task.key], answer.text)
                elif answer.failure is not None:
                    failures[task.key] = answer.failure
                    records.fail(task.key, marks[task.key], answer.failure)
                telling.finished(task.key, answer.failure)
    done = tuple(task.key for task in tasks if task.key not in failures)
    failed = tuple(failures[task.key] for task in tasks if task.key in failures)
    return Outcome(done, failed, kept=len(tasks) - len(waiting))


def _answers(
    tasks: Sequence[Task], work: Work, workers: int | None, scheduler: str | None, telling: TaskProgress
) -> Generator[tuple[Task, Answer], None, None]:
    if scheduler is None:
        from SwinX2SLib.parallel.local import local_answers, usable_cores

        return local_answers(tasks, work, workers or usable_cores())
    from SwinX2SLib.parallel.cluster import cluster_answers

    return cluster_answers(tasks, work, scheduler, telling.note)


def _check_ways(workers: int | None, scheduler: str | None) -> None:
    faults = []
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        message = f"{workers} is not a valid number of worker processes."
        faults.append(Fault("workers", message, f"Use a number from 1 to {MOST_WORKERS}."))
    if workers is not None and scheduler is not None:
        message = "The number of workers is defined by the cluster if a scheduler is used."
        faults.append(Fault("workers", message, "Remove one of the two options."))
    if faults:
        raise InputError(faults)
