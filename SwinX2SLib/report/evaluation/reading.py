"""The evaluated cases of a cohort folder."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from SwinX2SLib.anatomy import GROUPS, labels
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.case import SCHEMA
from SwinX2SLib.evaluation.statistics import Estimate, Metric, metrics_of, person_of
from SwinX2SLib.evaluation.statistics.scores import DICE, FOREGROUND, by_person, part_scores
from SwinX2SLib.io.json_files import read_json

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
    """Read the documents of a cohort folder; unreadable documents are listed as failures.

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
            f"No evaluated case was found in {CASES}."
            if not paths
            else f"None of {len(paths)} cases is complete."
        )
        hint = "Use a folder written by `swinx2s evaluate --cohort`."
        raise InputError([Fault("no-cases", message, hint, str(folder))])
    return EvaluatedCohort(folder.resolve().name, tuple(documents), tuple(failures))


def _document(path: Path) -> tuple[dict | None, str]:
    try:
        document = read_json(path)
    except (OSError, ValueError) as error:
        return None, f"its document cannot be read ({error})"
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return None, f"its document does not have the format {SCHEMA}"
    lacking = [key for key in ("case", "labels", "groups", FOREGROUND) if key not in document]
    if lacking:
        return None, f"{', '.join(lacking)} missing in its document"
    # What is None counts as absent.
    wrong = [
        key for key, is_kind in _KINDS.items() if document.get(key) is not None and not is_kind(document[key])
    ]
    wrong += [key for key in ("case", "labels") if document[key] is None]
    return (None, f"{', '.join(wrong)} of its document cannot be used") if wrong else (document, "")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _are_scores(value: Any) -> bool:
    """Return whether a value holds scores; of numbers each place makes what it can (`scores.number`)."""
    if not _is_object(value) or not _is_object(value.get("nsd") or {}):
        return False
    names = [value.get(key) or [] for key in ("missed", "invented")]
    return all(map(_are_texts, names)) and all(map(_is_number, value.get("nsd") or {}))


def _is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text)) and float(text) > 0
    except ValueError:
        return False


def _are_named_scores(value: Any) -> bool:
    return _is_object(value) and all(map(_are_scores, value.values()))


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        _is_object(pair)
        and all(_is_text(pair.get(key)) for key in ("name", "structure", "unit"))
        and isinstance(pair.get("side"), str | None)
        for pair in value
    )


def _is_spacing(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) in (int, float) for size in value)


# Entries of a document that a page uses, and what each must be.
_KINDS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("case", "prediction", "truth", "model", "dataset", "person", "scheme"), _is_text),
    **dict.fromkeys(("labels", "groups"), _are_named_scores),
    **dict.fromkeys(("notes", "annotated_groups"), _are_texts),
    **dict.fromkeys(("paper", "options"), _is_object),
    FOREGROUND: _are_scores,
    "measurements": _are_pairs,
    "spacing_mm": _is_spacing,
}

GROUP_TITLES = {
    FOREGROUND: "All bones",
    "spine": "Spine",
    "ribs": "Ribs",
    "pelvis": "Pelvis",
    "femur": "Femora",
}
NOTHING = "–"
_SHORT = {
    "hausdorff95_mm": "HD95",
    "hausdorff_mm": "HD max",
    "assd_mm": "ASSD",
    "localisation_error_mm": "L-error",
    "identification_rate": "ID rate",
    "identification_rate_verse": "ID rate VerSe",
    "line_dice": "Centreline Dice",
    "line_distance_mm": "Centreline distance",
}


@dataclass(frozen=True)
class Cell:
    """One number of a table.

    Attributes:
        value: as written.
        interval: as written, or "".
        note: what to know about it, or "".
    """

    value: str
    interval: str = ""
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Attributes:
        title: what it shows and from where.
        alt: the same for who cannot see it.
        png: the picture.
    """

    title: str
    alt: str
    png: bytes

    @property
    def data(self) -> str:
        """The picture as embedded in a page."""
        return base64.b64encode(self.png).decode("ascii")


@cache
def _label_titles() -> dict[str, str]:
    return {label.name: label.title for label in labels()}


def part_title(part: str) -> str:
    """Return the title of the foreground, a group or a label."""
    return GROUP_TITLES.get(part) or _label_titles().get(part) or part


def model_title(model: str) -> str:
    """Return the name of a model; cases that name none share one."""
    return model or "Model not named"


def metric_heading(metric: Metric) -> str:
    """Return the heading of a column, with its unit."""
    if metric.key.startswith("nsd@"):
        return f"NSD {float(metric.key.removeprefix('nsd@')):g} mm [%]"
    return f"{_SHORT.get(metric.key, metric.title)} [{metric.unit}]"


def metric_words(metric: Metric) -> str:
    """Return a metric as text, with its short name where it has one."""
    short = _SHORT.get(metric.key)
    return f"{metric.title} ({short})" if short and short not in metric.title else metric.title


def number_words(value: float | None, scale: float = 1.0, decimals: int = 1) -> str:
    """Return a number as it is written; a dash for none, and never a minus before zero."""
    if value is None:
        return NOTHING
    text = f"{value * scale:.{decimals}f}"
    return (text.removeprefix("-") if float(text) == 0 else text).replace("-", "−")


def cell(estimate: Estimate, scale: float = 1.0, decimals: int = 1) -> Cell:
    """Return an estimate as a cell of a table."""
    interval = ""
    if estimate.has_interval:
        low, high = (number_words(end, scale, decimals) for end in (estimate.low, estimate.high))
        interval = f"{low} to {high}"
    return Cell(number_words(estimate.value, scale, decimals), interval, estimate.note)


def p_words(p: float | None) -> str:
    """Return a p value as it is written."""
    if p is None:
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count_words(count: int, one: str, several: str = "") -> str:
    """Return a number with what is counted, "1 person", "3 persons"."""
    return f"{count} {one if count == 1 else several or one + 's'}"
