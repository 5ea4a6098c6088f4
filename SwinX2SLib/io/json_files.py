"""JSON and TOML that others may have written: read so that whatever is wrong with it is one `ValueError`."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path
from typing import Any, NoReturn

# A result's record takes 20 kB, a measurements document of all bones 1 MB.
LARGEST_BYTES = 64 << 20
_DEEPEST = 64
_LARGEST_NUMBER = 2**63


def read_json(path: Path) -> Any:
    """Return the content of a JSON file (RFC 8259, UTF-8, with or without a byte order mark).

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JSON, not UTF-8, too large, nested more than 64 levels deep, or has numbers that are not
            finite or too large for 64 bits.
    """
    return parse_json(_text(path))


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file (https://toml.io/en/v1.0.0, UTF-8, with or without a byte order mark).

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no TOML, not UTF-8, too large, nested more than 64 levels deep, or has numbers of thousands
            of digits; nan and inf are numbers of TOML.
    """
    try:
        content = tomllib.loads(_text(path))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _require_shallow(content)
    return content


def _text(path: Path) -> str:
    with Path(path).open("rb") as stream:
        content = stream.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"it has more than {LARGEST_BYTES >> 20} MB")
    return content.decode("utf-8-sig")


def parse_json(text: str) -> Any:
    """Return the content of a JSON text; see `read_json`.

    Raises:
        ValueError: as in `read_json`.
    """
    try:
        content = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _require_shallow(content)
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it has the value {name}, which JSON does not know")


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _whole(text: str) -> int:
    # Python refuses to read numbers of thousands of digits, in other words.
    if len(text) > 20 or abs(value := int(text)) >= _LARGEST_NUMBER:
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _require_shallow(content: Any) -> None:
    level = [content]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ValueError("it is nested too deeply")
