"""The command `swinx2s train`."""

from __future__ import annotations

import argparse
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError


def add_train_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `train`."""
    parser = subparsers.add_parser(
        "train",
        help="train a fused variant on label maps turned into radiographs",
        description="Train from a case list; run again with the same folder to go on from its last checkpoint.",
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.toml", help="parameters of the run")
    parser.add_argument("--cases", type=Path, required=True, metavar="MANIFEST.json", help="list of cases")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder of checkpoints and log"
    )
    parser.add_argument("--name", help="name of the weights that the run ends in (default: that of RUN)")
    parser.add_argument(
        "--threads", type=int, default=0, help="threads of the training process (0: all cores)"
    )
    parser.add_argument(
        "--any-licence",
        action="store_true",
        help="also use cases whose licence forbids giving the weights away",
    )
    parser.set_defaults(func=run_train)


def run_train(args: argparse.Namespace) -> int:
    """Train; the exit code is 0 when the run reached its last step."""
    from rich.console import Console

    from SwinX2SLib.training.config import load_config

    config = load_config(args.config)
    cases = _training_cases(args.cases, args.any_licence)
    console = Console(stderr=True)
    console.print(f"{len(cases)} cases, {config.steps} steps of {config.model} into {args.out}")
    _train(
        config,
        cases,
        args.out,
        args.name or args.out.name,
        args.threads,
        lambda entry: console.print(_line(entry, config.steps), highlight=False),
    )
    return 0


def _train(config, cases, out: Path, name: str, threads: int, on_log) -> None:
    import torch

    from SwinX2SLib.models.builder import build_model
    from SwinX2SLib.training.curves import write_curves
    from SwinX2SLib.training.export import export_weights
    from SwinX2SLib.training.loop import Trainer
    from SwinX2SLib.training.sources import load_sources

    if threads:
        torch.set_num_threads(threads)
    synthesiser = load_sources(config, cases, build_model(config.model).grid_shape)
    average = Trainer(config, synthesiser, out, on_log).run()
    export_weights(average, config, cases, out, name)
    write_curves(out)


def _training_cases(manifest: Path, any_licence: bool) -> list:
    from SwinX2SLib.datasets import load_case_list

    cases = [
        case
        for case in load_case_list(manifest)
        if case.split == "train" and (any_licence or case.may_train_default_weights)
    ]
    if not cases:
        fault = Fault(
            "no-cases",
            "The case list holds no case to train on.",
            "Check splits and licences.",
            str(manifest),
        )
        raise InputError([fault])
    return cases


def _line(entry: dict, steps: int) -> str:
    remaining = (steps - entry["step"]) * entry["seconds_per_step"] / 60
    losses = "  ".join(
        f"{name} {value:.3f}" for name, value in entry.items() if name not in ("step", "seconds_per_step")
    )
    return f"step {entry['step']}/{steps}  {entry['seconds_per_step']:.2f} s/step  {remaining:.0f} min left  {losses}"
