"""How much of people the statistical skeleton can show: fitted to true silhouettes, compared in three dimensions.

`python Testing/bench/skeleton_fit.py [--cases x2s_s0561 ...]` prints Dice by group and seconds, with the names of all
bones known in both radiographs (limits of model and fit, not of a network).
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
from SwinX2SLib.skeleton.model import skeleton_model
from SwinX2SLib.skeleton.silhouette_fitting import Fit, SilhouetteTarget, fit_skeleton
from SwinX2SLib.training.data import occupied_rays

SPACING_MM, LEAST_VOXELS = 2.6, 30
PEOPLE = ("x2s_s0561", "ts_s0011", "ts_s0004", "ts_s0327", "ts_s0006", "ts_s0328")


def resampled(labels: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Return labels at about `SPACING_MM`, nearest voxels, with even sides."""
    index = [
        np.minimum((np.arange(int(size * step / SPACING_MM)) + 0.5) * SPACING_MM / step, size - 1).astype(int)
        for size, step in zip(labels.shape, spacing_mm, strict=True)
    ]
    found = labels[np.ix_(*index)]
    return np.ascontiguousarray(np.pad(found, [(0, size % 2) for size in found.shape]))


def drawn(fit: Fit, shape: tuple[int, ...]) -> np.ndarray:
    """Return the label volume of a fit, vertebrae before ribs."""
    model, points = skeleton_model(), fit.points_mm().detach().double().numpy()
    ribs = set(label_ids("ribs"))
    order = sorted(model.slices, key=lambda label: (label in ribs, label))
    surfaces = {label: Surface(points[model.slices[label]], model.faces[label][:, ::-1]) for label in order}
    return fill_surfaces(surfaces, shape, np.diag([SPACING_MM] * 3 + [1.0]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", default=PEOPLE)
    wanted = parser.parse_args().cases
    print("| person | " + " | ".join(GROUPS) + " | s |\n|---|" + "---|" * (len(GROUPS) + 1))
    for case in (case for case in cases(("train", "val")) if case.name in wanted):
        labels = resampled(*case.load_labels())
        shown, bones = torch.from_numpy(labels), tuple((label,) for label in range(1, 55))
        targets = [SilhouetteTarget(axis, bones, occupied_rays(shown, 1 - axis).float()) for axis in (0, 1)]
        started = time.perf_counter()
        fit = fit_skeleton(targets, SPACING_MM)
        seconds = time.perf_counter() - started
        found = drawn(fit, labels.shape)
        row = []
        for group in GROUPS:
            own = [label for label in label_ids(group) if (labels == label).sum() >= LEAST_VOXELS]
            scores = [
                2
                * ((found == label) & (labels == label)).sum()
                / ((found == label).sum() + (labels == label).sum())
                for label in own
            ]
            row.append(f"{100 * np.mean(scores):.0f}" if scores else "")
        print(f"| {case.name} | " + " | ".join(row) + f" | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
