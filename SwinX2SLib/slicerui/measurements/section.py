"""Section Measurements: measuring, correcting, reviewing and reporting."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper

from SwinX2SLib.errors import InputError
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.slicerui.dialogs import confirm
from SwinX2SLib.slicerui.edit_observer import EditObserver
from SwinX2SLib.slicerui.event_loop import run_in_thread
from SwinX2SLib.slicerui.installer import SlicerInstaller, missing_requirements
from SwinX2SLib.slicerui.measurements import nodes, review
from SwinX2SLib.slicerui.measurements.cards import Cards
from SwinX2SLib.slicerui.measurements.commands import MeasuringWork, SegmentationCommand
from SwinX2SLib.slicerui.measurements.outdated import (
    bones_edited_since,
    outdated_words,
    remember_measured,
    take_bones,
)
from SwinX2SLib.slicerui.measurements.review import jump_to_places
from SwinX2SLib.slicerui.measurements.session import MeasuringSession
from SwinX2SLib.slicerui.measurements.table import tabbed_text
from SwinX2SLib.slicerui.measurements.tree import MeasurementTree
from SwinX2SLib.slicerui.result.links import is_result
from SwinX2SLib.slicerui.section import Section, Services


@parameterNodeWrapper
class MeasurementsParameters:
    """State of the section Measurements.

    Attributes:
        measured_segmentation: the bones that are measured.
    """

    measured_segmentation: slicer.vtkMRMLSegmentationNode


_NAME_SETTING, _AUTOMATIC_SETTING = "measurements/reviewer", "measurements/automatic"


class MeasurementsSection(Section):
    """Measures a segmentation and lets a person correct and sign what was found.

    Attributes:
        confirm: asks the user before corrections are lost.
        installer: sees to the packages of the command.
        session: of the segmentation that is chosen, or None where it has not been measured.
    """

    parameter_class = MeasurementsParameters

    def __init__(self):
        super().__init__()
        self.confirm: Callable[[str], bool] = confirm
        self.installer = SlicerInstaller(with_networks=False)
        self.session: MeasuringSession | None = None
        self._shown: tuple[object, object] = (None, None)
        self._work: MeasuringWork | None = None
        self._measured_id = ""
        self._measured_bones: Callable[[], dict[str, str]] = dict
        self._edits: EditObserver[dict[str, str]] = EditObserver(take_bones, self._on_bones_edited)

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        self._tree = MeasurementTree(self.ui.measuredTree)
        buttons = {
            "measureButton": self.measure,
            "measureCancelButton": self.cancel,
            "measuredUndoButton": lambda: self._do(MeasuringSession.undo),
            "measuredRedoButton": lambda: self._do(MeasuringSession.redo),
            "measuredResetButton": self.reset_chosen,
            "measuredResetAllButton": lambda: self._do(MeasuringSession.reset),
            "measuredCopyButton": self.copy,
            "measuredCsvButton": self._ask_csv,
            "measuredReportButton": self._ask_report,
            "reviewSignButton": self.sign,
            "reviewWithdrawButton": lambda: self._do(MeasuringSession.withdraw),
        }
        for name, action in buttons.items():
            getattr(self.ui, name).clicked.connect(lambda *_arguments, action=action: action())
        self.ui.measuredTree.itemSelectionChanged.connect(self._on_chosen)
        self._cards = Cards(self.ui)
        for name in ("neckShaftCard", "pelvisCard", "canalCard"):
            getattr(self.ui, name).linkActivated.connect(self._on_card)
        self.ui.measuredFilterBox.currentIndexChanged.connect(lambda *_arguments: self._filter())
        self.ui.measuredSearchEdit.textChanged.connect(lambda *_arguments: self._filter())
        self.ui.measuredAutomaticBox.checked = bool(services.settings.get(_AUTOMATIC_SETTING, True))
        self.ui.measuredAutomaticBox.toggled.connect(
            lambda wanted: services.settings.set(_AUTOMATIC_SETTING, bool(wanted))
        )
        self.ui.reviewerEdit.text = services.settings.get(_NAME_SETTING, "")
        self._work = MeasuringWork(self.ui.measureProgress, self._show_message, self._show_state)
        services.result_added.connect(self._on_result_added)

    def follow(self, parameter_node: slicer.vtkMRMLScriptedModuleNode) -> None:
        """Take over the measurements of a scene, and of what is loaded into it."""
        super().follow(parameter_node)
        scene = slicer.mrmlScene
        for event in (scene.EndImportEvent, scene.EndBatchProcessEvent):
            self.addObserver(scene, event, self._on_modified)

    def refresh(self) -> None:
        """Show the measurements of the chosen segmentation."""
        if slicer.mrmlScene.IsBatchProcessing() or slicer.mrmlScene.IsImporting():
            # The document comes before its text; the scene signals when all is there.
            return
        segmentation = self.parameters.measured_segmentation
        shown = segmentation, nodes.document_of(segmentation)
        if shown != self._shown:
            self._shown = shown
            self._open(segmentation)
        self._show_state()

    def forget(self) -> None:
        """Let go of the scene."""
        self.cancel()
        self._close_session()
        self._shown = (None, None)
        self.removeObservers(self._on_modified)
        super().forget()

    def close(self) -> None:
        """End what runs; the module goes away."""
        self.services.result_added.disconnect(self._on_result_added)
        self._work.cancel_and_wait()
        self._close_session()

    # Measuring

    def measure(self) -> None:
        """Measure the chosen bones; earlier corrections are only given up when the user agrees."""
        segmentation = self.parameters.measured_segmentation
        if segmentation is None or self._is_running():
            return
        question = _("Measuring again discards the corrections and the review of these bones. Continue?")
        if self.session is not None and self.session.is_worked_on and not self.confirm(question):
            return
        self._measured_id = segmentation.GetID()
        self._work.begin(segmentation, self.installer, self._start_measuring, self._on_measured)

    def _start_measuring(self, command: SegmentationCommand) -> None:
        # As they are written now: what is edited while they are measured is edited since.
        self._measured_bones = take_bones(self.parameters.measured_segmentation)
        command.measure()

    def cancel(self) -> None:
        """End what runs."""
        self._work.cancel()

    def write_report(self, folder: Path) -> None:
        """Write page and PDF of the current measurements into a new folder."""
        if self.session is None or self._is_running():
            return
        question = _(
            "Bones were edited after the measurement. Write the report with the current measurements?"
        )
        if self.session.outdated and not self.confirm(question):
            return
        out = review.report_folder(self.session, folder)
        document, segmentation = self.session.document, self.session.segmentation
        self._work.begin(
            segmentation,
            self.installer,
            lambda command: command.report(document, out),
            lambda well, words, _unused: self._show_message(_("Report: {0}").format(out) if well else words),
        )

    def _on_measured(self, went_well: bool, words: str, out: Path) -> None:
        segmentation = slicer.mrmlScene.GetNodeByID(self._measured_id)
        if not went_well or segmentation is None or self.parameters is None:
            self._show_message(_("The segmentation no longer exists.") if went_well else words)
            return
        text = (out / "measurements.json").read_text(encoding="utf-8")
        measured, self._measured_bones = run_in_thread(self._measured_bones), dict
        self._close_session()
        remember_measured(nodes.add_document(segmentation, text), measured)
        self._shown = (None, None)
        self.refresh()
        if self.session is not None:
            self._show_message(review.counted_words(self.session))
        elif (
            segmentation is not self.parameters.measured_segmentation and self.ui.measuredAutomaticBox.checked
        ):
            # Another result came while this one was measured.
            self.measure_if_ready()

    def _on_result_added(self, result: slicer.vtkMRMLSegmentationNode) -> None:
        if self.parameters is None:
            return
        self.parameters.measured_segmentation = result
        if self.ui.measuredAutomaticBox.checked:
            self.measure_if_ready()

    def measure_if_ready(self) -> None:
        """Measure the chosen bones if nothing has to be asked first: no measurement yet, nothing to install."""
        if self.session is None and not missing_requirements(with_networks=False):
            self.measure()

    def _on_card(self, link: str) -> None:
        """Show one of the three measurements on both radiographs and in 3D."""
        if self.session is None:
            return
        keys = self._cards.keys_of(str(link))
        self._show_in_views(keys, keys if len(keys) == 1 else ())

    def _show_in_views(self, keys: Sequence[Key], centre: Sequence[Key]) -> None:
        """Show measurements with their values on both radiographs and in 3D, and centre the slices on some."""
        if keys and is_result(self.session.segmentation):
            self.services.show_on_radiographs.emit(self.session.segmentation)
        self.session.show(keys)
        jump_to_places(self.session, centre)

    def _on_bones_edited(self, segmentation: slicer.vtkMRMLSegmentationNode, digests: dict[str, str]) -> None:
        if self.session is not None and self.session.segmentation is segmentation:
            self.session.set_outdated(bones_edited_since(self.session.document, digests))
            self._filter()
            self._show_state()

    # Correcting

    def reset_chosen(self) -> None:
        """Put the chosen measurements back to what was computed."""
        self._do(lambda session: session.reset(self._chosen_keys()))

    def _do(self, action: Callable[[MeasuringSession], None]) -> None:
        if self.session is not None:
            action(self.session)
            self._show_state()

    def _on_chosen(self) -> None:
        if self.session is not None:
            keys = self._chosen_keys()
            self._show_in_views(keys, keys)
            self._show_state()

    def _chosen_keys(self) -> list[Key]:
        return [key for number in self._tree.chosen() for key in self.session.rows[number].keys.values()]

    def _on_changed(self, touched: set[Key]) -> None:
        rows = enumerate(self.session.rows)
        numbers = [number for number, row in rows if not touched.isdisjoint(row.keys.values())]
        self._tree.update(self.session.rows, self.session.edited, numbers)
        self._cards.show(self.session)
        self._show_state()

    def _filter(self) -> None:
        if self.session is not None:
            self._tree.filter(
                self.session.rows,
                self.session.edited,
                self.ui.measuredFilterBox.currentIndex,
                str(self.ui.measuredSearchEdit.text),
            )

    # Passing on

    def copy(self) -> None:
        """Put the table on the clipboard."""
        if self.session is not None:
            qt.QApplication.clipboard().setText(tabbed_text(self.session.rows, self.session.edited))
            self._show_message(_("The table was copied to the clipboard."))

    def save_csv(self, path: Path) -> None:
        """Write the table as CSV."""
        if self.session is not None:
            self._show_message(review.save_csv(self.session, path))

    def sign(self) -> None:
        """Sign the values as they are now."""
        if self.session is None:
            return
        try:
            self.session.sign(str(self.ui.reviewerEdit.text))
        except ValueError as error:
            self._show_message(str(error))
        else:
            self.services.settings.set(_NAME_SETTING, str(self.ui.reviewerEdit.text).strip())

    def _ask_csv(self) -> None:
        if (path := review.ask_csv_path(self.ui.measuredCsvButton)) is not None:
            self.save_csv(path)

    def _ask_report(self) -> None:
        if (folder := review.ask_report_folder(self.ui.measuredReportButton)) is not None:
            self.write_report(folder)

    # What is shown
    def _open(self, segmentation: slicer.vtkMRMLSegmentationNode | None) -> None:
        self._close_session()
        if segmentation is not None and nodes.document_of(segmentation) is not None:
            try:
                self.session = MeasuringSession(segmentation)
            except (InputError, ValueError) as error:
                self._show_message(_("The measurements in the scene cannot be read: {0}").format(error))
        if self.session is not None:
            self.session.changed.connect(self._on_changed)
            self._tree.fill(self.session.rows, self.session.edited)
            self._filter()
            self._edits.follow(segmentation)
        self._cards.show(self.session)

    def _close_session(self) -> None:
        self._edits.stop()
        if self.session is not None:
            self.session.close()
        self.session = None
        self._tree.fill([], None)
        self._cards.show(None)

    def _is_running(self) -> bool:
        return self._work is not None and self._work.is_running()

    def _show_state(self) -> None:
        running, session = self._is_running(), self.session
        bones = self.parameters.measured_segmentation if self.parameters is not None else None
        self.ui.measureButton.enabled = bones is not None and not running
        self.ui.measureButton.text = _("Measure again") if session else _("Measure")
        self.ui.measureCancelButton.enabled = running
        edited = session is not None and bool(session.edited.edits)
        self.ui.measuredUndoButton.enabled = session is not None and session.edited.can_undo
        self.ui.measuredRedoButton.enabled = session is not None and session.edited.can_redo
        self.ui.measuredResetAllButton.enabled = edited
        keys = self._chosen_keys() if session is not None else []
        self.ui.measuredResetButton.enabled = edited and any(session.edited.is_edited(key) for key in keys)
        for name in ("measuredCopyButton", "measuredCsvButton", "measuredFilterBox", "reviewSignButton"):
            getattr(self.ui, name).enabled = session is not None
        self.ui.measuredReportButton.enabled = session is not None and not running
        self.ui.reviewWithdrawButton.enabled = session is not None and session.review is not None
        self.ui.measuredDetailLabel.text = review.reasons_html(session, keys) if session is not None else ""
        words = outdated_words(session.outdated) if session is not None else ""
        self.ui.measuredOutdatedLabel.text = html.escape(words)
        self.ui.measuredOutdatedLabel.visible = bool(words)
        self.ui.reviewLabel.text = review.review_html(session) if session is not None else ""

    def _show_message(self, words: str) -> None:
        self.ui.measureStatusLabel.text = html.escape(words)
