"""CSV tables: read with every fault reported by its line, written as spreadsheets take them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError

_DELIMITERS = ",;\t"
_MOST_TOLD = 50

# Spreadsheets run a cell that begins so, whatever encloses it in the file
# (https://owasp.org/www-community/attacks/CSV_Injection). A quote in front makes it text.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"'*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

Row = Sequence[Any] | Mapping[str, Any]


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
    except (OSError, ValueError) as error:
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
    message = f"The table has {len(faults) - _MOST_TOLD} more faults ({kinds})."
    return [*faults[:_MOST_TOLD], Fault("more-faults", message, "Fix the faults above first.", str(path))]


def records_of(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the line, from 1, and the fields of each record of a table in UTF-8; empty lines are passed over.

    The quote that `csv_lines` puts before a formula is taken away again.

    Args:
        content: of the file; the separator is what its first line has most of: comma, semicolon or tab.

    Raises:
        ValueError: it is no such table, or no UTF-8 (UnicodeDecodeError).
    """
    text = content.decode("utf-8-sig")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield line, [_without_guard(field) for field in fields]
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(str(error)) from error


def csv_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a table, see `csv_text`; thousands of rows need not lie in memory together.

    Texts that a spreadsheet would run as a formula get a quote (') in front.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([_guarded(name) for name in columns])
    for row in rows:
        yield _taken(stream)
        if isinstance(row, Mapping):
            if strange := row.keys() - set(columns):
                raise ValueError(f"Unknown column {', '.join(sorted(strange))}.")
            row = [row.get(name) for name in columns]
        if len(row) != len(columns):
            raise ValueError(f"A row has {len(row)} fields for {len(columns)} columns.")
        writer.writerow(["" if field is None else _guarded(field) for field in row])
    yield _taken(stream)


def csv_text(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return a table as CSV with commas and lines that end as RFC 4180 has them.

    Args:
        columns: names, in their order.
        rows: fields in that order, or by their names; a name that a row lacks, and None, are empty.

    Raises:
        ValueError: a row has another number of fields, or a name that is no column.
    """
    return "".join(csv_lines(columns, rows))


def csv_chunks(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a table as `for_spreadsheets` has it, in pieces to write one after the other; see `csv_text`."""
    yield codecs.BOM_UTF8
    for line in csv_lines(columns, rows):
        yield line.encode("utf-8", "backslashreplace")


def for_spreadsheets(table: str) -> bytes:
    """Return a table as a file: UTF-8 with the mark by which Excel knows it.

    Names of files that are no UTF-8 become escapes.
    """
    return codecs.BOM_UTF8 + table.encode("utf-8", "backslashreplace")


def _guarded(field: Any) -> Any:
    is_formula = isinstance(field, str) and _FORMULA.match(field) and not _NUMBER.fullmatch(field)
    return f"'{field}" if is_formula else field


def _without_guard(field: str) -> str:
    is_guarded = field.startswith("'") and _FORMULA.match(field) and not _NUMBER.fullmatch(field)
    return field[1:] if is_guarded else field


def _taken(stream: io.StringIO) -> str:
    """Return what was written, and forget it."""
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def _unreadable(path: Path, error: Exception) -> InputError:
    if isinstance(error, UnicodeDecodeError):
        reason = "it is not UTF-8 text"
    else:
        reason = getattr(error, "strerror", None) or str(error)
    hint = "Use a text file with comma-separated values (CSV) in UTF-8."
    return InputError([Fault("table-unreadable", f"The table cannot be read ({reason}).", hint, str(path))])


def _header_faults(header: list[str], required: Sequence[str], hint: str, path: Path) -> list[Fault]:
    faults = []
    if missing := [name for name in required if name not in header]:
        columns = f"columns {', '.join(missing)} are" if len(missing) > 1 else f"column {missing[0]} is"
        faults.append(Fault("column-missing", f"Line 1: the {columns} missing.", hint, str(path)))
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        message = f"Line 1: several columns are named {', '.join(twice)}."
        faults.append(Fault("column-twice", message, "Give every column a unique name.", str(path)))
    return faults
