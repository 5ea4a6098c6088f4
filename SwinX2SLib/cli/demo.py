"""`swinx2s demo`: the main job on the radiographs that come with SwinX2S, offline."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from SwinX2SLib.cli.parsing import add_command
from SwinX2SLib.cli.reconstruct import ConsoleReport
from SwinX2SLib.errors import EXIT_CODES
from SwinX2SLib.evaluation import OverlapScores, score_overlap
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, build_phantom
from SwinX2SLib.radiographs import RadiographOptions
from SwinX2SLib.reconstruct.job import DEVICES, Job
from SwinX2SLib.reconstruct.pipeline import run_job
from SwinX2SLib.reconstruct.protocol import Report, Result
from SwinX2SLib.report import REPORT_FILE, write_report
from SwinX2SLib.report.templates import render_page
from SwinX2SLib.resources import resource_path

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.reconstruction import Reconstruction


PAIRS = ("torso", "phantom", "chest")
INDEX_FILE = "index.html"


@dataclass(frozen=True)
class DemoResult:
    """One reconstructed pair.

    Attributes:
        entry: content of the pair's JSON file.
        folder: with the result.
        bones: how many were found.
        scores: agreement with the truth, where there is one.
    """

    entry: dict
    folder: Path
    bones: int
    scores: OverlapScores | None

    def agreement(self) -> str:
        """Return the scores as a sentence, or a note that there is no ground truth."""
        if self.scores is None:
            return "no ground truth is available for these radiographs"
        means = ", ".join(f"{name} {value:.2f}" for name, value in self.scores.dice_means().items())
        return f"Dice against the ground truth: {means}"


def add_demo_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `demo`."""
    parser = add_command(
        subparsers,
        "demo",
        "Reconstruct the three demo pairs that come with SwinX2S and write a report: the torso of a person, a "
        "phantom, scored against its ground truth, and a chest. No network access is needed.",
        examples=["swinx2s demo --out demo-output"],
        codes=EXIT_CODES,
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo-output"),
        metavar="DIR",
        help="output folder; results of an earlier demo in it are replaced (default: demo-output)",
    )
    parser.add_argument(
        "--model", default="default", help="name (see `swinx2s weights list`) or path of a .safetensors file"
    )
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="device to run the network on (default: auto)"
    )
    parser.set_defaults(func=lambda options: run_demo(options.out, options.model, options.device))


def run_demo(
    out: Path,
    model: str = "default",
    device: str = "auto",
    run: Callable[[Job, Report], tuple[Reconstruction, Result]] = run_job,
) -> int:
    """Reconstruct all pairs, write a report for each and a page that leads to them, and print its path.

    Args:
        out: folder, made if need be.
        model, device: as of `inference.Job`.
        run: does a job.

    Returns:
        The exit code 0.

    Raises:
        InputError, OSError: as of `inference.run_job` and `report.write_report`.
    """
    results = [_reconstruct(name, out, model, device, run) for name in PAIRS]
    page = render_page("index.html.jinja", results=results, report=REPORT_FILE)
    atomic_write(out / INDEX_FILE, page)
    _print_results(out, results)
    return 0


def phantom_truth(phantom: dict, reconstruction: Reconstruction) -> np.ndarray:
    """Return the phantom's labels on the grid of its reconstruction, as far as the radiographs show them.

    Args:
        phantom: entry of the pair's JSON file: parameters and the box that the radiographs show.
        reconstruction: made from those radiographs, so that its origin is the middle of the box.

    Returns:
        uint8 `(X, Y, Z)`, network order.
    """
    lower, upper = (np.array(phantom[corner]) for corner in ("lower_ras_mm", "upper_ras_mm"))
    centre, shape = (lower + upper) / 2, np.array(reconstruction.labels.shape)
    half = shape * reconstruction.spacing_mm / 2
    field = FieldOfView(tuple(centre - half), tuple(centre + half))
    built = build_phantom(
        PhantomParameters.from_dict(phantom["parameters"]), reconstruction.spacing_mm, field
    )
    truth = built.labels
    for axis in range(3):
        indices = np.zeros((shape[axis], 3))
        indices[:, axis] = np.arange(shape[axis])
        place = transform_points(built.affine, indices)[:, axis]
        outside = (place < lower[axis]) | (place > upper[axis])
        truth[tuple(outside if each == axis else slice(None) for each in range(3))] = 0
    return truth


def _reconstruct(
    name: str, out: Path, model: str, device: str, run: Callable[[Job, Report], tuple[Reconstruction, Result]]
) -> DemoResult:
    entry = json.loads(resource_path("Demo", f"{name}.json").read_text(encoding="utf-8"))
    radiographs = {view: resource_path("Demo", about["file"]) for view, about in entry["views"].items()}
    options = {
        view: RadiographOptions(spacing_mm=about["spacing_mm"]) for view, about in entry["views"].items()
    }
    job = Job(
        radiographs["ap"],
        radiographs["lateral"],
        out / name,
        options["ap"],
        options["lateral"],
        model=model,
        device=device,
        overwrite=True,
    )
    print(f"{entry['title']}:", flush=True)
    with ConsoleReport() as report:
        reconstruction, _ = run(job, report)
    scores = None
    if "phantom" in entry:
        scores = score_overlap(reconstruction.labels, phantom_truth(entry["phantom"], reconstruction))
    bones = len(np.unique(reconstruction.labels[reconstruction.labels > 0]))
    result = DemoResult(entry, job.out, bones, scores)
    about = {"Radiographs": f"{entry['provenance']} Licence: {entry['licence']}."}
    if scores is not None:
        about["Agreement"] = result.agreement()
    write_report(job.out, entry["title"], about)
    return result


def _print_results(out: Path, results: list[DemoResult]) -> None:
    print(f"\nWritten to {out.resolve()}:")
    for result in results:
        name = result.entry["name"]
        print(f"  {name}/: {result.bones} bones in segmentation.seg.nrrd; {REPORT_FILE} and pictures")
        print(f"    {result.agreement()}")
    print(f"To view it, open {out / INDEX_FILE} in a browser.")
    first = results[0].folder / "segmentation.seg.nrrd"
    print(f"In 3D Slicer, drag {first} into the window, then click Show 3D in the Segmentations module.")
