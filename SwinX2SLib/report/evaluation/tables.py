"""Tables of a cohort's scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from SwinX2SLib.anatomy import labels
from SwinX2SLib.evaluation.statistics import Metric, Tally, by_person, mean_estimate, tally
from SwinX2SLib.evaluation.statistics.scores import DICE, FOREGROUND, number, person_of
from SwinX2SLib.report.evaluation.reading import (
    Cell,
    EvaluatedCohort,
    cell,
    metric_heading,
    model_title,
    part_title,
)

_HIDDEN = ("hausdorff_mm", "identification_rate_verse", "line_dice", "line_distance_mm")
_OF_LABELS = ("dice", "hausdorff95_mm", "assd_mm", "localisation_error_mm", "identification_rate")


@dataclass(frozen=True)
class ScoreRow:
    """One line: a part of the body, or a model.

    Attributes:
        title: of the line.
        persons: who have any of it.
        tally: its bones.
        cells: one for each column.
    """

    title: str
    persons: int
    tally: Tally
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ScoreTable:
    """Lines under the same columns.

    Attributes:
        title: of the table.
        of: what its lines are, "Part", "Model", "Bone".
        headings: of the columns.
        rows: lines.
    """

    title: str
    of: str
    headings: tuple[str, ...]
    rows: tuple[ScoreRow, ...]


def group_tables(cohort: EvaluatedCohort) -> list[ScoreTable]:
    """Return a table of all parts for one model; for several, a table of all models for each part."""
    metrics = [metric for metric in cohort.metrics if metric.key not in _HIDDEN]
    headings = tuple(metric_heading(metric) for metric in metrics)
    if len(cohort.models) == 1:
        rows = tuple(_row(part_title(part), cohort.documents, part, metrics) for part in cohort.parts)
        return [ScoreTable("", "Part", headings, rows)]
    return [
        ScoreTable(
            part_title(part),
            "Model",
            headings,
            tuple(
                row
                for m in cohort.models
                if (row := _row(model_title(m), cohort.of_model(m), part, metrics)).persons
            ),
        )
        for part in cohort.parts
    ]


def dataset_table(cohort: EvaluatedCohort) -> ScoreTable | None:
    """Return the scores of all bones for each data set and model, or None with fewer than two data sets."""
    if len(cohort.datasets) < 2:
        return None
    metrics = [metric for metric in cohort.metrics if metric.key not in _HIDDEN]
    rows = [
        _row(
            f"{dataset}, {model_title(model)}" if len(cohort.models) > 1 else dataset,
            [document for document in cohort.of_model(model) if document.get("dataset") == dataset],
            FOREGROUND,
            metrics,
        )
        for dataset in cohort.datasets
        for model in cohort.models
    ]
    headings = tuple(metric_heading(metric) for metric in metrics)
    return ScoreTable("", "Data set", headings, tuple(row for row in rows if row.persons))


def label_tables(cohort: EvaluatedCohort) -> list[ScoreTable]:
    """Return a table of bones for each group: of one model several metrics, of several models their Dice."""
    held = {name for document in cohort.documents for name in document["labels"]}
    by_group: dict[str, list[ScoreRow]] = {}
    metrics = [m for m in cohort.metrics if m.key in _OF_LABELS]
    for label in labels():
        if label.name not in held:
            continue
        if len(cohort.models) == 1:
            row = _row(label.title, cohort.documents, label.name, metrics)
        else:
            row = _row_of_models(label.title, cohort, label.name)
        by_group.setdefault(label.group, []).append(row)
    headings = (
        tuple(metric_heading(metric) for metric in metrics)
        if len(cohort.models) == 1
        else tuple(f"{model_title(model)}, Dice [%]" for model in cohort.models)
    )
    return [ScoreTable(part_title(group), "Bone", headings, tuple(rows)) for group, rows in by_group.items()]


def paper_table(cohort: EvaluatedCohort) -> tuple[tuple[str, ...], list[tuple[str, int, list[Cell]]]] | None:
    """Return headings, and model, persons and cells of the paper's own averages; None when no case has any."""
    keys = list(
        dict.fromkeys(
            key
            for document in cohort.documents
            for key, value in (document.get("paper") or {}).items()
            if number(value) is not None
        )
    )
    if not keys:
        return None
    rows = []
    for model in cohort.models:
        documents = cohort.of_model(model)
        cells = [
            cell(mean_estimate(list(_paper_values(documents, key).values())), paper_scale(key))
            for key in keys
        ]
        persons = max(len(_paper_values(documents, key)) for key in keys)
        rows.append((model_title(model), persons, cells))
    return tuple(paper_heading(key) for key in keys), rows


def _row(
    title: str, documents: Sequence[Mapping[str, Any]], part: str, metrics: Sequence[Metric]
) -> ScoreRow:
    values = [by_person(documents, part, metric) for metric in metrics]
    persons = {person for each in values for person in each}
    cells = (
        cell(mean_estimate(list(each.values())), metric.scale)
        for each, metric in zip(values, metrics, strict=True)
    )
    return ScoreRow(title, len(persons), tally(documents, part), tuple(cells))


def _row_of_models(title: str, cohort: EvaluatedCohort, part: str) -> ScoreRow:
    values = [by_person(cohort.of_model(model), part, DICE) for model in cohort.models]
    persons = {person for each in values for person in each}
    cells = tuple(cell(mean_estimate(list(each.values())), DICE.scale) for each in values)
    return ScoreRow(title, len(persons), tally(cohort.documents, part), cells)


def _paper_values(documents: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for document in documents:
        value = number((document.get("paper") or {}).get(key))
        if value is not None:
            values.setdefault(person_of(document), []).append(value)
    return {person: sum(several) / len(several) for person, several in values.items()}


def paper_heading(key: str) -> str:
    """Return the heading of one of the paper's averages."""
    name = key.removesuffix("_mm").removesuffix("_percent")
    words = {
        "dice": "Dice",
        "hausdorff95": "HD95",
        "localisation_error": "L-error",
        "identification_rate": "ID rate",
    }
    return f"{words.get(name, name.replace('_', ' '))} [{'mm' if paper_scale(key) == 1 else '%'}]"


def paper_scale(key: str) -> float:
    """Return the factor from the stored to the shown number of one of the paper's averages."""
    return 1.0 if key.endswith(("_mm", "_percent")) or key.startswith("hausdorff") else 100.0
