"""Errors that a user can act on, and the exit codes of commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

DONE, UNEXPECTED, USAGE, INPUT, MODEL, RESOURCES, SOME_FAILED, CANCELLED = 0, 1, 2, 3, 4, 5, 6, 130
EXIT_CODES = {
    DONE: "done",
    UNEXPECTED: "unexpected error; a log file is written",
    USAGE: "invalid command line",
    INPUT: "invalid inputs; all problems are listed",
    MODEL: "the model or its weights are not usable",
    RESOURCES: "out of memory or disk space, or the device is not available",
    CANCELLED: "cancelled; nothing was written",
}
# Of commands that load no network.
PLAIN_EXIT_CODES = {**EXIT_CODES, RESOURCES: "out of memory or disk space"}
del PLAIN_EXIT_CODES[MODEL]
KEPT_WORDS = "Stopped. Finished work is kept; run the same command to resume."
CANCELLED_WORDS = "Cancelled; nothing was written."


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the inputs.

    Attributes:
        kind: stable machine-readable identifier, for example `spacing-absent`.
        message: what is wrong, in a sentence.
        hint: what to do about it, in a sentence.
        path: the file concerned, or None.

    Examples:
        >>> from SwinX2SLib import Fault
        >>> print(Fault("too-small", "The radiograph is too small.", "Export it at full resolution.", "ap.png"))
        ap.png: The radiograph is too small. Export it at full resolution.
    """

    kind: str
    message: str
    hint: str
    path: str | None = None

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message} {self.hint}"


class InputError(ValueError):
    """The inputs cannot be used; carries all faults found, not only the first.

    Args:
        faults: what is wrong, each with what to do.

    Examples:
        >>> from SwinX2SLib import InputError, build_phantom
        >>> try:
        ...     build_phantom(spacing_mm=-1.0)
        ... except InputError as error:
        ...     print([fault.kind for fault in error.faults])
        ['phantom-value']
    """

    def __init__(self, faults: Sequence[Fault]):
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def install_hint(extra: str) -> str:
    """Return how to install what an extra of this package brings."""
    return f'Install it: pip install "swinx2s[{extra}]".'


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Turn a missing package into a fault that names the extra which brings it; around imports only.

    Args:
        extra: of `pyproject.toml`.

    Raises:
        InputError: a package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "SwinX2SLib"):
            raise
        message = f"The Python package {package} is not installed."
        raise InputError([Fault("package-missing", message, install_hint(extra))]) from error


class DeviceError(InputError):
    """The requested device is not available."""

    exit_code = RESOURCES


class ModelError(InputError):
    """The model or its weights cannot be used."""

    exit_code = MODEL


class OutputError(InputError):
    """The result could not be written."""

    exit_code = RESOURCES


class Cancelled(BaseException):
    """Cancelled by the user; nothing was written.

    Not a subclass of `Exception`, like `KeyboardInterrupt`: handlers of `Exception` must not continue after it.
    """
