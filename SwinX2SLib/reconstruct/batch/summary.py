"""The tables of a batch: a row for each case, and all measurements."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.io.csv_tables import csv_chunks, records_of
from SwinX2SLib.parallel import RUN_AGAIN, Failure
from SwinX2SLib.reconstruct.batch.cases import MEASURED_TABLE, TABLE, BatchCase
from SwinX2SLib.reconstruct.batch.worker import MEASUREMENTS
from SwinX2SLib.reconstruct.protocol import Progress, encode


@dataclass(frozen=True)
class CaseOutcome:
    """How a case ended.

    Attributes:
        case: its name.
        status: "done", "failed", or "ready" where only the radiographs were read.
        seconds: that the reconstruction took; None where it failed.
        bones: how many were found.
        expected_dice: mean over them of the overlap with the truth that the network's probabilities promise, 0..1.
        warnings: warnings about the result.
        folder: of the result, "" where it failed.
        ap, lateral: files.
        failure: why there is no result, or None.
    """

    case: str
    status: str
    seconds: float | None
    bones: int | None
    expected_dice: float | None
    warnings: tuple[str, ...]
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
        values = {} if failure is not None else json.loads(record.read_text(encoding="utf-8"))
        return cls(
            case=case.name,
            status="done" if failure is None else "failed",
            seconds=values.get("seconds"),
            bones=values.get("bones"),
            expected_dice=values.get("expected_dice"),
            # "doubts" in version 0.1.
            warnings=tuple(values.get("warnings", values.get("doubts", ()))),
            folder=str(folder) if failure is None else "",
            ap=str(case.ap),
            lateral=str(case.lateral),
            failure=failure,
        )

    @classmethod
    def ready(cls, case: BatchCase, failure: Failure | None) -> CaseOutcome:
        """Return what is known of a case whose radiographs were only read: which they are, and why they are a
        pair."""
        words = f"{case.ap.name} (frontal), {case.lateral.name} (lateral); {case.how}"
        status, warnings = ("ready", (words,)) if failure is None else ("failed", ())
        return cls(
            case.name, status, None, None, None, warnings, "", str(case.ap), str(case.lateral), failure
        )

    @classmethod
    def unpaired(cls, fault: Fault, folder: Path) -> CaseOutcome:
        """Return the outcome of what a folder of radiographs holds beside its pairs."""
        path = Path(fault.path) if fault.path else folder
        name = (
            str(path.relative_to(folder)) if path.is_relative_to(folder) and path != folder else folder.name
        )
        failure = Failure(name, fault.kind, str(fault))
        return cls(name, "failed", None, None, None, (), "", "", "", failure)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def write_tables(out: Path, outcomes: Sequence[CaseOutcome]) -> None:
    """Write `batch.csv`, and `measurements.csv` of all cases that were measured, each atomically."""
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
        "warnings",
        "fault",
        "folder",
        "ap",
        "lateral",
    )
    yield names
    for outcome in outcomes:
        # One line a row, for whatever reads it.
        fault = "" if outcome.failure is None else " ".join(outcome.failure.message.split())
        values = {**outcome.as_dict(), "warnings": " ".join(outcome.warnings), "fault": fault}
        yield ["" if values[name] is None else values[name] for name in names]


def _measured_rows(outcomes: Sequence[CaseOutcome]) -> Iterator[Sequence[Any]]:
    header: list[str] | None = None
    for outcome in outcomes:
        (_, names), *records = records_of(_measured(outcome).read_bytes())
        rows = [dict(zip(names, fields, strict=False)) for _, fields in records]
        if header is None:
            header = names
            yield ["case", *header]
        yield from ([outcome.case, *(row.get(name, "") for name in header)] for row in rows)


def _measured(outcome: CaseOutcome) -> Path:
    return Path(outcome.folder) / MEASUREMENTS / "measurements.csv"


def _write(path: Path, rows: Iterator[Sequence[Any]]) -> None:
    columns = next(rows)
    atomic_write(path, csv_chunks(columns, rows), hint=RUN_AGAIN)


# Share of the work that is done when all radiographs are read.
CHECKED = 0.05


class EventReporter:
    """Reports one phase of a batch (a `parallel.progress.TaskProgress`).

    Args:
        write_line: called with each line.
        doing: what is done, such as "Reconstructing".
        start, end: shares of the whole work at which the phase starts and ends.
        outcome: returns the outcome of a case by its key, for those to be reported; None reports no case.
        clock: gives seconds.
    """

    def __init__(
        self,
        write_line: Callable[[str], None],
        doing: str,
        start: float,
        end: float,
        outcome: Callable[[str, Failure | None], CaseOutcome | None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._write_line, self._doing, self._start, self._end = write_line, doing, start, end
        self._outcome, self._clock = outcome, clock
        self._total = self._kept = self._ended = 0
        self._began = clock()

    def begin(self, total: int, kept: int) -> None:
        """Report the number of tasks."""
        self._total, self._kept, self._began = total, kept, self._clock()
        self._show()

    def finished(self, key: str, failure: Failure | None) -> None:
        """Report a finished case."""
        self._ended += 1
        outcome = self._outcome(key, failure)
        if outcome is not None:
            self._write_line(encode_case(outcome))
        self._show()

    def note(self, message: str) -> None:
        """Report a message."""
        self._write_line(message)

    def _show(self) -> None:
        done = self._kept + self._ended
        share = done / self._total if self._total else 1.0
        words = f"{self._doing}: {done} of {self._total}"
        if self._ended and done < self._total:
            left = (self._clock() - self._began) / self._ended * (self._total - done)
            words += f", about {_duration(left)} left"
        self._write_line(encode(Progress(self._start + (self._end - self._start) * share, words)))


def encode_case(outcome: CaseOutcome) -> str:
    """Encode the outcome of a case as one line."""
    return json.dumps({"event": "case", **outcome.as_dict()}, ensure_ascii=False)


def decode_case(line: str) -> Mapping[str, Any] | None:
    """Decode the line of a case; None if it is something else."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_case = isinstance(event, dict) and event.get("event") == "case"
    return event if is_case and {"case", "status"} <= event.keys() else None


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1.5:
        return f"{max(round(seconds), 1)} s"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
