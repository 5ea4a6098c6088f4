"""The window in which radiographs of Slicer's DICOM database are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import qt
import slicer
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault

# Computed and digital radiography, digitised radiographs, fluoroscopy and angiography; a scan's overview is a CT.
MODALITIES = ("CR", "DX", "DR", "RG", "RF", "XA")
_TAGS = {
    "modality": "0008,0060",
    "patient": "0010,0010",
    "patient_id": "0010,0020",
    "date": "0008,0020",
    "study": "0008,1030",
    "series": "0008,103E",
    "view": "0018,5101",
    "body_part": "0018,0015",
    "columns": "0028,0011",
    "rows": "0028,0010",
    "frames": "0028,0008",
}


class DicomDatabase(Protocol):
    """What is used of `ctkDICOMDatabase`."""

    def patients(self) -> Sequence[str]:
        """Return the patients."""

    def studiesForPatient(self, patient: str) -> Sequence[str]:
        """Return the studies of a patient."""

    def seriesForStudy(self, study: str) -> Sequence[str]:
        """Return the series of a study."""

    def filesForSeries(self, series: str) -> Sequence[str]:
        """Return the files of a series."""

    def fieldForSeries(self, field: str, series: str) -> str:
        """Return what the database itself knows of a series; "" where it knows nothing. No file is opened."""

    def fileValue(self, file: str, tag: str) -> str:
        """Return what a file states under a tag; the file may be opened for it."""


@dataclass(frozen=True)
class DicomRadiograph:
    """One radiograph of the database.

    Attributes:
        file: its file.
        patient, study, series, view, size: as text.
    """

    file: str
    patient: str
    study: str
    series: str
    view: str
    size: str


def radiographs_of_database(database: DicomDatabase) -> tuple[list[DicomRadiograph], int]:
    """Return the radiographs of a database, newest study first, and how many runs of several frames were left out.

    A series may hold both radiographs of a person, so each file is one of its own.
    """
    found, runs = [], 0
    for file in _radiograph_files(database):
        values = {name: str(database.fileValue(file, tag) or "").strip() for name, tag in _TAGS.items()}
        if values["frames"].isdigit() and int(values["frames"]) > 1:
            runs += 1
            continue
        found.append((values["date"], _radiograph(file, values)))
    found.sort(key=lambda each: each[0], reverse=True)
    return [radiograph for _, radiograph in found], runs


def load_radiographs_of_database(
    radiographs: Sequence[DicomRadiograph],
) -> tuple[list[slicer.vtkMRMLScalarVolumeNode], list[Fault]]:
    """Load radiographs with the DICOM plugin that is most confident of each.

    Returns:
        The volumes in the order of the radiographs, and why radiographs could not be loaded.
    """
    nodes, faults = [], []
    for radiograph in radiographs:
        node = _load(radiograph.file)
        if node is None:
            hint = "Load it with Slicer's DICOM module to see the reason."
            faults.append(
                Fault("not-loaded", "No DICOM plugin could load the radiograph.", hint, radiograph.file)
            )
        else:
            nodes.append(node)
    return nodes, faults


def _radiograph_files(database: DicomDatabase) -> list[str]:
    files = []
    for patient in database.patients():
        for study in database.studiesForPatient(patient):
            for series in database.seriesForStudy(study):
                if _modality(database, series) in MODALITIES:
                    files += database.filesForSeries(series)
    return files


def _modality(database: DicomDatabase, series: str) -> str:
    """Return the modality of a series: from the database, else (files without it at import) from its first file."""
    if known := str(database.fieldForSeries("Modality", series) or "").strip():
        return known
    files = list(database.filesForSeries(series))
    return str(database.fileValue(files[0], _TAGS["modality"]) or "").strip() if files else ""


def _radiograph(file: str, values: dict[str, str]) -> DicomRadiograph:
    name = " ".join(values["patient"].replace("^", " ").split())
    number = f"({values['patient_id']})" if values["patient_id"] else ""
    digits = values["date"]
    date = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and digits.isdigit() else digits
    return DicomRadiograph(
        file,
        " ".join(filter(None, (name, number))) or Path(file).name,
        " ".join(filter(None, (date, values["study"]))),
        " ".join(filter(None, (values["modality"], values["series"] or values["body_part"]))),
        values["view"],
        f"{values['columns']} x {values['rows']}" if values["columns"] and values["rows"] else "",
    )


def _load(file: str) -> slicer.vtkMRMLScalarVolumeNode | None:
    # Slicer's DICOM module brings it; there is no database without that module.
    from DICOMLib import DICOMUtils

    by_plugin, _ = DICOMUtils.getLoadablesFromFileLists([[file]])
    ways = [
        (loadable.confidence, plugin, loadable)
        for plugin, loadables in by_plugin.items()
        for loadable in loadables
        if list(loadable.files) == [file]
    ]
    for _, plugin, loadable in sorted(ways, key=lambda way: way[0], reverse=True):
        loadable.selected = True
        nodes = [
            slicer.mrmlScene.GetNodeByID(each) for each in DICOMUtils.loadLoadables({plugin: [loadable]})
        ]
        volume = next((node for node in nodes if node and node.IsA("vtkMRMLScalarVolumeNode")), None)
        if volume is not None:
            return volume
    return None


_SIZE = (760, 420)


class DicomChoice:
    """Lists radiographs; one or two of them are loaded.

    Args:
        radiographs: to choose among.
        runs_left_out: how many recordings of several frames are not among them.
        on_chosen: called with the selected radiographs.
        parent: window over which it stands, or None.
    """

    def __init__(
        self,
        radiographs: Sequence[DicomRadiograph],
        runs_left_out: int,
        on_chosen: Callable[[list[DicomRadiograph]], None],
        parent: qt.QWidget | None = None,
    ):
        self._radiographs, self._on_chosen = list(radiographs), on_chosen
        self.dialog = qt.QDialog(parent)
        self.dialog.setWindowTitle(_("Radiographs in the DICOM database"))
        self.dialog.resize(*_SIZE)
        self.table = self._make_table()
        words = _("Select the frontal and the lateral radiograph (Ctrl-click for the second), or only one.")
        if not radiographs:
            words = _(
                "The database has no radiographs (CR, DX, RG, RF, XA): import them with the DICOM module."
            )
        if runs_left_out:
            words += " " + _("Not listed: {0} multi-frame series.").format(runs_left_out)
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

    def chosen(self) -> list[DicomRadiograph]:
        """Return the radiographs whose rows are selected."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self._radiographs[row] for row in rows]

    def _make_table(self) -> qt.QTableWidget:
        titles = [_("Patient"), _("Study"), _("Series"), _("View"), _("Pixels")]
        table = qt.QTableWidget(len(self._radiographs), len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        for row, radiograph in enumerate(self._radiographs):
            for column, words in enumerate(
                (radiograph.patient, radiograph.study, radiograph.series, radiograph.view, radiograph.size)
            ):
                item = qt.QTableWidgetItem(words)
                item.setToolTip(radiograph.file)
                table.setItem(row, column, item)
        table.verticalHeader().setVisible(False)
        table.horizontalHeader().setStretchLastSection(True)
        table.resizeColumnsToContents()
        table.itemSelectionChanged.connect(self._show_choice)
        return table

    def _make_buttons(self) -> qt.QHBoxLayout:
        self.load_button = qt.QPushButton(_("Load"))
        self.load_button.setToolTip(
            _("Load and select these radiographs; the frontal view is detected automatically.")
        )
        self.load_button.setDefault(True)
        self.load_button.clicked.connect(lambda *_arguments: self._load())
        browser = qt.QPushButton(_("DICOM browser…"))
        browser.setToolTip(_("Open Slicer's DICOM module to import or load other data."))
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
        radiographs = self.chosen()
        self.dialog.accept()
        self._on_chosen(radiographs)

    def _browse(self) -> None:
        self.dialog.reject()
        slicer.util.selectModule("DICOM")
