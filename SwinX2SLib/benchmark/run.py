"""Running a benchmark: cell after cell, each kept as soon as it is finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.benchmark.config import BenchmarkConfig
from SwinX2SLib.benchmark.plan import Cell, Training
from SwinX2SLib.benchmark.scores import CellScores, score_predictions
from SwinX2SLib.datasets import Case, load_case_list
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.inference.failures import describe_failure
from SwinX2SLib.parallel import ConsoleProgress

if TYPE_CHECKING:
    from SwinX2SLib.benchmark.trainings import Trained


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
        say: told what is done, in sentences.
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
        kept: told all results so far after each cell that was run.

    Raises:
        InputError: a case list cannot be used; the faults of all are listed.
        KeyboardInterrupt: the user stopped it; what is finished is kept.
    """
    runner = _Runner(config, options)
    results = [Result(cell, reason=cell.reason or "Not reached yet.") for cell in cells]
    for index, cell in enumerate(cells):
        if cell.training is not None:
            results[index] = runner.run(cell)
            kept(results)
    return results


class _Runner:
    """Remembers what the cells share."""

    def __init__(self, config: BenchmarkConfig, options: Options):
        self.config, self.options = config, options
        self._done: dict[tuple[str, str], Result] = {}
        self._trained: dict[str, Trained | Exception] = {}
        self._lists = _load_lists(config)

    def run(self, cell: Cell) -> Result:
        """Return what comes of a cell; a failure is told and the next cell goes on."""
        key = cell.training.name, cell.films
        if key not in self._done:
            self._done[key] = self._tried(cell)
        return replace(self._done[key], cell=cell)

    def _tried(self, cell: Cell) -> Result:
        try:
            return Result(cell, scores=self._scored(cell))
        except NotRunError as error:
            return Result(cell, reason=str(error))
        except Exception as error:
            failures, _ = describe_failure(error)
            reason = " ".join(f"{failure.message} {failure.hint}".strip() for failure in failures)
            self.options.say(f"{cell.training.name}: {reason}")
            return Result(cell, reason=reason, failed=True)

    def _scored(self, cell: Cell) -> CellScores:
        from SwinX2SLib.benchmark.predicting import predict_cases

        training = cell.training
        cases = self._evaluated(training.data_set, cell.films)
        trained = self._ready(training)
        marked = f"{trained.name}-{cell.films}-{self.config.split}"
        folder = self.options.out / "evaluations" / marked
        self.options.say(f"Evaluating {marked}: {len(cases)} cases")
        found, failed = predict_cases(
            trained.weights, cases, cell.films, folder / "predictions", self.options.device
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
        from SwinX2SLib.benchmark.trainings import Trainer

        trainer = Trainer(self.options.out, self.options.device, self.options.say)
        if training.name in self.config.weights:
            return trainer.load(training, self.config.weights[training.name])
        listed = self._lists[training.data_set]
        usable = [c for c in listed if self.options.any_licence or c.may_train_default_weights]
        learned = [case for case in usable if case.split == "train"]
        if not learned and not training.config.phantoms:
            count = sum(case.split == "train" for case in listed)
            raise NotRunError(
                f"Of {count} cases to learn from, none may be used: --any-licence allows those whose licence forbids "
                "giving the weights away."
                if count
                else "The case list has no case to learn from."
            )
        kept_aside = [case for case in listed if case.split == "val" and case.radiographs]
        if self.options.no_training and not trainer.is_trained(training, learned, kept_aside):
            raise NotRunError("Not trained yet.")
        return trainer.train(training, learned, kept_aside)

    def _evaluated(self, data_set: str, films: str) -> list[Case]:
        listed = [case for case in self._lists[data_set] if case.split == self.config.split]
        cases = [case for case in listed if films == "projected" or case.radiographs]
        if not cases:
            lack = "has radiographs" if listed else "is there"
            raise NotRunError(f"No case of the split {self.config.split!r} {lack}.")
        return cases


def _load_lists(config: BenchmarkConfig) -> dict[str, list[Case]]:
    """Read every case list before any work."""
    lists, faults = {}, []
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
