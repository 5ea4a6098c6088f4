"""The commands `swinx2s report` and `swinx2s measured-report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from SwinX2SLib.cli.parsing import add_command, add_output, report_phase


def add_report_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `report`."""
    parser = add_command(
        subparsers,
        "report",
        "Write report.html, its figures and a folder measurements (as written by `swinx2s measure`) into "
        "the folder of a result of `swinx2s reconstruct`. The radiographs must still be at their original "
        "paths and unchanged.",
        examples=["swinx2s report result --title 'Knee clinic, 3 May'"],
    )
    parser.add_argument("result", type=Path, metavar="DIR", help="folder written by `swinx2s reconstruct`")
    parser.add_argument("--title", default="", help="title of the report (default: names of the radiographs)")
    parser.set_defaults(func=run_report)


def run_report(arguments: argparse.Namespace) -> int:
    """Write the page and print its path."""
    from SwinX2SLib.report.page import write_report

    written = write_report(arguments.result, arguments.title)
    print(f"Open {written['report']} in a browser.")
    return 0


_DESCRIPTION = """\
Write a report of measurements that were corrected in 3D Slicer. Edited values are marked and shown with the computed
value; the review status is shown at the top.

MEASUREMENTS is a measurements.json written by swinx2s measure or by the 3D Slicer module. SEGMENTATION is the
measured segmentation, for the figures. DIR receives measurements.json, measurements.csv, measurements.html and
measurements.pdf (if the package reportlab is installed). Output is atomic."""
_EXAMPLE = "swinx2s measured-report corrected/measurements.json result --out report"


def add_measured_report_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `measured-report`."""
    parser = add_command(subparsers, "measured-report", _DESCRIPTION, examples=[_EXAMPLE])
    parser.add_argument("document", type=Path, metavar="MEASUREMENTS", help="measurements.json")
    parser.add_argument(
        "segmentation", type=Path, metavar="SEGMENTATION", help="file or folder with the bones"
    )
    add_output(parser, "report")
    parser.add_argument("--title", default="", help="title of the report (default: name of the segmentation)")
    parser.set_defaults(func=run_measured_report)


def run_measured_report(arguments: argparse.Namespace) -> int:
    """Write the report and print its path."""
    from SwinX2SLib.report.measurements.reviewed import ReportJob, run_report

    job = ReportJob(
        arguments.document, arguments.segmentation, arguments.out, arguments.title, arguments.overwrite
    )
    written = run_report(job, report_phase)
    print(f"Open {written.get('pdf', written['page'])}.")
    return 0
