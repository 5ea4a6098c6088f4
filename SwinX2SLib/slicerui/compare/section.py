"""Section Compare: a reconstruction against a CT segmentation of the same person."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Union

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper

from SwinX2SLib.slicerui.background_process import InterpreterError, QtWorkerProcess
from SwinX2SLib.slicerui.compare import saving, scene
from SwinX2SLib.slicerui.compare.choices import Distance, Placement
from SwinX2SLib.slicerui.compare.files import WritingError
from SwinX2SLib.slicerui.compare.run import Comparison, ComparisonRun
from SwinX2SLib.slicerui.compare.tables import summary_html
from SwinX2SLib.slicerui.installer import InstallError, SlicerInstaller
from SwinX2SLib.slicerui.section import Section, Services


@parameterNodeWrapper
class CompareParameters:
    """State of the section Compare.

    Attributes:
        compare_prediction: the reconstruction.
        compare_truth: segmentation or label map of the CT.
        compare_truth_file: file of it instead; wins over the node, "" for none.
        compare_scheme: "auto", a numbering of `label_schemes`, or the path of a map.
        compare_placement: alignment of the reconstruction with the CT.
        compare_measurements: whether both are measured, too.
        compare_distance: what the colours show.
    """

    compare_prediction: slicer.vtkMRMLSegmentationNode
    compare_truth: Union[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLLabelMapVolumeNode, None] = None  # noqa: UP007
    compare_truth_file: str = ""
    compare_scheme: str = "auto"
    compare_placement: Placement = Placement.RIGID
    compare_measurements: bool = True
    compare_distance: Distance = Distance.SIGNED


_FOLDER_SETTING = "compare/folder"
_FILES = "Segmentations (*.nii *.nii.gz *.nrrd *.nhdr);;All files (*)"
_AUTOMATIC = "auto"
_CHARTS = (
    (scene.DICE_CHART, "Overlap by bone"),
    (scene.DISTANCE_CHART, "Surface distance by bone"),
)


class CompareSection(Section):
    """Compares in the background and shows what came of it; its state is that of the reconstruction's nodes."""

    parameter_class = CompareParameters

    def __init__(self):
        super().__init__()
        self.installer = SlicerInstaller(with_networks=False)
        self._run: ComparisonRun | None = None
        self._mappings: list[str] = []
        self._charts: list[slicer.vtkMRMLPlotChartNode] = []
        self._shown: slicer.vtkMRMLSegmentationNode | None = None
        self._showing = False

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        for name, title in _scheme_titles():
            self._add_scheme(name, title)
        ui = self.ui
        for button, act in (
            (ui.compareFileButton, self._choose_file), (ui.compareNoFileButton, self._leave_file_out),
            (ui.compareMapButton, self._choose_map), (ui.compareButton, self.compare),
            (ui.compareCancelButton, self.cancel), (ui.compareChartButton, self._show_chart),
            (ui.compareReportButton, self._open_report), (ui.compareSaveButton, self._ask_and_save),
        ):  # fmt: skip
            button.clicked.connect(lambda *_arguments, act=act: act())
        for part, button in self._tables().items():
            button.clicked.connect(lambda *_arguments, part=part: self._show_table(part))
        ui.compareSchemeBox.currentIndexChanged.connect(self._on_scheme_chosen)
        ui.compareSurfacesBox.toggled.connect(self._on_switched)
        ui.compareCtBox.toggled.connect(self._on_switched)
        services.result_added.connect(self._on_result_added)

    def refresh(self) -> None:
        """Show what is chosen and what is known of it."""
        chosen = self.parameters
        has_file = bool(chosen.compare_truth_file)
        self.ui.compareFileLabel.text = Path(chosen.compare_truth_file).name if has_file else _("(none)")
        self.ui.compareFileLabel.toolTip = chosen.compare_truth_file
        self.ui.compareNoFileButton.enabled = has_file
        self.ui.compareTruthSelector.enabled = not has_file
        self._show_scheme()
        self._show_running()
        if chosen.compare_prediction is not self._shown:
            self._show_comparison(chosen.compare_prediction)
        elif self._shown is not None:
            scene.show_distance(self._shown, chosen.compare_distance)

    def forget(self) -> None:
        """Let go of the scene; where it is closed, a comparison of it ends."""
        # The state is also let go, and taken up again, whenever the user comes back to the module.
        if slicer.mrmlScene.IsClosing():
            self._end("The scene was closed; the comparison was cancelled.")
        self._show_comparison(None)
        super().forget()

    def close(self) -> None:
        """End a comparison; the module goes away."""
        self.services.result_added.disconnect(self._on_result_added)
        self._end("The module was closed.")

    def compare(self) -> None:
        """Start a comparison, or show why it is not possible."""
        chosen = self.parameters
        truth = Path(chosen.compare_truth_file) if chosen.compare_truth_file else chosen.compare_truth
        asked = Comparison(
            chosen.compare_prediction,
            truth,
            chosen.compare_scheme,
            chosen.compare_placement.value,
            chosen.compare_measurements,
        )
        # Said first: a start that fails at once has its own words.
        self._show_message(_("Reading the segmentations ..."))
        try:
            self.installer.ensure()
            self._run = ComparisonRun(asked, self._show_message, self._on_finished)
            self._run.start(QtWorkerProcess)
        except InstallError as error:
            self._show_message(f"{error} {error.hint}")
        except (WritingError, InterpreterError, OSError) as error:
            self._run = None
            self._show_message(str(error))
        self._show_running()

    def cancel(self) -> None:
        """End the comparison that runs."""
        if self._run is not None:
            self._show_message(_("Cancelling..."))
            self._run.cancel(_("Cancelled; nothing was changed."))

    def save(self, folder: Path) -> None:
        """Save page, tables and data into a folder."""
        from SwinX2SLib.slicerui.compare.saving import save_comparison

        try:
            self._show_message(_("Saved: {0}").format(save_comparison(self._shown, folder)))
        except OSError as error:
            self._show_message(_("Saving failed: {0}").format(error))

    # What the user, and the rest of the panel, do

    def _on_result_added(self, result: slicer.vtkMRMLSegmentationNode) -> None:
        if self.parameters is not None:
            self.parameters.compare_prediction = result

    def _choose_file(self) -> None:
        path = _chosen(
            qt.QFileDialog.getOpenFileName(self.ui.compareFileButton, _("CT segmentation"), "", _FILES)
        )
        if path:
            self.parameters.compare_truth_file = path

    def _leave_file_out(self) -> None:
        self.parameters.compare_truth_file = ""

    def _choose_map(self) -> None:
        path = _chosen(
            qt.QFileDialog.getOpenFileName(
                self.ui.compareMapButton, _("Label map"), "", "Maps (*.json *.csv)"
            )
        )
        if path:
            self.parameters.compare_scheme = path

    def _on_scheme_chosen(self, *_signal_arguments: object) -> None:
        index = self.ui.compareSchemeBox.currentIndex
        if self.parameters is not None and not self._showing and index >= 0:
            self.parameters.compare_scheme = self._mappings[index]

    def _on_switched(self, *_signal_arguments: object) -> None:
        if self._showing or self._shown is None:
            return
        scene.show_surfaces(self._shown, self.ui.compareSurfacesBox.checked)
        scene.show_ct(self._shown, self.ui.compareCtBox.checked)
        self.ui.compareCtBox.enabled = self.ui.compareSurfacesBox.checked

    def _show_table(self, part: str) -> None:
        for table in scene.parts(self._shown, part):
            saving.show_table(table)

    def _show_chart(self) -> None:
        index = self.ui.compareChartBox.currentIndex
        if 0 <= index < len(self._charts):
            saving.show_chart(self._charts[index])

    def _open_report(self) -> None:
        from SwinX2SLib.slicerui.compare.saving import page_file

        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(page_file(self._shown))))

    def _ask_and_save(self) -> None:
        last = self.services.settings.get(_FOLDER_SETTING, "")
        folder = qt.QFileDialog.getExistingDirectory(self.ui.compareSaveButton, _("Save to"), last)
        if folder:
            self.services.settings.set(_FOLDER_SETTING, folder)
            self.save(Path(folder))

    # Callbacks of the comparison

    def _show_message(self, words: str) -> None:
        self.ui.compareStatusLabel.text = html.escape(words)

    def _on_finished(self, folder: Path | None, words: str) -> None:
        run, self._run = self._run, None
        self._show_message(words)
        result = run.comparison.prediction
        if folder is not None and self.parameters is not None and result.GetScene() is not None:
            scene.add_comparison(result, folder, run.comparison.truth_name)
            scene.show_surfaces(result, True)
            self._show_message(_("Comparison finished. The reconstruction was not moved."))
            self._show_comparison(result)
        if self.parameters is not None:
            self._show_running()

    def _end(self, reason: str) -> None:
        if self._run is not None:
            self._run.cancel_and_wait(reason)

    # What is shown

    def _show_running(self) -> None:
        chosen, running = self.parameters, self._run is not None
        has_truth = bool(chosen.compare_truth_file) or chosen.compare_truth is not None
        same = chosen.compare_truth is not None and chosen.compare_truth is chosen.compare_prediction
        ready = chosen.compare_prediction is not None and has_truth
        self.ui.compareButton.enabled = (
            ready and not running and (bool(chosen.compare_truth_file) or not same)
        )
        self.ui.compareCancelButton.enabled = running
        self.ui.compareProgressBar.visible = running
        # Without a known end the bar only shows that work is going on.
        self.ui.compareProgressBar.maximum = 0 if running else 100

    def _show_scheme(self) -> None:
        name = self.parameters.compare_scheme
        self._showing = True
        if name not in self._mappings:
            self._add_scheme(name, _("map {0}").format(Path(name).name))
        self.ui.compareSchemeBox.setCurrentIndex(self._mappings.index(name))
        self._showing = False

    def _add_scheme(self, name: str, title: str) -> None:
        self._mappings.append(name)
        self.ui.compareSchemeBox.addItem(title)

    def _show_comparison(self, result: slicer.vtkMRMLSegmentationNode | None) -> None:
        self._shown = result
        evaluation = scene.evaluation_of(result) if result is not None else None
        self.ui.compareSummaryLabel.text = summary_html(evaluation) if evaluation is not None else ""
        self.ui.compareShowGroup.enabled = evaluation is not None
        self._showing = True
        folders = scene.parts(result, scene.FOLDER) if result is not None else []
        self.ui.compareSurfacesBox.checked = any(folder.GetVisibility() for folder in folders)
        self.ui.compareCtBox.enabled = self.ui.compareSurfacesBox.checked
        self._showing = False
        for part, button in self._tables().items():
            button.enabled = result is not None and bool(scene.parts(result, part))
        self._list_charts(result)

    def _list_charts(self, result: slicer.vtkMRMLSegmentationNode | None) -> None:
        self.ui.compareChartBox.clear()
        self._charts = []
        for part, title in (*_CHARTS, (scene.AGREEMENT, "")):
            for chart in scene.parts(result, part) if result is not None else []:
                self._charts.append(chart)
                self.ui.compareChartBox.addItem(title or chart.GetTitle().rpartition(": ")[2].capitalize())

    def _tables(self) -> dict[str, qt.QPushButton]:
        ui = self.ui
        return {
            scene.BONES: ui.compareBonesButton,
            scene.MEANS: ui.compareMeansButton,
            scene.MEASURED: ui.compareMeasurementsButton,
        }


def _scheme_titles() -> list[tuple[str, str]]:
    from SwinX2SLib.label_maps.numberings import builtin_mappings

    titles = [(name, scheme.title) for name, scheme in builtin_mappings().items()]
    return [(_AUTOMATIC, _("detect")), *titles]


def _chosen(answer: object) -> str:
    """Return the chosen file; PySide also returns the selected filter."""
    return str(answer if isinstance(answer, str) else answer[0])
