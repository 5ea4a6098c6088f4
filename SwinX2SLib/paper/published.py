"""The paper's tables 2 to 5, as printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.json_files import read_toml
from SwinX2SLib.resources import resource_path


@dataclass(frozen=True)
class Row:
    """One row of a table, for one data set.

    Attributes:
        table: "2" to "5".
        row: what it is called.
        data_set: name, as of `swinx2s prepare`.
        model: variant, as `models.builder` knows it.
        views: radiographs of each plane (N).
        change: what the network or its training lacks, or None.
        paper: metric -> the paper's figure (shares in percent, distances in mm); None where it prints a dash.
    """

    table: str
    row: str
    data_set: str
    model: str
    views: int
    change: str | None
    paper: Mapping[str, float | None]


@dataclass(frozen=True)
class PublishedTables:
    """All rows, and what to write around them.

    Attributes:
        source: where the figures are from.
        notes: what a reader must know about them.
        titles: of each table.
        columns: metrics of each table.
        data_sets: their names for a reader.
        rows: in the paper's order.
    """

    source: str
    notes: tuple[str, ...]
    titles: Mapping[str, str]
    columns: Mapping[str, tuple[str, ...]]
    data_sets: Mapping[str, str]
    rows: tuple[Row, ...]


@cache
def load_published() -> PublishedTables:
    """Return what `Resources/Benchmark/paper_tables.json` says."""
    content = json.loads(resource_path("Benchmark", "paper_tables.json").read_text(encoding="utf-8"))
    return PublishedTables(
        source=content["source"],
        notes=tuple(content["notes"]),
        titles=content["titles"],
        columns={table: tuple(columns) for table, columns in content["columns"].items()},
        data_sets=content["data_sets"],
        rows=tuple(Row(**row) for row in content["rows"]),
    )


_TYPES: dict[str, type | tuple[type, ...]] = {
    "steps": int,
    "minutes": (int, float),
    "tables": list,
    "models": list,
    "views": list,
    "split": str,
    "data": dict,
    "training": dict,
    "model": dict,
    "weights": dict,
}
# Set for all networks alike, or by the row of the table.
_RESERVED = ("model", "steps", "minutes", "layout_steps", "cross_loss", "transformer_skip")


@dataclass(frozen=True)
class BenchmarkConfig:
    """One benchmark.

    Attributes:
        path: of the file.
        data: name of a data set -> its case list; the others' rows are not run.
        steps: optimiser steps of every training.
        minutes: if above 0, minutes of every training instead.
        tables: which of the paper's tables.
        models: which networks; empty for all.
        views: which numbers of radiographs of each plane; empty for all.
        split: which cases are evaluated.
        training: parameters of every training, as `swinx2s train` takes them.
        model: for a network, what it has otherwise.
        weights: name of a training -> weights that are loaded in its place.
    """

    path: Path
    data: Mapping[str, Path]
    steps: int = 4000
    minutes: float = 0.0
    tables: tuple[str, ...] = ("2", "3", "4", "5")
    models: tuple[str, ...] = ()
    views: tuple[int, ...] = ()
    split: str = "test"
    training: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    weights: Mapping[str, Path] = field(default_factory=dict)

    def chosen_models(self, published: PublishedTables) -> tuple[str, ...]:
        """Return the networks that are compared."""
        return self.models or tuple(dict.fromkeys(row.model for row in published.rows))


def load_benchmark(path: Path) -> BenchmarkConfig:
    """Read a benchmark's parameters; paths in it are relative to it.

    Raises:
        InputError: the file is unreadable, or names what is unknown or impossible; all faults are listed.
    """
    path = Path(path)
    try:
        values = read_toml(path)
    except (OSError, ValueError) as error:
        sentence = f"The benchmark's parameters cannot be read: {error}."
        raise InputError([Fault("config-unreadable", sentence, "Check the file.", str(path))]) from error
    sentences = _shape_faults(values) or _content_faults(values, load_published())
    if not sentences:
        given = {key: value for key, value in values.items() if key not in ("data", "weights")}
        given["tables"] = tuple(str(table) for table in values.get("tables", (2, 3, 4, 5)))
        given |= {key: tuple(values[key]) for key in ("models", "views") if key in values}
        for key in ("data", "weights"):
            given[key] = {name: path.parent / place for name, place in values.get(key, {}).items()}
        config = BenchmarkConfig(path=path, **given)
        sentences = [
            f"{place} does not exist." for place in (*config.data.values(), *config.weights.values())
            if not place.is_file()
        ]  # fmt: skip
    if sentences:
        hint = "See `swinx2s benchmark-table --help` and Docs/benchmark.md."
        raise InputError([Fault("benchmark-config", sentence, hint, str(path)) for sentence in sentences])
    return config


def _shape_faults(values: Mapping[str, Any]) -> list[str]:
    """Return which values are unknown or of the wrong kind, in sentences."""
    found = [f"Unknown parameter {name!r}; known: {', '.join(_TYPES)}." for name in values.keys() - _TYPES]
    found += [
        f"{name} is {values[name]!r}, which has the wrong type."
        for name, kind in _TYPES.items()
        if name in values and (not isinstance(values[name], kind) or isinstance(values[name], bool))
    ]
    if not found:
        found += [
            f"{part}.{name} is {place!r}; it must be the path of a file."
            for part in ("data", "weights")
            for name, place in values.get(part, {}).items()
            if not isinstance(place, str)
        ]
        found += [
            f"model.{name} must be a table of parameters."
            for name, table in values.get("model", {}).items()
            if not isinstance(table, dict)
        ]
    return sorted(found)


def _content_faults(values: Mapping[str, Any], published: PublishedTables) -> list[str]:
    found = []
    models = {row.model for row in published.rows}
    known: dict[str, set[str] | set[int]] = {
        "tables": set(published.titles),
        "models": models,
        "views": {row.views for row in published.rows},
        "data": set(published.data_sets),
        "model": models,
    }
    for name, allowed in known.items():
        wanted = [str(value) if name == "tables" else value for value in values.get(name, ())]
        unknown = [value for value in wanted if value not in allowed]
        if unknown:
            listed = ", ".join(map(str, sorted(allowed)))
            found.append(
                f"{name} has {', '.join(map(str, unknown))}, which is not in the paper; known: {listed}."
            )
    if not values.get("data"):
        found.append("No data set is set under [data].")
    if "steps" in values and "minutes" in values:
        found.append("Set steps or minutes, not both.")
    if values.get("steps", 1) < 1 or values.get("minutes", 0) < 0:
        found.append("steps must be 1 or more, minutes 0 or more.")
    tables = {"training": values.get("training", {})}
    tables |= {f"model.{name}": table for name, table in values.get("model", {}).items()}
    found += [
        f"{reserved} cannot be set under [{name}]: it is set by the benchmark."
        for name, table in tables.items()
        for reserved in _RESERVED
        if reserved in table
    ]
    return found
