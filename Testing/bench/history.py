"""Plot the committed results of `make bench`: `make bench-history` writes `Docs/performance.png`.

One line for each benchmark, how many times faster ours is than the plain way, by date; machines have their own marks.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path

from matplotlib.figure import Figure

HISTORY = Path(__file__).parent / "history"
PICTURE = Path(__file__).resolve().parents[2] / "Docs" / "performance.png"
MARKS = "osD^v<>PX*"
Point = tuple[datetime, float]


def main() -> None:
    """Read the results and write the picture."""
    series = series_of(
        [json.loads(path.read_text(encoding="utf-8")) for path in sorted(HISTORY.glob("*.json"))]
    )
    if not series:
        raise SystemExit(
            f"There are no results with ratios in {HISTORY}; run make bench and commit its file."
        )
    drawn(series).savefig(PICTURE, dpi=110)
    print(PICTURE)


def series_of(results: list[dict]) -> dict[tuple[str, str], list[Point]]:
    """Return the ratios by benchmark and machine, in order of time.

    Args:
        results: what `run.py` writes.
    """
    found: dict[tuple[str, str], list[Point]] = {}
    for result in results:
        created = datetime.fromisoformat(result["created"])
        for row in result["rows"]:
            if row["ratio"] is not None:
                found.setdefault((row["what"], result["machine"]), []).append((created, row["ratio"]))
    return {key: sorted(points) for key, points in sorted(found.items())}


def drawn(series: dict[tuple[str, str], list[Point]]) -> Figure:
    """Return the picture: a small plot for each benchmark."""
    names, machines = (sorted({key[place] for key in series}) for place in range(2))
    # Each run has its place, so that two of one day do not coincide and years without any take no room.
    runs = sorted({when for points in series.values() for when, _ in points})
    columns = min(2, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(5.5 * columns, 2.2 * rows + 0.4 * len(machines)), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        for number, machine in enumerate(machines):
            if points := series.get((name, machine)):
                mark, colour = MARKS[number % len(MARKS)], f"C{number % 10}"
                places = [runs.index(when) for when, _ in points]
                ratios = [ratio for _, ratio in points]
                axis.plot(places, ratios, marker=mark, color=colour, label=machine)
        axis.set_title(name, fontsize=9)
        axis.set_ylabel("plain / ours", fontsize=8)
        axis.set_ylim(bottom=0)
        axis.set_xlim(-0.5, len(runs) - 0.5)
        axis.set_xticks(range(len(runs)), [f"{when:%Y-%m-%d}" for when in runs])
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    shown = {
        label: line
        for axis in axes.flat
        for line, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", fontsize=7)
    return figure


if __name__ == "__main__":
    main()
