"""Checkpoints that are whole or absent, with the one before and the best kept next to the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from SwinX2SLib.errors import Fault, InputError, OutputError
from SwinX2SLib.io.atomic_output import atomic_file
from SwinX2SLib.io.packing import require_archive

LAST, PREVIOUS, BEST = "last.pt", "previous.pt", "best.pt"
# What each kind of checkpoint must hold.
RUN_STATE = ("step", "seconds", "best", "config", "model", "average", "optimiser")
BEST_STATE = ("step", "score", "average")


def save_checkpoint(folder: Path, state: dict) -> None:
    """Write `last.pt`, keeping the former one as `previous.pt`; a kill or a full disk leaves a good one in place.

    Raises:
        OutputError: the disk is full or cannot be written.
    """
    _save(folder / LAST, state, folder / PREVIOUS)


def save_best(folder: Path, state: dict) -> None:
    """Write `best.pt` in place of the former one.

    Raises:
        OutputError: the disk is full or cannot be written.
    """
    _save(folder / BEST, state)


def load_best(folder: Path) -> dict | None:
    """Return the best checkpoint, or None when there is none.

    Raises:
        InputError: it cannot be read.
    """
    path = folder / BEST
    return _read(path, BEST_STATE) if path.exists() else None


def load_checkpoint(folder: Path) -> tuple[dict | None, list[Fault]]:
    """Return the newest checkpoint that reads, None when there is none at all, and the faults of those passed over.

    Raises:
        InputError: checkpoints exist and none can be read.
    """
    faults: list[Fault] = []
    for name in (LAST, PREVIOUS):
        if (folder / name).exists():
            try:
                return _read(folder / name, RUN_STATE), faults
            except InputError as error:
                faults.extend(error.faults)
    if faults:
        hint = Fault(
            "no-checkpoint",
            "No checkpoint of the run can be read.",
            "Start again in another folder.",
            str(folder),
        )
        raise InputError([*faults, hint])
    return None, []


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Report a failing write in a user's words.

    Raises:
        OutputError: an error of the operating system, also one that another library has wrapped.
    """
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        # PyTorch's archive writer buries the system's error under its own.
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__context__
        if cause is None:
            raise
        sentence = f"The file cannot be written: {cause.strerror or cause}."
        hint = (
            "Free some space or fix the permissions and start the run again: it resumes from the last "
            "checkpoint."
        )
        raise OutputError([Fault("run-not-written", sentence, hint, str(path))]) from error


def _save(path: Path, state: dict, previous: Path | None = None) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Through Python's own stream: PyTorch's would not say why a write fails.
        with atomic_file(path, previous=previous) as partial, partial.open("wb") as stream:
            torch.save(state, stream)


def _read(path: Path, needed: tuple[str, ...]) -> dict:
    try:
        require_archive(path, "checkpoint")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # torch names a damaged archive by many exception types
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        sentence = f"The checkpoint cannot be read: {words}."
        raise InputError([Fault("checkpoint-damaged", sentence, "", str(path))]) from error
    missing = [key for key in needed if not isinstance(state, dict) or key not in state]
    if missing:
        sentence = f"The file is not a training checkpoint of SwinX2S: {', '.join(missing)} missing."
        raise InputError([Fault("checkpoint-foreign", sentence, "Choose another folder.", str(path))])
    return state
