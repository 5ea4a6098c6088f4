"""Section Result: what is shown of the bones, how sure they are, where they come from, and their export."""

from __future__ import annotations

import html
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper

from SwinX2SLib.reconstruct.verdict import NO_VERDICT, strip_html
from SwinX2SLib.slicerui.background_process import InterpreterError, QtWorkerProcess
from SwinX2SLib.slicerui.edit_observer import EditObserver
from SwinX2SLib.slicerui.installer import InstallError, SlicerInstaller
from SwinX2SLib.slicerui.messages import rows_as_html
from SwinX2SLib.slicerui.result import (
    confidence,
    outlines,
    radiograph_views,
    regions,
    views,
)
from SwinX2SLib.slicerui.result.bone_list import fill_bone_list, segment_in_row
from SwinX2SLib.slicerui.result.edits import EditedView, edited_bones, show_edits, take_edits
from SwinX2SLib.slicerui.result.exporting import (
    ExportError,
    SegmentationExport,
    format_hindrances,
    needs_packages,
)
from SwinX2SLib.slicerui.result.links import is_result, remarks_of, verdict_of
from SwinX2SLib.slicerui.result.provenance_text import provenance_details, provenance_words
from SwinX2SLib.slicerui.result.radiograph_slices import RadiographsInSlices
from SwinX2SLib.slicerui.result.regions import RADIOGRAPH_ROLES, VisibilityObserver, display_state
from SwinX2SLib.slicerui.section import Section, Services
from SwinX2SLib.slicerui.segmentation_import import ResultError


@parameterNodeWrapper
class ResultParameters:
    """State of the section Result.

    Attributes:
        result_segmentation: the result that is shown.
    """

    result_segmentation: slicer.vtkMRMLSegmentationNode


_FORMATS = ("stl", "obj", "gltf", "nifti", "nrrd", "dicomseg")
_FOLDER_SETTING = "export/folder"
# The picture of verdicts has 27 columns, and the panel is narrow.
_STRIP_PIXELS = 11


class ResultSection(Section):
    """Shows one result of the scene; its state is that of the result's nodes."""

    folded = False
    parameter_class = ResultParameters

    def __init__(self):
        super().__init__()
        self.installer = SlicerInstaller(with_networks=False)
        self._eyes = VisibilityObserver(self._show_state)
        self._edits: EditObserver[EditedView] = EditObserver(take_edits, self._on_edited)
        self._in_slices: RadiographsInSlices | None = None
        self._shown: slicer.vtkMRMLSegmentationNode | None = None
        self._export: SegmentationExport | None = None
        self._showing = False
        self._region_boxes: dict[str, qt.QCheckBox] = {}
        self._format_boxes: dict[str, qt.QCheckBox] = {}
        self._radiograph_boxes: dict[str, dict[str, qt.QCheckBox]] = {}

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        self._in_slices = RadiographsInSlices(services.slice_views, self._show_state)
        self._region_boxes = {region: getattr(widgets, f"{region}Box") for region in regions.TITLES}
        self._radiograph_boxes = {
            "radiograph": {role: getattr(widgets, f"{role}RadiographBox") for role in RADIOGRAPH_ROLES},
            "outline": {role: getattr(widgets, f"{role}OutlinesBox") for role in RADIOGRAPH_ROLES},
        }
        self._format_boxes = {name: getattr(widgets, f"{name}Box") for name in _FORMATS}
        for box in (*self._region_boxes.values(), *self._radiograph_boxes["radiograph"].values()):
            box.toggled.connect(self._on_switched)
        for box in (*self._radiograph_boxes["outline"].values(), self.ui.confidenceBox):
            box.toggled.connect(self._on_switched)
        for box in self._format_boxes.values():
            box.toggled.connect(self._show_export)
        self.ui.opacitySlider.valueChanged.connect(self._on_switched)
        self.ui.frameButton.clicked.connect(self._frame)
        self.ui.slicesButton.toggled.connect(self._on_slices_switched)
        self.ui.openButton.clicked.connect(self._open)
        self.ui.exportButton.clicked.connect(self._ask_and_export)
        self.ui.boneList.cellClicked.connect(self._on_bone_clicked)
        services.result_added.connect(self._on_result_added)
        services.show_on_radiographs.connect(self._in_slices.show)

    def refresh(self) -> None:
        """Show the chosen result."""
        result = self.parameters.result_segmentation
        if result is self._shown and result is not None:
            return
        self._shown = result
        self._in_slices.hide()
        self._eyes.follow(result)
        self._edits.follow(result if is_result(result) else None)
        fill_bone_list(self.ui.boneList, result)
        self._show_words()
        self._show_state()
        self._show_formats()

    def exit(self) -> None:
        """Leave the slice views as they were before the radiographs were shown."""
        self._in_slices.hide()

    def forget(self) -> None:
        """Let go of the scene."""
        self._in_slices.hide()
        self._eyes.follow(None)
        self._edits.stop()
        self._shown = None
        super().forget()

    def close(self) -> None:
        """End an export; the module goes away."""
        self.services.result_added.disconnect(self._on_result_added)
        self.services.show_on_radiographs.disconnect(self._in_slices.show)
        self._in_slices.hide()
        self._eyes.follow(None)
        self._edits.stop()
        if self._export is not None:
            self._export.cancel_and_wait()

    def open_result(self, folder: Path) -> None:
        """Add the result in a folder to the scene and show it."""
        from SwinX2SLib.slicerui.result_loading import load_result, notes_of

        try:
            result = load_result(folder)
        except ResultError as error:
            self.ui.remarksLabel.text = html.escape(str(error))
            return
        self.parameters.result_segmentation = result
        if notes := notes_of(result):
            self.ui.remarksLabel.text += "<br/>" + html.escape(" ".join(notes))

    def export_to(self, parent: Path) -> None:
        """Export the result in the chosen formats into a new folder in `parent`."""
        chosen = [name for name, box in self._format_boxes.items() if box.checked and box.enabled]
        try:
            if needs_packages(chosen):
                self.installer.ensure()
            self._export = SegmentationExport(
                self._shown, chosen, parent, self._say_export, self._on_exported
            )
            self._export.start(QtWorkerProcess)
        except InstallError as error:
            self._say_export(f"{error} {error.hint}")
        except (ExportError, InterpreterError, OSError) as error:
            self._say_export(str(error))
        self._show_export()

    # What the user, and the rest of the panel, do

    def _on_result_added(self, result: slicer.vtkMRMLSegmentationNode) -> None:
        if self.parameters is not None:
            self.parameters.result_segmentation = result

    def _on_edited(self, result: slicer.vtkMRMLSegmentationNode, view: EditedView) -> None:
        if show_edits(result, view) and result is self._shown:
            fill_bone_list(self.ui.boneList, result)
            self._show_words()

    def _on_switched(self, *_signal_arguments: object) -> None:
        if self._showing or self._shown is None:
            return
        result, state = self._shown, display_state(self._shown)
        for region, shown in state.regions.items():
            if self._region_boxes[region].checked != shown:
                regions.show_region(result, region, not shown)
        for role, shown in state.radiographs.items():
            if self._radiograph_boxes["radiograph"][role].checked != shown:
                radiograph_views.show_radiograph(result, role, not shown)
        for role, shown in state.outlines.items():
            if self._radiograph_boxes["outline"][role].checked != shown:
                outlines.show_outlines(result, role, not shown)
        if self.ui.confidenceBox.checked != state.by_confidence:
            confidence.colour_by_confidence(result, not state.by_confidence)
        radiograph_views.set_radiograph_opacity(result, self.ui.opacitySlider.value / 100)

    def _on_bone_clicked(self, row: int, _column: int) -> None:
        bone = segment_in_row(self.ui.boneList, row)
        if self._shown is not None and bone:
            views.jump_to(self._shown, bone)

    def _frame(self) -> None:
        if self._shown is not None:
            views.frame_result(self._shown)

    def _on_slices_switched(self, wanted: bool) -> None:
        if self._showing or self._shown is None:
            return
        if wanted:
            self._in_slices.show(self._shown)
        else:
            self._in_slices.hide()

    def _open(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(self.ui.openButton, _("Folder of a result"), "")
        if folder:
            self.open_result(Path(folder))

    def _ask_and_export(self) -> None:
        last = self.services.settings.get(_FOLDER_SETTING, "")
        folder = qt.QFileDialog.getExistingDirectory(
            self.ui.exportButton, _("Create the export folder in"), last
        )
        if folder:
            self.services.settings.set(_FOLDER_SETTING, folder)
            self.export_to(Path(folder))

    def _on_exported(self, _well: bool, words: str) -> None:
        self._say_export(words)
        self._show_export()

    # What is shown

    def _say_export(self, words: str) -> None:
        self.ui.exportLabel.text = words

    def _show_words(self) -> None:
        verdict = verdict_of(self._shown) if self._shown else None
        alarm = verdict.alarm if verdict else ""
        self.services.banner.emit(alarm)
        self.ui.verdictLabel.text = self._verdict_words()
        if self._shown is None:
            self.ui.remarksLabel.text = _(
                "No result is selected: run a reconstruction or open a result folder."
            )
            self.ui.provenanceLabel.text = self.ui.provenanceDetailLabel.text = ""
            return
        remarks = remarks_of(self._shown)
        items = "".join(f"<li>{html.escape(remark)}</li>" for remark in remarks)
        self.ui.remarksLabel.text = f"<b>{_('Please note:')}</b><ul>{items}</ul>" if remarks else ""
        self.ui.provenanceLabel.text = rows_as_html(provenance_words(self._shown))
        self.ui.provenanceDetailLabel.text = rows_as_html(provenance_details(self._shown))

    def _verdict_words(self) -> str:
        """Return the line and the picture of the verdict; where the line is the banner, the picture alone."""
        if not is_result(self._shown):
            return ""
        verdict = verdict_of(self._shown)
        if verdict is None:
            return html.escape(NO_VERDICT)
        verdict = verdict.without(edited_bones(self._shown))
        line = "" if verdict.alarm else f"<p><b>{html.escape(verdict.line)}</b></p>"
        return line + strip_html(verdict, _STRIP_PIXELS)

    def _show_state(self) -> None:
        state = display_state(self._shown)
        self._showing = True
        for boxes, found in (
            (self._region_boxes, state.regions),
            (self._radiograph_boxes["radiograph"], state.radiographs),
            (self._radiograph_boxes["outline"], state.outlines),
        ):
            for name, box in boxes.items():
                box.enabled, box.checked = name in found, found.get(name, False)
        self.ui.confidenceBox.enabled = state.can_show_confidence
        self.ui.confidenceBox.checked = state.by_confidence
        self.ui.opacitySlider.enabled = bool(state.radiographs)
        self.ui.opacitySlider.value = round(100 * state.opacity)
        self.ui.slicesButton.enabled = bool(state.radiographs)
        self.ui.slicesButton.checked = self._shown is not None and self._in_slices.result is self._shown
        self.ui.frameButton.enabled = self._shown is not None
        self._showing = False

    def _show_formats(self) -> None:
        shown = self._shown
        hindrances = format_hindrances(shown) if shown is not None else {}
        if self._shown is not shown:
            # Another one was chosen while the exporters were loaded.
            return
        for name, box in self._format_boxes.items():
            box.enabled = self._shown is not None and name not in hindrances
        self.ui.hindranceLabel.text = hindrances.get("dicomseg", "")
        self.ui.hindranceLabel.visible = bool(hindrances)
        self._show_export()

    def _show_export(self, *_signal_arguments: object) -> None:
        running = self._export is not None and self._export.is_running()
        chosen = any(box.checked and box.enabled for box in self._format_boxes.values())
        self.ui.exportButton.enabled = chosen and not running
