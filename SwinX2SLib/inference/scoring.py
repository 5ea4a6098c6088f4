"""The command `swinx2s score`: reconstruct the radiographs of a case list and compare with its CT truth."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.command_line import add_command
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.exit_codes import EXIT_CODES
from SwinX2SLib.inference.job import DEVICES

if TYPE_CHECKING:
    from SwinX2SLib.datasets import Case
    from SwinX2SLib.evaluation import VolumeEvaluation
    from SwinX2SLib.inference.reconstructor import Reconstruction, Reconstructor


def add_score_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `score`."""
    parser = add_command(
        subparsers,
        "score",
        "Reconstruct the radiographs of a case list and compare with its CT truth. For each case that has "
        "radiographs, on the truth's own grid: foreground Dice and identification rate in percent, and the mean 95th "
        "percentile of the distance between the surfaces of the bones found.",
        examples=["swinx2s score prepared/manifest.json --split test --json"],
        codes=EXIT_CODES,
    )
    parser.add_argument("manifest", type=Path, metavar="MANIFEST.json", help="list of cases")
    parser.add_argument("--split", default="val", metavar="NAME", help="which cases (default: val)")
    parser.add_argument(
        "--model", default="default", help="name (see `swinx2s weights list`) or .safetensors file"
    )
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where the network runs (default: auto)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with every bone")
    parser.set_defaults(func=run_score)


def run_score(args: argparse.Namespace) -> int:
    """Print the scores of every case."""
    from SwinX2SLib.datasets import load_case_list
    from SwinX2SLib.inference.reconstructor import Reconstructor

    cases = [case for case in load_case_list(args.manifest) if case.split == args.split and case.radiographs]
    if not cases:
        fault = Fault(
            "no-radiographs", f"No case of the split {args.split!r} has radiographs.", "Choose another."
        )
        raise InputError([fault])
    results = dict(score_cases(Reconstructor(args.model, args.device), cases))
    if args.json:
        print(json.dumps({name: asdict(scores) for name, scores in results.items()}, indent=2))
    else:
        print(_table(results))
    return 0


def score_cases(
    reconstructor: Reconstructor, cases: Sequence[Case]
) -> Iterator[tuple[str, VolumeEvaluation]]:
    """Yield name and scores of each case; bones of groups that its truth does not draw are not compared.

    The reconstruction is brought onto the truth's grid, centre on centre: published radiographs are pixel-aligned
    with their label grid, and films carry no patient position.
    """
    from SwinX2SLib.anatomy import label_ids
    from SwinX2SLib.evaluation import evaluate_volumes
    from SwinX2SLib.evaluation.resampling import resample_labels
    from SwinX2SLib.measurements.reading import read_subject

    for case in cases:
        found = reconstruct_case(reconstructor, case)
        truth = read_subject(case.folder / "labels.nii.gz").volume
        prediction = resample_labels(
            found.labels, found.affine, truth.labels.shape, truth.affine, align_centres=True
        )
        compared = [label for group in case.annotated for label in label_ids(group)]
        yield case.name, evaluate_volumes(prediction, truth.labels, truth.affine, compared)


def reconstruct_case(reconstructor: Reconstructor, case: Case) -> Reconstruction:
    """Reconstruct the radiographs of a case, which must have some."""
    from SwinX2SLib.radiographs import FilmOptions, read_pair

    films = case.radiographs
    pair = read_pair(
        films.coronal,
        films.sagittal,
        FilmOptions(spacing_mm=films.spacing_mm),
        FilmOptions(spacing_mm=films.spacing_mm, flip="h"),
    )
    return reconstructor.reconstruct(*pair)


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
