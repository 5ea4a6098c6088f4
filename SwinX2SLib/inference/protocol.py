"""What a worker says: one JSON object a line on standard output; every other line is text for a log.

- `{"event": "progress", "fraction": 0.42, "message": "..."}`
- `{"event": "result", "files": {"segmentation": "...", ...}, "notes": [...], "seconds": {"network": 3.1, ...}}`
- `{"event": "error", "kind": "...", "message": "...", "hint": "...", "path": "..." or null}`, once for each fault
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from SwinX2SLib.errors import Fault


@dataclass(frozen=True)
class Progress:
    """How far a job is: fraction 0..1, and what is being done."""

    fraction: float
    message: str


@dataclass(frozen=True)
class Result:
    """What a job wrote.

    Attributes:
        files: role (`segmentation`, `labels`, `uncertainty`, `provenance`) -> path.
        notes: sentences for the user.
        seconds: phase -> time.
    """

    files: dict[str, str]
    notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Error:
    """Why a job failed: machine-readable kind, what is wrong, what to do, the file concerned."""

    kind: str
    message: str
    hint: str = ""
    path: str | None = None

    @classmethod
    def of_fault(cls, fault: Fault) -> Error:
        """Return the event that tells a fault."""
        return cls(fault.kind, fault.message, fault.hint, fault.path)


Event = Progress | Result | Error
Report = Callable[[Event], None]
_NAMES: dict[type, str] = {Progress: "progress", Result: "result", Error: "error"}


def encode(event: Event) -> str:
    """Return the line (without line break) that tells an event."""
    return json.dumps({"event": _NAMES[type(event)], **asdict(event)}, ensure_ascii=False)


def decode(line: str) -> Event | None:
    """Return the event that a line tells, or None for any other text."""
    try:
        said = json.loads(line)
        return _READERS[said["event"]](said)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _progress(said: dict[str, Any]) -> Progress:
    fraction = float(said["fraction"])
    if not math.isfinite(fraction):
        raise ValueError(f"{fraction} is no share of the work")
    return Progress(min(max(fraction, 0.0), 1.0), str(said["message"]))


def _result(said: dict[str, Any]) -> Result:
    files = {str(role): str(path) for role, path in said["files"].items()}
    seconds = {str(phase): float(value) for phase, value in said.get("seconds", {}).items()}
    return Result(files, tuple(str(note) for note in said.get("notes", ())), seconds)


def _error(said: dict[str, Any]) -> Error:
    path = said.get("path")
    return Error(
        str(said["kind"]),
        str(said["message"]),
        str(said.get("hint") or ""),
        str(path) if path is not None else None,
    )


_READERS = {"progress": _progress, "result": _result, "error": _error}
