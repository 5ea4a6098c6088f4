"""A comparison in a few lines."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.slicerui.display.regions import TITLES

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.case import CaseEvaluation, GroupEvaluation


def summary_html(evaluation: CaseEvaluation) -> str:
    """Return means of regions as a small table, and the notes, as rich text."""
    parts = [(TITLES[name], evaluation.groups[name]) for name in GROUPS if name in evaluation.groups]
    rows = "".join(_row(title, one) for title, one in (*parts, ("<b>All bones</b>", evaluation.foreground)))
    head = "".join(
        f"<th align='right'>&nbsp;&nbsp;{name}</th>" for name in ("Bones", "Dice", "HD95", "ASSD", "Found")
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in evaluation.notes)
    return f"<table><tr><th></th>{head}</tr>{rows}</table>" + (f"<ul>{notes}</ul>" if notes else "")


def _row(title: str, mean: GroupEvaluation) -> str:
    cells = (
        str(mean.labels),
        _number(mean.dice, 100, " %"),
        _number(mean.hausdorff95_mm, 1, " mm"),
        _number(mean.assd_mm, 1, " mm"),
        _number(mean.identification_rate, 100, " %"),
    )
    return (
        f"<tr><td>{title}</td>"
        + "".join(f"<td align='right'>&nbsp;&nbsp;{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _number(value: float | None, factor: float, unit: str) -> str:
    return "-" if value is None else f"{factor * value:.1f}{unit}"
