"""How much of people the statistical skeleton can show: fitted to true silhouettes, compared in three dimensions.

`python Testing/bench/skeleton_fit.py [--cases x2s_s0561 ...] [--ribs named frontal none]` prints Dice by group and
seconds. Names of ribs are given in both radiographs, in the frontal one alone, or in none (one silhouette of all).
These are limits of model and fit, not of a network.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from people import cases

from SwinX2SLib.anatomy import GROUPS, label_ids
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.voxelisation import fill_surfaces
from SwinX2SLib.skeleton.contours import View
from SwinX2SLib.skeleton.fitting import FINE, SHARP, Fit, fit_skeleton
from SwinX2SLib.skeleton.model import skeleton_model
from SwinX2SLib.training.data import occupied_rays

SPACING_MM, LEAST_VOXELS = 2.6, 30
PEOPLE = ("x2s_s0561", "ts_s0011", "ts_s0004", "ts_s0327", "ts_s0006", "ts_s0328")
NAMED = {"named": (True, True), "frontal": (True, False), "none": (False, False)}


def resampled(labels: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Return labels at about `SPACING_MM`, nearest voxels, with even sides."""
    index = [
        np.minimum((np.arange(int(size * step / SPACING_MM)) + 0.5) * SPACING_MM / step, size - 1).astype(int)
        for size, step in zip(labels.shape, spacing_mm, strict=True)
    ]
    found = labels[np.ix_(*index)]
    return np.ascontiguousarray(np.pad(found, [(0, size % 2) for size in found.shape]))


def silhouettes(labels: np.ndarray, axis: int, named: bool) -> View:
    """Return the true silhouettes in one radiograph, the ribs' each on its own or all as one."""
    maps = occupied_rays(torch.from_numpy(labels), 1 - axis).float().numpy()
    ribs = label_ids("ribs")
    bones = [(label,) for label in range(1, 55) if named or label not in ribs]
    bones += [] if named else [ribs]
    return View(axis, tuple(bones), np.stack([maps[[k - 1 for k in own]].max(axis=0) for own in bones]))


def drawn(fit: Fit, shape: tuple[int, ...]) -> np.ndarray:
    """Return the label volume of a fit, vertebrae before ribs."""
    model, points = skeleton_model(), fit.points_mm()
    ribs = set(label_ids("ribs"))
    order = sorted(model.slices, key=lambda label: (label in ribs, label))
    surfaces = {label: Surface(points[model.slices[label]], model.faces[label][:, ::-1]) for label in order}
    return fill_surfaces(surfaces, shape, np.diag([SPACING_MM] * 3 + [1.0]))


def scores(found: np.ndarray, labels: np.ndarray) -> list[str]:
    """Return the mean Dice of each group in percent."""
    row = []
    for group in GROUPS:
        own = [label for label in label_ids(group) if (labels == label).sum() >= LEAST_VOXELS]
        dice = [
            2 * ((found == k) & (labels == k)).sum() / ((found == k).sum() + (labels == k).sum()) for k in own
        ]
        row.append(f"{100 * np.mean(dice):.0f}" if dice else "")
    return row


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", default=PEOPLE)
    parser.add_argument("--ribs", nargs="+", default=["named", "frontal"], choices=list(NAMED))
    args = parser.parse_args()
    # Made once, whoever is fitted.
    skeleton_model()
    print(
        "| person | names of ribs | " + " | ".join(GROUPS) + " | s |\n|---|---|" + "---|" * (len(GROUPS) + 1)
    )
    for case in (case for case in cases(("train", "val")) if case.name in args.cases):
        labels = resampled(*case.load_labels())
        for kind in args.ribs:
            views = [
                silhouettes(labels, axis, named) for axis, named in zip((0, 1), NAMED[kind], strict=True)
            ]
            started = time.perf_counter()
            fit = fit_skeleton(views, SPACING_MM, steps=(*FINE, *SHARP))
            seconds = time.perf_counter() - started
            row = scores(drawn(fit, labels.shape), labels)
            print(f"| {case.name} | {kind} | " + " | ".join(row) + f" | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
