"""The command `swinx2s benchmark-ct`: networks of CT numbers at equal minutes, on people that they have not seen.

Every figure is measured here; none is taken from a publication.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from SwinX2SLib.cli.parsing import add_command
from SwinX2SLib.errors import DONE, EXIT_CODES, Fault, InputError, needs_extra
from SwinX2SLib.io.json_files import read_toml

if TYPE_CHECKING:
    import numpy as np

    from SwinX2SLib.datasets import Case
    from SwinX2SLib.evaluation.statistics import Estimate
    from SwinX2SLib.paper.plan import Training
    from SwinX2SLib.radiographs import Radiograph
    from SwinX2SLib.reconstruct.ct import CTReconstructor

# What the summary of SPIDER has, and no more.
_PLAIN = {"body": 0.0, "gradient": 0.0}
# Row -> what a reader calls it, and what differs from the configuration under [training].
ROWS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "ours": ("structure prior, points in the body, gradient loss", {}),
    "body": ("structure prior, points in the body", {"loss": {"gradient": 0.0}}),
    "spider": ("structure prior alone (SPIDER as summarised)", {"loss": _PLAIN}),
    "learned": (
        "structure prior, learned weights of the losses",
        {"loss": _PLAIN, "network": {"learned_weights": True}},
    ),
    "heavy": (
        "structure prior of four times the weight",
        {"loss": {**_PLAIN, "cross_entropy": 2.0, "dice": 2.0}},
    ),
    "no-structure": ("no structure head", {"loss": _PLAIN, "network": {"out_channels": 0}}),
    "perx2ct-like": (
        "PerX2CT-like: local and global features, intensity only",
        {"model": "perx2ct-like", "loss": _PLAIN},
    ),
    "x2ct-like": ("X2CT-like volumetric U-Net", {"model": "x2ct-like", "loss": _PLAIN}),
}
COLUMNS = {
    "psnr_db": ("PSNR", "dB"),
    "ssim": ("SSIM", ""),
    "mae_hu": ("MAE", "HU"),
    "mae_structures_hu": ("MAE in structures", "HU"),
    "mae_elsewhere_hu": ("MAE in the body elsewhere", "HU"),
    "dice": ("Dice of groups", "%"),
}
# As a chest unit: distances of the cone.
SOURCE_TO_DETECTOR_MM, SOURCE_TO_PATIENT_MM = 1800.0, 1600.0
GEOMETRIES = ("parallel", "cone")


@dataclass(frozen=True)
class CTTableConfig:
    """What to train and whom to hold out.

    Attributes:
        folds: people are held out in this many parts, in turn; as many as people for leave-one-person-out.
        held_out: these people instead, once.
        rows: of `ROWS`.
        geometries: of the radiographs that are judged: "parallel", "cone".
        training: parameters of `swinx2s train`, the same for all rows.
    """

    folds: int = 2
    held_out: tuple[str, ...] = ()
    rows: tuple[str, ...] = tuple(ROWS)
    geometries: tuple[str, ...] = ("parallel",)
    training: Mapping[str, Any] = field(default_factory=dict)


def load_table_config(path: Path) -> CTTableConfig:
    """Read the configuration of a table.

    Raises:
        InputError: it cannot be read, or values are unknown or impossible; all are listed.
    """
    try:
        values = read_toml(path)
    except (OSError, ValueError) as error:
        raise InputError([_fault(f"The configuration cannot be read: {error}.", path)]) from error
    known = CTTableConfig()
    wrong = [f"Unknown parameter {name!r}." for name in values if not hasattr(known, name)]
    for name, choices in (("rows", tuple(ROWS)), ("geometries", GEOMETRIES), ("held_out", None)):
        given = values.get(name, [])
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            wrong.append(f"{name} must be a list of texts.")
        elif choices and (unknown := [each for each in given if each not in choices]):
            wrong.append(f"Unknown {name}: {', '.join(unknown)}; known: {', '.join(choices)}.")
    folds = values.get("folds", known.folds)
    if type(folds) is not int or folds < 2:
        wrong.append(f"folds must be a whole number, 2 or more, not {folds!r}.")
    if not isinstance(values.get("training", {}), dict):
        wrong.append("training must be a table.")
    if wrong:
        raise InputError([_fault(sentence, path) for sentence in wrong])
    given: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
    return CTTableConfig(**given)


def _fault(sentence: str, path: Path) -> Fault:
    return Fault("table-config", sentence, "See Docs/ct.md.", str(path))


def splits(config: CTTableConfig, people: Sequence[str]) -> list[tuple[str, ...]]:
    """Return who is held out in each training: every person once, or those who are named.

    Args:
        config: of the table.
        people: names of all.

    Raises:
        InputError: there are too few people, or no such ones.
    """
    if config.held_out:
        if unknown := sorted(set(config.held_out) - set(people)):
            sentence = f"No case with a CT in HU is called {', '.join(unknown)}."
            raise InputError([Fault("no-such-person", sentence, f"Known: {', '.join(people)}.")])
        if set(config.held_out) == set(people):
            raise InputError([Fault("no-cases", "Everybody is held out.", "Leave people to learn from.")])
        return [tuple(config.held_out)]
    if len(people) < config.folds:
        sentence = f"{len(people)} people cannot be held out in {config.folds} parts."
        raise InputError(
            [Fault("no-cases", sentence, "Give more cases with a CT in HU, or set folds lower.")]
        )
    return [tuple(sorted(people)[fold :: config.folds]) for fold in range(config.folds)]


def trainings_of(config: CTTableConfig, row: str, path: Path) -> Training:
    """Return the training of a row.

    Raises:
        InputError: parameters are unknown or impossible.
    """
    from SwinX2SLib.paper.plan import Training
    from SwinX2SLib.training.config import parse_config

    changes = ROWS[row][1]
    values = {"model": "implicit-ct", "validate_every": 0, **config.training, **changes}
    for table in ("loss", "network"):
        if merged := {**config.training.get(table, {}), **changes.get(table, {})}:
            values[table] = merged
    return Training(f"ct-{row}", "ct", parse_config(values, path))


@dataclass(frozen=True)
class JudgedPerson:
    """A person on the grid of a network.

    Attributes:
        ap, lateral: radiographs, projected from the CT.
        ct: `(X, Y, Z)` [HU].
        labels: uint8, likewise.
        inside: bool, where the scan is.
        affine: 4x4, index -> RAS mm.
        groups: that are annotated.
    """

    ap: Radiograph
    lateral: Radiograph
    ct: np.ndarray
    labels: np.ndarray
    inside: np.ndarray
    affine: np.ndarray
    groups: tuple[str, ...]


def judged_person(case: Case, grid: tuple[int, int, int], geometry: str) -> JudgedPerson:
    """Project a person's CT and bring it onto a grid.

    Args:
        case: with a CT in HU.
        grid: voxels `(X, Y, Z)`, of which the longest side of the scan fills its own.
        geometry: of `GEOMETRIES`.
    """
    import numpy as np
    from scipy import ndimage

    from SwinX2SLib.geometry.frames import network_affine
    from SwinX2SLib.geometry.resampling import resample_image, resample_labels

    labels, spacing = case.load_labels()
    ct = case.load_ct()
    if ct is None:
        raise ValueError(f"{case.name} has no CT.")
    affine = network_affine(spacing.tolist(), ct.shape)
    ap, lateral = (_radiograph(ct, affine, spacing, view, geometry) for view in ("ap", "lateral"))
    voxel = float(np.max(spacing * ct.shape / grid))
    placed = network_affine(voxel, grid)
    # Averaged over the coarser voxel before it is picked.
    sigma = np.sqrt(np.maximum((voxel / spacing) ** 2 - 1, 0)) / 2.355
    smooth = ndimage.gaussian_filter(ct.astype(np.float32), sigma, mode="nearest")
    truth = resample_image(smooth, affine, grid, placed, outside=-1000.0)
    reach = np.array(ct.shape) * spacing / 2
    axes = [np.abs((np.arange(n) - (n - 1) / 2) * voxel) <= r for n, r in zip(grid, reach, strict=True)]
    inside = axes[0][:, None, None] & axes[1][None, :, None] & axes[2][None, None, :]
    return JudgedPerson(
        ap, lateral, truth, resample_labels(labels, affine, grid, placed), inside, placed, case.annotated
    )


def _radiograph(
    ct: np.ndarray, affine: np.ndarray, spacing: np.ndarray, view: str, geometry: str
) -> Radiograph:
    """Return the radiograph of all that absorbs, as a reader of files would see it."""
    from SwinX2SLib.drr import project_ct
    from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera
    from SwinX2SLib.radiographs import Radiograph
    from SwinX2SLib.radiographs.acquisition import XraySource
    from SwinX2SLib.radiographs.normalise import normalise

    camera = ParallelCamera.on_grid(view, ct.shape, affine)
    if geometry == "parallel":
        path, source, ray = project_ct(ct, affine, view, -1000.0), None, None
    else:
        factor = SOURCE_TO_DETECTOR_MM / SOURCE_TO_PATIENT_MM
        on_detector = (camera.pixel_mm[0] * factor, camera.pixel_mm[1] * factor)
        cone = ConeCamera(
            view,
            camera.isocentre_ras_mm,
            on_detector,
            camera.shape,
            SOURCE_TO_DETECTOR_MM,
            SOURCE_TO_PATIENT_MM,
        )
        path, ray = project_ct(ct, affine, cone, -1000.0), tuple(cone.middle_px.tolist())
        source = XraySource(SOURCE_TO_DETECTOR_MM, SOURCE_TO_PATIENT_MM, "of the table")
    seen = normalise(path, True)
    if seen is None:
        raise ValueError("The CT is empty.")
    return Radiograph(seen.pixels, camera.pixel_mm, "the CT", view, xray_source=source, central_ray_px=ray)


def judge(reconstructor: CTReconstructor, person: JudgedPerson) -> dict[str, float | None]:
    """Return the scores of a person, by the names of `COLUMNS`."""
    from SwinX2SLib.evaluation.ct_metrics import score_ct

    shape = person.ct.shape
    found = reconstructor.reconstruct(
        person.ap, person.lateral, (shape[0], shape[1], shape[2]), person.affine, with_structures=True
    )
    score = score_ct(found.hu, person.ct, person.inside, person.labels > 0)
    names_structures = bool(reconstructor.model.config.out_channels)
    dice = group_dice(found.structures, person) if names_structures and found.structures is not None else None
    return {**{name: getattr(score, name) for name in COLUMNS if hasattr(score, name)}, "dice": dice}


def group_dice(structures: np.ndarray, person: JudgedPerson) -> float | None:
    """Return the mean Dice [%] of the groups that the person shows; None where there is none."""
    import numpy as np

    from SwinX2SLib.anatomy import label_ids

    scores = []
    for group in person.groups:
        mine, true = (np.isin(each, label_ids(group)) & person.inside for each in (structures, person.labels))
        if true.any():
            scores.append(200 * float((mine & true).sum()) / float(mine.sum() + true.sum()))
    return float(np.mean(scores)) if scores else None


@dataclass(frozen=True)
class RowResult:
    """What was measured of a row.

    Attributes:
        row: of `ROWS`.
        geometry: of the radiographs.
        estimates: mean over people with its interval, by the names of `COLUMNS`.
        people: scores of each.
        about: parameters, minutes, steps.
    """

    row: str
    geometry: str
    estimates: Mapping[str, Estimate]
    people: Mapping[str, Mapping[str, float | None]]
    about: Mapping[str, Any]


def run_table(
    config: CTTableConfig,
    cases: Sequence[Case],
    out: Path,
    device: str,
    path: Path,
    say: Callable[[str], None],
) -> list[RowResult]:
    """Train every row on every split, or find it trained, and judge the people held out.

    Args:
        config: of the table.
        cases: with a CT in HU.
        out: receives trainings and scores; what is there is kept.
        device: "auto", "cpu" or "cuda".
        path: of the configuration, for messages.
        say: called with sentences about the progress.

    Raises:
        InputError: the people, the parameters or the device cannot be used.
    """
    from SwinX2SLib.evaluation.statistics import mean_estimate
    from SwinX2SLib.paper.training import Trainer

    parts = splits(config, [case.name for case in cases])
    trainings = {row: trainings_of(config, row, path) for row in config.rows}
    trainer, results = Trainer(out, device, say), []
    for row, training in trainings.items():
        found: dict[str, dict[str, Mapping[str, float | None]]] = {name: {} for name in config.geometries}
        about: Mapping[str, Any] = {}
        for held_out in parts:
            trained = trainer.train(training, [case for case in cases if case.name not in held_out], [])
            about = trained.about
            judged = [case for case in cases if case.name in held_out]
            for geometry in config.geometries:
                found[geometry] |= _scores(trained.name, trained.weights, judged, geometry, out, device, say)
        for geometry, people in found.items():
            estimates = {
                name: mean_estimate([v for each in people.values() if (v := each[name]) is not None])
                for name in COLUMNS
            }
            results.append(RowResult(row, geometry, estimates, people, about))
    return results


def _scores(
    name: str,
    weights: Path,
    cases: Sequence[Case],
    geometry: str,
    out: Path,
    device: str,
    say: Callable[[str], None],
) -> dict[str, Mapping[str, float | None]]:
    """Judge people, or read how they were judged."""
    from SwinX2SLib.io.atomic_output import atomic_write
    from SwinX2SLib.parallel import RUN_AGAIN
    from SwinX2SLib.reconstruct.ct import CTReconstructor
    from SwinX2SLib.reconstruct.device import choose_device
    from SwinX2SLib.weights import load_weights

    kept = out / "scores" / f"{name}-{geometry}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    scores = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    waiting = [case for case in cases if case.name not in scores]
    if waiting:
        chosen = choose_device(device)
        reconstructor = CTReconstructor(load_weights(weights, chosen)[0], chosen)
        for case in waiting:
            say(f"Judging {name} on {case.name} ({geometry})")
            scores[case.name] = judge(
                reconstructor, judged_person(case, reconstructor.model.grid_shape, geometry)
            )
            atomic_write(kept, json.dumps(scores, indent=1), hint=RUN_AGAIN)
    return {case.name: scores[case.name] for case in cases}


def as_markdown(results: Sequence[RowResult], config: CTTableConfig, people: Sequence[str]) -> str:
    """Return the table, with what must be known of it."""
    from SwinX2SLib.evaluation.ct_metrics import LEAST_HU, MOST_HU

    split = (
        f"held out: {', '.join(config.held_out)}"
        if config.held_out
        else f"every person held out once, in {config.folds} parts"
    )
    lines = [
        "# CT numbers from two radiographs",
        "",
        f"- {len(people)} people with a CT in HU; {split}. Nobody is judged by a network that learned from them.",
        "- Mean over people, with its 95 % interval (bootstrap over people) where there are five or more.",
        f"- CT numbers are clipped to {LEAST_HU:g} to {MOST_HU:g} HU, so the data range of PSNR and SSIM is "
        f"{MOST_HU - LEAST_HU:g} HU. Only voxels within the scan count. SSIM: 3D, Gaussian window of 11 voxels.",
        "- Every row had the same minutes of training on the same machine, and about as many parameters.",
        "- All figures were measured by this command; none is from a publication. Networks are made after the ideas "
        "of SPIDER, PerX2CT and X2CT-GAN, not from their code.",
        "",
        "| Network | Rays | " + " | ".join(f"{n}{f' [{u}]' if u else ''}" for n, u in COLUMNS.values())
        + " | Parameters | Training |",
        "|---|---|" + "---:|" * len(COLUMNS) + "---:|---|",
    ]  # fmt: skip
    for result in results:
        figures = [figure(result.estimates[name], 3 if name == "ssim" else 1) for name in COLUMNS]
        about = result.about
        size = f"{about['parameters'] / 1e6:.2f} M" if "parameters" in about else "-"
        budget = f"{about.get('budget', '-')}, {about.get('step', '-')} steps"
        lines.append("| " + " | ".join([ROWS[result.row][0], result.geometry, *figures, size, budget]) + " |")
    return "\n".join(lines) + "\n"


def figure(estimate: Estimate, digits: int) -> str:
    """Return a mean and its interval, "-" where nobody has it."""
    if estimate.value is None or not math.isfinite(estimate.value):
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.{digits}f} (n = {estimate.persons})"
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


def as_csv(results: Sequence[RowResult]) -> str:
    """Return one line for each row, geometry, person and metric."""
    from SwinX2SLib.io.csv_tables import csv_text

    lines = [
        [result.row, result.geometry, person, name, COLUMNS[name][1], "" if value is None else value]
        for result in results
        for person, scores in result.people.items()
        for name, value in scores.items()
    ]
    return csv_text(("row", "rays", "person", "metric", "unit", "value"), lines)


_NOTES = """\
CONFIG.toml sets folds (or held_out = [names]), rows, geometries, and under [training] the parameters of `swinx2s
train` that all rows share. Run again with the same folder to resume; finished work is kept. See Docs/ct.md."""


def add_ct_table_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `benchmark-ct`."""
    parser = add_command(
        subparsers,
        "benchmark-ct",
        "Train networks of CT numbers, with and without structures as a prior, at equal minutes, judge them on "
        "people held out, and print the table.",
        notes=_NOTES,
        examples=("swinx2s benchmark-ct Docs/training/ct-table.toml --cases manifest.json --out ct-table",),
        codes=EXIT_CODES,
        resumable=True,
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.toml", help="configuration of the table")
    parser.add_argument("--cases", type=Path, required=True, metavar="MANIFEST.json", help="case list")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(default: auto)")
    parser.add_argument(
        "--threads", type=int, default=0, metavar="N", help="number of threads (0: all cores)"
    )
    parser.set_defaults(func=run_ct_table)


def run_ct_table(args: argparse.Namespace) -> int:
    """Run the table and print it."""
    from SwinX2SLib.datasets import load_case_list
    from SwinX2SLib.io.atomic_output import atomic_write
    from SwinX2SLib.parallel import RUN_AGAIN

    config = load_table_config(args.config)
    cases = [case for case in load_case_list(args.cases) if case.ct_kind == "HU" and case.split == "train"]
    splits(config, [case.name for case in cases])
    with needs_extra("paper"):
        import SwinX2SLib.paper.ct_networks  # noqa: F401
    if args.threads:
        import torch

        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    results = run_table(
        config, cases, args.out.absolute(), args.device, args.config,
        lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )  # fmt: skip
    table = as_markdown(results, config, [case.name for case in cases])
    atomic_write(args.out / "table.md", table, hint=RUN_AGAIN)
    atomic_write(args.out / "people.csv", as_csv(results), hint=RUN_AGAIN)
    print(table)
    return DONE
