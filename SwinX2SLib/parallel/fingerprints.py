"""What a task was given, as a short text that changes when anything of it changes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


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
