"""The table of a cohort: which prediction belongs to which truth."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from SwinX2SLib.case_tables import read_records, shortened
from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.cohort.naming import row_key
from SwinX2SLib.evaluation.cohort.row_checks import RowChecks

REQUIRED = ("case", "prediction", "truth")
OPTIONAL = ("scheme", "prediction_scheme", "groups", "model", "dataset", "person")
_HINT = f"The table needs the columns {', '.join(REQUIRED)} and may have {', '.join(OPTIONAL)}."


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
        checks.add(1, "table-empty", "There is no case in the table.", "Add a line for each case.")
    if checks.faults:
        raise InputError(shortened(checks.faults, path))
    known = {*REQUIRED, *OPTIONAL, ""}
    return CohortTable(path, tuple(rows), tuple(name for name in header if name not in known))


def _row(line: int, header: list[str], fields: list[str], checks: RowChecks) -> CohortRow:
    if len(fields) != len(header):
        message = f"there are {len(fields)} fields, but {len(header)} columns."
        checks.add(line, "fields", message, "Put quotes around values that hold the separator.")
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
