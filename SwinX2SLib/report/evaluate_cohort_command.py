"""`swinx2s evaluate --cohort`: many cases, on all cores or a cluster, to be taken up again after any end."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from SwinX2SLib.command_line import add_workers, first_few
from SwinX2SLib.errors import Cancelled
from SwinX2SLib.exit_codes import CANCELLED, DONE, SOME_FAILED
from SwinX2SLib.parallel import ConsoleProgress

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.cohort.run import CohortResult
    from SwinX2SLib.evaluation.cohort.table import CohortTable
    from SwinX2SLib.evaluation.options import EvaluationOptions

COHORT_HELP = """\
many cases: TABLE.csv has a line for each case and the columns case, prediction, truth, and where wanted scheme,
prediction_scheme, groups (blanks between), model, dataset, person; paths are relative to the table. What a line
leaves empty is as the options say. Several models of one case are told apart by the column model, several cases of
one person by the column person. DIR receives cases/*.json, cohort.csv (a line for each case and bone), groups.csv,
measurements.csv, failures.csv, summary.json and index.html. A case that cannot be evaluated is told and left out.
After an interruption of any kind the same command goes on: finished cases are kept while their files and options are
the same.

cluster: start `dask scheduler` and, on each machine, `dask worker tcp://HOST:8786 --nthreads 1`, with this version of
swinx2s installed; then give --scheduler tcp://HOST:8786. Workers must find the files under the paths that they have
here; results come back to this process, which alone writes. Cases of a worker that is lost are done by others."""
_MOST_TOLD = 10


def add_cohort_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only a cohort has."""
    group = parser.add_argument_group("many cases (see below)")
    group.add_argument(
        "--cohort", type=Path, metavar="TABLE.csv", help="evaluate every case of a table into DIR"
    )
    add_workers(group)
    group.add_argument(
        "--skip-missing", action="store_true", help="leave out cases whose files are missing, and tell them"
    )


def usage_error(arguments: argparse.Namespace) -> str:
    """Return what is wrong with the way of calling, or ""."""
    paths = [path for path in (arguments.prediction, arguments.truth) if path is not None]
    if arguments.cohort is None:
        only_many = {
            "--workers": arguments.workers is not None,
            "--scheduler": arguments.scheduler is not None,
            "--skip-missing": arguments.skip_missing,
        }
        given = ", ".join(name for name, is_given in only_many.items() if is_given)
        if given:
            return f"{given}: only with --cohort TABLE.csv"
        return "" if len(paths) == 2 else "give PREDICTION and TRUTH, or --cohort TABLE.csv"
    if paths or arguments.case:
        return "the cases of a cohort stand in TABLE.csv: leave out PREDICTION, TRUTH and --case"
    if arguments.surfaces:
        return "--surfaces is for one case: leave it out of a cohort"
    if arguments.overwrite:
        return "--cohort goes on with what is in DIR; for a fresh start name a new folder, not --overwrite"
    return "" if arguments.out is not None else "--cohort needs --out DIR"


def run_cohort(arguments: argparse.Namespace, options: EvaluationOptions) -> int:
    """Evaluate a cohort, write its tables and page, and tell in words how it went.

    Args:
        arguments: of the command line, with those of `add_cohort_arguments`, `out` and `json`.
        options: for lines of the table that do not say otherwise.

    Returns:
        0, or `SOME_FAILED` when some cases could not be evaluated, or the code of a cancelled command.

    Raises:
        InputError: all faults of the table, the options, the folder or the cluster.
    """
    from SwinX2SLib.evaluation.cohort import evaluate_cohort, read_table

    table = read_table(arguments.cohort, arguments.skip_missing)
    if table.ignored_columns:
        print(f"Columns that are not used: {', '.join(table.ignored_columns)}.", file=sys.stderr)
    try:
        with ConsoleProgress("Evaluating") as progress:
            result = evaluate_cohort(
                table, arguments.out, options,
                workers=arguments.workers, scheduler=arguments.scheduler, progress=progress,
            )  # fmt: skip
        page = _page(arguments.out, table, result) if result.evaluated else None
    except (KeyboardInterrupt, Cancelled):
        print(_stopped(arguments.out, table), file=sys.stderr)
        return CANCELLED
    print(json.dumps(result.summary, indent=1, ensure_ascii=False) if arguments.json else _words(result))
    for line in _ending(result, arguments.out, page):
        print(line, file=sys.stderr)
    return SOME_FAILED if result.failed else DONE


def _page(out: Path, table: CohortTable, result: CohortResult) -> Path:
    from SwinX2SLib.report.evaluated_cohort import write_cohort_page

    print("Drawing the page ...", file=sys.stderr, flush=True)
    failures = [(failure.key, failure.message) for failure in result.failed]
    return write_cohort_page(out, table.path.stem, failures, result.evaluated)


def _stopped(out: Path, table: CohortTable) -> str:
    finished = sum((out / "cases" / f"{row.key}.json").is_file() for row in table.rows)
    done = f"{finished} of {len(table.rows)} cases are finished and kept"
    return f"Stopped. {done}; the same command goes on from there."


def _words(result: CohortResult) -> str:
    """Return a line for each model: foreground means, with the interval of the Dice."""
    named = [entry for entry in result.summary["results"] if not entry["dataset"]]
    width = max([len("model"), *(len(entry["model"]) for entry in named)])
    titles = f"{'cases':>7}{'Dice %':>9}{'95 % interval':>16}{'HD95 mm':>10}{'found %':>9}  bones missed"
    head = f"{'model':<{width}}{titles}"
    return "\n".join([head, *(_line(entry, width) for entry in named)]) if named else ""


def _line(entry: Mapping[str, Any], width: int) -> str:
    scores = entry["parts"]["foreground"]
    dice = scores.get("dice", {})
    low, high = dice.get("low"), dice.get("high")
    interval = "-" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"
    cells = (
        f"{entry['model'] or '-':<{width}}",
        f"{entry['cases']:>7}",
        _number(dice, 100, 9),
        f"{interval:>16}",
        _number(scores.get("hausdorff95_mm", {}), 1, 10),
        _number(scores.get("identification_rate", {}), 100, 9),
        f"  {scores['missed']} of {scores['bones']}",
    )
    return "".join(cells)


def _number(spread: Mapping[str, Any], factor: float, width: int) -> str:
    mean = spread.get("mean")
    return f"{'-' if mean is None else f'{factor * mean:.1f}':>{width}}"


def _ending(result: CohortResult, out: Path, page: Path | None) -> list[str]:
    total = len(result.evaluated) + len(result.failed)
    kept = f" ({result.kept} of them earlier)" if result.kept else ""
    lines = [f"{len(result.evaluated)} of {total} cases are evaluated{kept}."]
    if result.failed:
        failed = [f"{failure.key}: {failure.message}" for failure in result.failed]
        lines.append(f"{len(failed)} failed (see {out / 'failures.csv'}):")
        lines += [f"  {line}" for line in first_few(failed, _MOST_TOLD)]
    lines.append(f"Open {page.resolve()} in a browser." if page else "There is nothing to draw a page of.")
    return lines
