"""The tables of a batch: a row for each case, and all measurements."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from SwinX2SLib.inference.batch.cases import BatchCase
from SwinX2SLib.inference.batch.work import MEASUREMENTS
from SwinX2SLib.parallel import Failure, write_whole

TABLE, MEASURED_TABLE = "batch.csv", "measurements.csv"
# Excel takes a CSV file for UTF-8 only with this mark in front.
_MARK = "﻿"


@dataclass(frozen=True)
class CaseOutcome:
    """How a case ended.

    Attributes:
        case: its name.
        status: "done", "failed", or "ready" where only the films were read.
        seconds: that the reconstruction took; None where it failed.
        bones: how many were found.
        expected_dice: mean over them of the overlap with the truth that the network's probabilities promise, 0..1.
        doubts: sentences that a reader must know.
        folder: of the result, "" where it failed.
        ap, lateral: files.
        failure: why there is no result, or None.
    """

    case: str
    status: str
    seconds: float | None
    bones: int | None
    expected_dice: float | None
    doubts: tuple[str, ...]
    folder: str
    ap: str
    lateral: str
    failure: Failure | None = None

    @classmethod
    def read(cls, case: BatchCase, folder: Path, record: Path, failure: Failure | None) -> CaseOutcome:
        """Return the outcome of a case from what its process wrote.

        Args:
            case: the pair.
            folder: of its result.
            record: JSON of `work.reconstruct_pair`, read where there is no failure.
            failure: why there is none.
        """
        told = {} if failure is not None else json.loads(record.read_text(encoding="utf-8"))
        return cls(
            case=case.name,
            status="done" if failure is None else "failed",
            seconds=told.get("seconds"),
            bones=told.get("bones"),
            expected_dice=told.get("expected_dice"),
            doubts=tuple(told.get("doubts", ())),
            folder=str(folder) if failure is None else "",
            ap=str(case.ap),
            lateral=str(case.lateral),
            failure=failure,
        )

    @classmethod
    def ready(cls, case: BatchCase, failure: Failure | None) -> CaseOutcome:
        """Return what is known of a case whose films were only read: which they are, and why they are a pair."""
        words = f"{case.ap.name} (frontal), {case.lateral.name} (lateral); {case.how}"
        status, doubts = ("ready", (words,)) if failure is None else ("failed", ())
        return cls(case.name, status, None, None, None, doubts, "", str(case.ap), str(case.lateral), failure)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def write_tables(out: Path, outcomes: Sequence[CaseOutcome]) -> None:
    """Write `batch.csv`, and `measurements.csv` of all cases that were measured, each whole or not at all."""
    _write(out / TABLE, _rows(outcomes))
    measured = [outcome for outcome in outcomes if outcome.folder and _measured(outcome).is_file()]
    if measured:
        _write(out / MEASURED_TABLE, _measured_rows(measured))
    else:
        (out / MEASURED_TABLE).unlink(missing_ok=True)


def _rows(outcomes: Sequence[CaseOutcome]) -> Iterator[Sequence[Any]]:
    names = (
        "case",
        "status",
        "seconds",
        "bones",
        "expected_dice",
        "doubts",
        "fault",
        "folder",
        "ap",
        "lateral",
    )
    yield names
    for outcome in outcomes:
        # One line a row, for whatever reads it.
        fault = "" if outcome.failure is None else " ".join(outcome.failure.message.split())
        told = {**outcome.as_dict(), "doubts": " ".join(outcome.doubts), "fault": fault}
        yield ["" if told[name] is None else told[name] for name in names]


def _measured_rows(outcomes: Sequence[CaseOutcome]) -> Iterator[Sequence[Any]]:
    header: list[str] | None = None
    for outcome in outcomes:
        with _measured(outcome).open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        if header is None and rows:
            header = list(rows[0])
            yield ["case", *header]
        yield from ([outcome.case, *(row.get(name, "") for name in header or ())] for row in rows)


def _measured(outcome: CaseOutcome) -> Path:
    return Path(outcome.folder) / MEASUREMENTS / "measurements.csv"


def _write(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    write_whole(path, [(_MARK + text.getvalue()).encode("utf-8", "backslashreplace")])
