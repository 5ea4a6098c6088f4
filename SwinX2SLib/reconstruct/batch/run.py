"""Reconstructing all pairs of a batch into a folder.

`<out>/<case>/` is the result of a pair, as `swinx2s reconstruct` writes it, `<out>/batch.csv` the table of all, and
`<out>/.batch/` how each came about (see `parallel.records`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.atomic_output import remove_stale, stale_targets, writing_faults
from SwinX2SLib.parallel import Failure, Task, run_resumable
from SwinX2SLib.parallel.progress import Silent, TaskProgress
from SwinX2SLib.parallel.tasks import Work
from SwinX2SLib.reconstruct.backends import Backend, TorchBackend
from SwinX2SLib.reconstruct.batch.cases import STATE, TABLE, BatchCase, folder_fault
from SwinX2SLib.reconstruct.batch.summary import CaseOutcome, write_tables
from SwinX2SLib.reconstruct.batch.worker import check_pair, is_there, reconstruct_pair
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.reconstruction import ALL_FILES
from SwinX2SLib.version import __version__


@dataclass(frozen=True)
class BatchResult:
    """How a batch went.

    Attributes:
        outcomes: of all cases, in their order.
        kept: how many of them were finished by earlier runs.
        table: path of the table.
    """

    outcomes: tuple[CaseOutcome, ...]
    kept: int
    table: Path

    @property
    def failed(self) -> tuple[CaseOutcome, ...]:
        """Those without a result."""
        return tuple(outcome for outcome in self.outcomes if outcome.failure is not None)


@dataclass(frozen=True)
class BatchProgress:
    """Receivers of the events.

    Attributes:
        checking: about the radiographs that are read first.
        reconstructing: about the pairs.
    """

    checking: TaskProgress = field(default_factory=Silent)
    reconstructing: TaskProgress = field(default_factory=Silent)


_SILENT = BatchProgress()


def run_batch(
    cases: Sequence[BatchCase],
    out: Path,
    settings: Job,
    *,
    measure: bool = False,
    progress: BatchProgress = _SILENT,
    backend: Backend = TorchBackend(),  # noqa: B008 - has no state
    work: Work = reconstruct_pair,
) -> BatchResult:
    """Reconstruct every pair that is not finished; a failed pair is reported and the others continue.

    All radiographs are read first, so that problems are reported before the network is loaded, once for all pairs.
    What was finished before is kept while radiographs, options, weights and result are the same.

    Args:
        cases: the pairs.
        out: folder: new, empty, or of an earlier run.
        settings: model, device and so on; its radiographs and folder do not count.
        measure: whether the bones are measured, too.
        progress: called for every case.
        backend: checks whether the device and the weights can be used.
        work: does a pair; see `parallel.run_resumable`.

    Raises:
        InputError: the device, the weights or the folder cannot be used.
        KeyboardInterrupt, Cancelled: the user stopped it; what is finished is kept, nothing is half written.
    """
    out = Path(os.path.abspath(out))
    errors = backend.check(settings)
    faults = [
        *settings.faults(),
        *_name_faults(cases),
        *_folder_faults(out),
        *(f for error in errors for f in error.faults),
    ]
    if faults:
        raise (InputError if len(faults) > sum(len(e.faults) for e in errors) else type(errors[0]))(faults)
    tasks = {case.key: Task(case.key, _payload(case, out, settings, measure)) for case in cases}
    try:
        checked = run_resumable(
            list(tasks.values()), check_pair, out / STATE / "checks", progress=progress.checking
        )
        ready = [tasks[key] for key in checked.done]
        outcome = run_resumable(
            ready,
            work,
            out / STATE / "cases",
            workers=1,
            progress=progress.reconstructing,
            accept=lambda result: _is_whole(result, out, measure),
        )
    finally:
        clear_leftovers(out)
    failures = {failure.key: failure for failure in (*checked.failed, *outcome.failed)}
    outcomes = tuple(case_outcome(case, out, failures.get(case.key)) for case in cases)
    write_tables(out, outcomes)
    return BatchResult(outcomes, outcome.kept, out / TABLE)


def check_radiographs(cases: Sequence[BatchCase], settings: Job, progress: TaskProgress) -> list[Failure]:
    """Read all radiographs and return what is wrong with them; nothing is kept."""
    with tempfile.TemporaryDirectory(prefix="swinx2s-") as folder:
        tasks = [Task(case.key, _payload(case, Path(folder), settings, False)) for case in cases]
        return list(run_resumable(tasks, check_pair, Path(folder), progress=progress).failed)


def case_outcome(case: BatchCase, out: Path, failure: Failure | None) -> CaseOutcome:
    """Return the outcome of a case, with the message of its process."""
    return CaseOutcome.read(case, out / case.key, out / STATE / "cases" / f"{case.key}.json", failure)


def clear_leftovers(out: Path) -> None:
    """Remove what processes that were ended had begun to write."""
    for folder in stale_targets(out):
        remove_stale(folder, ALL_FILES)


def _payload(case: BatchCase, out: Path, settings: Job, measure: bool) -> dict[str, Any]:
    radiographs = case.radiographs
    job = Job(
        case.ap,
        case.lateral,
        out / case.key,
        radiographs.ap,
        radiographs.lateral,
        ap_view=radiographs.ap_view,
        lateral_offset_mm=radiographs.lateral_offset_mm,
        overwrite=True,
        **{name: getattr(settings, name) for name in ("model", "device", "tta", "min_component_fraction")},
    )
    values = {name: value for name, value in job.to_dict().items() if name not in ("ap", "lateral", "out")}
    return {
        "case": case.name,
        "ap": case.ap,
        "lateral": case.lateral,
        "out": str(job.out),
        "job": values,
        "weights": _weights(settings.model),
        "measure": measure,
        "made_by": __version__,
    }


def _weights(model: str) -> Mapping[str, Any] | Path:
    """Return a value that identifies the weights."""
    from SwinX2SLib.reconstruct.model_choice import require_model

    try:
        record = require_model(model)
    except InputError:
        # Set by the backend, unless it is one that needs none.
        return {"model": model}
    return {name: value for name, value in asdict(record).items() if name in ("name", "sha256")}


def _is_whole(result: Mapping[str, Any], out: Path, measure: bool) -> bool:
    files = result.get("files")
    folder = result.get("folder")
    return bool(files) and folder is not None and is_there(result, out / folder, measure)


def _name_faults(cases: Sequence[BatchCase]) -> list[Fault]:
    """List the cases that cannot have a folder of their name."""
    reasons = {case.name: reason for case in cases if (reason := folder_fault(case))}
    return [
        Fault("key", f"{name!r} is not a valid folder name: {reason}.", "Rename this case.")
        for name, reason in reasons.items()
    ]


def _folder_faults(out: Path) -> list[Fault]:
    """A folder that is new, empty or a batch's."""
    if out.exists() and not out.is_dir():
        return [
            Fault("output-is-file", "This is a file, not a folder.", "Specify a folder with --out.", str(out))
        ]
    if not out.is_dir() or (out / STATE).is_dir() or not any(out.iterdir()):
        return writing_faults(out)
    message = "The output folder contains other files."
    return [Fault("output-in-use", message, "Specify a new or empty folder with --out.", str(out))]
