"""The page about one evaluated case: pictures of prediction and truth, scores of every bone, measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from SwinX2SLib import __version__
from SwinX2SLib.anatomy import GROUPS, labels
from SwinX2SLib.evaluation.case import CaseEvaluation
from SwinX2SLib.evaluation.statistics import Metric, Tally, metrics_of, tally
from SwinX2SLib.evaluation.statistics.scores import FOREGROUND, number, part_scores, score
from SwinX2SLib.measurements.reading.volume import LabelVolume
from SwinX2SLib.report.evaluated_measurements import PLACE, region_of
from SwinX2SLib.report.evaluated_surfaces import LEGEND, compared_pictures
from SwinX2SLib.report.evaluated_tables import paper_heading, paper_scale
from SwinX2SLib.report.evaluated_words import (
    NOTHING,
    count_words,
    metric_heading,
    number_words,
    part_title,
)
from SwinX2SLib.report.files import replace_file
from SwinX2SLib.report.naming import REGION_TITLES, structure_title, title_of, unit_words
from SwinX2SLib.report.templates import render_page

# Rates of a single bone are yes or no.
_OF_ONE = {"identification_rate": "Identified", "identification_rate_verse": "Identified, VerSe"}
_OF_RIBS = ("line_dice", "line_distance_mm")


@dataclass(frozen=True)
class CaseRow:
    """Scores of a part of the body as they are written."""

    title: str
    tally: Tally
    cells: tuple[str, ...]


@dataclass(frozen=True)
class BoneRow:
    """Scores of a bone as they are written; `status` is empty when both volumes hold it."""

    title: str
    status: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class PairRow:
    """A measurement of both volumes as it is written."""

    title: str
    note: str
    prediction: str
    truth: str
    difference: str
    unit: str


def write_case_page(
    evaluation: CaseEvaluation | Mapping[str, Any],
    prediction: LabelVolume | None,
    truth: LabelVolume | None,
    out: Path,
) -> Path:
    """Write the page of one case, one file with all its pictures.

    Args:
        evaluation: or its document.
        prediction, truth: in one patient space (RAS mm), as they were compared; None for a page without pictures.
        out: path of the page; its folder is made.

    Returns:
        Path of the page.
    """
    document = evaluation.as_dict() if isinstance(evaluation, CaseEvaluation) else evaluation
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    return replace_file(out, case_page(document, prediction, truth).encode("utf-8"))


def case_page(document: Mapping[str, Any], prediction: LabelVolume | None, truth: LabelVolume | None) -> str:
    """Return the text of the page (see `write_case_page`)."""
    metrics = metrics_of([document])
    overall = [metric for metric in metrics if metric.key not in _OF_RIBS]
    pictures = []
    if prediction is not None and truth is not None:
        pictures = compared_pictures(prediction, truth, document.get("annotated_groups") or GROUPS)
    return render_page(
        "evaluation_case.html.jinja",
        title=document["case"],
        summary=_summary(document),
        notes=document.get("notes") or (),
        pictures=pictures,
        legend=LEGEND,
        headings=[metric_heading(metric) for metric in overall],
        rows=[
            _part_row(document, part, overall)
            for part in (FOREGROUND, *GROUPS)
            if part_scores(document, part)
        ],
        paper=_paper(document),
        groups=[table for group in GROUPS if (table := _bones(document, group, metrics))],
        measurements=_measurements(document),
        facts=_facts(document),
        version=__version__,
    )


def _summary(document: Mapping[str, Any]) -> str:
    counted = tally([document], FOREGROUND)
    groups = ", ".join(part_title(group) for group in document.get("annotated_groups") or ())
    held = count_words(counted.expected, "bone")
    said = f"The truth holds {held}; {counted.missed} missed, {counted.invented} invented."
    return f"{said} Scored groups: {groups}." if groups else said


def _part_row(document: Mapping[str, Any], part: str, metrics: Sequence[Metric]) -> CaseRow:
    scores = part_scores(document, part)
    cells = tuple(number_words(score(scores, metric), metric.scale) for metric in metrics)
    return CaseRow(part_title(part), tally([document], part), cells)


def _bones(
    document: Mapping[str, Any], group: str, metrics: Sequence[Metric]
) -> tuple[str, list[str], list[BoneRow]] | None:
    """Return title, headings and lines of the bones of a group, or None where neither volume holds any."""
    shown = [metric for metric in metrics if group == "ribs" or metric.key not in _OF_RIBS]
    rows = [
        BoneRow(
            label.title,
            "" if scores.get("status") == "both" else str(scores.get("status")),
            tuple(_bone_cell(scores, metric) for metric in shown),
        )
        for label in labels()
        if label.group == group and (scores := document["labels"].get(label.name))
    ]
    headings = [_OF_ONE.get(metric.key) or metric_heading(metric) for metric in shown]
    return (part_title(group), headings, rows) if rows else None


def _bone_cell(scores: Mapping[str, Any], metric: Metric) -> str:
    value = score(scores, metric)
    if metric.key in _OF_ONE and value is not None:
        return "yes" if value else "no"
    return number_words(value, metric.scale)


def _paper(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = ((key, number(value)) for key, value in (document.get("paper") or {}).items())
    return [
        (paper_heading(key), number_words(value, paper_scale(key)))
        for key, value in found
        if value is not None
    ]


def _measurements(document: Mapping[str, Any]) -> list[tuple[str, list[PairRow]]]:
    regions: dict[str, list[PairRow]] = {region: [] for region in REGION_TITLES}
    for pair in document.get("measurements") or ():
        regions[region_of(pair["structure"])].append(_pair_row(pair))
    return [(REGION_TITLES[region], rows) for region, rows in regions.items() if rows]


def _pair_row(pair: Mapping[str, Any]) -> PairRow:
    # The side of most bones is in their names.
    side = pair.get("side") if pair.get("side") and pair["side"] not in pair["structure"] else ""
    words = f"{structure_title(pair['structure'])}: {title_of(pair['name']).lower()}" + (
        f", {side}" if side else ""
    )
    decimals = 2 if pair["unit"] == "1" else 1
    numbers = [
        number_words(number(pair.get(key)), 1, decimals) for key in ("prediction", "truth", "difference")
    ]
    note = {"check": "to check", "absent": "not in both"}.get(pair.get("quality"), "")
    return PairRow(words, note, *numbers, "mm" if pair["unit"] == PLACE else unit_words(pair["unit"]))


def _facts(document: Mapping[str, Any]) -> dict[str, str]:
    facts = {
        "Prediction": document.get("prediction"),
        "Truth": document.get("truth"),
        "Model": document.get("model"),
    }
    facts |= {"Data set": document.get("dataset"), "Numbering of the truth": document.get("scheme")}
    if spacing := document.get("spacing_mm"):
        facts["Grid of the truth"] = " × ".join(f"{size:.2f}" for size in spacing) + " mm"
    told = {name: str(text) for name, text in facts.items() if text}
    return told or {"Case": str(document.get("case") or NOTHING)}
