"""Plots of a cohort as small PNG pictures that stay readable in print."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from SwinX2SLib.evaluation.statistics import Agreement, regression_band

_INK, _SOFT, _LINE = "#1d2330", "#5d6678", "#c62f3e"
# Okabe and Ito: distinguishable with any colour vision.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7f00", "#000000", "#8c8c8c")
_PIXELS_PER_INCH = 150
_MOST_POINTS = 60  # of a box; more hide it
_SMALL = (3.5, 2.7)
_SEED = 20253


def box_plot(
    parts: Sequence[str], series: Sequence[tuple[str, Sequence[Sequence[float]]]], axis: str
) -> bytes:
    """Return box plots: of each part, one for each series.

    Args:
        parts: titles, with the number of values.
        series: title, and values of each part, which may be none.
        axis: title of the values.
    """
    width = max(3.4, 1.1 + len(parts) * max(0.75, 0.2 * len(series)))
    figure, axes = _figure((min(width, 9.0), 3.1 + 0.16 * (-(-len(series) // 3) if len(series) > 1 else 0)))
    step = 0.8 / len(series)
    for index, (title, values) in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        for place, of_part in enumerate(values):
            if len(of_part):
                centre = place - 0.4 + step * (index + 0.5)
                _box(axes, np.asarray(of_part, dtype=np.float64), centre, 0.8 * step, colour)
        axes.plot([], [], "s", color=colour, alpha=0.6, label=title)
    axes.set_xticks(range(len(parts)), parts)
    axes.set_xlim(-0.55, len(parts) - 0.45)
    axes.set_ylabel(axis)
    axes.grid(axis="y", color="#dde1ea", linewidth=0.6)
    if len(series) > 1:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, frameon=False)
    return _png(figure)


def _box(axes: Axes, values: np.ndarray, centre: float, width: float, colour: str) -> None:
    few = len(values) <= _MOST_POINTS
    axes.boxplot(
        [values], positions=[centre], widths=width, patch_artist=True, showfliers=not few, manage_ticks=False,
        boxprops={"facecolor": colour, "alpha": 0.30, "edgecolor": colour},
        medianprops={"color": _INK, "linewidth": 1.4},
        whiskerprops={"color": colour}, capprops={"color": colour},
        flierprops={"marker": ".", "markersize": 2.5, "markeredgecolor": colour, "alpha": 0.5},
    )  # fmt: skip
    if few:
        # Next to each other by their order, so that the same values make the same picture.
        spread = np.random.default_rng(_SEED).uniform(-0.3, 0.3, len(values)) * width
        axes.plot(centre + spread, values, ".", color=colour, markersize=4, alpha=0.75, markeredgewidth=0)


def agreement_plot(middle: np.ndarray, difference: np.ndarray, found: Agreement, unit: str) -> bytes:
    """Return a Bland-Altman plot: differences over the means of prediction and truth, bias and limits."""
    figure, axes = _figure(_SMALL)
    axes.axhline(0, color=_SOFT, linewidth=0.6)
    axes.plot(
        middle, difference, ".", color=COLOURS[0], markersize=_dot(len(middle)), alpha=0.55, markeredgewidth=0
    )
    for estimate, style in ((found.bias, "-"), (found.lower, "--"), (found.upper, "--")):
        if estimate.value is None:
            continue
        axes.axhline(estimate.value, color=_LINE, linewidth=1.1, linestyle=style)
        if estimate.low is not None and estimate.high is not None:
            axes.axhspan(estimate.low, estimate.high, color=_LINE, alpha=0.13, linewidth=0)
    bracket = f" [{unit}]" if unit else ""
    axes.set_xlabel(f"Mean of prediction and truth{bracket}")
    axes.set_ylabel(f"Prediction − truth{bracket}")
    axes.margins(x=0.06, y=0.10)
    if not difference.any():
        axes.set_ylim(-1, 1)
    return _png(figure)


def error_plot(
    dice: np.ndarray,
    error: np.ndarray,
    persons: Sequence[str],
    means: Sequence[tuple[int, float, float]],
    unit: str,
) -> bytes:
    """Return absolute errors of a measurement over the Dice of its bone.

    Args:
        dice, error, persons: of each pair, of all models; Dice 0..1.
        means: index of each model, its mean Dice and mean error.
        unit: of the error.
    """
    figure, axes = _figure(_SMALL)
    axes.plot(100 * dice, error, ".", color=_SOFT, markersize=_dot(len(dice)), alpha=0.35, markeredgewidth=0)
    places = np.linspace(dice.min(), dice.max(), 40)
    band = regression_band(dice, error, persons, places)
    if band is not None:
        line, low, high = band
        axes.plot(100 * places, line, color=_LINE, linewidth=1.2)
        if low is not None and high is not None:
            axes.fill_between(100 * places, low, high, color=_LINE, alpha=0.15, linewidth=0)
    if len(means) > 1:
        for index, x, y in means:
            colour = COLOURS[index % len(COLOURS)]
            axes.plot(
                100 * x, y, "o", color=colour, markersize=7, markeredgecolor="white", markeredgewidth=0.8
            )
    axes.set_xlabel("Dice of the bone [%]")
    axes.set_ylabel(f"Absolute error{f' [{unit}]' if unit else ''}")
    # The line may leave the errors there are; the picture shows these.
    axes.set_ylim(-0.04 * error.max() or -0.05, 1.08 * error.max() or 1.0)
    return _png(figure)


def _dot(count: int) -> float:
    return 6.0 if count <= 100 else 4.0 if count <= 1000 else 2.0


def _figure(size_inches: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size_inches, dpi=_PIXELS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=_INK)
    axes.xaxis.label.set_fontsize(8)
    axes.yaxis.label.set_fontsize(8)
    return figure, axes


def _png(figure: Figure) -> bytes:
    legend = figure.axes[0].get_legend()
    for text in legend.get_texts() if legend else ():
        text.set_fontsize(8)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    stream = io.BytesIO()
    # Few dots of a colour are no reason to lose the colour, as the usual choice by number of pixels does.
    few = picture.quantize(128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(stream, format="PNG", optimize=True)
    return stream.getvalue()
