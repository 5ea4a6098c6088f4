"""Outputs that appear atomically: written under a hidden name, then renamed on the same disk.

A process that is killed leaves hidden names, never a name of a result; the next run removes those whose lock nobody
holds any more (`remove_stale`, `file_locks`).
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from SwinX2SLib.errors import Fault, InputError, OutputError
from SwinX2SLib.io.file_locks import abandoned_lock, held_lock, remove_abandoned_locks

_NEW, _OLD = "new", "old"
# Names of version 0.1 have numbers of their process before the token, and no lock.
_TEMPORARY_NAME = re.compile(r"^\.(.*\.)?swinx2s-(new|old)-((?:\d+-\d+-)?[0-9a-f]{8,16})(\..*)?$", re.DOTALL)

Content = bytes | str | Iterable[bytes] | Callable[[BinaryIO], object]


@contextmanager
def atomic_file(
    path: Path,
    temporary_folder: Path | None = None,
    previous: Path | None = None,
) -> Iterator[Path]:
    """Yield a hidden path to write; when the block ends well, that file takes the place of `path`.

    Its bytes are on the disk itself before it appears, and its name before this returns: after a power cut, too, the
    file is whole, the new one or the former one.

    The hidden path ends as `path` does (`.nii.gz`, `.seg.nrrd`): some writers choose the format by it.

    Args:
        path: the file to write; its folder exists.
        temporary_folder: where to write first, on the same disk; the file's own folder by default.
        previous: where to keep the file that is replaced; a process that is killed in between leaves it there.

    Raises:
        OSError: it cannot be written; `path` is as it was, and the hidden file is gone.
    """
    path = Path(path)
    folder = path.parent if temporary_folder is None else temporary_folder
    with held_lock(folder) as token:
        partial = folder / f".swinx2s-{_NEW}-{token}{_ending(path)}"
        try:
            yield partial
            _sync_file(partial)
            if previous is not None and path.exists():
                os.replace(path, previous)
            os.replace(partial, path)
            _sync_folder(path.parent)
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def atomic_write(
    path: Path,
    content: Content,
    temporary_folder: Path | None = None,
    hint: str | None = None,
) -> Path:
    """Write a file as `atomic_file` does, and return its path.

    Args:
        path: the file to write; its folder exists.
        content: bytes, text (UTF-8; names that are no UTF-8 become escapes), chunks of bytes, or a function that
            writes to the open stream.
        temporary_folder: see `atomic_file`.
        hint: what to do when it cannot be written; with it the system's error becomes a fault.

    Raises:
        InputError: it cannot be written, where a hint is given.
        OSError: it cannot be written, where none is.
    """
    try:
        with atomic_file(path, temporary_folder) as partial, partial.open("wb") as stream:
            _write(content, stream)
    except OSError as error:
        if hint is None:
            raise
        message = f"The file cannot be written ({error.strerror or error})."
        raise InputError([Fault("output-not-writable", message, hint, str(path))]) from error
    return Path(path)


@contextmanager
def atomic_result(out: Path, names: Collection[str], overwrite: bool, what: str) -> Iterator[Path]:
    """Yield a folder as `atomic_directory` does; one that cannot be written is an `InputError`.

    Args:
        out: see `atomic_directory`.
        names: see `atomic_directory`.
        overwrite: see `atomic_directory`.
        what: it is, "export" for example.

    Raises:
        OutputError: it cannot be written; `out` is as it was.
    """
    try:
        with atomic_directory(out, names, overwrite) as folder:
            yield folder
    except OSError as error:
        hint = "Check the free space and the permissions of the output folder."
        message = f"The {what} could not be written ({error})."
        raise OutputError([Fault("output-failed", message, hint, str(out))]) from error


@contextmanager
def atomic_directory(out: Path, names: Collection[str], overwrite: bool) -> Iterator[Path]:
    """Yield a hidden folder beside `out` to write in; when the block ends well it becomes `out`.

    Its files are on the disk itself before it appears: after a power cut, too, a result is whole or absent.

    Files in `out` that are none of `names` are kept.

    Args:
        out: where the result shall be; folders above it are made.
        names: files of a result.
        overwrite: whether a result that is there by then may be replaced.

    Raises:
        FileExistsError: another run has written the folder in the meantime.
        OSError: it cannot be written; `out` is as it was.
    """
    out = _real(out)
    with new_folder(out.parent), held_lock(out.parent) as token:
        folder = _sibling(out, _NEW, token)
        folder.mkdir()
        try:
            yield folder
            _sync_tree(folder)
            _publish(folder, out, names, overwrite, token)
            _sync_folder(out.parent)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; when the block fails, those that were made and are empty go again."""
    folder = _real(folder)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in made:
            with suppress(OSError):
                place.rmdir()
        raise


def is_full(error: OSError) -> bool:
    """Return whether a file could not be written for want of space: of the disk, a quota or a limit of its size."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def remove_stale(out: Path, names: Collection[str] = ()) -> None:
    """Undo or finish what killed processes left of a folder, and of files in it; running ones are left alone.

    Args:
        out: a folder that `atomic_directory` writes, or in which `atomic_file` writes.
        names: files of a result, as given to `atomic_directory`.
    """
    out = _real(out)
    if os.access(out.parent, os.R_OK | os.W_OK | os.X_OK):
        for leftover in _leftovers_of_folder(out, _OLD):
            if out.exists():
                _retire(leftover, out, names)
            else:
                leftover.rename(out)
        for leftover in _leftovers_of_folder(out, _NEW):
            shutil.rmtree(leftover, ignore_errors=True)
        remove_abandoned_locks(out.parent)
    if os.access(out, os.R_OK | os.W_OK | os.X_OK):
        for leftover in _leftovers(out, f".swinx2s-{_NEW}-"):
            if leftover.is_file():
                leftover.unlink(missing_ok=True)
        remove_abandoned_locks(out)


def stale_targets(folder: Path) -> list[Path]:
    """Return the folders within a folder of which killed processes left something, for `remove_stale`."""
    names = set()
    for entry in list(folder.iterdir()):
        match = _TEMPORARY_NAME.match(entry.name)
        if match and match[1]:
            with abandoned_lock(folder, match[3]) as is_abandoned:
                names |= {match[1][:-1]} if is_abandoned else set()
    return [folder / name for name in sorted(names)]


def output_faults(out: Path, names: Collection[str], overwrite: bool) -> list[Fault]:
    """List why a folder cannot be written.

    Args:
        out: the folder.
        names: files of a result; they distinguish an earlier result from somebody else's files.
        overwrite: whether an earlier result may be replaced.
    """
    out = _real(out)
    try:
        return _place_faults(out) or _content_faults(out, names, overwrite) or _writing_faults(out)
    except OSError as error:
        return [_unwritable(out, error)]


def writing_faults(folder: Path) -> list[Fault]:
    """List why no files can be written in a folder, which need not exist yet; nothing stays there."""
    folder = _real(folder)
    place = next(path for path in (folder, *folder.parents) if path.exists())
    return _probe_faults(place / f".swinx2s-{secrets.token_hex(8)}", folder)


def _write(content: Content, stream: BinaryIO) -> None:
    if callable(content):
        content(stream)
    elif isinstance(content, str):
        stream.write(content.encode("utf-8", "backslashreplace"))
    elif isinstance(content, bytes):
        stream.write(content)
    else:
        stream.writelines(content)


def _ending(path: Path) -> str:
    """Return the file's endings as far as they name its format: `.nii.gz`, `.seg.nrrd`, `.json`."""
    endings = [suffix for suffix in path.suffixes[-2:] if len(suffix) <= 8 and suffix[1:].isalnum()]
    return "".join(endings) if path.suffix in endings[-1:] else ""


def _place_faults(out: Path) -> list[Fault]:
    if out.exists() and not out.is_dir():
        message = "This is a file, not a folder."
        return [Fault("output-is-file", message, "Specify a new folder with --out.", str(out))]
    if out.is_symlink():
        return [
            Fault("output-not-writable", "The link refers to itself.", "Specify a folder.", str(out)),
        ]
    if out.is_mount():
        message = "The folder is a mount point and cannot be replaced."
        return [Fault("output-is-volume", message, "Specify a new folder inside it with --out.", str(out))]
    return []


def _content_faults(out: Path, names: Collection[str], overwrite: bool) -> list[Fault]:
    if not out.is_dir() or not any(out.iterdir()):
        return []
    if not any((out / name).exists() for name in names):
        message = "The output folder contains other files."
        return [Fault("output-in-use", message, "Specify a new or empty folder with --out.", str(out))]
    if overwrite:
        return []
    message = "The output folder contains an earlier result."
    hint = "Add --overwrite to replace it, or specify another folder."
    return [Fault("output-exists", message, hint, str(out))]


def _writing_faults(out: Path) -> list[Fault]:
    """Try to make and remove the kind of folder that will be written; permissions alone do not decide."""
    place = next(path for path in (out, *out.parents) if path.parent.exists())
    faults = _probe_faults(_sibling(place, _NEW, secrets.token_hex(8)), out)
    # Somebody else's files are moved out of a result that is replaced.
    return faults or (writing_faults(out) if out.is_dir() else [])


def _probe_faults(probe: Path, out: Path) -> list[Fault]:
    try:
        probe.mkdir()
    except OSError as error:
        return [_unwritable(probe.parent, error, out)]
    with suppress(FileNotFoundError):
        probe.rmdir()
    return []


def _unwritable(folder: Path, error: OSError, out: Path | None = None) -> Fault:
    message = f"The folder {folder} is not writable ({error.strerror or error})."
    hint = "Specify a writable folder with --out."
    return Fault("output-not-writable", message, hint, str(out or folder))


def _real(out: Path) -> Path:
    """Return the absolute path without links; a link that leads back to itself stays."""
    return Path(os.path.realpath(out))


def _publish(folder: Path, out: Path, names: Collection[str], overwrite: bool, token: str) -> None:
    if not out.exists():
        folder.rename(out)
        return
    if not any(out.iterdir()):
        # Windows renames onto no folder, not even an empty one.
        out.rmdir()
        folder.rename(out)
        return
    if not overwrite:
        raise FileExistsError(
            errno.EEXIST, "another run has written to this folder in the meantime", str(out)
        )
    old = _sibling(out, _OLD, token)
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


def _sibling(out: Path, kind: str, token: str) -> Path:
    return out.with_name(f".{out.name}.swinx2s-{kind}-{token}")


def _leftovers_of_folder(out: Path, kind: str) -> Iterator[Path]:
    return _leftovers(out.parent, f".{out.name}.swinx2s-{kind}-")


def _leftovers(folder: Path, start: str) -> Iterator[Path]:
    """Yield what nobody works on any more; nobody else cleans it up while it is looked at."""
    for entry in list(folder.iterdir()):
        match = _TEMPORARY_NAME.match(entry.name) if entry.name.startswith(start) else None
        if match:
            with abandoned_lock(folder, match[3]) as is_abandoned:
                if is_abandoned and entry.exists():
                    yield entry


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            _sync_file(Path(place, name))
        _sync_folder(Path(place))


def _sync_file(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk; Windows does so by itself, and some file servers cannot."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
