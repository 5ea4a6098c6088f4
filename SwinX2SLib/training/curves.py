"""The losses of a run as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

# Each panel: title, names of the losses in `log.jsonl`.
PANELS = (
    ("Silhouettes (cross entropy + Dice)", ("coronal", "sagittal")),
    ("Volume, cross entropy", ("cross_entropy",)),
    ("Volume, Dice loss", ("dice",)),
)


def write_curves(folder: Path) -> Path:
    """Plot `log.jsonl` of a run into `curves.png` beside it.

    Args:
        folder: of the run.

    Returns:
        The picture's path.
    """
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    # A run that was killed repeats the steps since its last checkpoint: the last word counts.
    entries = list({entry["step"]: entry for entry in map(json.loads, lines)}.values())
    figure, axes = plt.subplots(1, len(PANELS), figsize=(13, 3.6), constrained_layout=True)
    for axis, (title, names) in zip(axes, PANELS, strict=True):
        for name in names:
            points = [(entry["step"], entry[name]) for entry in entries if name in entry]
            if points:
                axis.plot(*zip(*sorted(points), strict=True), label=name.replace("_", " "), linewidth=1)
        axis.set_title(title)
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
        if len(names) > 1:
            axis.legend()
    path = folder / "curves.png"
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path
