"""The worst cases of a cohort, drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.inputs import read_inputs
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.evaluation.statistics.scores import DICE, FOREGROUND, part_scores, score, tally
from SwinX2SLib.report.evaluated_reading import EvaluatedCohort, model_of
from SwinX2SLib.report.evaluated_surfaces import compared_pictures
from SwinX2SLib.report.evaluated_words import Picture, model_title, number_words

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
        bones=f"{counted.expected} bones, {counted.missed} missed, {counted.invented} invented",
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
        return [], f"Not drawn: {reason}"
    return compared_pictures(inputs.own_prediction, inputs.own_truth, inputs.groups), ""


def _options(document: Mapping[str, Any]) -> EvaluationOptions:
    """Return how a case was evaluated, so that it is drawn where it was compared."""
    told = dict(document.get("options") or {})
    return EvaluationOptions(
        scheme=told.get("scheme") or document.get("scheme") or "swinx2s",
        prediction_scheme=told.get("prediction_scheme") or "swinx2s",
        groups=tuple(document.get("annotated_groups") or ()) or None,
        align=told.get("align") or "none",
    )
