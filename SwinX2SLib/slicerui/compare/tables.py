"""Scores and measurements as table nodes."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import slicer
import vtk

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.slicerui.result.regions import TITLES

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.case import CaseEvaluation, GroupEvaluation, Scores


Columns = Sequence[tuple[str, type, str, str]]
_TEXT, _NUMBER = vtk.vtkStringArray, vtk.vtkDoubleArray
_SCORES: Columns = (
    ("Dice", _NUMBER, "%", "Volume overlap; 100 is identical"),
    ("HD95", _NUMBER, "mm", "95th percentile of the surface distances, both directions"),
    ("ASSD", _NUMBER, "mm", "Average symmetric surface distance"),
    ("Centre", _NUMBER, "mm", "Distance between the centres of mass"),
)
BONES: Columns = (
    ("Bone", _TEXT, "", "Bone"),
    ("Region", _TEXT, "", "Body region"),
    *_SCORES,
    (
        "Remark",
        _TEXT,
        "",
        "Missed: only in the CT; extra: only in the reconstruction; wrong label: closer to a neighbouring "
        "bone",
    ),
)
MEANS: Columns = (
    ("Part", _TEXT, "", "Body region"),
    ("Bones", vtk.vtkIntArray, "", "Number of bones in the CT"),
    *_SCORES,
    ("Identified", _NUMBER, "%", "Percentage of bones found with the correct label"),
    ("Missed", _TEXT, "", "Bones present only in the CT"),
    ("Invented", _TEXT, "", "Bones present only in the reconstruction"),
)
MEASUREMENTS: Columns = (
    ("Measurement", _TEXT, "", "Measurement"),
    ("Bone", _TEXT, "", "Bone or group of bones"),
    ("Side", _TEXT, "", "Side of the body"),
    ("Reconstruction", _NUMBER, "", "Value in the reconstruction"),
    ("CT", _NUMBER, "", "Value in the CT"),
    ("Difference", _NUMBER, "", "Reconstruction minus CT; of places, their distance"),
    ("Mean", _NUMBER, "", "Mean of both values"),
    ("Unit", _TEXT, "", "Unit"),
    (
        "Quality",
        _TEXT,
        "",
        "good; check: one of the two should be checked; absent: one of the two is missing",
    ),
)


def bones_table(evaluation: CaseEvaluation, name: str) -> slicer.vtkMRMLTableNode:
    """Add the scores of every bone to the scene."""
    return add_table(
        name,
        BONES,
        (
            [_title(bone), TITLES[one.group], *_scores(one), _remark(one)]
            for bone, one in evaluation.labels.items()
        ),
    )


def means_table(evaluation: CaseEvaluation, name: str) -> slicer.vtkMRMLTableNode:
    """Add the means of regions and of all bones to the scene."""
    parts = [(TITLES[group], evaluation.groups[group]) for group in GROUPS if group in evaluation.groups]
    rows = [
        [
            title,
            mean.labels,
            *_scores(mean),
            _percent(mean.identification_rate),
            ", ".join(map(_title, mean.missed)),
            ", ".join(map(_title, mean.invented)),
        ]
        for title, mean in (*parts, ("All bones", evaluation.foreground))
    ]
    return add_table(name, MEANS, rows)


def measurements_table(evaluation: CaseEvaluation, name: str) -> slicer.vtkMRMLTableNode:
    """Add all measurements of both to the scene."""
    from SwinX2SLib.report.naming import structure_title, title_of, unit_words

    rows = []
    for pair in evaluation.measurements:
        values = (pair.prediction, pair.truth)
        mean = None if None in values else sum(values) / 2
        unit = "mm" if pair.unit == "point" else unit_words(pair.unit)
        rows.append(
            [
                title_of(pair.name),
                structure_title(pair.structure),
                pair.side or "",
                *values,
                pair.difference,
                mean,
                unit,
                pair.quality,
            ]
        )
    return add_table(name, MEASUREMENTS, rows)


def add_table(name: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> slicer.vtkMRMLTableNode:
    """Add a table to the scene; an unknown number is NaN, which Slicer shows as such."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    rows = list(rows)
    for place, (title, kind, unit, description) in enumerate(columns):
        column = kind()
        column.SetName(title)
        for row in rows:
            column.InsertNextValue(float("nan") if row[place] is None else row[place])
        node.AddColumn(column)
        node.SetColumnUnitLabel(title, unit)
        node.SetColumnDescription(title, description)
    node.SetLocked(True)
    return node


def _scores(scores: Scores) -> list[float | None]:
    distances = (scores.hausdorff95_mm, scores.assd_mm, scores.localisation_error_mm)
    return [_percent(scores.dice), *(None if each is None else round(each, 2) for each in distances)]


def _remark(bone: Any) -> str:
    if bone.status != "both":
        return bone.status
    return "" if bone.identified else "wrong label"


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _title(bone: str) -> str:
    from SwinX2SLib.report.naming import structure_title

    return structure_title(bone)


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
