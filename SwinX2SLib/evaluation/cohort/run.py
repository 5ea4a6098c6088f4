"""Evaluating all cases of a table into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.case import SCHEMA
from SwinX2SLib.evaluation.cohort.aggregate import aggregate
from SwinX2SLib.evaluation.cohort.table import CohortRow, CohortTable
from SwinX2SLib.evaluation.cohort.worker import evaluate_row
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.label_maps import scheme_reference
from SwinX2SLib.parallel import Failure, Task, run_resumable
from SwinX2SLib.parallel.progress import TaskProgress
from SwinX2SLib.version import __version__

CASES = "cases"
MISSING = "file-missing"
_DEFAULT = EvaluationOptions()


@dataclass(frozen=True)
class CohortResult:
    """How a cohort went.

    Attributes:
        evaluated: keys of the cases that have a document.
        failed: the others; their keys are those of documents, too.
        kept: how many were finished by earlier runs.
        summary: what `summary.json` holds.
    """

    evaluated: tuple[str, ...]
    failed: tuple[Failure, ...]
    kept: int
    summary: Mapping[str, Any]


def evaluate_cohort(
    table: CohortTable,
    out: Path,
    options: EvaluationOptions = _DEFAULT,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: TaskProgress | None = None,
) -> CohortResult:
    """Evaluate every case that is not finished, and gather all of them.

    Writes `cases/<key>.json`, `cohort.csv`, `groups.csv`, `measurements.csv`, `summary.json` and `failures.csv`. What
    was finished before is kept while its files, numberings and options are the same (see `parallel.run_resumable`).

    Args:
        table: the cases.
        out: folder; made where needed.
        options: for rows that do not say otherwise.
        workers: processes on this machine; one per core by default.
        scheduler: address of a Dask cluster instead, whose workers read the files under the same paths.
        progress: called for every case.

    Raises:
        InputError: the options, the folder or the cluster cannot be used.
        KeyboardInterrupt: the user stopped it; what is finished is kept.
    """
    out = Path(out)
    if faults := [*options.faults(), *_folder_faults(out)]:
        raise InputError(faults)
    present = [row for row in table.rows if not row.absent]
    tasks = [Task(row.key, _payload(row, options)) for row in present]
    outcome = run_resumable(
        tasks, evaluate_row, out / CASES, workers=workers, scheduler=scheduler, progress=progress
    )
    reasons = {failure.key: failure for failure in outcome.failed}
    reasons |= {row.key: Failure(row.key, MISSING, row.absent) for row in table.rows if row.absent}
    failed = [(row, reasons[row.key]) for row in table.rows if row.key in reasons]
    summary = aggregate(out, out / CASES, outcome.done, failed)
    return CohortResult(outcome.done, tuple(failure for _, failure in failed), outcome.kept, summary)


def _folder_faults(out: Path) -> list[Fault]:
    """A folder that is new, empty or a cohort's."""
    if out.exists() and not out.is_dir():
        return [
            Fault("output-is-file", "This is a file, not a folder.", "Specify a folder with --out.", str(out))
        ]
    if not out.is_dir() or (out / CASES).is_dir() or not any(out.iterdir()):
        return []
    message = "The output folder contains other files."
    return [Fault("output-in-use", message, "Specify a new or empty folder with --out.", str(out))]


def _payload(row: CohortRow, options: EvaluationOptions) -> dict[str, Any]:
    own = replace(
        options,
        case=row.case,
        scheme=scheme_reference(row.scheme or options.scheme),
        prediction_scheme=scheme_reference(row.prediction_scheme or options.prediction_scheme),
        groups=row.groups or options.groups,
    )
    names = {"model": row.model, "dataset": row.dataset, "person": row.person}
    return {
        "prediction": row.prediction,
        "truth": row.truth,
        "options": asdict(own),
        "names": {name: value for name, value in names.items() if value},
        "made_by": [SCHEMA, __version__],
    }
