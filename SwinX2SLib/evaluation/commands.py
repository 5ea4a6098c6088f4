"""The command `swinx2s evaluate`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.errors import Fault, InputError


def add_evaluate_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `evaluate`."""
    parser = subparsers.add_parser(
        "evaluate",
        help="compare a reconstruction with CT truth",
        description="Dice of each bone, of each group and the foreground mean, on the truth's grid.",
    )
    parser.add_argument("prediction", type=Path, help="label volume (NIfTI)")
    parser.add_argument("truth", type=Path, help="label volume (NIfTI) with the same 54 labels")
    parser.add_argument(
        "--annotated",
        default=",".join(GROUPS),
        metavar="GROUP[,GROUP]",
        help=f"groups that the truth draws (default: {','.join(GROUPS)})",
    )
    parser.add_argument(
        "--align-centres",
        action="store_true",
        help="lay the centres of both volumes together: radiographs know no patient position",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(func=run_evaluate)


def run_evaluate(args: argparse.Namespace) -> int:
    """Print the scores."""
    from SwinX2SLib.evaluation.overlap import score_overlap
    from SwinX2SLib.evaluation.resampling import load_label_volume, resample_labels

    annotated = tuple(args.annotated.split(","))
    unknown = [group for group in annotated if group not in GROUPS]
    if unknown:
        raise InputError(
            [Fault("unknown-group", f"There is no group {', '.join(unknown)}.", f"Use {', '.join(GROUPS)}.")]
        )
    prediction, truth = load_label_volume(args.prediction), load_label_volume(args.truth)
    resampled = resample_labels(*prediction, truth[0].shape, truth[1], align_centres=args.align_centres)
    scores = score_overlap(resampled, truth[0], annotated).as_dict()
    print(json.dumps(scores, indent=2) if args.json else _table(scores))
    return 0


def _table(scores: dict) -> str:
    lines = [f"{name:<16} {100 * value:6.1f} %" for name, value in scores["bones"].items()]
    lines += ["", *(f"{name:<16} {100 * value:6.1f} %" for name, value in scores["groups"].items())]
    lines += [f"{'foreground mean':<16} {100 * scores['mean_foreground_dice']:6.1f} %"]
    if scores["invented"]:
        lines += [f"predicted, but not in the truth: {', '.join(scores['invented'])}"]
    return "\n".join(lines)
