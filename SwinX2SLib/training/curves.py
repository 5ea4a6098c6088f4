"""The losses and validations of a run as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from SwinX2SLib.training.journal import read_log
from SwinX2SLib.training.progress import ABOUT

# Each panel: title, names of the losses in `log.jsonl`; other losses share a panel of their own.
PANELS = (
    ("Silhouettes (cross entropy + Dice)", ("coronal", "sagittal")),
    ("Volume, cross entropy", ("cross_entropy",)),
    ("Volume, Dice loss", ("dice",)),
)


def write_curves(folder: Path) -> Path:
    """Plot the log of a run into `curves.png` beside it.

    Args:
        folder: of the run.

    Returns:
        The picture's path.
    """
    entries = read_log(folder)
    drawn = _panels(entries)
    columns = max(len(drawn), 1)
    figure, axes = plt.subplots(
        1, columns, figsize=(4.3 * columns, 3.6), constrained_layout=True, squeeze=False
    )
    for axis, (title, curves) in zip(axes[0], drawn, strict=False):
        _draw(axis, title, curves)
    path = folder / "curves.png"
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path


Curves = dict[str, list[tuple[int, float]]]


def _panels(entries: Sequence[dict]) -> list[tuple[str, Curves]]:
    """Return title and curves of each panel that has any."""
    named = {name for _, names in PANELS for name in names}
    losses = dict.fromkeys(name for entry in entries for name in entry if name not in ABOUT)
    others = tuple(name for name in losses if name not in named)
    panels = [
        (title, {name: _points(entries, name) for name in names})
        for title, names in (*PANELS, ("Loss", others))
    ]
    panels.append(("Validation, foreground Dice", _validations(entries)))
    panels = [
        (title, {name: points for name, points in curves.items() if points}) for title, curves in panels
    ]
    return [(title, curves) for title, curves in panels if curves]


def _points(entries: Sequence[dict], name: str) -> list[tuple[int, float]]:
    return [(entry["step"], entry[name]) for entry in entries if name in entry]


def _validations(entries: Sequence[dict]) -> Curves:
    curves: Curves = {}
    for entry in entries:
        for group, scores in entry.get("validation", {}).items():
            for name, value in scores.items():
                if name == "mean" or group == "cases":
                    label = group if name == "mean" else name
                    curves.setdefault(label, []).append((entry["step"], value))
    return curves


def _draw(axis: Axes, title: str, curves: Curves) -> None:
    for name, points in curves.items():
        axis.plot(*zip(*points, strict=True), label=name.replace("_", " "), linewidth=1)
    axis.set_title(title)
    axis.set_xlabel("step")
    axis.grid(alpha=0.3)
    if len(curves) > 1:
        axis.legend()
