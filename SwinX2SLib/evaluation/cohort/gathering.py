"""The tables of a cohort, made of the documents of its cases."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from SwinX2SLib.evaluation.case import GroupEvaluation, LabelEvaluation, MeasuredPair
from SwinX2SLib.evaluation.cohort.summary import summarise
from SwinX2SLib.evaluation.cohort.table import CohortRow
from SwinX2SLib.evaluation.writing import cell
from SwinX2SLib.parallel import Failure, write_whole

WHO = ("key", "case", "model", "dataset", "person")
_Rows = Iterator[list[Any]]


def gather(
    out: Path, cases: Path, keys: Sequence[str], failed: Sequence[tuple[CohortRow, Failure]]
) -> dict[str, Any]:
    """Write the tables and the summary, each whole or not at all.

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
        write_whole(out / name, _csv(rows))
    summary = summarise([document for _, document in _documents(cases, keys)], len(failed))
    text = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(out / "summary.json", [text.encode(), b"\n"])
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


def _csv(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    yield codecs.BOM_UTF8  # without it, Excel takes the file for another encoding
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line).writerow(row)
        yield line.getvalue().encode("utf-8", "backslashreplace")
