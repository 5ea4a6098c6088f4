"""The paper's tables 2 to 5, as printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from SwinX2SLib.resources import resource_path


@dataclass(frozen=True)
class Row:
    """One row of a table, for one data set.

    Attributes:
        table: "2" to "5".
        row: what it is called.
        data_set: name, as of `swinx2s prepare`.
        model: variant, as `models.builder` knows it.
        views: films of each plane (N).
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
