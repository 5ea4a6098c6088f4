"""The tables for a reader: Markdown, CSV and a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from SwinX2SLib.io.csv_tables import csv_text
from SwinX2SLib.paper.published import BenchmarkConfig, PublishedTables
from SwinX2SLib.paper.run import Result

METRICS = {
    "dice": ("Dice", "%"),
    "hausdorff95_mm": ("HD95", "mm"),
    "localisation_error_mm": ("L-error", "mm"),
    "identification_rate": ("ID-rate", "%"),
}
NOT_RUN = "not run"
NONE = "-"
_CSV_COLUMNS = (
    "table",
    "row",
    "data_set",
    "model",
    "views",
    "change",
    "metric",
    "unit",
    "paper",
    "ours",
    "n",
    "status",
    "foreground_dice_percent",
    "training",
    "note",
)


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Attributes:
        title: of the row.
        pairs: the paper's figure and ours, for each column.
        foreground_dice: ours, without background.
        cases: on which ours is.
        budget: of our training.
        note: why it was not run, or what else must be known.
        run: whether it was.
    """

    title: str
    pairs: tuple[tuple[str, str], ...]
    foreground_dice: str
    cases: str
    budget: str
    note: str
    run: bool


@dataclass(frozen=True)
class Table:
    """Lines of one table about one data set (of table 2: about all)."""

    number: str
    title: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def make_tables(results: Sequence[Result], published: PublishedTables) -> list[Table]:
    """Return all tables, table 3 in one part for each data set."""
    tables = []
    for number, title in published.titles.items():
        of_table = [result for result in results if result.cell.row.table == number]
        parts = dict.fromkeys("" if number == "2" else r.cell.row.data_set for r in of_table)
        for part in parts:
            chosen = [r for r in of_table if not part or r.cell.row.data_set == part]
            name = f": {published.data_sets[part]}" if number == "3" else ""
            columns = published.columns[number]
            lines = tuple(_line(result, columns) for result in chosen)
            heads = tuple(f"{METRICS[each][0]} [{METRICS[each][1]}]" for each in columns)
            tables.append(Table(number, f"{title}{name}", heads, lines))
    return tables


def remarks(config: BenchmarkConfig, published: PublishedTables) -> list[str]:
    """Return what a reader must know about all tables, in sentences."""
    budget = f"{config.minutes:g} minutes" if config.minutes else f"{config.steps} steps"
    own = [f"{name} ({', '.join(table)})" for name, table in config.model.items()]
    found = [
        f"Paper: {published.source}",
        f"SwinX2S: every network was trained for {budget} unless its row states otherwise"
        + (f"; different parameters: {'; '.join(own)}." if own else ", with the same parameters."),
        f"SwinX2S values are means over the cases of split {config.split!r} (n), averaged within a case as "
        "in the paper: the Dice includes the background class and the ID rate is computed over predicted "
        "bones. The last Dice column uses the SwinX2S definition: bones only, a missed bone counts as 0.",
        "Every network here predicts all 54 bones, whatever the data set annotates; those of the paper "
        "predict only the bones of the data set.",
    ]
    if "4" in config.tables:
        found.append(
            "Table 4: case lists have no radiographs at other angles. All its radiographs, including those "
            "of N = 1, are parallel projections of the CTs, or of the bones if there is no CT. Radiographs "
            "that are neither coronal nor sagittal are additional channels of the same network, as in the "
            "paper; they are not rotated back onto the grid."
        )
    return [*found, *published.notes]


def as_markdown(tables: Sequence[Table], notes: Sequence[str]) -> str:
    """Return the tables as Markdown: in each column the paper's figure, then ours."""
    lines = ["# Comparison with the tables of the paper", ""]
    lines += [*(f"- {note}" for note in notes), "", "Each column: paper / SwinX2S.", ""]
    for table in tables:
        heads = ["", *table.columns, "Foreground Dice [%]", "n", "Training", "Note"]
        lines += [f"## Table {table.number}. {table.title}", "", _row(heads)]
        lines += ["|---|" + "---:|" * (len(table.columns) + 2) + "---|---|"]
        for line in table.lines:
            pairs = [f"{paper} / {ours}" for paper, ours in line.pairs]
            lines += [_row([line.title, *pairs, line.foreground_dice, line.cases, line.budget, line.note])]
        lines += [""]
    return "\n".join(lines)


def as_csv(results: Sequence[Result]) -> str:
    """Return one line for each row and metric, with full precision."""
    return csv_text(_CSV_COLUMNS, _csv_rows(results))


def _csv_rows(results: Sequence[Result]) -> Iterator[list[Any]]:
    for result in results:
        row, scores = result.cell.row, result.scores
        for metric, paper in row.paper.items():
            ours, cases = (scores.values.get(metric), scores.cases.get(metric)) if scores else (None, None)
            about = [row.table, row.row, row.data_set, row.model, row.views, row.change or "", metric]
            figures = map(_blank, (paper, ours, cases))
            foreground = _blank(scores.foreground_dice if scores else None)
            rest = _status(result), foreground, _budget(result), _note(result)
            yield [*about, METRICS[metric][1], *figures, *rest]


def _line(result: Result, columns: Sequence[str]) -> Line:
    row, scores = result.cell.row, result.scores
    pairs = []
    for metric in columns:
        ours = _figure(scores.values.get(metric)) if scores else _status(result)
        if scores and scores.cases.get(metric) not in (None, scores.evaluated):
            ours += f" (n = {scores.cases[metric]})"
        pairs.append((_figure(row.paper.get(metric)), ours))
    return Line(
        title=row.row,
        pairs=tuple(pairs),
        foreground_dice=_figure(scores.foreground_dice) if scores else NONE,
        cases=str(scores.evaluated) if scores else "0",
        budget=_budget(result) or NONE,
        note=_note(result),
        run=scores is not None,
    )


def _budget(result: Result) -> str:
    about = result.scores.about if result.scores else {}
    if not about:
        return ""
    if "loaded" in about:
        return "loaded"
    return f"{about['budget']}, people: {about['people']}, {about['parameters'] / 1e6:.2f} M"


def _note(result: Result) -> str:
    return " ".join([result.reason, *_told(result)]).strip()


def _told(result: Result) -> Iterator[str]:
    if result.scores:
        yield from result.scores.about.get("notes", ())
        if result.scores.failed:
            yield f"Not evaluated: {'; '.join(result.scores.failed)}"


def _status(result: Result) -> str:
    return "done" if result.scores else "failed" if result.failed else NOT_RUN


def _figure(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _blank(value: object) -> object:
    return "" if value is None else value


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
