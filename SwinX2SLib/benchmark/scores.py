"""Scores of a network on the cases of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from SwinX2SLib.datasets import Case
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.cohort.run import evaluate_cohort
from SwinX2SLib.evaluation.cohort.table import CohortRow, CohortTable
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.parallel.progress import TaskProgress

# In percent in the paper, as shares in our documents.
SHARES = ("dice", "identification_rate")


@dataclass(frozen=True)
class CellScores:
    """What a cell of the tables says.

    Attributes:
        values: metric -> the mean over cases of the paper's average; shares in percent, distances in mm.
        cases: metric -> number of cases for which it is defined.
        foreground_dice: mean over persons of the mean over bones, without background [%].
        evaluated: number of cases.
        failed: why cases could not be evaluated.
        about: what is known of the network's training.
    """

    values: Mapping[str, float | None]
    cases: Mapping[str, int]
    foreground_dice: float | None
    evaluated: int
    failed: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


def score_predictions(
    predictions: Sequence[tuple[Case, Path]],
    model: str,
    data_set: str,
    folder: Path,
    workers: int | None = None,
    progress: TaskProgress | None = None,
) -> CellScores:
    """Compare reconstructions with the truth; the folder receives all that `swinx2s evaluate --cohort` writes.

    Args:
        predictions: cases with their reconstruction; films carry no patient position, so centres are laid together.
        model: name, for the tables.
        data_set: name, for the tables.
        folder: receives documents and tables.
        workers: processes; one per core by default.
        progress: told about every case.

    Raises:
        InputError: no case could be evaluated.
    """
    rows = tuple(
        CohortRow(
            line=line,
            case=case.name,
            prediction=path.absolute(),
            truth=(case.folder / "labels.nii.gz").absolute(),
            groups=case.annotated,
            model=model,
            dataset=data_set,
        )
        for line, (case, path) in enumerate(predictions, start=2)
    )
    options = EvaluationOptions(align="centres", measurements=False)
    result = evaluate_cohort(
        CohortTable(folder / "cases.csv", rows), folder, options, workers=workers, progress=progress
    )
    failed = tuple(f"{failure.key}: {failure.message}" for failure in result.failed)
    if not result.evaluated:
        raise InputError([Fault("not-evaluated", sentence, "") for sentence in failed])
    whole = next(part for part in result.summary["results"] if not part["dataset"])
    paper = whole["paper"]
    return CellScores(
        values={name: _as_printed(name, spread["mean"]) for name, spread in paper.items()},
        cases={name: spread["cases"] for name, spread in paper.items()},
        foreground_dice=_as_printed("dice", whole["parts"]["foreground"]["dice"]["mean"]),
        evaluated=len(result.evaluated),
        failed=failed,
    )


def _as_printed(metric: str, value: float | None) -> float | None:
    return 100 * value if value is not None and metric in SHARES else value
