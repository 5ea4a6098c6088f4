"""Locks that say whether whoever made a temporary file still works on it, also from another container or machine.

The number of a process means nothing in another PID namespace, so the system's own file locks are used (`flock`,
on Windows `msvcrt.locking`): the kernel or file server lets go of them when their process ends, however it ends.
Needs the standard library only: the panel writes files in a Slicer where nothing is installed yet.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".swinx2s-lock-"
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
# Of this process: some file servers grant a process a second lock on a file.
_held: set[Path] = set()


@contextmanager
def held_lock(folder: Path) -> Iterator[str]:
    """Yield a token of whose temporary files in a folder nobody takes any for a leftover until the block ends.

    Raises:
        OSError: the folder takes no files.
    """
    token, descriptor = _made(folder)
    lock = _path(folder, token)
    _held.add(lock)
    try:
        yield token
    finally:
        _held.discard(lock)
        _remove(lock, descriptor)


@contextmanager
def abandoned_lock(folder: Path, token: str) -> Iterator[bool]:
    """Yield whether nobody holds the lock of a token, and keep others from cleaning up after it meanwhile.

    Where locks do not work, it counts as held.
    """
    lock = _path(folder, token)
    if lock in _held:
        yield False
        return
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        # It is made before, and removed after, all that carries its token.
        yield True
        return
    except OSError:
        yield False
        return
    is_free = _try_lock(descriptor) is True
    try:
        yield is_free
    finally:
        os.close(descriptor)


def remove_abandoned_locks(folder: Path) -> None:
    """Remove the lock files in a folder that nobody holds."""
    for lock in folder.glob(f"{_PREFIX}*"):
        if lock in _held:
            continue
        with suppress(OSError):
            descriptor = os.open(lock, os.O_RDWR)
            if _try_lock(descriptor):
                _remove(lock, descriptor)
            else:
                os.close(descriptor)


def _path(folder: Path, token: str) -> Path:
    return Path(folder) / f"{_PREFIX}{token}"


def _made(folder: Path) -> tuple[str, int]:
    while True:
        token = secrets.token_hex(8)
        lock = _path(folder, token)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        is_locked = _try_lock(descriptor)
        # Somebody may have taken it for a leftover before it was locked.
        if is_locked is None or (is_locked and lock.exists()):
            return token, descriptor
        _remove(lock, descriptor)


def _try_lock(descriptor: int) -> bool | None:
    """Lock an open file and return True; False where somebody else has, None where the file system has no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _TAKEN else None
    return True


def _remove(lock: Path, descriptor: int) -> None:
    """Remove a lock file that this process holds."""
    with suppress(OSError):
        if sys.platform == "win32":
            # An open file cannot be removed there.
            os.close(descriptor)
            lock.unlink(missing_ok=True)
        else:
            lock.unlink(missing_ok=True)
            os.close(descriptor)
