"""Where radiographs come from - files, Slicer's DICOM database, the subject hierarchy - and which role each one
takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from SwinX2SLib.slicerui.inputs.dicom import (
    DicomChoice,
    DicomRadiograph,
    load_radiographs_of_database,
    radiographs_of_database,
)
from SwinX2SLib.slicerui.inputs.dropping import RadiographDrop
from SwinX2SLib.slicerui.inputs.loading import load_radiographs

if TYPE_CHECKING:
    from SwinX2SLib.errors import Fault
    from SwinX2SLib.slicerui.section import Section


class RadiographImporter:
    """Takes radiographs for a section: its buttons that load, and what is dropped on its choosers."""

    def __init__(self, section: Section):
        self._section = section
        ui = section.ui
        self._drops = [
            RadiographDrop(
                widget,
                lambda files, role=role: self.load(files, role),
                lambda nodes, role=role: self.take(nodes, role=role),
            )
            for role, widget in (("ap", ui.apSelector), ("lateral", ui.lateralSelector))
        ]
        self.choice: DicomChoice | None = None
        ui.loadButton.clicked.connect(lambda *_arguments: self._choose_files())
        ui.databaseButton.clicked.connect(lambda *_arguments: self.choose_from_database())

    def load(self, files: Sequence[str], role: str = "") -> None:
        """Load radiographs from files, and take them."""
        self.take(*load_radiographs(files, self._show_message), role=role)

    def take(
        self,
        nodes: Sequence[slicer.vtkMRMLScalarVolumeNode],
        faults: Sequence[Fault] = (),
        role: str = "",
    ) -> None:
        """Choose one or two radiographs; which is which is recognised unless one was meant for a role.

        Args:
            nodes: volumes of the scene.
            faults: why others are not among them.
            role: "ap" or "lateral" where one was dropped there.
        """
        section, words = self._section, " ".join(str(fault) for fault in faults)
        parameters = section.parameters
        if len(nodes) == 1:
            setattr(parameters, f"{role or self._free_role()}_volume", nodes[0])
        elif len(nodes) > 1:
            with slicer.util.NodeModify(parameters.parameterNode):
                parameters.ap_volume, parameters.lateral_volume = nodes[:2]
            # Certain or a guess: the radiographs stand in the order that is more likely, and the words say why.
            recognition = section.recognition()
            if recognition is not None and recognition.frontal == 1:
                section.swap()
            words = f"{words} {recognition.reason if recognition else ''}"
            if len(nodes) > 2:
                words += _(" The other radiographs are also in the scene.")
        if words.strip():
            self._show_message(words.strip())

    def choose_from_database(self) -> None:
        """Offer the radiographs of Slicer's DICOM database."""
        database = getattr(slicer, "dicomDatabase", None)
        if database is None or not database.isOpen:
            self._show_message(
                _(
                    "The DICOM database is not open: open Slicer's DICOM module once, or load the "
                    "radiographs from files."
                )
            )
            return
        radiographs, runs = radiographs_of_database(database)
        self.choice = DicomChoice(radiographs, runs, self._load_from_database, slicer.util.mainWindow())
        self.choice.open()

    def _load_from_database(self, radiographs: Sequence[DicomRadiograph]) -> None:
        self._show_message(
            _("Loading {0} radiographs…").format(len(radiographs))
            if len(radiographs) > 1
            else _("Loading the radiograph…")
        )
        nodes, faults = load_radiographs_of_database(radiographs)
        self._show_message("")
        self.take(nodes, faults)

    def _choose_files(self) -> None:
        files = qt.QFileDialog.getOpenFileNames(slicer.util.mainWindow(), _("Load radiographs"))
        # PySide also returns the selected filter.
        files = files[0] if files and not isinstance(files[0], str) else files
        if files:
            self.load(list(files))

    def _show_message(self, words: str) -> None:
        self._section.ui.recognitionLabel.text = words

    def _free_role(self) -> str:
        return "lateral" if self._section.parameters.ap_volume is not None else "ap"
