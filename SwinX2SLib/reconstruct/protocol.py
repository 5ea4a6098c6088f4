"""Worker protocol: one JSON object per line on standard output; all other lines are log text.

- `{"event": "progress", "fraction": 0.42, "message": "..."}`
- `{"event": "result", "files": {"segmentation": "...", ...}, "notes": [...], "verdict": {...} or
  null, "seconds": {"network": 3.1, ...}}`
- `{"event": "error", "kind": "...", "message": "...", "hint": "...", "path": "..." or null}`, once for each fault
- `{"event": "finished", "code": 0}`, the last of a job of a worker that serves several; the code is the exit code
  that a process for this job alone would have returned
"""

from __future__ import annotations

import errno
import json
import math
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import (
    CANCELLED,
    CANCELLED_WORDS,
    INPUT,
    RESOURCES,
    UNEXPECTED,
    Cancelled,
    Fault,
    InputError,
)
from SwinX2SLib.io.provenance import is_verdict


@dataclass(frozen=True)
class Progress:
    """How far a job is: fraction 0..1, and what is being done."""

    fraction: float
    message: str


@dataclass(frozen=True)
class Result:
    """What a job wrote.

    Attributes:
        files: role (`segmentation`, `labels`, `uncertainty`, `provenance`) -> path.
        notes: sentences for the user.
        seconds: phase -> time.
        verdict: how far the result is to be relied on, as `Verdict.to_json` writes it, or None.
    """

    files: dict[str, str]
    notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    verdict: dict[str, Any] | None = None


@dataclass(frozen=True)
class Error:
    """Why a job failed: machine-readable kind, what is wrong, what to do, the file concerned."""

    kind: str
    message: str
    hint: str = ""
    path: str | None = None

    @classmethod
    def of_fault(cls, fault: Fault) -> Error:
        """Return the error event of a fault."""
        return cls(fault.kind, fault.message, fault.hint, fault.path)


@dataclass(frozen=True)
class Finished:
    """A worker that serves several jobs is done with one: exit code of `errors`, 0 if all went well."""

    code: int


Event = Progress | Result | Error
# All that a line can say.
Message = Event | Finished
Report = Callable[[Event], None]
_NAMES: dict[type, str] = {Progress: "progress", Result: "result", Error: "error", Finished: "finished"}


def encode(event: Message) -> str:
    """Encode an event as one line (without line break)."""
    return json.dumps({"event": _NAMES[type(event)], **asdict(event)}, ensure_ascii=False)


def decode(line: str) -> Message | None:
    """Decode a line; None if it is not an event."""
    try:
        event = json.loads(line)
        return _READERS[event["event"]](event)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def _progress(event: dict[str, Any]) -> Progress:
    fraction = float(event["fraction"])
    if not math.isfinite(fraction):
        raise ValueError(f"the progress must be between 0 and 1, not {fraction}")
    return Progress(min(max(fraction, 0.0), 1.0), str(event["message"]))


def _result(event: dict[str, Any]) -> Result:
    files = {str(role): str(path) for role, path in event["files"].items()}
    seconds = {str(phase): float(value) for phase, value in event.get("seconds", {}).items()}
    verdict = event.get("verdict")
    if not is_verdict(verdict):
        raise ValueError("the verdict is none")
    return Result(files, tuple(str(note) for note in event.get("notes", ())), seconds, verdict)


def _error(event: dict[str, Any]) -> Error:
    path = event.get("path")
    return Error(
        str(event["kind"]),
        str(event["message"]),
        str(event.get("hint") or ""),
        str(path) if path is not None else None,
    )


def _finished(event: dict[str, Any]) -> Finished:
    return Finished(int(event["code"]))


_READERS: dict[str, Callable[[dict[str, Any]], Message]] = {
    "progress": _progress,
    "result": _result,
    "error": _error,
    "finished": _finished,
}


_OUT_OF_MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory")


# What a path, its rights or its disk can be the reason of, and no mistake of ours is.
_UNUSABLE = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.EIO, errno.ESTALE,
)  # fmt: skip
_FULL = (errno.ENOSPC, errno.EDQUOT)


def describe_failure(error: BaseException) -> tuple[list[Error], int]:
    """Return the error events of an exception, and the exit code.

    An unexpected error is written to a log file, which the event names.
    """
    if isinstance(error, (Cancelled, KeyboardInterrupt, BrokenPipeError)):
        return [Error("cancelled", CANCELLED_WORDS)], CANCELLED
    if isinstance(error, InputError):
        return [Error.of_fault(fault) for fault in error.faults], getattr(error, "exit_code", INPUT)
    if is_out_of_memory(error):
        hint = "Close other programs, use a smaller model (--model), or run on the CPU (--device cpu)."
        return [Error("out-of-memory", "There is not enough memory.", hint)], RESOURCES
    if isinstance(error, OSError) and error.errno in (*_UNUSABLE, *_FULL):
        return [_of_the_system(error)], RESOURCES if error.errno in _FULL else INPUT
    message = f"Unexpected error: {type(error).__name__}: {error}"
    try:
        hint = f"Please report it with the log file {write_crash_log(error)}."
    except OSError as failure:
        # On a full disk; the place in the code is the least that a report needs.
        where = traceback.extract_tb(error.__traceback__)[-1:]
        places = ", ".join(f"{frame.filename}:{frame.lineno}" for frame in where) or "unknown location"
        hint = f"Please report it with its location, {places}; no log file could be written ({failure})."
    return [Error("unexpected", message, hint)], UNEXPECTED


def _of_the_system(error: OSError) -> Error:
    """Return what the system refused to do with a file that the user named."""
    path = None if error.filename is None else str(error.filename)
    if error.errno in _FULL:
        hint = "Free some space there, or specify another folder."
        return Error("disk-full", f"The file cannot be written ({error.strerror}).", hint, path)
    return Error(
        "file-unusable",
        f"The file cannot be accessed ({error.strerror}).",
        "Check the path and its permissions.",
        path,
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out, on the CPU or on a GPU."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error).lower() for words in _OUT_OF_MEMORY_WORDS
    )


def write_crash_log(error: BaseException) -> Path:
    """Write the traceback of an error to a new file and return its path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="swinx2s-", suffix=".log", delete=False, encoding="utf-8"
    ) as stream:
        stream.write("".join(traceback.format_exception(error)))
    return Path(stream.name)
