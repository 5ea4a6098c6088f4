"""The command `swinx2s score`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.cli.parsing import add_command
from SwinX2SLib.errors import EXIT_CODES, Fault, InputError
from SwinX2SLib.reconstruct.job import DEVICES

if TYPE_CHECKING:
    from SwinX2SLib.evaluation import VolumeEvaluation


def add_score_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `score`."""
    parser = add_command(
        subparsers,
        "score",
        "Reconstruct the radiographs of a case list and compare with the CT ground truth. Reported for each "
        "case with radiographs, on the grid of the ground truth: foreground Dice and identification rate in "
        "percent, and the mean 95th percentile Hausdorff distance of the bones found.",
        examples=["swinx2s score prepared/manifest.json --split test --json"],
        codes=EXIT_CODES,
    )
    parser.add_argument("manifest", type=Path, metavar="MANIFEST.json", help="case list")
    parser.add_argument("--split", default="val", metavar="NAME", help="split to use (default: val)")
    parser.add_argument(
        "--model", default="default", help="name (see `swinx2s weights list`) or path of a .safetensors file"
    )
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="device to run the network on (default: auto)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON with the scores of every bone")
    parser.set_defaults(func=run_score)


def run_score(args: argparse.Namespace) -> int:
    """Print the scores of every case."""
    from SwinX2SLib.datasets import load_case_list
    from SwinX2SLib.reconstruct.reconstructor import Reconstructor
    from SwinX2SLib.reconstruct.scoring import score_cases

    cases = [case for case in load_case_list(args.manifest) if case.split == args.split and case.radiographs]
    if not cases:
        fault = Fault(
            "no-radiographs", f"No case of split {args.split!r} has radiographs.", "Choose another."
        )
        raise InputError([fault])
    results = dict(score_cases(Reconstructor(args.model, args.device), cases))
    if args.json:
        print(json.dumps({name: asdict(scores) for name, scores in results.items()}, indent=2))
    else:
        print(_table(results))
    return 0


def _table(results: dict[str, VolumeEvaluation]) -> str:
    columns = ("mean", *GROUPS)
    lines = [f"{'case':<16}{'bones':>6}" + "".join(f"{name:>8}" for name in (*columns, "ID", "HD95 mm"))]
    for name, scores in results.items():
        means, whole = scores.dice_means(), scores.foreground
        dice = [_cell(means.get(column), 100) for column in columns]
        others = [_cell(whole.identification_rate, 100), _cell(whole.hausdorff95_mm)]
        lines.append(f"{name:<16}{whole.labels:>6}" + "".join([*dice, *others]))
    return "\n".join(lines)


def _cell(value: float | None, factor: float = 1.0) -> str:
    return f"{'-':>8}" if value is None else f"{factor * value:8.1f}"
