"""Faults in what a user gave: every one says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from SwinX2SLib.exit_codes import MODEL, RESOURCES


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the inputs.

    Attributes:
        kind: stable machine-readable word, for example `spacing-absent`.
        message: what is wrong, in a sentence.
        hint: what to do about it, in a sentence.
        path: the file concerned, or None.
    """

    kind: str
    message: str
    hint: str
    path: str | None = None

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message} {self.hint}"


class InputError(ValueError):
    """The inputs cannot be used; carries all faults found, not only the first."""

    def __init__(self, faults: Sequence[Fault]):
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class DeviceError(InputError):
    """The device that was asked for is not there."""

    exit_code = RESOURCES


class ModelError(InputError):
    """The model or its weights cannot be used."""

    exit_code = MODEL


class OutputError(InputError):
    """The result could not be written."""

    exit_code = RESOURCES


class Cancelled(BaseException):
    """The user asked to stop; nothing was written.

    Beside `Exception`, as `KeyboardInterrupt` is: what goes on after any `Exception` must not go on after this.
    """
