"""The command `swinx2s train`."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.cli.parsing import add_command
from SwinX2SLib.errors import DONE, EXIT_CODES, UNEXPECTED, Fault, InputError

if TYPE_CHECKING:
    from SwinX2SLib.datasets import Case
    from SwinX2SLib.training.config import TrainingConfig


SMOKE_MODEL = "fused-nano"
_NOTES = """Several GPUs or machines: torchrun --nproc-per-node N -m SwinX2SLib train CONFIG.toml ... (the batch
size of the configuration is per process; only the first process writes)."""
_EXAMPLES = (
    "swinx2s train --smoke",
    "swinx2s train Docs/training/v3.toml --cases manifest.json --out run",
)


def add_train_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `train`."""
    parser = add_command(
        subparsers,
        "train",
        "Train a network on radiographs synthesised from label maps and CTs. Run again with the same folder "
        "to resume from the last checkpoint.",
        notes=_NOTES,
        examples=_EXAMPLES,
        codes={
            **EXIT_CODES,
            UNEXPECTED: "unexpected error, with a log file; or a smoke test did not learn",
        },
        resumable=True,
    )
    parser.add_argument("config", type=Path, nargs="?", metavar="CONFIG.toml", help="training configuration")
    parser.add_argument(
        "--cases",
        type=Path,
        metavar="MANIFEST.json",
        help="case list (default: only the phantoms of the configuration)",
    )
    parser.add_argument("--out", type=Path, metavar="RUN", help="output folder for checkpoints and log")
    parser.add_argument("--name", help="name of the trained weights (default: name of RUN)")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), help="override the value of the configuration"
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        metavar="N",
        help="number of threads of the training process (0: all cores)",
    )
    parser.add_argument(
        "--any-licence",
        action="store_true",
        help="also use cases whose licence forbids distributing the weights",
    )
    parser.add_argument(
        "--smoke",
        nargs="?",
        const=SMOKE_MODEL,
        metavar="MODEL",
        help=f"smoke test: train a small network of the given variant (default: {SMOKE_MODEL}) on phantoms "
        "for about two minutes, without CONFIG; --out keeps the output",
    )
    parser.set_defaults(func=run_train)


def run_train(args: argparse.Namespace) -> int:
    """Train; the exit code is 0 when the run reached its end, and 1 when a trial run did not learn."""
    _check(args)
    import torch

    if args.threads:
        torch.set_num_threads(args.threads)
    return _try_out(args) if args.smoke else _train(args)


def _check(args: argparse.Namespace) -> None:
    given = {"CONFIG.toml": args.config, "--cases": args.cases, "--name": args.name}
    if args.smoke:
        from SwinX2SLib.training.smoke_test import CONFIG, SIZES

        sentences = [f"--smoke takes no {name}." for name, value in given.items() if value is not None]
        if args.smoke not in (CONFIG.model, *SIZES):
            known = ", ".join((CONFIG.model, *SIZES))
            sentences.append(f"There is no smoke test for {args.smoke!r}; available: {known}.")
    else:
        needed = {"CONFIG.toml": args.config, "--out": args.out}
        sentences = [f"{name} is missing." for name, value in needed.items() if value is None]
    if sentences:
        hint = "See `swinx2s train --help`."
        raise InputError([Fault("train-usage", sentence, hint) for sentence in sentences])


def _train(args: argparse.Namespace) -> int:
    from SwinX2SLib.training.config import load_config
    from SwinX2SLib.training.data import usable_cases
    from SwinX2SLib.training.distributed import joined
    from SwinX2SLib.training.log import RunReport, require_tensorboard
    from SwinX2SLib.training.run import train

    config = load_config(args.config)
    config = dataclasses.replace(config, device=args.device or config.device)
    if config.tensorboard:
        require_tensorboard()
    learned, kept_aside = _cases(args, config)
    learned = usable_cases(config, learned)
    by_clock = bool(config.minutes)
    with (
        joined(config.device) as process,
        RunReport(None if by_clock else config.steps, process.rank > 0) as report,
    ):
        length = f"{config.minutes:g} minutes" if by_clock else f"{config.steps} steps"
        report.say(
            f"Training {config.model} for {length} on {process.world} x {process.device.type}: "
            f"{len(learned)} cases, {config.phantoms} phantoms, {len(kept_aside)} validation cases; output "
            f"in {args.out}"
        )
        result = train(config, learned, kept_aside, args.out, args.name or args.out.name, report, process)
        if result:
            score = "" if result.score is None else f", mean validation Dice {100 * result.score:.1f} %"
            report.say(f"Weights from step {result.step}{score}: {result.weights}")
    return DONE


def _cases(args: argparse.Namespace, config: TrainingConfig) -> tuple[list[Case], list[Case]]:
    """Return the cases to learn from and those to validate on, which have published radiographs."""
    from SwinX2SLib.datasets import load_case_list

    listed = [] if args.cases is None else load_case_list(args.cases)
    learned = [c for c in listed if c.split == "train" and (args.any_licence or c.may_train_default_weights)]
    if not learned and not config.phantoms:
        sentence = (
            "There is nothing to train on: the case list has no training case, and the configuration has no "
            "phantoms."
        )
        hint = "Give --cases, check its splits and licences, or set phantoms."
        raise InputError([Fault("no-cases", sentence, hint, str(args.cases) if args.cases else None)])
    return learned, [case for case in listed if case.split == "val" and case.radiographs]


def _try_out(args: argparse.Namespace) -> int:
    import contextlib
    import tempfile

    from SwinX2SLib.training.distributed import joined
    from SwinX2SLib.training.log import RunReport
    from SwinX2SLib.training.smoke_test import smoke_config, try_out

    config = smoke_config(args.smoke)
    with contextlib.ExitStack() as stack:
        folder = args.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        process = stack.enter_context(joined(args.device or config.device))
        report = stack.enter_context(RunReport(config.steps, process.rank > 0))
        result = try_out(folder, report, process, config)
        if result is None:
            return DONE
        report.say(result.sentence())
        return DONE if result.learned else UNEXPECTED
