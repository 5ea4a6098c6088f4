"""The command `swinx2s evaluate`: one case, or a cohort."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.cli.parsing import add_command, add_output, add_scheme, add_workers, first_few, report_phase
from SwinX2SLib.errors import CANCELLED, DONE, PLAIN_EXIT_CODES, SOME_FAILED, Cancelled
from SwinX2SLib.evaluation.options import ALIGNMENTS, EvaluationOptions
from SwinX2SLib.label_maps import SCHEME_NAMES
from SwinX2SLib.parallel import ConsoleProgress

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.case import CaseEvaluation, GroupEvaluation, LabelEvaluation
    from SwinX2SLib.evaluation.cohort.run import CohortResult
    from SwinX2SLib.evaluation.cohort.table import CohortTable


COHORT_HELP = """\
cohorts: TABLE.csv has one row per case and the columns case, prediction, truth; optional columns are scheme,
prediction_scheme, groups (separated by spaces), model, dataset, person. Paths are relative to the table. Empty cells
use the value of the option. The column model distinguishes several models of one case, the column person groups
several cases of one person. DIR receives cases/*.json, cohort.csv (one row per case and bone), groups.csv,
measurements.csv, failures.csv, summary.json and index.html. A case that cannot be evaluated is reported and skipped.
After an interruption the same command resumes: finished cases are kept while their files and options are unchanged.

cluster: start `dask scheduler` and, on each machine, `dask worker tcp://HOST:8786 --nthreads 1`, with the same
version of swinx2s installed; then use --scheduler tcp://HOST:8786. Workers must see the files under the same
paths as this machine. Only this process writes results. Cases of a lost worker are repeated by the others."""
_MOST_TOLD = 10


def add_cohort_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only a cohort has."""
    group = parser.add_argument_group("cohorts (see below)")
    group.add_argument(
        "--cohort", type=Path, metavar="TABLE.csv", help="evaluate every case of a table into DIR"
    )
    add_workers(group)
    group.add_argument(
        "--skip-missing", action="store_true", help="skip cases with missing files and list them"
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
            return f"{given}: requires --cohort TABLE.csv"
        return "" if len(paths) == 2 else "give PREDICTION and TRUTH, or --cohort TABLE.csv"
    if paths or arguments.case:
        return "--cohort takes its cases from TABLE.csv: remove PREDICTION, TRUTH and --case"
    if arguments.surfaces:
        return "--surfaces is for a single case and cannot be used with --cohort"
    if arguments.overwrite:
        return "--cohort resumes the run in DIR; to start again, use a new folder instead of --overwrite"
    return "" if arguments.out is not None else "--cohort requires --out DIR"


def run_cohort(arguments: argparse.Namespace, options: EvaluationOptions) -> int:
    """Evaluate a cohort, write its tables and page, and print a summary.

    Args:
        arguments: of the command line, with those of `add_cohort_arguments`, `out` and `json`.
        options: defaults for empty cells of the table.

    Returns:
        0, or `SOME_FAILED` when some cases could not be evaluated, or the code of a cancelled command.

    Raises:
        InputError: all faults of the table, the options, the folder or the cluster.
    """
    from SwinX2SLib.evaluation.cohort import evaluate_cohort, read_table

    table = read_table(arguments.cohort, arguments.skip_missing)
    if table.ignored_columns:
        print(f"Unused columns: {', '.join(table.ignored_columns)}.", file=sys.stderr)
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
    from SwinX2SLib.report.evaluation.cohort import write_cohort_page

    print("Writing the report ...", file=sys.stderr, flush=True)
    failures = [(failure.key, failure.message) for failure in result.failed]
    return write_cohort_page(out, table.path.stem, failures, result.evaluated)


def _stopped(out: Path, table: CohortTable) -> str:
    finished = sum((out / "cases" / f"{row.key}.json").is_file() for row in table.rows)
    done = f"{finished} of {len(table.rows)} cases are finished and were kept"
    return f"Stopped. {done}; run the same command to resume."


def _words(result: CohortResult) -> str:
    """Return a line for each model: foreground means, with the interval of the Dice."""
    named = [entry for entry in result.summary["results"] if not entry["dataset"]]
    width = max([len("model"), *(len(entry["model"]) for entry in named)])
    titles = f"{'cases':>7}{'Dice %':>9}{'95 % interval':>16}{'HD95 mm':>10}{'found %':>9}  missed bones"
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
    kept = f" ({result.kept} from an earlier run)" if result.kept else ""
    lines = [f"{len(result.evaluated)} of {total} cases evaluated{kept}."]
    if result.failed:
        failed = [f"{failure.key}: {failure.message}" for failure in result.failed]
        lines.append(f"{len(failed)} failed (see {out / 'failures.csv'}):")
        lines += [f"  {line}" for line in first_few(failed, _MOST_TOLD)]
    lines.append(
        f"Open {page.resolve()} in a browser." if page else "No case was evaluated, so no report was written."
    )
    return lines


_DESCRIPTION = f"""\
Compare a reconstruction with a CT ground truth, bone by bone, on the grid of the ground truth.

PREDICTION is a label volume (.nii, .nii.gz, .nrrd, .seg.nrrd), a folder of masks named by bone (hip_left.nii.gz) or a
folder written by `swinx2s reconstruct`. TRUTH is a label volume, or such a folder of masks, with any grid, spacing
and orientation. Its label numbering (--scheme) is one of

  {", ".join(SCHEME_NAMES)}

or a custom label map: a JSON object or a two-column CSV file that maps each value (or segment name) to one of the
SwinX2S labels, to "background", or to "unknown:GROUP" for bone of a group without a specific label.

Groups that are not annotated in the ground truth are not scored (--groups; default: all groups of the numbering)."""
_USAGE = """swinx2s evaluate PREDICTION TRUTH [options]
       swinx2s evaluate --cohort TABLE.csv --out DIR [options]"""
_CODES = {
    **PLAIN_EXIT_CODES,
    SOME_FAILED: "some cases of a table could not be evaluated; the others were completed",
    CANCELLED: "cancelled; nothing was written (finished cases of a table are kept)",
}
_NOTES = f"""\
single case: DIR receives evaluation.json, evaluation.csv (scores), measurements.csv (both, with differences) and
index.html (report). Output is atomic. Docs/evaluation.md defines the scores.

{COHORT_HELP}"""
_EXAMPLES = (
    "swinx2s evaluate result truth.nii.gz --out compared",
    "swinx2s evaluate result labels.nii.gz --scheme auto --align rigid --surfaces --out compared",
    "swinx2s evaluate --cohort table.csv --out results --workers 8",
)


def add_evaluate_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `evaluate`."""
    parser = add_command(
        subparsers, "evaluate", _DESCRIPTION, notes=_NOTES, examples=_EXAMPLES, codes=_CODES, usage=_USAGE
    )
    parser.add_argument(
        "prediction", nargs="?", type=Path, metavar="PREDICTION", help="label volume, or folder of a result"
    )
    parser.add_argument("truth", nargs="?", type=Path, metavar="TRUTH", help="label volume")
    parser.add_argument(
        "--case", default="", metavar="NAME", help="name of the case (default: name of PREDICTION)"
    )
    _add_options(parser)
    add_output(parser, "result", required=False)
    parser.add_argument("--json", action="store_true", help="print the JSON document instead of a table")
    add_cohort_arguments(parser)
    parser.set_defaults(func=run_evaluate)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_scheme(parser, "TRUTH", more=", which compares the groups present in TRUTH")
    add_scheme(parser, "PREDICTION", "--prediction-scheme")
    parser.add_argument(
        "--groups",
        metavar="GROUP[,GROUP]",
        help=f"groups annotated in TRUTH: {', '.join(GROUPS)} (default: all groups of its numbering)",
    )
    _add_comparison(parser)


def _add_comparison(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tolerance-mm",
        type=float,
        nargs="+",
        default=[1.0, 2.0],
        metavar="MM",
        help="tolerances of the normalised surface Dice (default: 1 2)",
    )
    parser.add_argument(
        "--align",
        choices=ALIGNMENTS,
        default="none",
        help="align PREDICTION with TRUTH first: centres (centre of the grids), bones (median shift between "
        "matching bones) or rigid (rotation and translation between matching surfaces; the residual is "
        "reported). Radiographs carry no patient position. Default: compare in the coordinates of the "
        "files",
    )
    parser.add_argument(
        "--no-measurements", action="store_true", help="do not compare measurements of the bones"
    )
    parser.add_argument(
        "--surfaces",
        action="store_true",
        help="also write surfaces.npz: both surfaces, with the distance from every point of the prediction "
        "to the ground truth (single case only)",
    )


def options_of(arguments: argparse.Namespace) -> EvaluationOptions:
    """Return how to evaluate, from the command line."""
    groups = None if arguments.groups is None else tuple(part for part in arguments.groups.split(",") if part)
    return EvaluationOptions(
        case=arguments.case,
        scheme=arguments.scheme,
        prediction_scheme=arguments.prediction_scheme,
        groups=groups,
        tolerances_mm=tuple(dict.fromkeys(arguments.tolerance_mm)),
        measurements=not arguments.no_measurements,
        align=arguments.align,
    )


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Compare one case or many, write what is asked for, and print the scores."""
    if wrong := usage_error(arguments):
        arguments.parser.error(wrong)
    if arguments.cohort is not None:
        return run_cohort(arguments, options_of(arguments))
    return _run_one(arguments)


def _run_one(arguments: argparse.Namespace) -> int:
    from SwinX2SLib.evaluation.case import evaluation_text
    from SwinX2SLib.report.evaluation.write import FILES, EvaluateJob, run_evaluating

    job = EvaluateJob(
        arguments.prediction,
        arguments.truth,
        options_of(arguments),
        arguments.out,
        arguments.overwrite,
        arguments.surfaces,
    )
    evaluation = run_evaluating(job, report_phase)
    print(evaluation_text(evaluation).rstrip() if arguments.json else scores_text(evaluation))
    if job.out is not None and not arguments.json:
        print(f"\nOpen {job.out.resolve() / FILES['page']} in a browser.")
    return 0


def scores_text(evaluation: CaseEvaluation) -> str:
    """Return the scores as lines for a terminal: bones, groups, foreground and the paper's averages."""
    lines = [f"{'':<16}{'Dice':>8}{'HD95':>9}{'ASSD':>9}{'centre':>9}  found"]
    for name, bone in evaluation.labels.items():
        found = "invented" if bone.status == "invented" else "yes" if bone.identified else "no"
        lines.append(_row(name, bone, "missed" if bone.status == "missed" else found))
    lines.append("")
    lines += [_row(name, group, _found(group)) for name, group in evaluation.groups.items()]
    lines.append(_row("foreground", evaluation.foreground, _found(evaluation.foreground)))
    paper = evaluation.paper
    cells = [
        _percent(paper["dice"]),
        _mm(paper["hausdorff95_mm"]),
        f"{'':>9}",
        _mm(paper["localisation_error_mm"]),
    ]
    lines.append(f"{'paper averages':<16}{''.join(cells)}  {_percent(paper['identification_rate']).strip()}")
    lines += ["", *evaluation.notes] if evaluation.notes else []
    return "\n".join(lines)


def _row(name: str, scores: LabelEvaluation | GroupEvaluation, found: str) -> str:
    distances = (scores.hausdorff95_mm, scores.assd_mm, scores.localisation_error_mm)
    return f"{name:<16}{_percent(scores.dice)}{''.join(map(_mm, distances))}  {found}"


def _found(group: GroupEvaluation) -> str:
    missed = f", {len(group.missed)} missed" if group.missed else ""
    invented = f", {len(group.invented)} invented" if group.invented else ""
    return f"{_percent(group.identification_rate).strip()} of {group.labels}{missed}{invented}"


def _percent(value: float | None) -> str:
    return f"{'-':>8}" if value is None else f"{100 * value:6.1f} %"


def _mm(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{value:6.2f} mm"
