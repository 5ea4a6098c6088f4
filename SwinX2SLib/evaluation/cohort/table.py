"""The table of a cohort: which prediction belongs to which truth."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.csv_tables import read_records, shortened
from SwinX2SLib.label_maps import AUTOMATIC, label_mapping
from SwinX2SLib.parallel.tasks import key_fault

_UNFIT = re.compile(r'[<>:"/\\|?*%\x00-\x1f\x7f]|^[. ]|[. ]$')


def row_key(dataset: str, case: str, model: str) -> str:
    """Return a name of a file for a case, readable and different for different cases.

    Args:
        dataset, case, model: names; empty ones are left out.
    """
    return "__".join(
        _UNFIT.sub(lambda letter: f"%{ord(letter[0]):02X}", name) for name in (dataset, case, model) if name
    )


_MAP_SUFFIXES = (".json", ".csv")


class RowChecks:
    """Takes the texts of a table apart.

    Args:
        table: absolute path.
        skip_missing: whether missing files are no faults.
    """

    def __init__(self, table: Path, skip_missing: bool = False):
        self.faults: list[Fault] = []
        self._table, self._skip_missing = table, skip_missing
        self._lines: dict[str, int] = {}
        self._mappings: set[str] = set()

    def add(self, line: int, kind: str, message: str, hint: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, f"Line {line}: {message}", hint, str(self._table)))

    def text(self, line: int, column: str, value: str) -> str:
        """Return a value that must be there."""
        if not value:
            self.add(line, "value-missing", f"{column} is empty.", "Fill it in.")
        return value

    def path(self, line: int, column: str, value: str) -> tuple[Path, str]:
        """Return an absolute path and, when it is missing and that is allowed, why nothing can be done."""
        path = Path(os.path.abspath(self._table.parent / os.path.expanduser(value)))
        # Unlike `Path.exists`, this raises for no path at all.
        if not self.text(line, column, value) or os.path.exists(path):
            return path, ""
        message = f"the {column} {path} does not exist."
        if self._skip_missing:
            return path, f"The {column} {path} does not exist."
        hint = "Paths are relative to the table; --skip-missing skips such cases."
        self.add(line, "file-missing", message, hint)
        return path, ""

    def scheme(self, line: int, value: str) -> str:
        """Return the name of a numbering, or the absolute path of a map; each is tried once."""
        if Path(value).suffix.lower() in _MAP_SUFFIXES:
            value = os.path.abspath(self._table.parent / value)
        if value and value != AUTOMATIC and value not in self._mappings:
            self._mappings.add(value)
            try:
                label_mapping(value)
            except InputError as error:
                for fault in error.faults:
                    self.add(line, fault.kind, fault.message, fault.hint)
        return value

    def groups(self, line: int, value: str) -> tuple[str, ...]:
        """Return names of groups, which blanks or signs part."""
        names = tuple(name for name in re.split(r"[\s,;+|]+", value.lower()) if name)
        if unknown := [name for name in names if name not in GROUPS]:
            hint = f"Use {', '.join(GROUPS)}, separated by spaces."
            self.add(line, "unknown-group", f"unknown group {', '.join(unknown)}.", hint)
        return tuple(group for group in GROUPS if group in names)

    def unique(self, line: int, key: str, case: str) -> None:
        """Check that no other line has the same case, and that it can name a file."""
        if not case:
            return
        if reason := key_fault(key):
            self.add(line, "key", f"{case!r} is not a valid file name: {reason}.", "Choose another name.")
        other = self._lines.setdefault(key.casefold(), line)
        if other != line:
            message = f"the case {case} already exists in line {other}."
            hint = "Give each case a unique name; use the column model for several models of one case."
            self.add(line, "case-twice", message, hint)


REQUIRED = ("case", "prediction", "truth")
OPTIONAL = ("scheme", "prediction_scheme", "groups", "model", "dataset", "person")
_HINT = f"Required columns: {', '.join(REQUIRED)}. Optional columns: {', '.join(OPTIONAL)}."


@dataclass(frozen=True)
class CohortRow:
    """One prediction and its truth.

    Attributes:
        line: of the table, from 1.
        case, model, dataset, person: names; all but the first may be empty.
        prediction, truth: absolute paths.
        scheme, prediction_scheme: numbering of the truth and of the prediction: a name, or the absolute path of a
            map; empty when the table does not say.
        groups: groups that the truth draws; empty when the table does not say.
        absent: why it cannot be evaluated although the table is in order; empty when it can.
    """

    line: int
    case: str
    prediction: Path
    truth: Path
    scheme: str = ""
    prediction_scheme: str = ""
    groups: tuple[str, ...] = ()
    model: str = ""
    dataset: str = ""
    person: str = ""
    absent: str = ""

    @property
    def key(self) -> str:
        """Name of its document, unique in the table."""
        return row_key(self.dataset, self.case, self.model)


@dataclass(frozen=True)
class CohortTable:
    """All rows, and the columns that nobody reads."""

    path: Path
    rows: tuple[CohortRow, ...]
    ignored_columns: tuple[str, ...] = ()


def read_table(path: Path, skip_missing: bool = False) -> CohortTable:
    """Read and check a table: CSV in UTF-8 with comma, semicolon or tab, paths relative to the table.

    Args:
        path: of the table.
        skip_missing: rows whose files are missing are marked `absent` instead of being faults.

    Raises:
        InputError: with every fault of the table and its line.
    """
    path = Path(os.path.abspath(path))
    header, records = read_records(path, REQUIRED, _HINT)
    checks = RowChecks(path, skip_missing)
    rows = [_row(line, header, fields, checks) for line, fields in records]
    if not rows:
        checks.add(1, "table-empty", "The table has no cases.", "Add one row per case.")
    if checks.faults:
        raise InputError(shortened(checks.faults, path))
    known = {*REQUIRED, *OPTIONAL, ""}
    return CohortTable(path, tuple(rows), tuple(name for name in header if name not in known))


def _row(line: int, header: list[str], fields: list[str], checks: RowChecks) -> CohortRow:
    if len(fields) != len(header):
        message = f"the row has {len(fields)} fields, but the table has {len(header)} columns."
        checks.add(line, "fields", message, "Put quotes around values that contain the separator.")
    values: Mapping[str, str] = dict(zip(header, (field.strip() for field in fields), strict=False))
    paths = {name: checks.path(line, name, values.get(name, "")) for name in ("prediction", "truth")}
    row = CohortRow(
        line,
        case=checks.text(line, "case", values.get("case", "")),
        prediction=paths["prediction"][0],
        truth=paths["truth"][0],
        scheme=checks.scheme(line, values.get("scheme", "")),
        prediction_scheme=checks.scheme(line, values.get("prediction_scheme", "")),
        groups=checks.groups(line, values.get("groups", "")),
        model=values.get("model", ""),
        dataset=values.get("dataset", ""),
        person=values.get("person", ""),
        absent=" ".join(reason for _, reason in paths.values() if reason),
    )
    checks.unique(line, row.key, row.case)
    return row
