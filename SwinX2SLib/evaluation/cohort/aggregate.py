"""The tables of a cohort, made of the documents of its cases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from SwinX2SLib.anatomy import GROUPS, labels
from SwinX2SLib.evaluation.case import GroupEvaluation, LabelEvaluation, MeasuredPair, cell
from SwinX2SLib.evaluation.cohort.table import CohortRow
from SwinX2SLib.evaluation.statistics import Metric, by_person, mean_estimate, metrics_of, person_of, tally
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.io.csv_tables import csv_chunks
from SwinX2SLib.parallel import RUN_AGAIN, Failure
from SwinX2SLib.version import __version__

SCHEMA = "swinx2s-cohort/1"
_Documents = Sequence[Mapping[str, Any]]


def summarise(documents: _Documents, failed: int) -> dict[str, Any]:
    """Return the summary of a cohort.

    Args:
        documents: of the schema `swinx2s-evaluation/1`.
        failed: how many cases have none.

    Returns:
        A JSON object; undefined numbers are None. `results` has an entry for each model, over all data sets and,
        where there are several, for each of them. Overlaps and rates are shares (0 to 1), distances in mm. Means and
        medians are over persons (a person's value is the mean of the cases), intervals are 95 % (see `statistics`); a
        bone that was missed counts 0 in overlaps and has no distance.
    """
    metrics = metrics_of(documents)
    return {
        "schema": SCHEMA,
        "software": f"swinx2s {__version__}",
        "evaluated": len(documents),
        "failed": failed,
        "results": [
            _result(model, dataset, chosen, metrics) for model, dataset, chosen in _choices(documents)
        ],
    }


def _choices(documents: _Documents) -> Iterator[tuple[str, str, _Documents]]:
    """Yield model, data set ("" for all) and documents of each result."""
    for model in _names(documents, "model"):
        of_model = [document for document in documents if _name(document, "model") == model]
        yield model, "", of_model
        datasets = _names(of_model, "dataset")
        for dataset in datasets if len(datasets) > 1 else ():
            yield model, dataset, [d for d in of_model if _name(d, "dataset") == dataset]


def _result(model: str, dataset: str, documents: _Documents, metrics: Sequence[Metric]) -> dict[str, Any]:
    parts = ["foreground", *(g for g in GROUPS if any(g in d["groups"] for d in documents))]
    bones = [each.name for each in labels() if any(each.name in d["labels"] for d in documents)]
    return {
        "model": model,
        "dataset": dataset,
        "cases": len(documents),
        "persons": len({person_of(document) for document in documents}),
        "parts": {part: _part(documents, part, metrics, True) for part in parts},
        "labels": {bone: _part(documents, bone, metrics, False) for bone in bones},
        "paper": _paper(documents),
        "measurements": _measurements(documents),
    }


def _part(documents: _Documents, part: str, metrics: Sequence[Metric], intervals: bool) -> dict[str, Any]:
    counted = tally(documents, part)
    found: dict[str, Any] = {
        "cases": counted.cases,
        "bones": counted.expected,
        "missed": counted.missed,
        "invented": counted.invented,
    }
    for metric in metrics:
        values = list(by_person(documents, part, metric).values())
        found[metric.key] = _spread_of(values, intervals)
    return found


def _spread_of(values: Sequence[float], intervals: bool) -> dict[str, Any]:
    spread: dict[str, Any] = {"mean": _mean(values), "median": _median(values), "persons": len(values)}
    if intervals:
        estimate = mean_estimate(values)
        spread |= {"low": estimate.low, "high": estimate.high}
    return spread


def _paper(documents: _Documents) -> dict[str, Any]:
    """Average the paper's averages over cases, as the paper does."""
    keys = dict.fromkeys(key for document in documents for key in document["paper"])
    return {key: _defined_spread(document["paper"].get(key) for document in documents) for key in keys}


def _measurements(documents: _Documents) -> list[dict[str, Any]]:
    """Return bias and absolute error of each kind of measurement, over all structures and cases."""
    found: dict[tuple[str, str], list[float | None]] = {}
    for document in documents:
        for pair in document["measurements"]:
            found.setdefault((pair["name"], pair["unit"]), []).append(pair["difference"])
    return [
        {
            "name": name,
            "unit": unit,
            "pairs": len(known := [value for value in differences if value is not None]),
            "lacking": len(differences) - len(known),
            "mean_difference": _mean(known),
            "mean_absolute_difference": _mean(np.abs(known)),
            "median_absolute_difference": _median(np.abs(known)),
        }
        for (name, unit), differences in found.items()
    ]


def _defined_spread(values: Iterable[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    return {"mean": _mean(known), "median": _median(known), "cases": len(known)}


def _names(documents: _Documents, name: str) -> list[str]:
    return sorted({_name(document, name) for document in documents})


def _name(document: Mapping[str, Any], name: str) -> str:
    return str(document.get(name) or "")


def _mean(values: Sequence[float] | np.ndarray) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _median(values: Sequence[float] | np.ndarray) -> float | None:
    return float(np.median(values)) if len(values) else None


WHO = ("key", "case", "model", "dataset", "person")
_Rows = Iterator[list[Any]]


def aggregate(
    out: Path, cases: Path, keys: Sequence[str], failed: Sequence[tuple[CohortRow, Failure]]
) -> dict[str, Any]:
    """Write the tables and the summary, each atomically.

    Args:
        out: folder of the cohort.
        cases: folder of the documents.
        keys: documents to take, in order.
        failed: rows of the table without a document, and why.

    Returns:
        What `summary.json` holds.
    """
    tolerances = _tolerances(_documents(cases, keys))
    tables = {
        "cohort.csv": _label_rows(_documents(cases, keys), tolerances),
        "groups.csv": _group_rows(_documents(cases, keys), tolerances),
        "measurements.csv": _measurement_rows(_documents(cases, keys)),
        "failures.csv": _failure_rows(failed),
    }
    for name, rows in tables.items():
        columns = next(rows)
        atomic_write(out / name, csv_chunks(columns, rows), hint=RUN_AGAIN)
    summary = summarise([document for _, document in _documents(cases, keys)], len(failed))
    text = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False)
    atomic_write(out / "summary.json", text + "\n", hint=RUN_AGAIN)
    return summary


def _documents(cases: Path, keys: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read one document after the other: thousands of them need not lie in memory together."""
    for key in keys:
        yield key, json.loads((cases / f"{key}.json").read_text(encoding="utf-8"))


def _tolerances(documents: Iterable[tuple[str, Mapping]]) -> list[str]:
    found = {
        tolerance
        for _, document in documents
        for scores in (document["foreground"], *document["labels"].values())
        for tolerance in scores["nsd"]
    }
    return sorted(found, key=float)


def _label_rows(documents: Iterable[tuple[str, Mapping]], tolerances: Sequence[str]) -> _Rows:
    names = [each.name for each in fields(LabelEvaluation)]
    yield [*WHO, "name", *_spread_names(names, tolerances)]
    for key, document in documents:
        for name, scores in document["labels"].items():
            yield [*_who(key, document), name, *_spread(scores, names, tolerances)]


def _group_rows(documents: Iterable[tuple[str, Mapping]], tolerances: Sequence[str]) -> _Rows:
    names = [each.name for each in fields(GroupEvaluation)]
    yield [*WHO, "part", *_spread_names(names, tolerances)]
    for key, document in documents:
        for part, scores in [*document["groups"].items(), ("foreground", document["foreground"])]:
            yield [*_who(key, document), part, *_spread(scores, names, tolerances)]


def _measurement_rows(documents: Iterable[tuple[str, Mapping]]) -> _Rows:
    names = [each.name for each in fields(MeasuredPair)]
    yield [*WHO, *names]
    for key, document in documents:
        for pair in document["measurements"]:
            yield [*_who(key, document), *(cell(pair.get(name)) for name in names)]


def _failure_rows(failed: Iterable[tuple[CohortRow, Failure]]) -> _Rows:
    yield ["key", "case", "model", "dataset", "line", "prediction", "truth", "kind", "message"]
    for row, failure in failed:
        message = " ".join(failure.message.split())
        yield [
            row.key,
            row.case,
            row.model,
            row.dataset,
            row.line,
            row.prediction,
            row.truth,
            failure.kind,
            message,
        ]


def _who(key: str, document: Mapping) -> list[str]:
    return [key, *(str(document.get(name) or "") for name in WHO[1:])]


def _spread_names(names: Sequence[str], tolerances: Sequence[str]) -> list[str]:
    return [
        column
        for name in names
        for column in ([f"nsd_{tolerance}mm" for tolerance in tolerances] if name == "nsd" else [name])
    ]


def _spread(scores: Mapping[str, Any], names: Sequence[str], tolerances: Sequence[str]) -> list[Any]:
    cells: list[Any] = []
    for name in names:
        value = scores.get(name)
        cells += [cell((value or {}).get(t)) for t in tolerances] if name == "nsd" else [cell(value)]
    return cells
