"""Tables of cases: CSV files whose faults are told with their lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError

_DELIMITERS = ",;\t"
_MOST_TOLD = 50


def read_records(
    path: Path, required: Sequence[str], hint: str
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read a table: CSV in UTF-8 with comma, semicolon or tab.

    Args:
        path: of the table.
        required: names of columns that must be there.
        hint: what a table must look like, in a sentence.

    Returns:
        The names of the columns in lower case, and for each record the line on which it begins, from 1, and its
        fields; empty lines are passed over.

    Raises:
        InputError: unreadable, empty, or columns missing or named twice.
    """
    try:
        records = list(records_of(path.read_bytes()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error
    if not records:
        raise InputError([Fault("table-empty", "The table is empty.", hint, str(path))])
    header = [name.strip().lower() for name in records[0][1]]
    if faults := _header_faults(header, required, hint, path):
        raise InputError(faults)
    return header, records[1:]


def shortened(faults: list[Fault], path: Path) -> list[Fault]:
    """Return the faults of a table, not all of very many."""
    if len(faults) <= _MOST_TOLD:
        return faults
    kinds = ", ".join(sorted({fault.kind for fault in faults[_MOST_TOLD:]}))
    message = f"There are {len(faults) - _MOST_TOLD} more faults in the table ({kinds})."
    return [*faults[:_MOST_TOLD], Fault("more-faults", message, "Mend those above first.", str(path))]


def records_of(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the line, from 1, and the fields of each record of a table in UTF-8; empty lines are passed over.

    Args:
        content: of the file; the separator is what its first line has most of: comma, semicolon or tab.

    Raises:
        UnicodeDecodeError, csv.Error: it is no such table.
    """
    text = content.decode("utf-8-sig")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for fields in reader:
        if any(field.strip() for field in fields):
            yield line, fields
        line = reader.line_num + 1


def _unreadable(path: Path, error: Exception) -> InputError:
    if isinstance(error, UnicodeDecodeError):
        reason = "it is not UTF-8 text"
    else:
        reason = getattr(error, "strerror", None) or str(error)
    hint = "Give a text file with comma-separated values (CSV), saved as UTF-8."
    return InputError([Fault("table-unreadable", f"The table cannot be read ({reason}).", hint, str(path))])


def _header_faults(header: list[str], required: Sequence[str], hint: str, path: Path) -> list[Fault]:
    faults = []
    if missing := [name for name in required if name not in header]:
        columns = f"columns {', '.join(missing)} are" if len(missing) > 1 else f"column {missing[0]} is"
        faults.append(Fault("column-missing", f"Line 1: the {columns} missing.", hint, str(path)))
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        message = f"Line 1: {', '.join(twice)} names several columns."
        faults.append(Fault("column-twice", message, "Give every column a name of its own.", str(path)))
    return faults
