"""The command `swinx2s export`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from SwinX2SLib.cli.parsing import add_command, add_output, add_scheme
from SwinX2SLib.export.formats import FORMATS

_FORMATS = "\n".join(
    f"  {entry.name:<9} {entry.title}: {entry.entry}; {entry.frame}" for entry in FORMATS.values()
)
_NOTES = f"""\
formats (files; axes and unit):
{_FORMATS}

A DICOM segmentation takes patient and study from the radiographs; at least one must be a DICOM file."""
_EXAMPLES = (
    "swinx2s export result --out bones",
    "swinx2s export result --out bones --format stl,gltf,dicomseg --ap-radiograph ap.dcm",
)


def add_export_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `export`."""
    parser = add_command(
        subparsers,
        "export",
        "Write the bones of a result, or of any segmentation of these bones, in other formats. "
        "Output is atomic: either all files are written or none.",
        notes=_NOTES,
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "result",
        type=Path,
        metavar="RESULT",
        help="folder written by `swinx2s reconstruct` or of masks named by bone, NIfTI or .seg.nrrd file",
    )
    parser.add_argument(
        "--format",
        default="stl",
        metavar="NAME[,NAME]",
        help=f"formats to write, of {','.join(FORMATS)} (default: stl)",
    )
    add_output(parser, "export")
    parser.add_argument(
        "--title", default="", help="name stored in the file headers (default: name of RESULT)"
    )
    add_scheme(parser, "RESULT")
    parser.add_argument(
        "--ignore-unknown",
        action="store_true",
        help="ignore labels that are not bones instead of reporting an error",
    )
    radiographs = parser.add_argument_group("radiographs, for DICOM SEG (default: those of the result)")
    radiographs.add_argument(
        "--ap-radiograph", type=Path, metavar="FILE", help="DICOM file of the frontal radiograph"
    )
    radiographs.add_argument(
        "--lateral-radiograph", type=Path, metavar="FILE", help="DICOM file of the lateral radiograph"
    )
    parser.set_defaults(func=run_command)


def run_command(arguments: argparse.Namespace) -> int:
    """Write the export and print its path."""
    from SwinX2SLib.export.run import run_export
    from SwinX2SLib.export.source import read_source

    given = {"ap": arguments.ap_radiograph, "lateral": arguments.lateral_radiograph}
    radiographs = {role: path for role, path in given.items() if path is not None}
    source = read_source(
        arguments.result, arguments.title, radiographs or None, arguments.ignore_unknown, arguments.scheme
    )
    formats = [name.strip() for name in arguments.format.split(",") if name.strip()]
    written = run_export(
        source, formats, arguments.out, arguments.overwrite, lambda message: print(message, file=sys.stderr)
    )
    for name, path in written.items():
        print(f"{path}  {FORMATS[name].frame}")
    return 0
