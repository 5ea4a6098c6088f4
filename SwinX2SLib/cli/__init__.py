"""The command `swinx2s`: a table of subcommands, each loaded only when it is called."""

from __future__ import annotations

import argparse
import importlib
import io
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from SwinX2SLib.cli.parsing import STOPPED
from SwinX2SLib.errors import CANCELLED, CANCELLED_WORDS, DONE
from SwinX2SLib.version import __version__


@dataclass(frozen=True)
class Command:
    """A subcommand: the function that registers it, and its summary."""

    name: str
    module: str
    register: str
    summary: str


COMMANDS = (
    Command(
        "reconstruct",
        "SwinX2SLib.cli.reconstruct",
        "add_reconstruct_parser",
        "reconstruct bones from a frontal and a lateral radiograph",
    ),
    Command(
        "batch",
        "SwinX2SLib.cli.batch",
        "add_batch_parser",
        "reconstruct many pairs of radiographs; resumes after an interruption",
    ),
    Command(
        "report",
        "SwinX2SLib.cli.report",
        "add_report_parser",
        "write a report with figures for a result",
    ),
    Command(
        "demo",
        "SwinX2SLib.cli.demo",
        "add_demo_parser",
        "reconstruct the demo radiographs and show the result",
    ),
    Command(
        "measure",
        "SwinX2SLib.cli.measure",
        "add_measure_parser",
        "measure the bones of a segmentation",
    ),
    Command(
        "measured-report",
        "SwinX2SLib.cli.report",
        "add_measured_report_parser",
        "write a report of corrected measurements",
    ),
    Command(
        "export",
        "SwinX2SLib.cli.export",
        "add_export_parser",
        "write bones as STL, OBJ, glTF, NIfTI, .seg.nrrd or DICOM SEG",
    ),
    Command("weights", "SwinX2SLib.cli.weights", "add_weights_parser", "list, verify or import weights"),
    Command(
        "prepare",
        "SwinX2SLib.cli.prepare",
        "add_prepare_parser",
        "prepare a case list from a public data set",
    ),
    Command("train", "SwinX2SLib.cli.train", "add_train_parser", "train a model"),
    Command(
        "evaluate",
        "SwinX2SLib.cli.evaluate",
        "add_evaluate_parser",
        "compare a reconstruction with a CT ground truth",
    ),
    Command(
        "score",
        "SwinX2SLib.cli.score",
        "add_score_parser",
        "reconstruct the radiographs of a case list and score them against CT",
    ),
    Command(
        "benchmark-table",
        "SwinX2SLib.paper.command",
        "add_benchmark_parser",
        "train, evaluate and print tables 2 to 5 of the paper",
    ),
    Command(
        "benchmark-ct",
        "SwinX2SLib.paper.ct_table",
        "add_ct_table_parser",
        "train networks of CT numbers and print how near they come on people held out",
    ),
)
_RENAMED_OPTIONS = {
    "--augmentations": "--tta",
    "--island-fraction": "--min-component-fraction",
    "--lateral-shift-mm": "--lateral-offset-mm",
    "--ap-film": "--ap-radiograph",
    "--lateral-film": "--lateral-radiograph",
}
_EPILOG = "`swinx2s COMMAND --help` describes a command. Research use only: not a medical device."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (see `swinx2s reconstruct --help`)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # File names may hold what the terminal's encoding has no letter for.
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(_parse(_with_todays_names(given)))
    except KeyboardInterrupt:
        # While the command was still being loaded.
        return _report_stopped(CANCELLED_WORDS)


def _with_todays_names(given: Sequence[str]) -> list[str]:
    """Return the arguments with options of version 0.1 under their names of today; each is noted once."""
    arguments = []
    for argument in given:
        option, *value = argument.split("=", 1)
        if option in _RENAMED_OPTIONS:
            today = _RENAMED_OPTIONS[option]
            print(
                f"swinx2s: note: {option} is now {today}; version 0.3 removes the old name.",
                file=sys.stderr,
            )
            option = today
        arguments.append("=".join([option, *value]))
    return arguments


def _parse(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="swinx2s", description="3D bone reconstruction from two radiographs.", epilog=_EPILOG
    )
    parser.add_argument("--version", action="version", version=f"swinx2s {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        _register(command, subparsers, wanted=bool(given) and given[0] == command.name)
    for argument in given:
        # argparse takes this value away and leaves a list.
        if argument.startswith("--") and argument.endswith("=--"):
            parser.error(f"argument {argument.removesuffix('=--')}: invalid value: '--'")
    return parser.parse_args(given)


def _register(command: Command, subparsers: argparse._SubParsersAction, wanted: bool) -> None:
    """Load the module of the command that is called; of the others only name and summary are shown."""
    if wanted:
        getattr(importlib.import_module(command.module), command.register)(subparsers)
    else:
        subparsers.add_parser(command.name, help=command.summary)


def _run(parsed: argparse.Namespace) -> int:
    from SwinX2SLib.errors import Cancelled
    from SwinX2SLib.reconstruct.protocol import describe_failure

    try:
        with _cancel_on_signals():
            return parsed.func(parsed) or DONE
    except (Cancelled, KeyboardInterrupt, BrokenPipeError):
        return _report_stopped(getattr(parsed, STOPPED, CANCELLED_WORDS))
    except Exception as error:
        failures, code = describe_failure(error)
        for failure in failures:
            where = f"{failure.path}: " if failure.path else ""
            print(f"swinx2s: {where}{failure.message} {failure.hint}", file=sys.stderr)
        return code


def _report_stopped(words: str) -> int:
    print(f"swinx2s: {words}", file=sys.stderr)
    return CANCELLED


@contextmanager
def _cancel_on_signals() -> Iterator[None]:
    """Let a request to end (`kill`, a closed terminal) stop a command as Ctrl-C does, so that it can clean up."""
    from SwinX2SLib.errors import Cancelled

    before: dict[int, Any] = {}

    def stop(number: int, frame: object) -> None:
        for other in before:
            # The clean-up is not cut off by another.
            signal.signal(other, signal.SIG_IGN)
        raise Cancelled

    # Only the main thread receives signals. One that is ignored, as `nohup` has it, stays ignored.
    if threading.current_thread() is threading.main_thread():
        numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
        before = {n: signal.signal(n, stop) for n in numbers if signal.getsignal(n) == signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
