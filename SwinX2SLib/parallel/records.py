"""Results in a folder: one JSON file for each finished task, and beside them how each came about.

`<out>/<key>.json` is the result, nothing else. `<out>/.state/<key>.json` says from which inputs it was made and which
bytes it has, or why there is none: a result that somebody changed or that was cut off is not taken for finished.
Finished results of tasks that are not asked for any more wait in `<out>/.state/aside`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.atomic_output import atomic_write, remove_stale
from SwinX2SLib.io.json_files import parse_json, read_json
from SwinX2SLib.parallel.tasks import Failure, failure_as_dict

_STATE, _ASIDE = ".state", "aside"
RUN_AGAIN = "Make room there and run again: what is finished is kept."


class Records:
    """The folder of results; a context manager that holds it for one run at a time."""

    def __init__(self, out: Path):
        self._out = Path(out)
        self._state = self._out / _STATE
        self._lock = FileLock(str(self._state / "lock"), timeout=0)

    def __enter__(self) -> Records:
        try:
            self._state.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout as error:
            message, hint = (
                "Another run is writing to this folder.",
                "Wait until it has finished, or use another folder.",
            )
            raise InputError([Fault("output-in-use", message, hint, str(self._out))]) from error
        except OSError as error:
            message = f"The folder is not writable ({error.strerror or error})."
            hint = "Use a folder with write permission."
            raise InputError([Fault("output-not-writable", message, hint, str(self._out))]) from error
        remove_stale(self._state)
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def path(self, key: str) -> Path:
        """Return where the result of a task is or will be."""
        return self._out / f"{key}.json"

    def hold_only(self, keys: Collection[str]) -> None:
        """Put finished results of other tasks aside, and those of these tasks back."""
        aside = self._state / _ASIDE
        aside.mkdir(exist_ok=True)
        for state in self._state.glob("*.json"):
            here, there = self._out / state.name, aside / state.name
            if state.stem in keys and there.is_file():
                os.replace(there, here)
            elif state.stem not in keys and here.is_file():
                os.replace(here, there)

    def is_finished(self, key: str, fingerprint: str, accept: Callable[[dict], bool] | None) -> bool:
        """Return whether a whole result of just these inputs is there (and `accept` takes it)."""
        try:
            state = read_json(self._state / f"{key}.json")
            written = self.path(key).read_bytes()
            same = (state.get("fingerprint"), state.get("sha256")) == (fingerprint, _digest(written))
            return same and (accept is None or accept(parse_json(written.decode("utf-8"))))
        except (OSError, ValueError, AttributeError):
            return False

    def forget(self, key: str) -> None:
        """Remove a result of other inputs, so that nobody reads it as one of these."""
        (self._state / f"{key}.json").unlink(missing_ok=True)
        self.path(key).unlink(missing_ok=True)

    def finish(self, key: str, fingerprint: str, text: str) -> None:
        """Write a result, atomically; a result that is there is finished, whatever ends the process in between."""
        written = (text + "\n").encode()
        state = {"fingerprint": fingerprint, "sha256": _digest(written)}
        self._write(self._state / f"{key}.json", json.dumps(state).encode())
        self._write(self.path(key), written)

    def fail(self, key: str, fingerprint: str, failure: Failure) -> None:
        """Write why there is no result."""
        state = {"fingerprint": fingerprint, "failure": failure_as_dict(failure)}
        self._write(self._state / f"{key}.json", json.dumps(state, indent=1).encode())

    def _write(self, path: Path, content: bytes) -> None:
        atomic_write(path, content, temporary_folder=self._state, hint=RUN_AGAIN)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fingerprint(payload: Any) -> str:
    """Return a SHA-256 (hexadecimal) of a payload, with size and time of change of the files that it names.

    Raises:
        TypeError: the payload holds what has no lasting text, such as an object or an array.
    """
    text = json.dumps(_plain(payload), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Path):
        return {"path": os.path.abspath(value), "files": _files(value)}
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("the keys of a payload must be texts")
        return {"mapping": {key: _plain(item) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise TypeError(f"a payload cannot hold a {type(value).__name__}; give numbers, texts and paths")


def _files(path: Path) -> list[list]:
    """List what lies under a path: name, size in bytes, time of change in ns; nothing for what is not there."""
    if not path.is_dir():
        return [_stamp(path, "")] if path.exists() else []
    found = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        found += [
            _stamp(Path(folder, name), os.path.relpath(Path(folder, name), path)) for name in sorted(names)
        ]
    return found


def _stamp(path: Path, name: str) -> list:
    try:
        facts = path.stat()
    except OSError:
        return [name]  # a broken link, or no longer there: the work will say so
    return [name, facts.st_size, facts.st_mtime_ns]
