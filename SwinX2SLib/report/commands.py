"""The command `swinx2s report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from SwinX2SLib.command_line import add_command


def add_report_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `report`."""
    parser = add_command(
        subparsers,
        "report",
        "Write report.html, its pictures and the folder measurements (as of `swinx2s measure`) into the folder of a "
        "result of `swinx2s reconstruct`. The films must still lie where they were, unchanged.",
        examples=["swinx2s report result --title 'Knee clinic, 3 May'"],
    )
    parser.add_argument("result", type=Path, metavar="DIR", help="folder that `swinx2s reconstruct` wrote")
    parser.add_argument("--title", default="", help="of the page (default: the films' names)")
    parser.set_defaults(func=run_report)


def run_report(arguments: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from SwinX2SLib.report.page import write_report

    written = write_report(arguments.result, arguments.title)
    print(f"Open {written['report']} in a browser.")
    return 0
