"""Running a benchmark: cell after cell, each kept as soon as it is finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from SwinX2SLib.datasets import Case, load_case_list
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.cohort.run import evaluate_cohort
from SwinX2SLib.evaluation.cohort.table import CohortRow, CohortTable
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.paper.plan import Cell, Training
from SwinX2SLib.paper.published import BenchmarkConfig
from SwinX2SLib.parallel import ConsoleProgress
from SwinX2SLib.parallel.progress import TaskProgress
from SwinX2SLib.reconstruct.protocol import describe_failure

if TYPE_CHECKING:
    from SwinX2SLib.paper.training import Trained


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
        predictions: cases with their reconstruction; radiographs carry no patient position, so centres are laid
            together.
        model: name, for the tables.
        data_set: name, for the tables.
        folder: receives documents and tables.
        workers: processes; one per core by default.
        progress: called for every case.

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


@dataclass(frozen=True)
class Result:
    """A cell and what came of it.

    Attributes:
        cell: with its row.
        scores: None where it was not run.
        reason: why it was not run; "" where it was.
        failed: whether it was tried in vain.
    """

    cell: Cell
    scores: CellScores | None = None
    reason: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Options:
    """How to run.

    Attributes:
        out: folder of everything.
        device: "auto", "cpu" or "cuda".
        any_licence: also learn from cases whose licence forbids giving the weights away.
        no_training: only use what is trained, or given as weights.
        workers: processes that evaluate.
        say: called with sentences about the progress.
    """

    out: Path
    device: str = "auto"
    any_licence: bool = False
    no_training: bool = False
    workers: int | None = None
    say: Callable[[str], None] = lambda sentence: None


def run_cells(
    cells: Sequence[Cell], config: BenchmarkConfig, options: Options, kept: Callable[[list[Result]], None]
) -> list[Result]:
    """Train or load, and evaluate, what the cells ask for; what was finished before is kept.

    Args:
        cells: of the tables.
        config: of the benchmark.
        options: how.
        kept: called with all results so far after each cell that was run.

    Raises:
        InputError: a case list cannot be used; the faults of all are listed.
        KeyboardInterrupt: the user stopped it; what is finished is kept.
    """
    runner = _Runner(config, options)
    results = [Result(cell, reason=cell.reason or "Not run yet.") for cell in cells]
    for index, cell in enumerate(cells):
        if cell.training is not None:
            results[index] = runner.run(cell, cell.training)
            kept(results)
    return results


class _Runner:
    """Remembers what the cells share."""

    def __init__(self, config: BenchmarkConfig, options: Options):
        self.config, self.options = config, options
        self._done: dict[tuple[str, str], Result] = {}
        self._trained: dict[str, Trained | Exception] = {}
        self._lists = _load_lists(config)

    def run(self, cell: Cell, training: Training) -> Result:
        """Return what comes of a cell and its training; a failure is reported and the next cell goes on."""
        key = training.name, cell.radiographs
        if key not in self._done:
            self._done[key] = self._tried(cell, training)
        return replace(self._done[key], cell=cell)

    def _tried(self, cell: Cell, training: Training) -> Result:
        try:
            return Result(cell, scores=self._scored(cell, training))
        except NotRunError as error:
            return Result(cell, reason=str(error))
        except Exception as error:
            failures, _ = describe_failure(error)
            reason = " ".join(f"{failure.message} {failure.hint}".strip() for failure in failures)
            self.options.say(f"{training.name}: {reason}")
            return Result(cell, reason=reason, failed=True)

    def _scored(self, cell: Cell, training: Training) -> CellScores:
        from SwinX2SLib.paper.training import predict_cases

        cases = self._evaluated(training.data_set, cell.radiographs)
        trained = self._ready(training)
        marked = f"{trained.name}-{cell.radiographs}-{self.config.split}"
        folder = self.options.out / "evaluations" / marked
        self.options.say(f"Evaluating {marked}: {len(cases)} cases")
        found, failed = predict_cases(
            trained.weights, cases, cell.radiographs, folder / "predictions", self.options.device
        )
        if not found:
            raise InputError([Fault("not-reconstructed", sentence, "") for sentence in failed])
        with ConsoleProgress("Evaluating") as progress:
            scores = score_predictions(
                [(case, found[case.name]) for case in cases if case.name in found],
                training.config.model,
                training.data_set,
                folder / "scores",
                self.options.workers,
                progress,
            )
        return replace(scores, failed=(*failed, *scores.failed), about=trained.about)

    def _ready(self, training: Training) -> Trained:
        """Return a trained network; one that failed is not tried again for the next row."""
        if training.name not in self._trained:
            try:
                self._trained[training.name] = self._trained_or_loaded(training)
            except Exception as error:
                self._trained[training.name] = error
        found = self._trained[training.name]
        if isinstance(found, Exception):
            raise found
        return found

    def _trained_or_loaded(self, training: Training) -> Trained:
        from SwinX2SLib.paper.training import Trainer

        trainer = Trainer(self.options.out, self.options.device, self.options.say)
        if training.name in self.config.weights:
            return trainer.load(training, self.config.weights[training.name])
        listed = self._lists[training.data_set]
        usable = [c for c in listed if self.options.any_licence or c.may_train_default_weights]
        learned = [case for case in usable if case.split == "train"]
        if not learned and not training.config.phantoms:
            count = sum(case.split == "train" for case in listed)
            raise NotRunError(
                f"None of the {count} training cases may be used: --any-licence includes cases whose licence "
                "forbids distributing the weights."
                if count
                else "The case list has no training case."
            )
        kept_aside = [case for case in listed if case.split == "val" and case.radiographs]
        if self.options.no_training and not trainer.is_trained(training, learned, kept_aside):
            raise NotRunError("Not trained yet.")
        return trainer.train(training, learned, kept_aside)

    def _evaluated(self, data_set: str, radiographs: str) -> list[Case]:
        listed = [case for case in self._lists[data_set] if case.split == self.config.split]
        cases = [case for case in listed if radiographs == "projected" or case.radiographs]
        if not cases:
            lack = "has radiographs" if listed else "exists"
            raise NotRunError(f"No case of the split {self.config.split!r} {lack}.")
        return cases


def _load_lists(config: BenchmarkConfig) -> dict[str, list[Case]]:
    """Read every case list before any work."""
    lists: dict[str, list[Case]] = {}
    faults: list[Fault] = []
    for name, path in config.data.items():
        try:
            lists[name] = load_case_list(path)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return lists


class NotRunError(InputError):
    """A cell cannot be run with this data; no fault."""

    def __init__(self, reason: str):
        super().__init__([Fault("not-run", reason, "")])

    def __str__(self) -> str:
        return self.faults[0].message
