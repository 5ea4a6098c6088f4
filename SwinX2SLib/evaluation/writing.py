"""An evaluated case as text: a JSON document and tables for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from SwinX2SLib.evaluation.case import CaseEvaluation, Scores

_SCORES = (
    "dice", "iou", "hausdorff95_mm", "hausdorff_mm", "assd_mm", "localisation_error_mm", "line_dice",
    "line_distance_mm",
)  # fmt: skip
_BONE = ("status", "identified", "nearest", "prediction_ml", "truth_ml")
_GROUP = ("labels", "identification_rate", "identification_rate_verse", "missed", "invented")
_PAIR = ("structure", "name", "side", "unit", "prediction", "truth", "difference", "quality")


def evaluation_text(evaluation: CaseEvaluation) -> str:
    """Return the JSON document (see `case`)."""
    return json.dumps(evaluation.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def scores_table(evaluation: CaseEvaluation) -> str:
    """Return the CSV table of scores: a row for each bone, each group, the foreground and the paper's averages.

    Overlap and rates run from 0 to 1; a cell is empty where a score is not defined.
    """
    tolerances = list(evaluation.foreground.nsd)
    header = ["part", "name", "group", *_SCORES, *(f"nsd_{each}mm" for each in tolerances), *_BONE, *_GROUP]
    return _csv(header, _score_rows(evaluation, tolerances))


def measurements_table(evaluation: CaseEvaluation) -> str:
    """Return the CSV table of measurements: a row for each that the prediction or the truth shows."""
    return _csv(_PAIR, ({name: getattr(pair, name) for name in _PAIR} for pair in evaluation.measurements))


def _score_rows(evaluation: CaseEvaluation, tolerances: Sequence[str]) -> Iterator[dict[str, Any]]:
    for name, bone in evaluation.labels.items():
        own = {each: getattr(bone, each) for each in _BONE}
        yield {"part": "bone", "name": name, "group": bone.group, **_scores(bone, tolerances), **own}
    means = [("group", name, one) for name, one in evaluation.groups.items()]
    for part, name, mean in (*means, ("foreground", "foreground", evaluation.foreground)):
        own = {each: getattr(mean, each) for each in _GROUP}
        yield {"part": part, "name": name, **_scores(mean, tolerances), **own}
    yield {"part": "paper", "name": "averages of Swin-X2S", **evaluation.paper}


def _scores(scores: Scores, tolerances: Sequence[str]) -> dict[str, Any]:
    row = {name: getattr(scores, name) for name in _SCORES}
    return row | {f"nsd_{each}mm": scores.nsd.get(each) for each in tolerances}


def _csv(header: Sequence[str], rows: Iterator[dict[str, Any]]) -> str:
    stream = io.StringIO()
    table = csv.DictWriter(stream, header, restval="", lineterminator="\r\n")
    table.writeheader()
    for row in rows:
        table.writerow({name: cell(value) for name, value in row.items()})
    return stream.getvalue()


def cell(value: Any) -> Any:
    """Return a value as a cell: nothing where it is undefined, 1 and 0 for yes and no, names with blanks between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
