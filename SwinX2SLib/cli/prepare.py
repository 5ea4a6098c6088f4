"""The command `swinx2s prepare`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.cli.parsing import add_command, add_workers, first_few
from SwinX2SLib.errors import DONE, PLAIN_EXIT_CODES, SOME_FAILED, Fault, InputError
from SwinX2SLib.geometry.tuples import shape3

if TYPE_CHECKING:
    from SwinX2SLib.datasets.prepare import Prepared, PrepareOptions


_NOTES = """\
`swinx2s prepare list` shows the data sets. OUT receives manifest.json, for `swinx2s train --cases` and
`swinx2s score`, and one folder per case. Run the command again after an interruption or when more files were
downloaded: finished cases are kept. Docs/datasets.md describes where to get each data set, its layout and the
checks."""
_EXAMPLES = (
    "swinx2s prepare list",
    "swinx2s prepare totalsegmentator-all Totalsegmentator_v201 --check",
    "swinx2s prepare ribseg-v2 ribseg_v2 prepared/ribs --images ribfrac --workers 8",
)
_LIST = "list"
_MOST_TOLD = 20
# Smaller radiographs are no radiographs: `radiographs` refuses them.
_LEAST_VOXELS = 64


def add_prepare_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `prepare`."""
    parser = add_command(
        subparsers,
        "prepare",
        "Read a downloaded public data set, check it, apply its official split and the exclusions of the "
        "paper, resample each scan to the grid of the paper, project radiographs, and write a case list.",
        notes=_NOTES,
        examples=_EXAMPLES,
        codes={**PLAIN_EXIT_CODES, SOME_FAILED: "some scans have faults; the others were prepared"},
        resumable=True,
    )
    parser.add_argument("name", metavar="NAME", help="name of the data set, or 'list' to show all")
    parser.add_argument(
        "raw", type=Path, nargs="?", metavar="RAW_DIR", help="folder with the unpacked download"
    )
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT", help="output folder")
    parser.add_argument(
        "--images",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="additional folder with the CTs",
    )
    parser.add_argument(
        "--split", type=Path, metavar="FILE", help="CSV, text, JSON or pkl file with the split to use"
    )
    parser.add_argument("--only", default="", metavar="CASE[,CASE]", help="prepare only these cases")
    parser.add_argument("--check", action="store_true", help="check everything without writing cases")
    _add_making(parser)
    add_workers(parser)
    parser.set_defaults(func=run_prepare)


def _add_making(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--labels-only", action="store_true", help="do not write CTs and radiographs")
    parser.add_argument(
        "--shape",
        default="128,128,160",
        metavar="X,Y,Z",
        help="size of the grid in voxels (default: 128,128,160)",
    )
    parser.add_argument(
        "--spacing-mm", type=float, metavar="MM", help="voxel size (default: longest side of the scan / Z)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.0,
        metavar="HU",
        help="threshold in HU below which voxels are treated as air in the radiographs (default: 0)",
    )
    parser.add_argument(
        "--labels-on-image-grid",
        action="store_true",
        help="labels with the size of the CT share its voxels, whatever their header states",
    )
    parser.add_argument(
        "--scheme",
        metavar="NAME|FILE|auto",
        help="label numbering of the label volumes, as for `swinx2s evaluate` (default: that of the data set)",
    )
    parser.add_argument(
        "--assume-orientation",
        metavar="CODE",
        help="orientation of files whose header states none, for example LPS",
    )


def run_prepare(args: argparse.Namespace) -> int:
    """Prepare or check a data set; the exit code is 6 when scans are faulty."""
    from SwinX2SLib.datasets.catalogue import DATASETS
    from SwinX2SLib.datasets.prepare import find_cases, prepare
    from SwinX2SLib.parallel import ConsoleProgress

    if args.name.lower() == _LIST:
        print(_listing())
        return 0
    options = _checked(args)
    data_set = DATASETS[args.name.lower()]
    only = [name for name in args.only.split(",") if name]
    cases, left_out = find_cases(data_set, args.raw, args.images, args.split, only)
    with ExitStack() as stack:
        out = args.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        progress = stack.enter_context(ConsoleProgress("Checking" if args.check else "Preparing"))
        prepared = prepare(
            data_set,
            cases,
            out,
            options,
            left_out=left_out,
            check_only=args.check,
            workers=args.workers,
            scheduler=args.scheduler,
            progress=progress,
        )
    print(_summary(prepared, args))
    return SOME_FAILED if prepared.failed else DONE


def _checked(args: argparse.Namespace) -> PrepareOptions:
    from SwinX2SLib.datasets.catalogue import DATASETS
    from SwinX2SLib.datasets.prepare import PrepareOptions

    faults, hint = [], "See `swinx2s prepare --help`."
    if args.name.lower() not in DATASETS:
        known = f"The data sets are {', '.join(DATASETS)}."
        faults.append(Fault("unknown-data-set", f"There is no data set {args.name!r}.", known))
    if args.raw is None:
        faults.append(Fault("prepare-usage", "RAW_DIR is missing.", hint))
    if args.out is None and not args.check:
        faults.append(Fault("prepare-usage", "OUT is missing.", hint))
    shape = tuple(int(n) for n in args.shape.split(",") if n.strip().isdigit())
    if len(shape) != 3 or not all(_LEAST_VOXELS <= n <= 1024 for n in shape) or args.shape.count(",") != 2:
        faults.append(
            Fault(
                "prepare-usage",
                f"{args.shape!r} is no shape.",
                f"Give three numbers from {_LEAST_VOXELS} to 1024: 128,128,160.",
            )
        )
    if args.spacing_mm is not None and not 0.1 <= args.spacing_mm <= 20:
        faults.append(Fault("prepare-usage", "The spacing is impossible.", "Give 0.1 to 20 mm."))
    code = args.assume_orientation and args.assume_orientation.upper()
    if code and sorted("RLAPSI".find(letter) // 2 for letter in code) != [0, 1, 2]:
        faults.append(
            Fault(
                "prepare-usage",
                f"{code!r} is no orientation.",
                "Give one letter of each of R/L, A/P, S/I: LPS.",
            )
        )
    faults += _scheme_faults(args)
    if faults:
        raise InputError(faults)
    return PrepareOptions(
        shape3(shape),
        args.spacing_mm,
        args.threshold,
        args.labels_only,
        args.labels_on_image_grid,
        code,
        args.scheme,
    )


def _scheme_faults(args: argparse.Namespace) -> list[Fault]:
    from SwinX2SLib.datasets.catalogue import DATASETS
    from SwinX2SLib.label_maps import numbering

    data_set = DATASETS.get(args.name.lower())
    if args.scheme and data_set is not None and data_set.masks:
        message = f"{data_set.title} has a mask for each bone, named by the bone, and no label numbering."
        return [Fault("prepare-usage", message, "Remove --scheme.")]
    try:
        numbering(args.scheme)
    except InputError as error:
        return list(error.faults)
    return []


def _listing() -> str:
    from SwinX2SLib.datasets.catalogue import DATASETS

    lines = [f"{'name':<24}{'bones':<28}{'scans':>6}  licence"]
    for data_set in DATASETS.values():
        groups = ", ".join(data_set.groups)
        lines.append(f"{data_set.name:<24}{groups:<28}{data_set.complete or '?':>6}  {data_set.licence}")
    return "\n".join(lines)


def _summary(prepared: Prepared, args: argparse.Namespace) -> str:
    data_set = prepared.data_set
    parts = ", ".join(f"{count} {split}" for split, count in prepared.by_split().items())
    lines = [f"{data_set.title}: {prepared.scans} scans found of {data_set.complete}."]
    lines += [f"  {len(prepared.entries)} usable: {parts}"]
    lines += [f"  {len(prepared.excluded)} excluded, {len(prepared.failed)} with faults"]
    others = "; ".join(f"{who}: {count}" for who, count in data_set.counts.items())
    lines += [f"  for comparison, cases by {others}"]
    lines += _section("Excluded", [f"{case}: {reason}" for case, reason in prepared.excluded.items()])
    lines += _section("Faults", [f"{failure.key}: {failure.message}" for failure in prepared.failed])
    lines += _section("Notes", [f"{e['case']}: {e['note']}" for e in prepared.entries if e["note"]])
    if not args.check:
        lines.append(f"Case list: {args.out / 'manifest.json'}")
        if not prepared.entries:
            print("swinx2s: No case was prepared.", file=sys.stderr)
    return "\n".join(lines)


def _section(title: str, sentences: list[str]) -> list[str]:
    shown = [f"  {line}" for line in first_few(sentences, _MOST_TOLD, ", in prepared.json")]
    return [f"{title}:", *shown] if sentences else []
