"""What can end a job early, in words and as an exit code."""

from __future__ import annotations

import errno
import tempfile
import traceback
from pathlib import Path

from SwinX2SLib.errors import Cancelled, InputError
from SwinX2SLib.exit_codes import CANCELLED, CANCELLED_WORDS, INPUT, RESOURCES, UNEXPECTED
from SwinX2SLib.inference.protocol import Error

_OUT_OF_MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory")


# What a path, its rights or its disk can be the reason of, and no mistake of ours is.
_UNUSABLE = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.EIO, errno.ESTALE,
)  # fmt: skip
_FULL = (errno.ENOSPC, errno.EDQUOT)


def describe_failure(error: BaseException) -> tuple[list[Error], int]:
    """Return the events that tell why a job ended, and the exit code.

    An unexpected error is written to a log file, which the event names.
    """
    if isinstance(error, (Cancelled, KeyboardInterrupt, BrokenPipeError)):
        return [Error("cancelled", CANCELLED_WORDS)], CANCELLED
    if isinstance(error, InputError):
        return [Error.of_fault(fault) for fault in error.faults], getattr(error, "exit_code", INPUT)
    if is_out_of_memory(error):
        hint = (
            "Close other programs. A reconstruction needs less with a smaller model (--model), and no graphics "
            "memory on the processor (--device cpu)."
        )
        return [Error("out-of-memory", "There is not enough memory.", hint)], RESOURCES
    if isinstance(error, OSError) and error.errno in (*_UNUSABLE, *_FULL):
        return [_of_the_system(error)], RESOURCES if error.errno in _FULL else INPUT
    message = f"Something unexpected happened: {type(error).__name__}: {error}"
    try:
        hint = f"Please report it with the log file {write_crash_log(error)}."
    except OSError as failure:
        # On a full disk; the place in the code is the least that a report needs.
        where = traceback.extract_tb(error.__traceback__)[-1:]
        places = ", ".join(f"{frame.filename}:{frame.lineno}" for frame in where) or "an unknown place"
        hint = f"Please report it, with the place {places}; no log file could be written ({failure})."
    return [Error("unexpected", message, hint)], UNEXPECTED


def _of_the_system(error: OSError) -> Error:
    """Return what the system refused to do with a file that the user named."""
    path = None if error.filename is None else str(error.filename)
    if error.errno in _FULL:
        hint = "Make room there, or name another place."
        return Error("disk-full", f"It cannot be written ({error.strerror}).", hint, path)
    return Error(
        "file-unusable", f"It cannot be used ({error.strerror}).", "Check the path and its rights.", path
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on the processor or on a graphics card."""
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
