"""The evaluated cases of a cohort folder."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.case import SCHEMA
from SwinX2SLib.evaluation.statistics import Metric, metrics_of, person_of
from SwinX2SLib.evaluation.statistics.scores import DICE, FOREGROUND, by_person, part_scores

CASES = "cases"


@dataclass(frozen=True)
class EvaluatedCohort:
    """Cases that were evaluated.

    Attributes:
        name: of the folder.
        documents: of the schema `swinx2s-evaluation/1`, in the order of their files.
        failures: case and reason of each that could not be evaluated or whose document cannot be read.
    """

    name: str
    documents: tuple[Mapping[str, Any], ...]
    failures: tuple[tuple[str, str], ...] = ()
    _cache: dict = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Models, the one with the highest mean foreground Dice first; ("",) when cases name none."""
        names = sorted({model_of(document) for document in self.documents})
        return tuple(sorted(names, key=lambda name: -self._mean_dice(name)))

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """Names of data sets, sorted; without any when cases name none."""
        return tuple(sorted({document["dataset"] for document in self.documents if document.get("dataset")}))

    @cached_property
    def persons(self) -> int:
        """Number of persons."""
        return len({person_of(document) for document in self.documents})

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Metrics that any case has."""
        return metrics_of(self.documents)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Groups that any case has scores for, in the order of `anatomy.GROUPS`."""
        return tuple(group for group in GROUPS if any(part_scores(d, group) for d in self.documents))

    @property
    def parts(self) -> tuple[str, ...]:
        """The foreground, and the groups when there are several."""
        return (FOREGROUND, *(self.groups if len(self.groups) > 1 else ()))

    def of_model(self, model: str) -> Sequence[Mapping[str, Any]]:
        """Return the cases of one model."""
        if model not in self._cache:
            self._cache[model] = [document for document in self.documents if model_of(document) == model]
        return self._cache[model]

    def of_dataset(self, dataset: str) -> EvaluatedCohort:
        """Return the cases of one data set."""
        chosen = tuple(document for document in self.documents if document.get("dataset") == dataset)
        return EvaluatedCohort(dataset, chosen)

    def _mean_dice(self, model: str) -> float:
        values = by_person(self.of_model(model), FOREGROUND, DICE)
        return float(np.mean(list(values.values()))) if values else -1.0


def model_of(document: Mapping[str, Any]) -> str:
    """Return the model that made a prediction, or ""."""
    return str(document.get("model") or "")


def read_cohort(folder: Path, keys: Collection[str] | None = None) -> EvaluatedCohort:
    """Read the documents of a cohort folder; those that cannot be read are told among its failures.

    Args:
        folder: with `cases/<key>.json`.
        keys: of the documents to take; all when None.

    Raises:
        InputError: there is no case that can be read.
    """
    paths = sorted(path for path in (folder / CASES).glob("*.json") if keys is None or path.stem in keys)
    documents, failures = [], []
    for path in paths:
        document, reason = _document(path)
        if document is None:
            failures.append((path.stem, reason))
        else:
            documents.append(document)
    if not documents:
        message = (
            f"No evaluated case lies in {CASES}." if not paths else f"None of {len(paths)} cases is whole."
        )
        hint = "Give the folder that `swinx2s evaluate --cohort` wrote."
        raise InputError([Fault("no-cases", message, hint, str(folder))])
    return EvaluatedCohort(folder.resolve().name, tuple(documents), tuple(failures))


def _document(path: Path) -> tuple[dict | None, str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return None, f"its document cannot be read ({error})"
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return None, f"its document is none of {SCHEMA}"
    lacking = [key for key in ("case", "labels", "groups", FOREGROUND) if key not in document]
    return (None, f"its document lacks {', '.join(lacking)}") if lacking else (document, "")
