"""How far verdicts are right, and their constants: `python Testing/bench/reliability.py [--fit] [--picture FILE]`.

Reconstructs pairs whose truth is known (people that no weights were trained on, people of the statistical skeleton,
phantoms; some of them with mistakes of acquisition) and pictures of nothing (noise, a drawn hand, photographs). One
half of the people serves to fit, the other to judge; nobody is in both. With `--fit` the logistic model and its
threshold are fitted to the first half and written to `Resources/verdict.json`. Then, with or without it, tables in
Markdown about the second half: probabilities against what was found, and verdicts.

Results are kept in `--cache`, in a folder for each file of weights; an interrupted run resumes.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from people import Pair
from reliability_pairs import DRAWN, NOTHING, REAL, Task, tasks
from scipy import ndimage, optimize

from SwinX2SLib.anatomy import GROUPS, ids_by_name, label_by_id
from SwinX2SLib.geometry.distances import surface_distances
from SwinX2SLib.geometry.resampling import resample_labels
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.reconstruct.evidence import (
    FEATURES,
    RESOURCE,
    WORSE,
    Calibration,
    Evidence,
    calibration,
    judge,
)
from SwinX2SLib.reconstruct.reconstruction import Reconstruction
from SwinX2SLib.reconstruct.verdict import BELIEVE, COLOURS, LOOK, VERDICTS, WITHIN_MM
from SwinX2SLib.resources import resource_path
from SwinX2SLib.weights.manifest import find_weights

# A bone is believed from the probability on at which so many of the first half were right: more than nine of ten, for
# the second half holds other people.
WANTED = 0.95
# Never below the probability that the verdict promises.
BELIEVE_FROM = 0.9
# Below even odds a bone is rejected. A whole is rejected where fewer than two in five are probably right.
LOOK_FROM, WHOLE_LOOK_FROM, WHOLE_BELIEVE_FROM = 0.5, 0.4, 0.7
RIDGE = 0.02  # of the standardised weights, per bone


@dataclass(frozen=True, eq=False)
class Judged:
    """The bones of a result.

    Attributes:
        task: what was reconstructed.
        evidence: of the bones whose truth is known.
        error_mm: their average symmetric surface distance; infinite of bones that are not there.
        suspected: whether the radiographs seem to be swapped, turned or mirrored.
    """

    task: Task
    evidence: Evidence
    error_mm: np.ndarray
    suspected: bool

    @property
    def within(self) -> np.ndarray:
        """Which bones are within 5 mm."""
        return self.error_mm <= WITHIN_MM


# Reconstructions


@cache
def _reconstructor(model: str):
    import torch

    from SwinX2SLib.reconstruct.reconstructor import Reconstructor

    torch.set_num_threads(1)
    return Reconstructor(model)


def judged(task: Task, model: str, folder: Path) -> Judged | None:
    """Return what is known of a pair's result, from a file if it was reconstructed before; None of no pair."""
    file = folder / f"{task.kind} {task.name}.npz"
    if not file.is_file():
        pair = task.make()
        if pair is None:
            return None
        result = _reconstructor(model).reconstruct(pair.ap, pair.lateral)
        keep(file, result.evidence, errors_mm(result, pair), result.orientation_check.suspected)
    stored = np.load(file)
    evidence = Evidence(tuple(stored["bones"].tolist()), stored["rows"])
    return Judged(task, evidence, stored["error_mm"], bool(stored["suspected"]))


def keep(file: Path, evidence: Evidence, found: dict[str, float], suspected: bool) -> None:
    """Write what is known of a result, of the bones whose truth is known."""
    own = [index for index, name in enumerate(evidence.bones) if name in found]
    names = [evidence.bones[index] for index in own]
    half_written = file.with_suffix(f".{os.getpid()}.npz")
    np.savez(
        half_written, bones=np.array(names, dtype=str), rows=evidence.rows[own],
        error_mm=np.array([found[name] for name in names], dtype=float), suspected=suspected,
    )  # fmt: skip
    half_written.rename(file)


def errors_mm(result: Reconstruction, pair: Pair) -> dict[str, float]:
    """Return the error of each bone of a result whose truth is known, all of a picture of nothing."""
    present = [label_by_id(int(label)) for label in np.unique(result.labels) if label]
    if pair.labels is None:
        return {label.name: np.inf for label in present}
    truth = resample_labels(pair.labels, pair.affine, result.labels.shape, result.affine, align_centres=True)
    unknown = pair.case.unknown_labels if pair.case else ()
    known = [label for label in present if label.group in pair.annotated and label.id not in unknown]
    return {
        label.name: _error_mm(result.labels == label.id, truth == label.id, result.affine) for label in known
    }


def _error_mm(shown: np.ndarray, true: np.ndarray, affine: np.ndarray) -> float:
    (box,) = ndimage.find_objects((shown | true).astype(np.uint8))
    distances = surface_distances(np.pad(shown[box], 1), np.pad(true[box], 1), affine)
    return float("inf") if distances is None else distances.assd_mm


# Model


def fitted(results: Sequence[Judged], weights: str) -> Calibration:
    """Return the constants from the results of the first half."""
    found = [one for one in results if len(one.evidence.bones)]
    pairs = np.concatenate([np.full(len(one.within), index) for index, one in enumerate(found)])
    within = np.concatenate([one.within for one in found])
    constants = _logistic(found, weights)
    # Probabilities of people from models that have not seen them, so that the threshold is not too low.
    unseen = np.zeros(len(within))
    for person in {one.task.person for one in found}:
        model = _logistic([one for one in found if one.task.person != person], weights)
        for index in [index for index, one in enumerate(found) if one.task.person == person]:
            unseen[pairs == index] = model.probabilities(found[index].evidence)
    return replace(constants, believe_from=_threshold(unseen, within))


def _threshold(probability: np.ndarray, within: np.ndarray) -> float:
    """Return the least probability from which on `WANTED` of the bones are within 5 mm, `BELIEVE_FROM` at least."""
    order = np.argsort(-probability)
    precision = np.cumsum(within[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= WANTED)
    least = float(probability[order][enough[-1]]) if len(enough) else 1.0
    return float(np.ceil(100 * max(least, BELIEVE_FROM)) / 100)


def _logistic(results: Sequence[Judged], weights: str) -> Calibration:
    """Fit weights and offsets by maximum likelihood, with a ridge on the standardised weights.

    No weight may have the wrong sign: what speaks for a bone in few people by chance would speak for pictures of
    nothing. A pair with many bones counts for more than one with few, but not as much more as it has bones.
    """
    rows = np.concatenate([one.evidence.rows for one in results])
    names = [name for one in results for name in one.evidence.bones]
    groups = np.array([GROUPS.index(label_by_id(ids_by_name()[name]).group) for name in names])
    within = np.concatenate([one.within for one in results]).astype(float)
    counts = np.concatenate([np.full(len(one.within), float(len(one.within))) for one in results])
    share = counts**-0.5 / np.mean(counts**-0.5)
    middle, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    design = np.hstack([(rows - middle) / scale, np.eye(len(GROUPS))[groups]])
    ridge = RIDGE * len(within) * np.r_[np.ones(len(FEATURES)), np.full(len(GROUPS), 0.01)]
    signs = [(None, 0.0) if name in WORSE else (0.0, None) for name in FEATURES]

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        score = design @ theta
        value = share @ (np.logaddexp(0, score) - within * score) + 0.5 * ridge @ theta**2
        return value, design.T @ (share * (1 / (1 + np.exp(-score)) - within)) + ridge * theta

    start, bounds = np.zeros(design.shape[1]), [*signs, *[(None, None)] * len(GROUPS)]
    theta = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    own = theta[: len(FEATURES)] / scale
    offsets = theta[len(FEATURES) :] - own @ middle
    return Calibration(
        dict(zip(FEATURES, own.tolist(), strict=True)), dict(zip(GROUPS, offsets.tolist(), strict=True)),
        1.0, LOOK_FROM, WHOLE_BELIEVE_FROM, WHOLE_LOOK_FROM, weights,
    )  # fmt: skip


def write_constants(constants: Calibration) -> None:
    """Write the constants where the library reads them."""
    values = {name: getattr(constants, name) for name in Calibration.__dataclass_fields__}
    rounded = {
        name: {key: round(one, 4) for key, one in value.items()} if isinstance(value, dict) else value
        for name, value in values.items()
    }
    atomic_write(resource_path(RESOURCE), json.dumps(rounded, indent=2) + "\n")


# Tables and picture

BINS = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0])


def print_tables(results: Sequence[Judged], constants: Calibration) -> None:
    """Print how far probabilities and verdicts are right."""
    verdicts = [judge(one.evidence, constants, LOOK if one.suspected else BELIEVE) for one in results]
    print("| probability stated | bones of people | within 5 mm | synthetic bones | within 5 mm |")
    print("|---|---|---|---|---|")
    for low, high in pairwise(BINS):
        cells = []
        for kind in (REAL, DRAWN):
            probability, within = pooled(results, constants, kind)
            own = (probability >= low) & ((probability < high) | (high == 1))
            cells += [str(own.sum()), _percent(within[own])]
        print(f"| {100 * low:.0f} to {100 * high:.0f} % | {' | '.join(cells)} |")
    print(
        "\n| region | "
        + " | ".join(f"{verdict} | within 5 mm" for verdict in VERDICTS)
        + " |\n"
        + "|---" * 7
        + "|"
    )
    for title, chosen in (
        *((group, (group,)) for group in GROUPS),
        *((kind, kind) for kind in (REAL, DRAWN, NOTHING)),
        ("all", GROUPS),
    ):
        cells = []
        for verdict in VERDICTS:
            within = np.array([
                right
                for one, said in zip(results, verdicts, strict=True)
                for name, right in zip(one.evidence.bones, one.within, strict=True)
                if said.bones[name].verdict == verdict
                and (one.task.kind == chosen or label_by_id(ids_by_name()[name]).group in chosen)
            ])  # fmt: skip
            cells += [str(len(within)), _percent(within)]
        print(f"| {title} | {' | '.join(cells)} |")
    print("\n| pairs | " + " | ".join(VERDICTS) + " |\n|---|---|---|---|")
    for kind in (REAL, DRAWN, NOTHING):
        own = [said.whole for one, said in zip(results, verdicts, strict=True) if one.task.kind == kind]
        print(f"| {kind} | {' | '.join(str(own.count(verdict)) for verdict in VERDICTS)} |")
    print("\n| pair | verdict | bones | within 5 mm | mean probability |\n|---|---|---|---|---|")
    for one, said in zip(results, verdicts, strict=True):
        if one.task.kind != DRAWN:
            mean = np.mean([bone.probability for bone in said.bones.values()]) if said.bones else 0.0
            print(f"| {one.task.name} | {said.whole} | {len(one.within)} | {one.within.sum()} | {mean:.2f} |")


def pooled(results: Sequence[Judged], constants: Calibration, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return probability and truth of all bones of a kind of pair."""
    own = [one for one in results if one.task.kind == kind and len(one.evidence.bones)]
    if not own:
        return np.zeros(0), np.zeros(0, dtype=bool)
    probability = np.concatenate([constants.probabilities(one.evidence) for one in own])
    return probability, np.concatenate([one.within for one in own])


def _percent(within: np.ndarray) -> str:
    return f"{100 * within.mean():.0f} %" if len(within) else ""


def draw(results: Sequence[Judged], constants: Calibration, file: Path) -> None:
    """Draw how many bones are within 5 mm against the probability stated, and how often each is stated."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (curve, bars) = plt.subplots(
        2, 1, figsize=(5.4, 6.2), height_ratios=(3, 1), sharex=True, layout="constrained"
    )
    curve.plot([0, 1], [0, 1], color="#9aa1b2", linewidth=1, linestyle=":")
    ends = (1.0, constants.believe_from, constants.look_from, 0.0)
    for verdict, (high, low) in zip(VERDICTS, pairwise(ends), strict=True):
        curve.axvspan(low, high, color=COLOURS[verdict][0], alpha=0.12, linewidth=0)
        curve.text((low + high) / 2, 1.02, verdict, ha="center", va="bottom", fontsize=9)
    for kind, colour, mark in ((REAL, "#c44601", "o"), (DRAWN, "#0072b2", "s")):
        probability, within = pooled(results, constants, kind)
        parts = [(probability >= low) & (probability <= high) for low, high in pairwise(BINS)]
        points = [(probability[own].mean(), within[own].mean(), own.sum()) for own in parts if own.any()]
        stated, found, count = np.array(points).reshape(-1, 3).T
        error = np.sqrt(found * (1 - found) / count)
        label = f"{kind}: {len(within)} bones"
        curve.errorbar(stated, found, error, color=colour, marker=mark, capsize=2, label=label)
        bars.hist(probability, bins=np.linspace(0, 1, 21), histtype="step", color=colour)
    curve.set(ylabel="share within 5 mm", xlim=(0, 1), ylim=(0, 1))
    curve.legend(loc="upper left", frameon=False, fontsize=9)
    bars.set(xlabel="stated probability of being within 5 mm", ylabel="bones")
    for axes in (curve, bars):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=110)


def main() -> None:
    """Reconstruct, fit if asked, print and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fit", action="store_true", help="fit the constants and write them")
    parser.add_argument("--model", default="default", help="name or path of weights")
    parser.add_argument("--drawn", type=int, default=24, help="people of the statistical skeleton")
    parser.add_argument("--pictures", type=Path, help="folder of further pictures of nothing, to judge")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "swinx2s-reliability")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--picture", type=Path, help="file of the picture to draw")
    options = parser.parse_args()
    record = find_weights(options.model).record
    folder = options.cache / record.sha256[:12]
    folder.mkdir(parents=True, exist_ok=True)
    results = _all_judged(tasks(options.drawn, options.pictures), options, folder)
    if options.fit:
        write_constants(fitted([one for one in results if one.task.half == 0], record.name))
        calibration.cache_clear()
    second = [one for one in results if one.task.half == 1]
    print_tables(second, calibration())
    if options.picture:
        draw(second, calibration(), options.picture)


def _all_judged(wanted: Sequence[Task], options: argparse.Namespace, folder: Path) -> list[Judged]:
    """Return the results of all pairs, each process its share of them."""
    if options.workers > 1:
        with ProcessPoolExecutor(options.workers) as pool:
            jobs = [
                pool.submit(_by_number, number, options.drawn, options.pictures, options.model, folder)
                for number in range(len(wanted))
            ]
            for number, job in enumerate(jobs, start=1):
                job.result()
                print(f"{number} of {len(jobs)} pairs", flush=True)
    return [one for task in wanted if (one := judged(task, options.model, folder)) is not None]


def _by_number(number: int, drawn: int, pictures: Path | None, model: str, folder: Path) -> None:
    judged(tasks(drawn, pictures)[number], model, folder)


if __name__ == "__main__":
    main()
