"""The window in which films of Slicer's DICOM database are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import qt
import slicer
from slicer.i18n import tr as _

from SwinX2SLib.slicerui.inputs.dicom_films import DicomFilm

_SIZE = (760, 420)


class DicomChoice:
    """Lists films; one or two of them are loaded.

    Args:
        films: to choose among.
        runs_left_out: how many recordings of several frames are not among them.
        on_chosen: told the films that were chosen.
        parent: window over which it stands, or None.
    """

    def __init__(
        self,
        films: Sequence[DicomFilm],
        runs_left_out: int,
        on_chosen: Callable[[list[DicomFilm]], None],
        parent: qt.QWidget | None = None,
    ):
        self._films, self._on_chosen = list(films), on_chosen
        self.dialog = qt.QDialog(parent)
        self.dialog.setWindowTitle(_("Films of the DICOM database"))
        self.dialog.resize(*_SIZE)
        self.table = self._make_table()
        words = _("Choose the frontal and the lateral film, or one of them (Ctrl-click for the second).")
        if not films:
            words = _(
                "The database holds no radiographs (CR, DX, RG, RF, XA): import them with the DICOM module."
            )
        if runs_left_out:
            words += " " + _("Not listed: {0} recordings of several frames.").format(runs_left_out)
        label = qt.QLabel(words)
        label.setWordWrap(True)
        layout = qt.QVBoxLayout(self.dialog)
        layout.addWidget(label)
        layout.addWidget(self.table)
        layout.addLayout(self._make_buttons())
        self._show_choice()

    def open(self) -> None:
        """Show it; it does not hold up the rest."""
        self.dialog.open()

    def chosen(self) -> list[DicomFilm]:
        """Return the films whose rows are selected."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self._films[row] for row in rows]

    def _make_table(self) -> qt.QTableWidget:
        titles = [_("Patient"), _("Study"), _("Series"), _("View"), _("Pixels")]
        table = qt.QTableWidget(len(self._films), len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        for row, film in enumerate(self._films):
            for column, words in enumerate((film.patient, film.study, film.series, film.view, film.size)):
                item = qt.QTableWidgetItem(words)
                item.setToolTip(film.file)
                table.setItem(row, column, item)
        table.verticalHeader().setVisible(False)
        table.horizontalHeader().setStretchLastSection(True)
        table.resizeColumnsToContents()
        table.itemSelectionChanged.connect(self._show_choice)
        return table

    def _make_buttons(self) -> qt.QHBoxLayout:
        self.load_button = qt.QPushButton(_("Load"))
        self.load_button.setToolTip(
            _("Load the selected films and choose them; which is frontal is recognised.")
        )
        self.load_button.setDefault(True)
        self.load_button.clicked.connect(lambda *_arguments: self._load())
        browser = qt.QPushButton(_("DICOM browser…"))
        browser.setToolTip(_("Open Slicer's DICOM module, to import films or to load anything else."))
        browser.clicked.connect(lambda *_arguments: self._browse())
        cancel = qt.QPushButton(_("Cancel"))
        cancel.clicked.connect(lambda *_arguments: self.dialog.reject())
        layout = qt.QHBoxLayout()
        layout.addWidget(browser)
        layout.addStretch(1)
        layout.addWidget(cancel)
        layout.addWidget(self.load_button)
        return layout

    def _show_choice(self) -> None:
        self.load_button.setEnabled(1 <= len(self.chosen()) <= 2)

    def _load(self) -> None:
        films = self.chosen()
        self.dialog.accept()
        self._on_chosen(films)

    def _browse(self) -> None:
        self.dialog.reject()
        slicer.util.selectModule("DICOM")
