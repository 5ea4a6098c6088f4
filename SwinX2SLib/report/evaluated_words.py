"""Parts, numbers and intervals of an evaluation as a person reads them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache

from SwinX2SLib.anatomy import labels
from SwinX2SLib.evaluation.statistics import Estimate, Metric
from SwinX2SLib.evaluation.statistics.scores import FOREGROUND

GROUP_TITLES = {
    FOREGROUND: "All bones",
    "spine": "Spine",
    "ribs": "Ribs",
    "pelvis": "Pelvis",
    "femur": "Femora",
}
NOTHING = "–"
_SHORT = {
    "hausdorff95_mm": "HD95",
    "hausdorff_mm": "HD max",
    "assd_mm": "ASSD",
    "localisation_error_mm": "L-error",
    "identification_rate": "ID rate",
    "identification_rate_verse": "ID rate VerSe",
    "line_dice": "Centreline Dice",
    "line_distance_mm": "Centreline distance",
}


@dataclass(frozen=True)
class Cell:
    """One number of a table.

    Attributes:
        value: as written.
        interval: as written, or "".
        note: what to know about it, or "".
    """

    value: str
    interval: str = ""
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Attributes:
        title: what it shows and from where.
        alt: the same for who cannot see it.
        png: the picture.
    """

    title: str
    alt: str
    png: bytes

    @property
    def data(self) -> str:
        """The picture as it stands inside a page."""
        return base64.b64encode(self.png).decode("ascii")


@cache
def _label_titles() -> dict[str, str]:
    return {label.name: label.title for label in labels()}


def part_title(part: str) -> str:
    """Return the title of the foreground, a group or a label."""
    return GROUP_TITLES.get(part) or _label_titles().get(part) or part


def model_title(model: str) -> str:
    """Return the name of a model; cases that name none share one."""
    return model or "Model not named"


def metric_heading(metric: Metric) -> str:
    """Return the heading of a column, with its unit."""
    if metric.key.startswith("nsd@"):
        return f"NSD {float(metric.key.removeprefix('nsd@')):g} mm [%]"
    return f"{_SHORT.get(metric.key, metric.title)} [{metric.unit}]"


def metric_words(metric: Metric) -> str:
    """Return a metric in words, with its short name where it has one."""
    short = _SHORT.get(metric.key)
    return f"{metric.title} ({short})" if short and short not in metric.title else metric.title


def number_words(value: float | None, scale: float = 1.0, decimals: int = 1) -> str:
    """Return a number as it is written; a dash for none, and never a minus before zero."""
    if value is None:
        return NOTHING
    text = f"{value * scale:.{decimals}f}"
    return (text.removeprefix("-") if float(text) == 0 else text).replace("-", "−")


def cell(estimate: Estimate, scale: float = 1.0, decimals: int = 1) -> Cell:
    """Return an estimate as a cell of a table."""
    interval = ""
    if estimate.has_interval:
        low, high = (number_words(end, scale, decimals) for end in (estimate.low, estimate.high))
        interval = f"{low} to {high}"
    return Cell(number_words(estimate.value, scale, decimals), interval, estimate.note)


def p_words(p: float | None) -> str:
    """Return a p value as it is written."""
    if p is None:
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count_words(count: int, one: str, several: str = "") -> str:
    """Return a number with what is counted, "1 person", "3 persons"."""
    return f"{count} {one if count == 1 else several or one + 's'}"
