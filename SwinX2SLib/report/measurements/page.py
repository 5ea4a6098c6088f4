"""Report of the measurements of one person: figures, values on both sides, reference ranges, quality."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.writing import reference_range
from SwinX2SLib.reconstruct.verdict import KEY, Verdict, strip_html
from SwinX2SLib.report.measurements.figures import Figure, figures
from SwinX2SLib.report.naming import REGION_TITLES, number_words, structure_title, title_of, unit_words
from SwinX2SLib.report.templates import render_page
from SwinX2SLib.version import __version__

# Groups whose tables have a column for either side.
_PAIRED = ("femur", "pelvis", "rib")


@dataclass
class Row:
    """One line of a table: a measurement of one bone, or of both sides."""

    title: str
    unit: str
    usual: str
    right: Measurement | None = None
    left: Measurement | None = None
    middle: Measurement | None = None

    @property
    def found(self) -> list[Measurement]:
        """The measurements of the line."""
        return [one for one in (self.right, self.left, self.middle) if one is not None]

    @property
    def reasons(self) -> list[str]:
        """Why any of them is not good, each once."""
        return list(dict.fromkeys(reason for one in self.found for reason in one.reasons))

    @property
    def flags(self) -> list[tuple[str, str]]:
        """Quality and side of what is flagged; one without a side when both sides agree."""
        if len({one.quality for one in self.found}) == 1:
            return [(self.found[0].quality, "")]
        return [(one.quality, one.side or "") for one in self.found]


@dataclass
class Group:
    """Bones whose values stand in one table, with their pictures."""

    title: str
    paired: bool
    rows: list[Row]
    figures: list[dict[str, str]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing could be measured."""
        return all(one.quality == "absent" for row in self.rows for one in row.found)

    @property
    def common(self) -> list[str]:
        """Reasons that every line of several shares, so that they need be read once only."""
        if len(self.rows) < 2:
            return []
        return [reason for reason in self.rows[0].reasons if all(reason in row.reasons for row in self.rows)]

    @property
    def shared(self) -> list[str]:
        """Reasons of two lines or more, though not of all: they stand once above the table, with numbers."""
        counts, common = Counter(reason for row in self.rows for reason in row.reasons), self.common
        return [reason for reason, count in counts.items() if count > 1 and reason not in common]

    def notes(self, row: Row) -> str:
        """Return the numbers of a line's shared reasons, as text."""
        numbers = [str(number) for number, reason in enumerate(self.shared, start=1) if reason in row.reasons]
        return f"Note{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}." if numbers else ""

    def own_reasons(self, row: Row) -> list[str]:
        """Return the reasons that no other line has."""
        elsewhere = {*self.common, *self.shared}
        return [reason for reason in row.reasons if reason not in elsewhere]


@dataclass(frozen=True)
class PageReview:
    """What a person has done with the measurements.

    Attributes:
        words: the state of the review.
        is_signed: whether just these values were signed.
        edited: by `id` of a measurement, note shown next to an edited value.
    """

    words: str
    is_signed: bool
    edited: Mapping[int, str]


def measurements_page(
    measured: Mapping[str, Sequence[Measurement]],
    bones: dict[str, Bone],
    provenance: Mapping[str, Any],
    title: str = "",
) -> str:
    """Return the text of the page.

    Args:
        measured: measurements by region.
        bones: by label name, for the pictures.
        provenance: as in `measurements.json`.
        title: of the page; the name of the segmentation when empty.
    """
    return render_page("measurements.html.jinja", **page_values(measured, bones, provenance, title))


def page_values(
    measured: Mapping[str, Sequence[Measurement]],
    bones: dict[str, Bone],
    provenance: Mapping[str, Any],
    title: str = "",
    review: PageReview | None = None,
) -> dict[str, Any]:
    """Return the content of the page, by the names of its template; `review` if it was reviewed."""
    everything = [measurement for found in measured.values() for measurement in found]
    counts = {
        quality: sum(m.quality == quality for m in everything) for quality in ("good", "check", "absent")
    }
    source = provenance["segmentation"]
    verdict = Verdict.from_json(source.get(KEY))
    return {
        "title": title or Path(source["path"]).name,
        "counts": counts,
        "banner": "" if verdict is None else verdict.alarm,
        "verdict": verdict,
        "notes": source["notes"],
        "sections": [_section(region, found, bones) for region, found in measured.items()],
        "interval_words": provenance["intervals"]["percentiles"] if provenance["intervals"] else "",
        "facts": _facts(provenance),
        "number": lambda m: number_words(m.value, m.unit),
        "end": lambda m, which: number_words(m.interval[which], m.unit),
        "review": review,
        "edited": lambda m: review.edited.get(id(m), "") if review is not None else "",
        "strip": lambda verdict: strip_html(verdict, pixels=34),
        "version": __version__,
    }


def _facts(provenance: Mapping[str, Any]) -> dict[str, str]:
    source, intervals = provenance["segmentation"], provenance["intervals"]
    facts = {"Segmentation": source["path"], "SHA-256": source["sha256"]}
    if source["spacing_mm"]:
        facts["Voxels"] = " × ".join(f"{size:.2f}" for size in source["spacing_mm"]) + " mm"
    if intervals:
        facts["Intervals"] = f"{intervals['percentiles']}; {intervals['source']}"
    return facts | {"Made": f"{provenance['created']}, SwinX2S {provenance['program']['version']}"}


def _section(region: str, found: Sequence[Measurement], bones: dict[str, Bone]) -> dict[str, Any]:
    grouped: dict[str, list[Measurement]] = {}
    # As in a radiograph: the patient's right comes first.
    found = sorted(found, key=lambda m: m.side == "left") if region == "femur" else found
    for measurement in found:
        grouped.setdefault(_group_of(measurement), []).append(measurement)
    groups = {name: _group(name, members) for name, members in grouped.items()}
    for figure in figures(region, found, bones):
        groups[_figure_group(figure)].figures.append(
            {"title": figure.title, "data": base64.b64encode(figure.png).decode("ascii")}
        )
    title = REGION_TITLES[region]
    for group in groups.values():
        group.title = group.title or title
    return {"region": region, "title": title, "groups": list(groups.values())}


def _group_of(measurement: Measurement) -> str:
    """Return the table of a measurement: femora share one, ribs too."""
    return next(
        (part for part in ("femur", "rib") if measurement.structure.startswith(part)), measurement.structure
    )


def _figure_group(figure: Figure) -> str:
    return next((part for part in ("femur", "rib") if figure.structure.startswith(part)), figure.structure)


def _group(name: str, members: Sequence[Measurement]) -> Group:
    paired = name in _PAIRED
    rows: dict[tuple, Row] = {}
    for member in members:
        side = member.side if paired else None
        place = member.structure.replace(f"_{member.side}", "") if paired else ""
        row = rows.setdefault(
            (place, member.name, member.side if not paired else ""),
            Row(_row_title(name, member), unit_words(member.unit), _usual(member)),
        )
        setattr(row, side or "middle", member)
    heading = structure_title(name) if name not in ("femur", "rib") else ""
    return Group(heading, paired, list(rows.values()))


def _row_title(group: str, measurement: Measurement) -> str:
    if group == "rib":
        number = measurement.structure.rsplit("_", 1)[1]
        return f"Rib {number}, {title_of(measurement.name).lower().removeprefix('rib ')}"
    if group in _PAIRED or not measurement.side:
        return title_of(measurement.name)
    # The side of a curve of the spine is where it bends, not which of two parts it is.
    bend = "to the " if group == "spine" else ""
    return f"{title_of(measurement.name)} ({bend}{measurement.side})"


def _usual(measurement: Measurement) -> str:
    usual = reference_range(measurement)
    if usual is None:
        return ""
    return " to ".join(number_words(end, measurement.unit).removesuffix(".0") for end in usual)
