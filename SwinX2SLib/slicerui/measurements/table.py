"""The table of measurements: a line for each measurement, with both sides where there are two."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from SwinX2SLib.measurements.editing import EditableMeasurements, ReviewedMeasurement
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.measurements.stored import StoredMeasurement
from SwinX2SLib.report.naming import number_words, structure_title, title_of, unit_words
from SwinX2SLib.slicerui.measurements.nodes import TITLES, region_of, region_title

COLUMNS = {
    "Region": "Region of the body",
    "Structure": "Bone, or group of bones",
    "Measurement": "What was measured",
    "Value": "Value of what has no sides",
    "Right": "Value on the patient's right",
    "Left": "Value on the patient's left",
    "Unit": "Unit of the values",
    "Reference range": "Least and most that is usual between adults",
    "Quality": "good, check (a person must look at it) or absent",
    "Reason": "Why the quality is not good",
    "Edited": "Which values rest on places that a person moved, and what was computed",
    "Bones": "Whether bones that it rests on were edited since it was measured",
}
OUTDATED = "edited since measured"
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
        """Return what stands in the columns."""
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
        # As a radiograph hangs: the patient's right comes first.
        row.keys = {side: row.keys[side] for side in (*_SIDES, "") if side in row.keys}
    return sorted(rows.values(), key=lambda row: order.index(row.region))


def value_words(one: ReviewedMeasurement) -> str:
    """Return a value without its unit; what is a place is found, or not."""
    found = one.present
    if found.value is not None:
        return number_words(found.value, found.unit)
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
    told = {side: words(one) for side, one in found.items()}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{side}: {text}" for side, text in told.items() if text)


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


def csv_text(rows: Sequence[TableRow], edited: EditableMeasurements, review: str) -> str:
    """Return the lines as CSV, the last column saying whether a person has reviewed them."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([*COLUMNS, "Review"])
    for row in rows:
        writer.writerow([*row.cells(edited).values(), review])
    return stream.getvalue()


_SHOWN = ("Measurement", "Value", "Right", "Left", "Unit", "Reference range", "Quality")
_COLOURS = {"check": "#b25000", "absent": "#808080"}
_TITLE_PIXELS = 190
_PENCIL = "✎ "
# Many bones: their values are folded away.
_FOLDED = ("vertebrae_", "rib_")
ALL, TO_CHECK, EDITED = range(3)
"""Which lines are listed."""


class MeasurementTree:
    """Fills a QTreeWidget and keeps its lines in step."""

    def __init__(self, widget: qt.QTreeWidget):
        self._widget = widget
        self._items: dict[int, qt.QTreeWidgetItem] = {}
        widget.setColumnCount(len(_SHOWN))
        widget.setHeaderLabels(
            [_("Measurement"), _("Value"), _("Right"), _("Left"), _("Unit"), _("Usual"), _("Quality")]
        )

    def fill(self, rows: Sequence[TableRow], edited: EditableMeasurements | None) -> None:
        """List the lines anew; none for None."""
        self._widget.clear()
        self._items = {}
        regions: dict[str, qt.QTreeWidgetItem] = {}
        bones: dict[tuple[str, str], qt.QTreeWidgetItem] = {}
        for number, row in enumerate(rows if edited is not None else ()):
            if row.region not in regions:
                regions[row.region] = self._heading(self._widget, region_title(row.region), -1)
                regions[row.region].setExpanded(True)
            place = row.region, row.structure
            if place not in bones:
                bones[place] = self._heading(regions[row.region], structure_title(row.structure), -1)
                bones[place].setExpanded(not row.structure.startswith(_FOLDED))
            self._items[number] = self._heading(bones[place], row.title, number)
        self.update(rows, edited, self._items)
        for column in range(len(_SHOWN)):
            self._widget.resizeColumnToContents(column)
        # Long titles may be cut; values may not.
        self._widget.setColumnWidth(0, min(self._widget.columnWidth(0), _TITLE_PIXELS))

    def update(
        self, rows: Sequence[TableRow], edited: EditableMeasurements | None, numbers: Iterable[int]
    ) -> None:
        """Write some lines again."""
        for number in numbers:
            self._write(self._items[number], rows[number], edited)

    def filter(self, rows: Sequence[TableRow], edited: EditableMeasurements, which: int) -> None:
        """List all lines, those to be looked at, or those that were edited; bones without any are left out."""
        for number, item in self._items.items():
            row = rows[number]
            listed = which == ALL or (which == EDITED and row.is_edited(edited))
            listed = listed or (which == TO_CHECK and row.worst_quality(edited) == "check")
            item.setHidden(not listed)
        for region in self._children(self._widget.invisibleRootItem()):
            for bone in self._children(region):
                bone.setHidden(all(item.isHidden() for item in self._children(bone)))
            region.setHidden(all(bone.isHidden() for bone in self._children(region)))

    def chosen(self) -> list[int]:
        """Return the numbers of the lines that are selected, those of a selected bone or region among them."""
        found: dict[int, None] = {}
        for item in self._widget.selectedItems():
            found |= dict.fromkeys(self._numbers(item))
        return list(found)

    def choose(self, number: int) -> None:
        """Select one line."""
        self._widget.clearSelection()
        self._items[number].setSelected(True)

    def text(self, number: int, column: str) -> str:
        """Return what a line shows."""
        return str(self._items[number].text(_SHOWN.index(column)))

    def is_listed(self, number: int) -> bool:
        """Return whether a line is not filtered out."""
        return not self._items[number].isHidden()

    def _numbers(self, item: qt.QTreeWidgetItem) -> list[int]:
        children = self._children(item)
        if children:
            return [number for child in children if not child.isHidden() for number in self._numbers(child)]
        return [int(item.data(0, qt.Qt.UserRole))]

    @staticmethod
    def _children(item: qt.QTreeWidgetItem) -> list[qt.QTreeWidgetItem]:
        return [item.child(index) for index in range(item.childCount())]

    @staticmethod
    def _heading(parent: object, text: str, number: int) -> qt.QTreeWidgetItem:
        item = qt.QTreeWidgetItem(parent)
        item.setText(0, text)
        item.setData(0, qt.Qt.UserRole, number)
        return item

    @staticmethod
    def _write(item: qt.QTreeWidgetItem, row: TableRow, edited: EditableMeasurements) -> None:
        cells, is_edited = row.cells(edited), row.is_edited(edited)
        font = item.font(0)
        font.setBold(is_edited)
        colour = _COLOURS.get(row.worst_quality(edited))
        for column, name in enumerate(_SHOWN):
            # What was measured of other bones than these is neither good nor absent.
            text = _("outdated") if row.outdated and name == "Quality" else cells[name]
            item.setText(column, _PENCIL + text if is_edited and name == "Measurement" else text)
            item.setFont(column, font)
            item.setToolTip(
                column, "\n".join(filter(None, (cells["Reason"], cells["Edited"], cells["Bones"])))
            )
            if name in ("Value", "Right", "Left"):
                item.setData(column, qt.Qt.TextAlignmentRole, int(qt.Qt.AlignRight | qt.Qt.AlignVCenter))
        brush = qt.QBrush(qt.QColor(colour)) if colour else qt.QBrush()
        item.setForeground(_SHOWN.index("Quality"), brush)
