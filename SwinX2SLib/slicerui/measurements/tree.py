"""The measurements as the panel lists them: a part for each region, in it bones, in them values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import qt
from slicer.i18n import tr as _

from SwinX2SLib.measurements.editing import EditableMeasurements
from SwinX2SLib.report.naming import structure_title
from SwinX2SLib.slicerui.measurements.nodes import MANY, region_title
from SwinX2SLib.slicerui.measurements.table import TableRow

_SHOWN = ("Measurement", "Value", "Right", "Left", "Unit", "Quality", "Reference range")


_COLOURS = {"check": "#b25000", "absent": "#808080"}


_TITLE_PIXELS = 130


_PENCIL = "✎ "


MEASURED, TO_CHECK, EDITED, ALL = range(4)


class MeasurementTree:
    """Fills a QTreeWidget and keeps its lines in step."""

    def __init__(self, widget: qt.QTreeWidget):
        self._widget = widget
        self._items: dict[int, qt.QTreeWidgetItem] = {}
        widget.setColumnCount(len(_SHOWN))
        widget.setHeaderLabels(
            [
                _("Measurement"),
                _("Value"),
                _("Right"),
                _("Left"),
                _("Unit"),
                _("Quality"),
                _("Reference range"),
            ]
        )

    def fill(self, rows: Sequence[TableRow], edited: EditableMeasurements | None) -> None:
        """Fill the list again; empty for None."""
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
                bones[place].setExpanded(not row.structure.startswith(MANY))
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

    def filter(
        self, rows: Sequence[TableRow], edited: EditableMeasurements, which: int, search: str = ""
    ) -> None:
        """List the lines with a value, those to be looked at, those that were edited, or all.

        Args:
            rows, edited: as they were filled in.
            which: `MEASURED`, `TO_CHECK`, `EDITED` or `ALL`.
            search: words that must stand in the names of region, bone and measurement.

        Bones without any line are left out; what is searched for is unfolded.
        """
        words = search.casefold().split()
        for number, item in self._items.items():
            row = rows[number]
            names = f"{region_title(row.region)} {structure_title(row.structure)} {row.title}".casefold()
            listed = {
                MEASURED: any(edited.reviewed(key).present.is_present for key in row.keys.values()),
                TO_CHECK: row.worst_quality(edited) == "check",
                EDITED: row.is_edited(edited),
                ALL: True,
            }[which]
            item.setHidden(not (listed and all(word in names for word in words)))
            if words:
                item.parent().setExpanded(True)
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
