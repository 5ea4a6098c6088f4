"""The table of measurements: a line for each measurement, with both sides where there are two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import slicer
import vtk

from SwinX2SLib.io.csv_tables import csv_text
from SwinX2SLib.measurements.editing import EditableMeasurements, ReviewedMeasurement
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.measurements.stored import StoredMeasurement
from SwinX2SLib.report.naming import number_words, structure_title, title_of, unit_words
from SwinX2SLib.slicerui.measurements.nodes import TITLES, region_of

COLUMNS = {
    "Region": "Body region",
    "Structure": "Bone, or group of bones",
    "Measurement": "Measurement",
    "Value": "Value without a side",
    "Right": "Value on the patient's right",
    "Left": "Value on the patient's left",
    "Unit": "Unit",
    "Reference range": "Normal range in adults",
    "Quality": "good, check (needs visual inspection) or absent",
    "Reason": "Reason why the quality is not good",
    "Edited": "Values based on moved landmarks, with the computed value",
    "Bones": "Whether the bones were edited after the measurement",
}
OUTDATED = "edited after measurement"
_PAIRED = ("femur", "pelvis", "rib")
_SIDES = ("right", "left")


@dataclass
class TableRow:
    """One line.

    Attributes:
        region: one of `regions.TITLES`.
        structure: label name, or the group's; for both sides of a pair without the side.
        title: what is measured.
        keys: of its measurements, by "right", "left" or "" for what has no sides.
        outdated: whether bones that it rests on were edited since.
    """

    region: str
    structure: str
    title: str
    keys: dict[str, Key]
    outdated: bool = False

    def cells(self, edited: EditableMeasurements) -> dict[str, str]:
        """Return the cells of the columns."""
        found = {side: edited.reviewed(key) for side, key in self.keys.items()}
        first = next(iter(found.values()))
        values = {side: value_words(one) for side, one in found.items()}
        return {
            "Region": TITLES[self.region],
            "Structure": _structure_title(self.structure),
            "Measurement": self.title,
            "Value": values.get("", ""),
            "Right": values.get("right", ""),
            "Left": values.get("left", ""),
            "Unit": "" if first.stored.computed.unit == "point" else unit_words(first.stored.computed.unit),
            "Reference range": usual_words(first),
            "Quality": _joined(found, lambda one: one.present.quality),
            "Reason": _joined(found, lambda one: " ".join(one.present.reasons)),
            "Edited": _joined(found, edited_words),
            "Bones": OUTDATED if self.outdated else "",
        }

    def is_edited(self, edited: EditableMeasurements) -> bool:
        """Return whether any of its values rests on places that a person moved."""
        return any(edited.is_edited(key) for key in self.keys.values())

    def worst_quality(self, edited: EditableMeasurements) -> str:
        """Return "good", "check" or "absent", whichever asks most for a look; what is outdated is to be checked."""
        if self.outdated:
            return "check"
        qualities = [edited.reviewed(key).present.quality for key in self.keys.values()]
        return next((quality for quality in ("check", "good") if quality in qualities), "absent")


def table_rows(edited: EditableMeasurements) -> list[TableRow]:
    """Return the lines, region after region, the vertebrae after the column as a whole."""
    rows: dict[tuple, TableRow] = {}
    for key in edited.keys:
        stored = edited.reviewed(key).stored
        region, side = region_of(stored.region), stored.computed.side
        paired = stored.region in _PAIRED and side is not None
        structure = _without_side(key[0]) if paired else key[0]
        place = (structure, key[1], "" if paired else side)
        if place not in rows:
            rows[place] = TableRow(region, structure, _title(stored, paired), {})
        rows[place].keys[side if paired else ""] = key
    order = list(TITLES)
    for row in rows.values():
        # As in a radiograph: the patient's right comes first.
        row.keys = {side: row.keys[side] for side in (*_SIDES, "") if side in row.keys}
    return sorted(rows.values(), key=lambda row: order.index(row.region))


def value_words(one: ReviewedMeasurement) -> str:
    """Return a value without its unit, with its interval in brackets; what is a place is found, or not."""
    found = one.present
    if found.value is not None:
        words = number_words(found.value, found.unit)
        if found.interval is None:
            return words
        low, high = (number_words(end, found.unit).removesuffix(".0") for end in found.interval)
        return f"{words} [{low} to {high}]"
    return "found" if found.is_present else "–"


def usual_words(one: ReviewedMeasurement) -> str:
    """Return what is usual, or ""."""
    if one.stored.usual is None:
        return ""
    ends = (number_words(end, one.stored.computed.unit).removesuffix(".0") for end in one.stored.usual)
    return " to ".join(ends)


def edited_words(one: ReviewedMeasurement) -> str:
    """Return that a value was edited and what it was, or ""."""
    if not one.is_edited:
        return ""
    computed = one.stored.computed
    if computed.value is None:
        return "edited"
    return f"edited (computed {number_words(computed.value, computed.unit)})"


def _joined(found: dict[str, ReviewedMeasurement], words: Callable[[ReviewedMeasurement], str]) -> str:
    texts = {side: words(one) for side, one in found.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "; ".join(f"{side}: {text}" for side, text in texts.items() if text)


def _title(stored: StoredMeasurement, paired: bool) -> str:
    found = stored.computed
    if stored.region == "rib":
        return title_of(found.name.removeprefix("rib_"))
    if paired or not found.side:
        return title_of(found.name)
    # The side of a curve of the spine is where it bends, not which of two parts it is.
    bend = "to the " if stored.region == "spine" else ""
    return f"{title_of(found.name)} ({bend}{found.side})"


def _without_side(structure: str) -> str:
    return "_".join(part for part in structure.split("_") if part not in _SIDES)


def _structure_title(structure: str) -> str:
    return structure_title(structure)


def fill_table(node: slicer.vtkMRMLTableNode, rows: Sequence[TableRow], edited: EditableMeasurements) -> None:
    """Write all lines into a table node."""
    node.RemoveAllColumns()
    cells = [row.cells(edited) for row in rows]
    for name, description in COLUMNS.items():
        column = vtk.vtkStringArray()
        column.SetName(name)
        for line in cells:
            column.InsertNextValue(line[name])
        node.AddColumn(column)
        node.SetColumnDescription(name, description)
    node.SetLocked(True)


def update_table(
    node: slicer.vtkMRMLTableNode,
    rows: Sequence[TableRow],
    edited: EditableMeasurements,
    changed: Iterable[int],
) -> None:
    """Write the lines of some numbers again."""
    table = node.GetTable()
    for number in changed:
        for name, text in rows[number].cells(edited).items():
            table.GetColumnByName(name).SetValue(number, text)
    table.Modified()
    node.Modified()


def tabbed_text(rows: Sequence[TableRow], edited: EditableMeasurements) -> str:
    """Return the lines for pasting into a spreadsheet: tabs between columns."""
    lines = [list(COLUMNS), *(list(row.cells(edited).values()) for row in rows)]
    return "\n".join("\t".join(cell.replace("\t", " ") for cell in line) for line in lines) + "\n"


def table_csv(rows: Sequence[TableRow], edited: EditableMeasurements, review: str) -> str:
    """Return the lines as CSV, the last column saying whether they were reviewed."""
    return csv_text([*COLUMNS, "Review"], ([*row.cells(edited).values(), review] for row in rows))


"""Which lines are listed."""
