"""A download becomes a case list that training and evaluation read: resumable, in parallel, bad scans left out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from SwinX2SLib.datasets.dataset import SPLITS, DataSet, RawCase
from SwinX2SLib.datasets.grid import PAPER_SHAPE
from SwinX2SLib.datasets.prepare_case import files_of, prepare_case
from SwinX2SLib.datasets.raw_files import RawFiles, read_split, scan_key
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.io.json_files import read_json
from SwinX2SLib.label_maps import scheme_reference
from SwinX2SLib.parallel import RUN_AGAIN, Failure, Outcome, Task, run_resumable
from SwinX2SLib.parallel.progress import TaskProgress
from SwinX2SLib.version import __version__

MANIFEST, REPORT = "manifest.json", "prepared.json"
_VOLUMES, _RESULTS, _CHECKS = "volumes", "results", "checks"
# Raised when the same files would give another case: finished ones are made again.
_FORMAT = 1


@dataclass(frozen=True)
class PrepareOptions:
    """How cases are made.

    Attributes:
        shape: `(X, Y, Z)` of the grid.
        spacing_mm: voxel size; None for the paper's (longest side of the scan divided by Z).
        threshold: CT number below which the radiographs see air [HU]; the paper's is 0.
        labels_only: leave out CTs and radiographs, say where the CTs were not downloaded.
        labels_on_image_grid: labels of the CT's size lie on its voxels, whatever their header says.
        assumed_orientation: of files whose header states none, "LPS" for example.
        scheme: numbering of the label volumes instead of the data set's (see `label_maps.numbering`).
    """

    shape: tuple[int, int, int] = PAPER_SHAPE
    spacing_mm: float | None = None
    threshold: float = 0.0
    labels_only: bool = False
    labels_on_image_grid: bool = False
    assumed_orientation: str | None = None
    scheme: str | None = None


@dataclass(frozen=True)
class Prepared:
    """How it went.

    Attributes:
        data_set: which one.
        entries: of the case list, by name.
        excluded: why scans were left out that are in order.
        failed: scans that are not.
        kept: how many were finished by earlier runs.
    """

    data_set: DataSet
    entries: tuple[dict, ...]
    excluded: Mapping[str, str]
    failed: tuple[Failure, ...]
    kept: int = 0

    @property
    def scans(self) -> int:
        """How many scans the download has."""
        return len(self.entries) + len(self.excluded) + len(self.failed)

    def by_split(self) -> dict[str, int]:
        """Return how many cases each part has."""
        counts = Counter(entry["split"] for entry in self.entries)
        return {split: counts[split] for split in SPLITS}


def find_cases(
    data_set: DataSet,
    raw: Path,
    images: Sequence[Path] = (),
    split: Path | None = None,
    only: Sequence[str] = (),
) -> tuple[list[RawCase], dict[str, str]]:
    """List the scans of a download.

    Args:
        data_set: which one.
        raw: folder of the download.
        images: further folders with its CTs.
        split: file that states the parts instead of the download's own; scans that it does not name are left out.
        only: names of cases; the others are not looked at.

    Returns:
        The scans, and those left out because the split file does not name them, with the reason.

    Raises:
        InputError: there is nothing of the data set, no such case, or the split cannot be read.
    """
    parts = read_split(split) if split else None
    cases = list(data_set.find(RawFiles(raw, images)))
    if not cases:
        message = f"No files of {data_set.title} were found."
        hint = (
            "See `swinx2s prepare --help` and Docs/datasets.md for the expected layout. Source: "
            f"{data_set.source}."
        )
        raise InputError([Fault("no-cases", message, hint, str(raw))])
    unknown = sorted(set(only) - {case.name for case in cases})
    if unknown:
        message = f"Unknown case: {', '.join(unknown)}."
        raise InputError(
            [Fault("no-such-case", message, f"The first case is named {cases[0].name}.", str(raw))]
        )
    cases = [case for case in cases if not only or case.name in only]
    if parts is None or split is None:
        return cases, {}
    assigned = [replace(case, split=_part(case, parts)) for case in cases]
    left_out = {case.name: f"It is not listed in {split.name}." for case in assigned if case.split is None}
    if len(left_out) == len(assigned):
        message = "The split file lists none of these scans."
        raise InputError(
            [Fault("split-of-others", message, "Use the split file of this data set.", str(split))]
        )
    return [case for case in assigned if case.split], left_out


def prepare(
    data_set: DataSet,
    cases: Sequence[RawCase],
    out: Path,
    options: PrepareOptions,
    *,
    left_out: Mapping[str, str] | None = None,
    check_only: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: TaskProgress | None = None,
) -> Prepared:
    """Check scans, or make cases of them and write their list.

    Args:
        data_set: which one.
        cases: see `find_cases`.
        out: receives `manifest.json`, `volumes/<case>/`, `prepared.json` and the results of each scan. With a
            scheduler all its machines must see it under this path.
        options: how.
        left_out: scans left out already, for the report.
        check_only: read and check everything, write no case and no list.
        workers, scheduler, progress: see `parallel.run_resumable`.

    Raises:
        InputError: `out` cannot be used, or see `run_resumable`.
    """
    out = Path(out).absolute()
    _check_place(out, data_set)
    tasks = [
        Task(case.name, _payload(case, data_set, options, None if check_only else out)) for case in cases
    ]

    results = out / (_CHECKS if check_only else _RESULTS)
    outcome = run_resumable(
        tasks,
        prepare_case,
        results,
        workers=workers,
        scheduler=scheduler,
        progress=progress,
        accept=None if check_only else partial(_stands, out, files_of(not options.labels_only)),
    )
    prepared = _gathered(data_set, outcome, results, left_out or {})
    if not check_only:
        _write(out / MANIFEST, list(prepared.entries))
        _write(out / REPORT, _report(prepared, options))
    return prepared


def _stands(out: Path, names: Sequence[str], result: Mapping[str, Any]) -> bool:
    """Return whether the files that a finished result names are still there."""
    if "entry" not in result:
        return True
    folder = out / _VOLUMES / result["entry"].get("case", "")
    return all((folder / name).is_file() for name in names)


def _gathered(data_set: DataSet, outcome: Outcome, results: Path, left_out: Mapping[str, str]) -> Prepared:
    read = {key: json.loads((results / f"{key}.json").read_text(encoding="utf-8")) for key in outcome.done}
    entries = tuple(read[key]["entry"] for key in sorted(read) if "entry" in read[key])
    excluded = {key: read[key]["excluded"] for key in sorted(read) if "excluded" in read[key]}
    return Prepared(data_set, entries, {**left_out, **excluded}, outcome.failed, outcome.kept)


def _part(case: RawCase, parts: Mapping[str, str]) -> str | None:
    keys = (scan_key(case.name), *case.aliases)
    return next((parts[key] for key in keys if key in parts), None)


def _payload(case: RawCase, data_set: DataSet, options: PrepareOptions, out: Path | None) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "data_set": data_set.name,
        "case": case.name,
        "labels": list(case.labels),
        "image": None if options.labels_only else case.image,
        "split": case.split,
        "licence": case.licence,
        "missing": list(case.missing),
        # As text: what is written must not count as an input.
        "folder": str(out / _VOLUMES / case.name) if out else None,
        **{name: value for name, value in asdict(options).items() if name != "scheme"},
        "shape": list(options.shape),
        # Only where it is asked for: cases that were finished by earlier versions stay finished.
        **({"scheme": scheme_reference(options.scheme)} if options.scheme else {}),
    }


def _check_place(out: Path, data_set: DataSet) -> None:
    try:
        earlier = read_json(out / REPORT)["data_set"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if earlier != data_set.name:
        message = f"The folder already contains {earlier}."
        raise InputError(
            [Fault("output-in-use", message, "Use a separate folder for each data set.", str(out))]
        )


def _report(prepared: Prepared, options: PrepareOptions) -> dict[str, Any]:
    data_set = prepared.data_set
    return {
        "data_set": data_set.name,
        "title": data_set.title,
        "source": data_set.source,
        "licence": data_set.licence,
        "split_source": data_set.split_source,
        "swinx2s": __version__,
        "options": asdict(options),
        "scans": prepared.scans,
        "complete_download": data_set.complete,
        "counts_of_others": dict(data_set.counts),
        "cases": prepared.by_split(),
        "excluded": dict(prepared.excluded),
        "failed": {failure.key: failure.message for failure in prepared.failed},
    }


def _write(path: Path, content: Any) -> None:
    """Write JSON, atomically."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    atomic_write(path, text, hint=RUN_AGAIN)
