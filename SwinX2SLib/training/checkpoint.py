"""Checkpoints that are whole or absent, with the one before kept in reserve."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from SwinX2SLib.errors import Fault, InputError

LAST, PREVIOUS = "last.pt", "previous.pt"


def save_checkpoint(folder: Path, state: dict) -> None:
    """Write `last.pt`, keeping the former one as `previous.pt`; a kill or a full disk leaves a good one in place."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{LAST}.{os.getpid()}"
    try:
        with partial.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    last = folder / LAST
    if last.exists():
        os.replace(last, folder / PREVIOUS)
    os.replace(partial, last)


def load_checkpoint(folder: Path) -> dict | None:
    """Return the newest checkpoint that reads, or None when there is none at all.

    Raises:
        InputError: checkpoints exist and none can be read.
    """
    faults = []
    for name in (LAST, PREVIOUS):
        path = folder / name
        if not path.exists():
            continue
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch names a damaged archive by many exception types
            faults.append(
                Fault("checkpoint-damaged", f"The checkpoint cannot be read: {error}.", "", str(path))
            )
    if faults:
        hint = Fault(
            "no-checkpoint",
            "No checkpoint of the run can be read.",
            "Start anew in another folder.",
            str(folder),
        )
        raise InputError([*faults, hint])
    return None
