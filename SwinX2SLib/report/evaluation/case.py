"""The page about one evaluated case: pictures of prediction and truth, scores of every bone, measurements."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import GROUPS, label_by_id, label_ids, labels
from SwinX2SLib.evaluation.case import CaseEvaluation
from SwinX2SLib.evaluation.statistics import Metric, Tally, metrics_of, tally
from SwinX2SLib.evaluation.statistics.scores import FOREGROUND, number, part_scores, score
from SwinX2SLib.evaluation.surfaces import COARSEST_MM
from SwinX2SLib.geometry.label_surfaces import label_surfaces
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.io.label_volumes import LabelVolume
from SwinX2SLib.report.evaluation.agreement import PLACE, region_of
from SwinX2SLib.report.evaluation.reading import (
    NOTHING,
    Picture,
    count_words,
    metric_heading,
    number_words,
    part_title,
)
from SwinX2SLib.report.evaluation.tables import paper_heading, paper_scale
from SwinX2SLib.report.naming import REGION_TITLES, structure_title, title_of, unit_words
from SwinX2SLib.report.render import FRONT, LEFT, View, Window, render_surfaces, window_of_scale
from SwinX2SLib.report.templates import render_page
from SwinX2SLib.version import __version__

# Distances from here on [mm] have the colour; dark blue to dark red through pale, distinguishable with any colour
# vision.
DISTANCE_COLOURS = (
    (0.0, (74, 122, 184)),
    (2.0, (146, 197, 222)),
    (4.0, (250, 225, 150)),
    (8.0, (239, 138, 98)),
    (16.0, (178, 24, 43)),
)
INVENTED, MISSED, FOUND = (122, 63, 160), (214, 40, 130), (226, 214, 190)
LEGEND = (
    *(
        (colour, f"below {DISTANCE_COLOURS[i + 1][0]:g} mm" if not start else f"{start:g} mm or more")
        for i, (start, colour) in enumerate(DISTANCE_COLOURS)
    ),
    (INVENTED, "extra: not present in the ground truth"),
    (FOUND, "truth"),
    (MISSED, "missed bone of the ground truth"),
)
_FINE, _LARGEST_PIXELS, _MARGIN_PIXELS = 2, 420, 16
_LETTER_PIXELS, _NARROWEST_PIXELS = 22, 160


def compared_pictures(prediction: LabelVolume, truth: LabelVolume, groups: Collection[str]) -> list[Picture]:
    """Return pictures of prediction and truth from the front and from the left, all in the same scale.

    Args:
        prediction, truth: in the same patient space (RAS mm), on any grid.
        groups: whose bones are shown, of `anatomy.GROUPS`; others are not scored either.

    Returns:
        Four pictures, or none when neither volume holds a bone of the groups.
    """
    wanted = [label for group in groups for label in label_ids(group)]
    predicted, true = (
        label_surfaces(volume.labels, volume.affine, wanted, coarsest_mm=COARSEST_MM)
        for volume in (prediction, truth)
    )
    if not predicted and not true:
        return []
    distance_colours = {
        name: _distance_colours(surface, true.get(name)) for name, surface in predicted.items()
    }
    truth_colours = {name: np.array(FOUND if name in predicted else MISSED) for name in true}
    every = np.concatenate([surface.vertices for surface in (*predicted.values(), *true.values())])
    scale = _scale(every)
    pictures = []
    for view in (FRONT, LEFT):
        for what, surfaces, colours in (
            ("Prediction", predicted, distance_colours),
            ("Truth", true, truth_colours),
        ):
            png = _picture(surfaces, colours, view, _window(view.seen(every), scale))
            title = f"{what}, {view.name}"
            pictures.append(
                Picture(title, f"{title}: {len(surfaces)} bones. {_alt(what, predicted, true)}", png)
            )
    return pictures


def _distance_colours(surface: Surface, truth: Surface | None) -> np.ndarray:
    """Return the colour of each vertex of a prediction, `(V, 3)`."""
    if truth is None:
        return np.array(INVENTED, dtype=np.float64)
    distance = cKDTree(truth.vertices).query(surface.vertices)[0]
    starts = [start for start, _ in DISTANCE_COLOURS]
    colours = [colour for _, colour in DISTANCE_COLOURS]
    return np.array(colours, dtype=np.float64)[np.searchsorted(starts, distance, side="right") - 1]


def _scale(every: np.ndarray) -> float:
    """Return the pixels of a mm that let the widest view fit."""
    extent = max(float(np.ptp(view.seen(every)[:, :2], axis=0).max()) for view in (FRONT, LEFT))
    return _LARGEST_PIXELS * _FINE / max(extent, 1.0)


def _window(seen: np.ndarray, scale: float) -> Window:
    before = (_MARGIN_PIXELS * _FINE, (_LETTER_PIXELS + 4) * _FINE)
    after = (_MARGIN_PIXELS * _FINE, _MARGIN_PIXELS * _FINE)
    return window_of_scale(seen, scale, before, after, _NARROWEST_PIXELS * _FINE)


def _picture(
    surfaces: Mapping[int, Surface], colours: Mapping[int, np.ndarray], view: View, window: Window
) -> bytes:
    picture = render_surfaces(
        list(surfaces.values()), [False] * len(surfaces), view, window, [colours[name] for name in surfaces]
    )
    image = Image.fromarray(picture).reduce(_FINE)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=_LETTER_PIXELS - 4)
    for letter, place, anchor in zip(view.sides, (6, image.width - 6), ("la", "ra"), strict=True):
        draw.text((place, 3), letter, fill=(40, 40, 60), font=font, anchor=anchor)
    stream = io.BytesIO()
    # A small missed bone must keep its colour, which the usual choice by number of pixels may lose.
    few = image.quantize(192, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _alt(what: str, predicted: Mapping[int, Surface], true: Mapping[int, Surface]) -> str:
    if what == "Prediction":
        extra = [label_by_id(label).title for label in predicted if label not in true]
        return "Coloured by distance from the ground truth." + (
            f" Extra bones: {', '.join(extra)}." if extra else ""
        )
    lost = [label_by_id(label).title for label in true if label not in predicted]
    return f"Missed: {', '.join(lost)}." if lost else "No bone is missed."


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
    return atomic_write(out, case_page(document, prediction, truth))


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
    text = f"Bones in the ground truth: {held}; {counted.missed} missed, {counted.invented} extra."
    return f"{text} Scored groups: {groups}." if groups else text


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
    prediction, truth, difference = (
        number_words(number(pair.get(key)), 1, decimals) for key in ("prediction", "truth", "difference")
    )
    note = {"check": "to check", "absent": "not in both"}.get(str(pair.get("quality")), "")
    unit = "mm" if pair["unit"] == PLACE else unit_words(pair["unit"])
    return PairRow(words, note, prediction, truth, difference, unit)


def _facts(document: Mapping[str, Any]) -> dict[str, str]:
    facts = {
        "Prediction": document.get("prediction"),
        "Truth": document.get("truth"),
        "Model": document.get("model"),
    }
    facts |= {
        "Data set": document.get("dataset"),
        "Label numbering of the ground truth": document.get("scheme"),
    }
    if spacing := document.get("spacing_mm"):
        facts["Grid of the ground truth"] = " × ".join(f"{size:.2f}" for size in spacing) + " mm"
    rows = {name: str(text) for name, text in facts.items() if text}
    return rows or {"Case": str(document.get("case") or NOTHING)}
