"""Outputs that appear whole or not at all: written beside their place, moved there by renaming a folder.

A killed process leaves a hidden folder beside the output folder, never a name of a result; the next run removes it.
"""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from SwinX2SLib.errors import Fault

_NEW, _OLD = "new", "old"


def output_faults(out: Path, names: Collection[str], overwrite: bool) -> list[Fault]:
    """List why a folder cannot be written.

    Args:
        out: the folder.
        names: files of a result; they tell an earlier result from somebody else's files.
        overwrite: whether an earlier result may be replaced.
    """
    out = out.resolve()
    if out.exists() and not out.is_dir():
        return [
            _fault("output-is-file", "This is a file, not a folder.", "Name a new folder with --out.", out)
        ]
    if out.is_dir() and any(out.iterdir()):
        if not any((out / name).exists() for name in names):
            message = "The output folder holds other files."
            return [_fault("output-in-use", message, "Name a new or empty folder with --out.", out)]
        if not overwrite:
            message = "The output folder holds an earlier result."
            return [
                _fault(
                    "output-exists", message, "Add --overwrite to replace it, or name another folder.", out
                )
            ]
    existing = next(parent for parent in out.parents if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        message = f"Nothing can be written in {existing}."
        return [_fault("output-not-writable", message, "Name a folder with --out that you may write.", out)]
    return []


@contextmanager
def staged_folder(out: Path, names: Collection[str]) -> Iterator[Path]:
    """Yield a hidden folder beside `out` to write in; when the block ends well it becomes `out`.

    Files in `out` that are none of `names` are kept.

    Args:
        out: where the result shall be.
        names: files of a result.
    """
    out = out.resolve()
    made = [parent for parent in out.parents if not parent.exists()]
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = _sibling(out, _NEW)
    folder.mkdir()
    try:
        yield folder
        _publish(folder, out, names)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        raise


def recover(out: Path, names: Collection[str]) -> None:
    """Undo or finish what runs for the same folder left when they were killed; running ones are left alone."""
    out = out.resolve()
    for leftover in _leftovers(out, _OLD):
        if out.exists():
            _retire(leftover, out, names)
        else:
            leftover.rename(out)
    for leftover in _leftovers(out, _NEW):
        shutil.rmtree(leftover, ignore_errors=True)


def _publish(folder: Path, out: Path, names: Collection[str]) -> None:
    if not out.exists():
        folder.rename(out)
        return
    if not any(out.iterdir()):
        # Windows renames onto no folder, not even an empty one.
        out.rmdir()
        folder.rename(out)
        return
    old = _sibling(out, _OLD)
    out.rename(old)
    try:
        folder.rename(out)
    except BaseException:
        if not out.exists():
            old.rename(out)
        raise
    _retire(old, out, names)


def _retire(old: Path, out: Path, names: Collection[str]) -> None:
    """Move what is no part of a result from the replaced folder to the new one, and remove the rest."""
    for entry in old.iterdir():
        if entry.name not in names and not (out / entry.name).exists():
            entry.rename(out / entry.name)
    shutil.rmtree(old)


def _sibling(out: Path, kind: str) -> Path:
    process = psutil.Process()
    owner = f"{process.pid}-{int(process.create_time())}"
    return out.with_name(f".{out.name}.swinx2s-{kind}-{owner}-{secrets.token_hex(4)}")


def _leftovers(out: Path, kind: str) -> list[Path]:
    pattern = f".{glob.escape(out.name)}.swinx2s-{kind}-*"
    return [path for path in out.parent.glob(pattern) if not _owner_is_alive(path)]


def _owner_is_alive(path: Path) -> bool:
    try:
        pid, created, _ = path.name.rsplit("-", 3)[1:]
        return int(psutil.Process(int(pid)).create_time()) == int(created)
    except psutil.AccessDenied:
        return True
    except (ValueError, psutil.NoSuchProcess):
        return False


def _fault(kind: str, message: str, hint: str, path: Path) -> Fault:
    return Fault(kind, message, hint, str(path))
