"""The command `swinx2s measure`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from SwinX2SLib.cli.parsing import add_command, add_output, add_scheme, report_phase
from SwinX2SLib.errors import Fault, InputError

_REGIONS = ("femur", "pelvis", "spine", "vertebra", "rib")
_DESCRIPTION = """\
Measure femora, pelvis, spine, vertebrae and ribs in a segmentation of one person.

SEGMENTATION is a label volume (.nii, .nii.gz, .nrrd; any orientation; --scheme), a segmentation of 3D Slicer
(.seg.nrrd; segments are identified by name or terminology), a folder of masks named by bone (hip_left.nii.gz, as
TotalSegmentator writes them) or of meshes (femur_left.stl; .stl, .ply, .obj, .vtp), a mesh archive (.npz), or a
folder written by `swinx2s reconstruct`.

Bones that are missing, cut off or broken are reported as absent, with the reason. Implausible values are marked
"check"."""
_NOTES = """\
DIR receives measurements.json, measurements.csv (one value per row), measurements.html (report) and
landmarks.mrk.json (for 3D Slicer). Output is atomic.

intervals: nine of ten true values lie in them. Those of a segmentation follow from differences between raters and the
size of the voxels; those of a result of `swinx2s reconstruct` come from its skeleton_samples.npz, random skeletons
that the radiographs allow as well. --samples computes them from further segmentations of the same person,
--uncertainty from label volumes sampled from an uncertainty map, which holds 1 minus the probability of the label
(uncertainty.nii.gz)."""
_EXAMPLES = (
    "swinx2s measure result --out measured",
    "swinx2s measure labels.nii.gz --out measured --only femur pelvis --samples samples",
    "swinx2s measure bones.seg.nrrd --out measured --uncertainty uncertainty.nii.gz --draws 50",
)


def add_measure_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `measure`."""
    parser = add_command(subparsers, "measure", _DESCRIPTION, notes=_NOTES, examples=_EXAMPLES)
    parser.add_argument("segmentation", type=Path, metavar="SEGMENTATION", help="segmentation file or folder")
    add_output(parser, "result")
    parser.add_argument(
        "--only", nargs="+", choices=_REGIONS, default=list(_REGIONS), metavar="REGION",
        help=f"measure only these regions: {', '.join(_REGIONS)}",
    )  # fmt: skip
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--samples", nargs="+", type=Path, default=[], metavar="PATH",
        help="further segmentations of the same person, or a folder of such files",
    )  # fmt: skip
    group.add_argument(
        "--uncertainty",
        type=Path,
        metavar="FILE",
        help="uncertainty map on the grid of SEGMENTATION (NIfTI)",
    )
    parser.add_argument(
        "--draws",
        type=int,
        default=10,
        metavar="N",
        help="number of label volumes sampled from the map, 2 to 200 (default: 10)",
    )
    parser.add_argument(
        "--mesh-frame", choices=("RAS", "LPS"), help="coordinate frame of mesh files that do not state one"
    )
    add_scheme(parser, "SEGMENTATION")
    parser.add_argument(
        "--ignore-unknown", action="store_true", help="ignore label values and meshes that are not bones"
    )
    parser.add_argument("--no-page", action="store_true", help="do not write the HTML report (faster)")
    parser.add_argument("--title", default="", help="title of the report (default: name of SEGMENTATION)")
    parser.set_defaults(func=run_measure)


def run_measure(arguments: argparse.Namespace) -> int:
    """Measure, write, and print its path."""
    from SwinX2SLib.measurements.reading import ReadOptions
    from SwinX2SLib.report.measurements.write import MeasureJob, run_measuring

    job = MeasureJob(
        segmentation=arguments.segmentation,
        out=arguments.out,
        only=tuple(region for region in _REGIONS if region in arguments.only),
        samples=_sample_paths(arguments.samples),
        uncertainty=arguments.uncertainty,
        draws=_checked_draws(arguments.draws),
        reading=ReadOptions(arguments.mesh_frame, arguments.ignore_unknown, arguments.scheme),
        title=arguments.title,
        overwrite=arguments.overwrite,
        with_page=not arguments.no_page,
    )
    written = run_measuring(job, report_phase, lambda note: print(note, file=sys.stderr))
    print(f"Open {written['page']} in a browser." if "page" in written else f"Written to {job.out}.")
    return 0


def _checked_draws(count: int) -> int:
    if 2 <= count <= 200:
        return count
    raise InputError([Fault("draws", f"--draws must not be {count}.", "Use a number from 2 to 200.")])


def _sample_paths(given: list[Path]) -> tuple[Path, ...]:
    """Return the paths of samples; one folder of segmentation files stands for these."""
    if len(given) != 1 or not given[0].is_dir():
        return tuple(given)
    files = sorted(
        path
        for path in given[0].iterdir()
        if path.name.lower().endswith((".nii", ".nii.gz", ".nrrd", ".npz"))
    )
    return tuple(files) or tuple(given)
