"""The page about a cohort: scores with intervals, spread, paired tests, worst cases, agreement of measurements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.inputs import read_inputs
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.evaluation.statistics import Metric, by_person
from SwinX2SLib.evaluation.statistics.intervals import FEW_PERSONS, FEWEST_PERSONS, RESAMPLES
from SwinX2SLib.evaluation.statistics.scores import DICE, FOREGROUND, part_scores, score, tally
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.report.evaluation.agreement import (
    MOST_MODELS_OF_ALL_PAIRS,
    MOST_PLOTS,
    agreement_pictures,
    comparison_tables,
    error_pictures,
    measurement_tables,
)
from SwinX2SLib.report.evaluation.case import LEGEND, compared_pictures
from SwinX2SLib.report.evaluation.plots import COLOURS, box_plot
from SwinX2SLib.report.evaluation.reading import (
    EvaluatedCohort,
    Picture,
    count_words,
    metric_heading,
    metric_words,
    model_of,
    model_title,
    number_words,
    part_title,
    read_cohort,
)
from SwinX2SLib.report.evaluation.tables import dataset_table, group_tables, label_tables, paper_table
from SwinX2SLib.report.templates import render_page
from SwinX2SLib.version import __version__

MOST_WORST = 4


@dataclass(frozen=True)
class WorstCase:
    """One of the worst.

    Attributes:
        case: its name.
        model: that made it, or "" in a cohort of one model.
        dice: over all bones, as written [%].
        bones: expected, missed and invented.
        pictures: four, or none with a reason.
        reason: why there are none, or "".
    """

    case: str
    model: str
    dice: str
    bones: str
    pictures: tuple[Picture, ...]
    reason: str


def worst_cases(cohort: EvaluatedCohort) -> list[WorstCase]:
    """Return the cases with the lowest foreground Dice of the first model, the lowest first."""
    scored = [
        (value, str(document["case"]), document)
        for document in cohort.of_model(cohort.models[0])
        if (value := score(part_scores(document, FOREGROUND), DICE)) is not None
    ]
    scored.sort(key=lambda entry: entry[:2])
    return [_worst(document, value, len(cohort.models) > 1) for value, _, document in scored[:MOST_WORST]]


def _worst(document: Mapping[str, Any], dice: float, name_model: bool) -> WorstCase:
    counted = tally([document], FOREGROUND)
    pictures, reason = _drawn(document)
    return WorstCase(
        case=str(document["case"]),
        model=model_title(model_of(document)) if name_model else "",
        dice=number_words(dice, DICE.scale),
        bones=f"{counted.expected} bones, {counted.missed} missed, {counted.invented} extra",
        pictures=tuple(pictures),
        reason=reason,
    )


def _drawn(document: Mapping[str, Any]) -> tuple[list[Picture], str]:
    """Return the pictures of a case from its files, which may have gone since, or why there are none."""
    try:
        options = _options(document)
        inputs = read_inputs(Path(document["prediction"]), Path(document["truth"]), options)
    except (InputError, OSError, KeyError, TypeError, ValueError) as error:
        reason = error.faults[0].message if isinstance(error, InputError) else str(error)
        return [], f"No picture: {reason}"
    return compared_pictures(inputs.own_prediction, inputs.own_truth, inputs.groups), ""


def _options(document: Mapping[str, Any]) -> EvaluationOptions:
    """Return how a case was evaluated, so that it is drawn where it was compared."""
    listed = dict(document.get("options") or {})
    return EvaluationOptions(
        scheme=listed.get("scheme") or document.get("scheme") or None,
        prediction_scheme=listed.get("prediction_scheme") or None,
        groups=tuple(document.get("annotated_groups") or ()) or None,
        align=listed.get("align") or "none",
    )


COHORT_PAGE = "index.html"
_BOXED = ("dice", "hausdorff95_mm", "assd_mm", "localisation_error_mm")


def write_cohort_page(
    folder: Path,
    title: str = "",
    failures: Sequence[tuple[str, str]] = (),
    keys: Collection[str] | None = None,
) -> Path:
    """Write `index.html` into a cohort folder, one file with all its pictures.

    Args:
        folder: with `cases/*.json`.
        title: of the page; the folder's name when empty.
        failures: case and reason of each that could not be evaluated.
        keys: of the documents that belong to it; all in the folder when None.

    Returns:
        Path of the page.

    Raises:
        InputError: the folder holds no case that can be read.
    """
    cohort = read_cohort(Path(folder), None if keys is None else set(keys))
    page = cohort_page(cohort, title, failures)
    return atomic_write(Path(folder) / COHORT_PAGE, page)


def cohort_page(cohort: EvaluatedCohort, title: str = "", failures: Sequence[tuple[str, str]] = ()) -> str:
    """Return the text of the page (see `write_cohort_page`)."""
    models, comparisons = cohort.models, comparison_tables(cohort)
    failed = (*failures, *cohort.failures)
    return render_page(
        "evaluation_cohort.html.jinja",
        title=title or cohort.name,
        summary=_summary(cohort),
        notes=_notes(cohort, len(failed)),
        groups=group_tables(cohort),
        datasets=dataset_table(cohort),
        paper=paper_table(cohort),
        boxes=_boxes(cohort),
        comparisons=comparisons,
        hidden_pairs=len(models) > MOST_MODELS_OF_ALL_PAIRS,
        many_models=len(models) > 1,
        leading=model_title(models[0]),
        model_colours=[(COLOURS[i % len(COLOURS)], model_title(model)) for i, model in enumerate(models)],
        worst=worst_cases(cohort),
        legend=LEGEND,
        bones=label_tables(cohort),
        measurements=measurement_tables(cohort),
        agreement=agreement_pictures(cohort),
        errors=error_pictures(cohort),
        methods=_methods(cohort, bool(comparisons)),
        failures=failed,
        version=__version__,
    )


def _summary(cohort: EvaluatedCohort) -> str:
    sentences = [
        f"{count_words(len(cohort.documents), 'evaluated case')} of {count_words(cohort.persons, 'person')}"
    ]
    if cohort.models != ("",):
        sentences.append(
            f"{count_words(len(cohort.models), 'model')}: {', '.join(map(model_title, cohort.models))}"
        )
    if cohort.datasets:
        sentences.append(f"{count_words(len(cohort.datasets), 'data set')}: {', '.join(cohort.datasets)}")
    groups = ", ".join(part_title(group) for group in cohort.groups)
    return ". ".join([*sentences, f"Scored groups: {groups or 'none'}"]) + "."


def _notes(cohort: EvaluatedCohort, failed: int) -> list[str]:
    notes = []
    if cohort.persons < FEWEST_PERSONS:
        notes.append(
            f"Only {count_words(cohort.persons, 'person')}: confidence intervals require at least "
            f"{FEWEST_PERSONS}."
        )
    elif cohort.persons < FEW_PERSONS:
        notes.append(
            f"Only {cohort.persons} persons: confidence intervals are unreliable below {FEW_PERSONS}."
        )
    counts = {model: len(cohort.of_model(model)) for model in cohort.models}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{model_title(model)} {count}" for model, count in counts.items())
        notes.append(
            f"The models were evaluated on different cases ({listed}): their means are not comparable. The "
            "paired tests use the common cases."
        )
    if failed:
        notes.append(
            f"{count_words(failed, 'case')} could not be evaluated; they are listed below and excluded from "
            "all results."
        )
    remarks = {note for document in cohort.documents for note in document.get("notes") or ()}
    if len(remarks) == 1 or (len(cohort.documents) == 1 and remarks):
        notes += sorted(remarks)
    elif remarks:
        with_notes = sum(bool(document.get("notes")) for document in cohort.documents)
        notes.append(
            f"{count_words(with_notes, 'case has', 'cases have')} notes; see the evaluation documents."
        )
    return notes


def _boxes(cohort: EvaluatedCohort) -> list[Picture]:
    return [
        picture for metric in cohort.metrics if metric.key in _BOXED and (picture := _box(cohort, metric))
    ]


def _box(cohort: EvaluatedCohort, metric: Metric) -> Picture | None:
    series = []
    for model in cohort.models:
        values = [by_person(cohort.of_model(model), part, metric).values() for part in cohort.parts]
        series.append((model_title(model), [[metric.scale * value for value in each] for each in values]))
    counts = [sorted({len(values[place]) for _, values in series}) for place in range(len(cohort.parts))]
    if not any(map(any, counts)):
        return None
    parts = [
        f"{part_title(part)}\nn = {count[0]}" + (f" to {count[-1]}" if len(count) > 1 else "")
        for part, count in zip(cohort.parts, counts, strict=True)
    ]
    png = box_plot(parts, series, metric_heading(metric))
    listed = "; ".join(
        f"{f'{name}, ' if len(series) > 1 else ''}{part_title(part)} median {_median(values)}"
        for name, of_parts in series
        for part, values in zip(cohort.parts, of_parts, strict=True)
        if values
    )
    return Picture(metric_words(metric), f"Box plots of {metric_heading(metric)} by part: {listed}.", png)


def _median(values: Sequence[float]) -> str:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return number_words(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def _methods(cohort: EvaluatedCohort, are_compared: bool) -> list[str]:
    sentences = [
        "Every person counts once: bones of a case and cases of a person are averaged first. Means are over "
        "persons.",
        "Intervals: 95 %, bias-corrected and accelerated bootstrap (BCa, Efron 1987) over persons, "
        f"{RESAMPLES} resamples; percentile intervals where the correction is undefined. No interval is "
        f"given below {FEWEST_PERSONS} persons or if all values are equal; below {FEW_PERSONS} persons "
        "intervals tend to be too narrow.",
        "Values that are not defined are shown as – and excluded.",
        "Left and right refer to the patient.",
    ]
    if are_compared:
        sentences.append(
            "Paired tests: Wilcoxon signed-rank (zeros by Pratt) and exchange of the models within persons "
            "(permutation of the mean), two-sided; Holm's correction within each metric and test."
        )
    if any(document.get("measurements") for document in cohort.documents):
        sentences += [
            "Agreement: Bland and Altman 1999. Where a person gives several pairs (sides, vertebrae, ribs), "
            "the limits are those of repeated values (Bland and Altman 2007) and intervals are bootstrapped "
            "over persons; otherwise intervals are by Student's t.",
            "Correlations and regression bands are bootstrapped over persons.",
            f"At most {MOST_PLOTS} measurements are plotted, evenly from the regions; the tables contain "
            "all.",
        ]
    return sentences
