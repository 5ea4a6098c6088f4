"""The command `swinx2s benchmark-table`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.cli.parsing import add_command
from SwinX2SLib.errors import DONE, EXIT_CODES, SOME_FAILED, needs_extra

if TYPE_CHECKING:
    from SwinX2SLib.paper.published import BenchmarkConfig
    from SwinX2SLib.paper.run import Result


_NOTES = """\
CONFIG.toml lists case lists under [data] (written by `swinx2s prepare`) and sets the `steps` or `minutes` of each
training. [training] takes the parameters of `swinx2s train`, [model.NAME] overrides them for one network, [weights]
lists files to load instead of training. Run again with the same folder to resume; finished work is kept. See
Docs/benchmark.md."""
_EXAMPLES = (
    "swinx2s benchmark-table benchmark.toml --out benchmark",
    "swinx2s benchmark-table benchmark.toml --out benchmark --no-training --workers 4",
)


def add_benchmark_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `benchmark-table`."""
    parser = add_command(
        subparsers,
        "benchmark-table",
        "Train or load the networks of the paper's tables, evaluate them on the available data, and print "
        "the results next to those of the paper. All networks get the same training budget.",
        notes=_NOTES,
        examples=_EXAMPLES,
        codes={**EXIT_CODES, SOME_FAILED: "some rows failed; the others were completed"},
        resumable=True,
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.toml", help="benchmark configuration")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="output folder for trainings, scores and tables",
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="device to run the networks on (default: auto)",
    )
    parser.add_argument(
        "--threads", type=int, default=0, metavar="N", help="number of threads of a training (0: all cores)"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="number of evaluation processes (default: one per core)"
    )
    parser.add_argument(
        "--any-licence",
        action="store_true",
        help="also train on cases whose licence forbids distributing the weights",
    )
    parser.add_argument(
        "--no-training",
        action="store_true",
        help="only evaluate and print networks that are already trained",
    )
    parser.set_defaults(func=run_benchmark)


def run_benchmark(args: argparse.Namespace) -> int:
    """Run the benchmark and print the tables; the exit code is 6 when a row failed."""
    with needs_extra("paper"):
        import SwinX2SLib.paper.networks  # noqa: F401
    from SwinX2SLib.paper.plan import plan
    from SwinX2SLib.paper.published import load_benchmark, load_published
    from SwinX2SLib.paper.run import Options, run_cells

    config = load_benchmark(args.config)
    cells = plan(config, load_published())
    if args.threads:
        import torch

        torch.set_num_threads(args.threads)
    options = Options(
        args.out.absolute(), args.device, args.any_licence, args.no_training, args.workers, _print_note
    )
    args.out.mkdir(parents=True, exist_ok=True)

    def keep(found: list[Result]) -> None:
        _write(found, config, args.out)

    results = run_cells(cells, config, options, keep)
    print(_write(results, config, args.out))
    return SOME_FAILED if any(result.failed for result in results) else DONE


def _print_note(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _write(results: Sequence[Result], config: BenchmarkConfig, out: Path) -> str:
    """Write the tables in all forms and return the Markdown."""
    from SwinX2SLib.io.atomic_output import atomic_write
    from SwinX2SLib.paper.published import load_published
    from SwinX2SLib.paper.tables import as_csv, as_markdown, make_tables, remarks
    from SwinX2SLib.parallel import RUN_AGAIN
    from SwinX2SLib.report.templates import render_page

    published = load_published()
    tables, notes = make_tables(results, published), remarks(config, published)
    markdown = as_markdown(tables, notes)
    done = sum(result.scores is not None for result in results)
    page = render_page("benchmark.html.jinja", tables=tables, notes=notes, done=done, total=len(results))
    for name, text in (("tables.md", markdown), ("tables.csv", as_csv(results)), ("index.html", page)):
        atomic_write(out / name, text, hint=RUN_AGAIN)
    return markdown
