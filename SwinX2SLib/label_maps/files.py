"""Numberings from files, and the choice of one by name, file or recognition."""

from __future__ import annotations

import json
import re
from pathlib import Path

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_named
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.csv_tables import records_of
from SwinX2SLib.label_maps.mapping import LabelMapping
from SwinX2SLib.label_maps.numberings import SCHEME_NAMES, builtin_mappings

_BACKGROUND = ("", "0", "background", "ignore", "other", "none")
_UNKNOWN = "unknown:"
# Of more digits than any label of a volume has.
_WHOLE = re.compile(r"([0-9]{1,18})(?:\.0*)?")
_HINT = (
    'Map every value (or segment name) to a SwinX2S label ("hip_left", "L1", 52), to "background", or, for bone '
    f'of a group without a specific label, to "{_UNKNOWN}spine" ({", ".join(GROUPS)}).'
)


def read_mapping(path: Path) -> LabelMapping:
    """Read a map of source values, or names, to our labels.

    A JSON file holds one object; a CSV file two columns, value and label, with or without a header, parted by
    commas, semicolons or tabs.

    Raises:
        InputError: unreadable, or entries that name nothing; all are listed.
    """
    try:
        pairs = _json_pairs(path) if path.suffix.lower() == ".json" else _csv_pairs(path)
    except OSError as error:
        message = f"The label map cannot be read ({error.strerror or error})."
        raise InputError([Fault("scheme-unreadable", message, "Check the path.", str(path))]) from error
    except (ValueError, RecursionError) as error:
        message = f"The label map is damaged ({error})."
        raise InputError([Fault("scheme-unreadable", message, _HINT, str(path))]) from error
    return _scheme(pairs, path)


def _json_pairs(path: Path) -> list[tuple[str, str]]:
    def once(pairs: list[tuple[str, object]]) -> list[tuple[str, object]]:
        return pairs

    content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=once)
    if not isinstance(content, list) or not all(isinstance(pair, tuple) for pair in content):
        raise ValueError("it is not an object")
    return [(str(key).strip(), str(value).strip()) for key, value in content]


def _csv_pairs(path: Path) -> list[tuple[str, str]]:
    rows = [fields for _, fields in records_of(path.read_bytes())]
    if any(len(row) < 2 for row in rows):
        raise ValueError("some rows do not have two columns")
    pairs = [(row[0].strip(), row[1].strip()) for row in rows]
    is_header = bool(pairs) and _number(pairs[0][0]) is None and _meaning(pairs[0][1]) is None
    return pairs[1:] if is_header else pairs


def _scheme(pairs: list[tuple[str, str]], path: Path) -> LabelMapping:
    targets: dict[int, int] = {}
    unnamed: dict[int, str] = {}
    others: set[int] = set()
    names: dict[str, int] = {}
    faults = [] if pairs else [Fault("scheme-empty", "The label map is empty.", _HINT, str(path))]
    seen: set[str] = set()
    for source, target in pairs:
        meaning, number = _meaning(target), _number(source)
        if source.lower() in seen:
            faults.append(Fault("scheme-entry", f"{source!r} occurs twice.", "Keep one entry.", str(path)))
        elif meaning is None:
            faults.append(
                Fault("scheme-entry", f"{target!r} (for {source!r}) is not a label.", _HINT, str(path))
            )
        elif number is None and isinstance(meaning, int):
            names[source.lower()] = meaning
        elif number is None:
            faults.append(
                Fault(
                    "scheme-entry", f"{source!r} is a name and cannot be mapped to unknown.", _HINT, str(path)
                )
            )
        elif isinstance(meaning, str):
            unnamed[number] = meaning
        elif meaning:
            targets[number] = meaning
        else:
            others.add(number)
        seen.add(source.lower())
    if not targets and not names and not faults:
        faults.append(Fault("scheme-empty", "The label map has no SwinX2S labels.", _HINT, str(path)))
    if faults:
        raise InputError(faults)
    return LabelMapping(str(path), f"map {path.name}", str(path), targets, unnamed, frozenset(others), names)


def _number(text: str) -> int | None:
    """Return a whole number, which spreadsheets may write as 51.0; None of any other text."""
    found = _WHOLE.fullmatch(text)
    return None if found is None else int(found[1])


def _meaning(text: str) -> int | str | None:
    """Return our label id (0 for background), the group of bone without a name, or None for nonsense."""
    if text.lower() in _BACKGROUND:
        return 0
    if text.lower().startswith(_UNKNOWN):
        group = text[len(_UNKNOWN) :].strip().lower()
        return group if group in GROUPS else None
    if (number := _number(text)) is not None:
        return number if number < CLASS_COUNT else None
    label = label_named(text)
    return None if label is None else label.id


_SUFFIXES = (".json", ".csv")


def scheme_reference(name: str | Path | None) -> str | Path | None:
    """Return a map as an absolute path, whose changes count and which workers find, and anything else as it is."""
    if name is None:
        return None
    return Path(name).absolute() if Path(name).suffix.lower() in _SUFFIXES else str(name)


def label_mapping(name: str | Path) -> LabelMapping:
    """Return a numbering.

    Args:
        name: one of `SCHEME_NAMES`, or the path of a JSON or CSV map (see `files.read_mapping`).

    Raises:
        InputError: there is no such numbering, or the file cannot be used.
    """
    known = builtin_mappings().get(str(name).lower().replace("-", "_"))
    if known is not None:
        return known
    if Path(name).suffix.lower() in _SUFFIXES:
        return read_mapping(Path(name))
    message = f"Unknown label numbering {str(name)!r}."
    hint = (
        f"Use one of {', '.join(SCHEME_NAMES)}, or a .json or .csv file that maps its values to SwinX2S "
        "labels."
    )
    raise InputError([Fault("unknown-scheme", message, hint)])
