"""Section Batch: many pairs of radiographs, reconstructed one after the other in the background."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import qt
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from SwinX2SLib.slicerui.background_process import InterpreterError, QtWorkerProcess
from SwinX2SLib.slicerui.batch.run import CaseList
from SwinX2SLib.slicerui.devices import catalogue
from SwinX2SLib.slicerui.installer import Installer, InstallError, SlicerInstaller
from SwinX2SLib.slicerui.parameters import DEFAULT_MODEL, FROM_RADIOGRAPH_MM, LARGEST_PIXEL_MM
from SwinX2SLib.slicerui.section import Section, Services
from SwinX2SLib.slicerui.translation import joined_messages


@parameterNodeWrapper
class BatchParameters:
    """State of the section Batch.

    Attributes:
        batch_source: table or folder of radiographs, "" for none.
        batch_out: folder of the results, "" for none.
        batch_spacing_mm: size of a pixel at the patient of radiographs without a value in the table [mm]; 0 takes the
            value of the header.
        batch_model: name of a model of `Resources/models.json`, or "default".
        batch_measure: whether every case is measured, too.
    """

    batch_source: str = ""
    batch_out: str = ""
    batch_spacing_mm: Annotated[float, WithinRange(FROM_RADIOGRAPH_MM, LARGEST_PIXEL_MM)] = FROM_RADIOGRAPH_MM
    batch_model: str = DEFAULT_MODEL
    batch_measure: bool = False


if TYPE_CHECKING:
    from SwinX2SLib.slicerui.batch.run import BatchRun


_TABLE = "batch.csv"
_ALARM = "color: #c62828"


class BatchSection(Section):
    """Starts a batch and shows its status (`batching.run.BatchObserver`).

    A batch writes files, not the scene: it goes on when the scene is closed, and ends with the module.

    Args:
        installer: sees to the worker's dependencies.
    """

    parameter_class = BatchParameters

    def __init__(self, installer: Installer | None = None):
        super().__init__()
        self._installer = installer or SlicerInstaller()
        self._run: BatchRun | None = None
        self._models = catalogue()
        self._cases: CaseList | None = None
        self._listing = False

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        ui = self.ui
        self._cases = CaseList(ui.batchList)
        self._list_models()
        services.models_changed.connect(self._on_models_changed)
        ui.batchModelBox.currentIndexChanged.connect(self._on_model_chosen)
        for button, act in (
            (ui.batchTableButton, self._choose_table), (ui.batchFolderButton, self._choose_folder),
            (ui.batchOutButton, self._choose_out), (ui.batchStartButton, self.start),
            (ui.batchCheckButton, lambda: self.start(check=True)), (ui.batchCancelButton, self.cancel),
            (ui.batchLoadButton, self.load_chosen), (ui.batchOpenButton, self._open_table),
        ):  # fmt: skip
            button.clicked.connect(lambda *_arguments, act=act: act())
        ui.batchList.itemSelectionChanged.connect(self._show_running)
        ui.batchList.cellDoubleClicked.connect(lambda *_arguments: self.load_chosen())

    def refresh(self) -> None:
        """Show what is chosen."""
        chosen = self.parameters
        for label, path, none in (
            (self.ui.batchSourceLabel, chosen.batch_source, _("(choose a table or a folder)")),
            (self.ui.batchOutLabel, chosen.batch_out, _("(choose a folder)")),
        ):
            label.text, label.toolTip = (Path(path).name if path else none), path
        self._show_model()
        self._show_running()

    def close(self) -> None:
        """End the batch; the module goes away."""
        self.services.models_changed.disconnect(self._on_models_changed)
        if self._run is not None:
            self._run.cancel_and_wait(_("The module was closed."))

    def start(self, check: bool = False) -> None:
        """Start, or go on with, a batch, or only check its radiographs; or say why not."""
        try:
            self._installer.ensure()
            run = self._prepared(check)
            if faults := run.request.faults():
                self._show_message(joined_messages(faults), alarm=True)
                return
            # Before the start, which may report its failure at once.
            self._run = run
            self._cases.clear()
            self.ui.batchProgressBar.value = 0
            self._show_message(_("Starting..."))
            run.start(QtWorkerProcess)
        except InstallError as error:
            self._run = None
            self._show_message(f"{error} {error.hint}", alarm=True)
        except (InterpreterError, OSError) as error:
            self._run = None
            self._show_message(str(error), alarm=True)
        self._show_running()

    def cancel(self) -> None:
        """Stop the batch; what is finished is kept."""
        if self._run is not None:
            self._show_message(_("Cancelling..."))
            self._run.cancel(_("Stopped. Finished cases are kept; click Start to resume."))

    def load_chosen(self) -> None:
        """Add the result of the chosen case to the scene."""
        from SwinX2SLib.slicerui.result_loading import load_result
        from SwinX2SLib.slicerui.segmentation_import import ResultError

        folder = self._cases.folder_in(self.ui.batchList.currentRow())
        if not folder:
            return
        try:
            self.services.result_added.emit(load_result(Path(folder)))
        except ResultError as error:
            self._show_message(str(error), alarm=True)

    # Callbacks of the batch (BatchObserver)

    def on_progress(self, fraction: float, message: str) -> None:
        """Show how far it is."""
        self.ui.batchProgressBar.value = round(100 * fraction)
        self._show_message(message)

    def on_case(self, entry: Mapping[str, Any]) -> None:
        """List a case."""
        self._cases.take(entry)

    def on_ended(self, well: bool, words: str) -> None:
        """Show the outcome."""
        self._run = None
        self._cases.fit()
        self._show_message(words, alarm=not well)
        if well:
            self.ui.batchProgressBar.value = 100
        if self.parameters is not None:
            self._show_running()

    # What the user does

    def _choose_table(self) -> None:
        answer = qt.QFileDialog.getOpenFileName(
            self.ui.batchTableButton, _("Table of pairs"), "", _("Tables (*.csv *.tsv *.txt)")
        )
        # PySide also returns the selected filter.
        path = answer if isinstance(answer, str) else answer[0]
        if path:
            self.parameters.batch_source = str(path)

    def _choose_folder(self) -> None:
        if folder := qt.QFileDialog.getExistingDirectory(
            self.ui.batchFolderButton, _("Folder of radiographs"), ""
        ):
            self.parameters.batch_source = str(folder)

    def _choose_out(self) -> None:
        if folder := qt.QFileDialog.getExistingDirectory(self.ui.batchOutButton, _("Folder of results"), ""):
            self.parameters.batch_out = str(folder)

    def _on_models_changed(self) -> None:
        self._models = catalogue()
        self._list_models()
        if self.parameters is not None:
            self._show_model()

    def _on_model_chosen(self, *_signal_arguments: object) -> None:
        if self.parameters is not None and not self._listing and self.ui.batchModelBox.currentIndex >= 0:
            self.parameters.batch_model = self._models[self.ui.batchModelBox.currentIndex].name

    def _open_table(self) -> None:
        path = Path(self.parameters.batch_out) / _TABLE
        if not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path))):
            self._show_message(_("No program is available to open tables. The table is {0}").format(path))

    def _prepared(self, check: bool) -> BatchRun:
        # The protocol comes with packages that are installed by now, and not before.
        from SwinX2SLib.slicerui.batch.run import BatchRequest, BatchRun

        chosen, reconstruction = self.parameters, self.services.reconstruction()
        request = BatchRequest(
            Path(chosen.batch_source),
            Path(chosen.batch_out),
            chosen.batch_spacing_mm or None,
            chosen.batch_model,
            reconstruction.device.value if reconstruction is not None else "auto",
            chosen.batch_measure,
            check,
        )
        return BatchRun(request, self)

    # What is shown

    def _list_models(self) -> None:
        self._listing = True
        self.ui.batchModelBox.clear()
        for entry in self._models:
            self.ui.batchModelBox.addItem(entry.name)
        self._listing = False

    def _show_model(self) -> None:
        names = [entry.name for entry in self._models]
        chosen = self.parameters.batch_model
        # A model that is not here (any more) is replaced where everybody sees it.
        self.ui.batchModelBox.setCurrentIndex(names.index(chosen) if chosen in names else 0)
        if chosen not in names:
            self.parameters.batch_model = names[0]

    def _show_message(self, words: str, alarm: bool = False) -> None:
        lines = html.escape(words).replace("\n", "<br/>")
        self.ui.batchStatusLabel.text = f"<span style='{_ALARM}'>{lines}</span>" if alarm else lines

    def _show_running(self) -> None:
        chosen, running = self.parameters, self._run is not None
        ready = chosen is not None and bool(chosen.batch_source) and bool(chosen.batch_out) and not running
        self.ui.batchStartButton.enabled = self.ui.batchCheckButton.enabled = ready
        self.ui.batchCancelButton.enabled = running
        self.ui.batchLoadButton.enabled = bool(self._cases.folder_in(self.ui.batchList.currentRow()))
        has_table = chosen is not None and bool(chosen.batch_out) and Path(chosen.batch_out, _TABLE).is_file()
        self.ui.batchOpenButton.enabled = has_table and not running
        for button in (self.ui.batchTableButton, self.ui.batchFolderButton, self.ui.batchOutButton):
            button.enabled = not running
