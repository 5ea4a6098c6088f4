"""The command `swinx2s evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.command_line import add_command, add_output, tell_phase
from SwinX2SLib.evaluation.options import ALIGNMENTS, EvaluationOptions
from SwinX2SLib.exit_codes import CANCELLED, PLAIN_EXIT_CODES, SOME_FAILED
from SwinX2SLib.label_schemes import SCHEME_NAMES
from SwinX2SLib.report.evaluate_cohort_command import (
    COHORT_HELP,
    add_cohort_arguments,
    run_cohort,
    usage_error,
)

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.case import CaseEvaluation, GroupEvaluation

_DESCRIPTION = f"""\
Compare a reconstruction with CT truth, bone by bone, on the truth's grid.

PREDICTION is a label volume of the 54 bones (.nii, .nii.gz, .nrrd, .seg.nrrd) or a folder that `swinx2s reconstruct`
wrote. TRUTH is a label volume of any grid, spacing and orientation. Its numbering, named with --scheme, is one of

  {", ".join(SCHEME_NAMES)}

or a map of its own: a JSON object or a CSV file of two columns that gives each value (or name of a segment) one of
our labels, "background", or "unknown:GROUP" for bone of a group that has no name there.

Bones of groups that the truth does not draw are not scored (--groups; by default what the numbering names)."""
_USAGE = """swinx2s evaluate PREDICTION TRUTH [options]
       swinx2s evaluate --cohort TABLE.csv --out DIR [options]"""
_CODES = {
    **PLAIN_EXIT_CODES,
    SOME_FAILED: "some cases of a table could not be evaluated; the others are done",
    CANCELLED: "cancelled; nothing was written, but of a table what is finished is kept",
}
_NOTES = f"""\
one case: DIR receives evaluation.json, evaluation.csv (scores), measurements.csv (of both, with differences) and
index.html (tables and pictures): all or none. What the scores mean is in Docs/evaluation.md.

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
        "prediction", nargs="?", type=Path, metavar="PREDICTION", help="file or folder of a result"
    )
    parser.add_argument("truth", nargs="?", type=Path, metavar="TRUTH", help="label volume")
    parser.add_argument("--case", default="", metavar="NAME", help="name (default: that of PREDICTION)")
    _add_options(parser)
    add_output(parser, "result", required=False)
    parser.add_argument("--json", action="store_true", help="print the JSON document instead of a table")
    add_cohort_arguments(parser)
    parser.set_defaults(func=run_evaluate)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scheme",
        default="swinx2s",
        metavar="NAME|FILE|auto",
        help="numbering of TRUTH; auto recognises it by where its values lie, and compares the groups that TRUTH "
        "holds (default: swinx2s)",
    )
    parser.add_argument(
        "--prediction-scheme",
        default="swinx2s",
        metavar="NAME|FILE",
        help="numbering of PREDICTION (default: swinx2s)",
    )
    parser.add_argument(
        "--groups",
        metavar="GROUP[,GROUP]",
        help=f"groups that TRUTH draws: {', '.join(GROUPS)} (default: all that its numbering names)",
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
        help="move PREDICTION first: centre of its grid onto that of TRUTH (radiographs know no patient position), "
        "bones onto bones (median shift), or rigid (turned and shifted, surface onto surface; the residual is told); "
        "default: compare where the files place them",
    )
    parser.add_argument(
        "--no-measurements", action="store_true", help="leave out the measurements of the bones"
    )
    parser.add_argument(
        "--surfaces",
        action="store_true",
        help="write surfaces.npz, too: the surfaces of both with the distance of every point of the prediction "
        "from the truth (one case only)",
    )


def options_of(arguments: argparse.Namespace) -> EvaluationOptions:
    """Return how to evaluate, as the command line says."""
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
    from SwinX2SLib.evaluation.writing import evaluation_text
    from SwinX2SLib.report.evaluating import FILES, EvaluateJob, run_evaluating

    job = EvaluateJob(
        arguments.prediction,
        arguments.truth,
        options_of(arguments),
        arguments.out,
        arguments.overwrite,
        arguments.surfaces,
    )
    evaluation = run_evaluating(job, tell_phase)
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
    told = [
        _percent(paper["dice"]),
        _mm(paper["hausdorff95_mm"]),
        f"{'':>9}",
        _mm(paper["localisation_error_mm"]),
    ]
    lines.append(f"{'paper averages':<16}{''.join(told)}  {_percent(paper['identification_rate']).strip()}")
    lines += ["", *evaluation.notes] if evaluation.notes else []
    return "\n".join(lines)


def _row(name: str, scores: GroupEvaluation, found: str) -> str:
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
