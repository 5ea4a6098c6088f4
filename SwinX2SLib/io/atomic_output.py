"""Output that appears whole or not at all."""

from __future__ import annotations

import errno
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
    out = _real(out)
    try:
        return _place_faults(out) or _content_faults(out, names, overwrite) or _writing_faults(out)
    except OSError as error:
        return [_unwritable(out, error)]


def _place_faults(out: Path) -> list[Fault]:
    if out.exists() and not out.is_dir():
        return [
            _fault("output-is-file", "This is a file, not a folder.", "Name a new folder with --out.", out)
        ]
    if out.is_symlink():
        return [_fault("output-not-writable", "The link leads back to itself.", "Name a folder.", out)]
    if out.is_mount():
        message = "A whole volume is mounted here, which cannot be replaced at once."
        return [_fault("output-is-volume", message, "Name a new folder inside it with --out.", out)]
    return []


def _content_faults(out: Path, names: Collection[str], overwrite: bool) -> list[Fault]:
    if not out.is_dir() or not any(out.iterdir()):
        return []
    if not any((out / name).exists() for name in names):
        message = "The output folder contains other files."
        return [_fault("output-in-use", message, "Specify a new or empty folder with --out.", out)]
    if overwrite:
        return []
    message = "The output folder holds an earlier result."
    return [_fault("output-exists", message, "Add --overwrite to replace it, or name another folder.", out)]


def _writing_faults(out: Path) -> list[Fault]:
    """Try to make and remove the kind of folder that will be written; rights alone do not tell."""
    place = next(path for path in (out, *out.parents) if path.parent.exists())
    probe = _sibling(place, _NEW)
    try:
        probe.mkdir()
    except OSError as error:
        return [_unwritable(place.parent, error, out)]
    probe.rmdir()
    return []


def _unwritable(folder: Path, error: OSError, out: Path | None = None) -> Fault:
    message = f"Nothing can be written in {folder} ({error.strerror or error})."
    hint = "Name a folder with --out that you may write."
    return _fault("output-not-writable", message, hint, out or folder)


def _real(out: Path) -> Path:
    """Return the absolute path without links; a link that leads back to itself stays."""
    return Path(os.path.realpath(out))


@contextmanager
def staged_folder(out: Path, names: Collection[str], overwrite: bool) -> Iterator[Path]:
    """Yield a hidden folder beside `out` to write in; when the block ends well it becomes `out`.

    Files in `out` that are none of `names` are kept.

    Args:
        out: where the result shall be.
        names: files of a result.
        overwrite: whether a result that is there by then may be replaced.

    Raises:
        FileExistsError: another run has written the folder in the meantime.
    """
    out = _real(out)
    made = [parent for parent in out.parents if not parent.exists()]
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = _sibling(out, _NEW)
    folder.mkdir()
    try:
        yield folder
        _publish(folder, out, names, overwrite)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        raise


def recover(out: Path, names: Collection[str]) -> None:
    """Undo or finish what runs for the same folder left when they were killed; running ones are left alone."""
    out = _real(out)
    if not os.access(out.parent, os.R_OK | os.W_OK | os.X_OK):
        # Nothing was written there, and nothing can be; `output_faults` tells.
        return
    for leftover in _leftovers(out, _OLD):
        if out.exists():
            _retire(leftover, out, names)
        else:
            leftover.rename(out)
    for leftover in _leftovers(out, _NEW):
        shutil.rmtree(leftover, ignore_errors=True)


def _publish(folder: Path, out: Path, names: Collection[str], overwrite: bool) -> None:
    if not out.exists():
        folder.rename(out)
        return
    if not any(out.iterdir()):
        # Windows renames onto no folder, not even an empty one.
        out.rmdir()
        folder.rename(out)
        return
    if not overwrite:
        raise FileExistsError(errno.EEXIST, "another run has written there in the meantime", str(out))
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


def replace_file(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all, and return its path."""
    run_in_thread = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        run_in_thread.write_bytes(content)
        os.replace(run_in_thread, path)
    finally:
        run_in_thread.unlink(missing_ok=True)
    return path
