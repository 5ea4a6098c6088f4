"""The commands `swinx2s report` and `swinx2s measured-report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from SwinX2SLib.cli.parsing import add_command, add_output, tell_phase


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


_DESCRIPTION = """\
Report measurements as a person left them: corrected values are marked, with what was computed, and whether the
measurements were reviewed is said on top.

MEASUREMENTS is a measurements.json of swinx2s measure or of the module in 3D Slicer, SEGMENTATION the bones that were
measured, for the pictures. DIR receives measurements.json, measurements.csv, measurements.html and measurements.pdf
(where the package reportlab is installed): all or none."""
_EXAMPLE = "swinx2s measured-report corrected/measurements.json result --out report"


def add_measured_report_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `measured-report`."""
    parser = add_command(subparsers, "measured-report", _DESCRIPTION, examples=[_EXAMPLE])
    parser.add_argument("document", type=Path, metavar="MEASUREMENTS", help="measurements.json")
    parser.add_argument("segmentation", type=Path, metavar="SEGMENTATION", help="file or folder of the bones")
    add_output(parser, "report")
    parser.add_argument("--title", default="", help="of the report (default: the name of the segmentation)")
    parser.set_defaults(func=run_measured_report)


def run_measured_report(arguments: argparse.Namespace) -> int:
    """Write the report and say where it is."""
    from SwinX2SLib.report.measurements.reviewed import ReportJob, run_report

    job = ReportJob(
        arguments.document, arguments.segmentation, arguments.out, arguments.title, arguments.overwrite
    )
    written = run_report(job, tell_phase)
    print(f"Open {written.get('pdf', written['page'])}.")
    return 0
