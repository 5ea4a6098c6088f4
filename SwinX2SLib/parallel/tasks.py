"""What there is to do, and how it ended."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from SwinX2SLib.errors import Fault, InputError

Payload = Mapping[str, Any]
Work = Callable[[Payload], dict]
_LONGEST_KEY = 150  # with a suffix, below the 255 bytes that file systems allow, also in letters of two bytes
_NOT_IN_FILE_NAMES = frozenset('<>:"/\\|?*')
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICES = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)),
}


@dataclass(frozen=True)
class Task:
    """One piece of work.

    Attributes:
        key: its name, unique among the tasks; becomes a file name.
        payload: what the work is given: numbers, texts, None, lists and mappings of these, and `Path`s. All of it
            counts when a finished task is recognised; of a file that a `Path` names also size and time of change, of
            a folder those of the files within. Paths should be absolute: a cluster's workers may run elsewhere.
    """

    key: str
    payload: Payload


@dataclass(frozen=True)
class Failure:
    """Why one task has no result.

    Attributes:
        key: of the task.
        kind: stable machine-readable identifier: that of the first fault, or `worker-died`, `out-of-memory`,
            `unexpected`.
        message: what went wrong, and what to do where that is known.
        details: where in the code, for whoever repairs it; may be empty.
    """

    key: str
    kind: str
    message: str
    details: str = ""


@dataclass(frozen=True)
class Outcome:
    """How all tasks ended.

    Attributes:
        done: keys of the tasks that have a result, in the order of the tasks.
        failed: the others, in the order of the tasks.
        kept: how many of `done` had been finished by earlier runs.
    """

    done: tuple[str, ...]
    failed: tuple[Failure, ...]
    kept: int = 0


@dataclass(frozen=True)
class Answer:
    """What a worker sends back: the result as JSON text, or why there is none."""

    text: str | None
    failure: Failure | None = None


def attempt(work: Work, task: Task) -> Answer:
    """Do one task; whatever it raises becomes part of the answer. Runs in a worker."""
    try:
        return Answer(json.dumps(work(task.payload), indent=1, allow_nan=False, ensure_ascii=False))
    except InputError as error:
        return Answer(None, Failure(task.key, error.faults[0].kind if error.faults else "fault", str(error)))
    except MemoryError:
        message = "Out of memory. Use fewer workers, or a machine with more memory."
        return Answer(None, Failure(task.key, "out-of-memory", message))
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        return Answer(None, Failure(task.key, "unexpected", message, traceback.format_exc()))


def check_keys(tasks: Sequence[Task]) -> None:
    """Check that every key can be a file name of its own on any system.

    Raises:
        InputError: with all keys that cannot.
    """
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for task in tasks:
        if reason := key_fault(task.key):
            faults.append(
                Fault("key", f"{task.key!r} is not a valid file name: {reason}.", "Rename this case.")
            )
        other = seen.get(task.key.casefold())
        seen[task.key.casefold()] = task.key
        if other is not None:
            message = f"{task.key!r} exists twice" + ("." if other == task.key else f" (also as {other!r}).")
            faults.append(Fault("key-twice", message, "Give every case a unique name."))
    if faults:
        raise InputError(faults)


def key_fault(key: str) -> str:
    """Return why a key cannot be the name of a file on every system, or ""."""
    if not key:
        return "it is empty"
    if len(key) > _LONGEST_KEY or len(key.encode()) > 240:
        return f"it is longer than {_LONGEST_KEY} characters"
    if key[0] == "." or key[-1] in ". " or key != key.strip():
        return "it begins or ends with a dot or a space"
    if key.partition(".")[0].rstrip().upper() in _DEVICES:
        return "Windows reserves it for a device"
    bad = sorted({letter for letter in key if letter in _NOT_IN_FILE_NAMES or not letter.isprintable()})
    return f"it contains {' '.join(map(repr, bad))}" if bad else ""


def failure_as_dict(failure: Failure) -> dict[str, str]:
    """Return a failure as a JSON object."""
    return asdict(failure)
