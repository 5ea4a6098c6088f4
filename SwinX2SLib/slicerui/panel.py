"""The module's panel: shows the parameters, what is wrong with them, and how the run goes."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Sequence

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui.bounded_log import BoundedLog
from SwinX2SLib.slicerui.catalogue import catalogue
from SwinX2SLib.slicerui.films import film_axes, film_size, film_spacing
from SwinX2SLib.slicerui.installer import InstallError
from SwinX2SLib.slicerui.logic import ReconstructionLogic
from SwinX2SLib.slicerui.outcome import Outcome
from SwinX2SLib.slicerui.parameters import ReconstructionParameters

# Text is shown in steps, so that a worker that writes a flood of lines does not keep Slicer from drawing.
_LOG_INTERVAL_MS = 200


class ReconstructionPanel(VTKObservationMixin):
    """Connects the widgets of `SwinX2S.ui` with the parameters, the logic and a run (`RunObserver`).

    Args:
        ui: the named widgets, as `slicer.util.childWidgetVariables` gives them.
        logic: starts and holds the run.
        parameter_node: gives the module's parameter node of the present scene.
    """

    def __init__(
        self,
        ui: object,
        logic: ReconstructionLogic,
        parameter_node: Callable[[], slicer.vtkMRMLScriptedModuleNode],
    ):
        super().__init__()
        self.ui, self.logic, self._parameter_node = ui, logic, parameter_node
        self.parameters: ReconstructionParameters | None = None
        self._gui_tag: int | None = None
        self._film_ids: tuple[str, ...] = ()
        self._log, self._log_changed = BoundedLog(), False
        self._log_timer = qt.QTimer()
        self._log_timer.setInterval(_LOG_INTERVAL_MS)
        self._log_timer.timeout.connect(self._show_log)
        self._models = catalogue()
        self._connect_widgets()
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_closing)
        self.addObserver(scene, scene.EndCloseEvent, self._on_scene_closed)
        self.follow_scene()

    def follow_scene(self) -> None:
        """Show the parameters of the present scene; for when the module is entered or a scene was closed."""
        self.forget_scene()
        self.parameters = ReconstructionParameters(self._parameter_node())
        self._film_ids = self._chosen_films()
        self._gui_tag = self.parameters.connectGui(self.ui)
        self.addObserver(self.parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._on_parameters)
        self._on_parameters()

    def forget_scene(self) -> None:
        """Let go of the parameters, so that a scene can be closed."""
        if self.parameters is not None:
            self.parameters.disconnectGui(self._gui_tag)
            self.removeObservers(self._on_parameters)
        self.parameters = None

    def close(self) -> None:
        """End a run and let go of everything; the module goes away (closed, or loaded anew)."""
        self.logic.cancel_and_wait("The module was closed.")
        self._log_timer.stop()
        self.forget_scene()
        self.removeObservers()

    # What the run tells (RunObserver)

    def on_progress(self, fraction: float, message: str) -> None:
        """Move the bar and say what is being done."""
        self.ui.progressBar.value = round(100 * fraction)
        self.ui.statusLabel.text = message

    def on_log(self, line: str) -> None:
        """Add a line to the log."""
        self._log.append(line)
        self._log_changed = True

    def on_finished(self, outcome: Outcome) -> None:
        """Say what came of the run and show the bones."""
        self._log_timer.stop()
        self._show_log()
        self._show_running(False)
        self._show_faults(outcome.faults)
        self.ui.statusLabel.text = f"{outcome.message} {outcome.hint}".strip()
        if outcome.node is None:
            self.ui.progressBar.value = 0
        if outcome.node is not None:
            self.ui.progressBar.value = 100
            self.ui.logSection.collapsed = self.ui.logSection.collapsed and not outcome.hint
            slicer.app.layoutManager().resetThreeDViews()
        elif not outcome.cancelled:
            self.ui.logSection.collapsed = False
            logging.error("SwinX2S: %s", outcome.message)

    # What the user does

    def reconstruct(self) -> None:
        """Check everything and start a run, or show all that is wrong."""
        self._show_faults([])
        self.ui.progressBar.value = 0
        self.ui.statusLabel.text = "Checking the films..."
        self._log.clear()
        try:
            faults = self.logic.start(self.parameters, self)
        except InstallError as error:
            self.ui.statusLabel.text = f"{error} {error.hint}"
            return
        except (RuntimeError, OSError) as error:
            logging.exception("SwinX2S could not start")
            self.ui.statusLabel.text = str(error)
            return
        self._show_faults(faults)
        if faults:
            self.ui.statusLabel.text = "Nothing was started."
        elif self.logic.is_running():
            self.ui.statusLabel.text = "Starting..."
            self._show_running(True)
            self._log_timer.start()

    def cancel(self) -> None:
        """End the run."""
        self.ui.statusLabel.text = "Cancelling..."
        self.logic.cancel("Cancelled.")

    def _connect_widgets(self) -> None:
        for selector in (self.ui.apSelector, self.ui.lateralSelector):
            selector.setMRMLScene(slicer.mrmlScene)
        for entry in self._models:
            self.ui.modelBox.addItem(entry.name)
        self.ui.modelBox.currentIndexChanged.connect(self._on_model_chosen)
        self.ui.reconstructButton.clicked.connect(self.reconstruct)
        self.ui.cancelButton.clicked.connect(self.cancel)
        self._show_faults([])

    def _on_model_chosen(self, *_signal_arguments: object) -> None:
        if self.parameters is not None and self.ui.modelBox.currentIndex >= 0:
            self.parameters.model = self._models[self.ui.modelBox.currentIndex].name

    def _on_parameters(self, *_event: object) -> None:
        self._withdraw_consent_for_other_films()
        self._show_film(self.parameters.ap_volume, self.parameters.ap_spacing_mm, self.ui.apInfoLabel)
        lateral, lateral_mm = self.parameters.lateral_volume, self.parameters.lateral_spacing_mm
        self._show_film(lateral, lateral_mm, self.ui.lateralInfoLabel)
        self.ui.acceptSpacingBox.visible = self._spacing_is_assumed()
        self._show_model()

    def _withdraw_consent_for_other_films(self) -> None:
        films = self._chosen_films()
        if films != self._film_ids:
            self._film_ids = films
            self.parameters.accept_assumed_spacing = False

    def _chosen_films(self) -> tuple[str, ...]:
        films = (self.parameters.ap_volume, self.parameters.lateral_volume)
        return tuple(film.GetID() if film is not None else "" for film in films)

    def _spacing_is_assumed(self) -> bool:
        films = (
            (self.parameters.ap_volume, self.parameters.ap_spacing_mm),
            (self.parameters.lateral_volume, self.parameters.lateral_spacing_mm),
        )
        return any(
            film is not None and film_axes(film) is not None and film_spacing(film, given_mm).assumed
            for film, given_mm in films
        )

    def _show_film(
        self, film: slicer.vtkMRMLScalarVolumeNode | None, given_mm: float, label: qt.QLabel
    ) -> None:
        if film is None:
            label.text = ""
        elif film_axes(film) is None:
            label.text = "This volume is no single film."
        else:
            label.text = f"{film_size(film)}, {film_spacing(film, given_mm)}"

    def _show_model(self) -> None:
        names = [entry.name for entry in self._models]
        if self.parameters.model not in names:
            logging.warning("The scene asks for the model %s, which is not here.", self.parameters.model)
            self.parameters.model = names[0]
        index = names.index(self.parameters.model)
        self.ui.modelBox.setCurrentIndex(index)
        self.ui.modelInfoLabel.text = self._models[index].about

    def _show_faults(self, faults: Sequence[Fault]) -> None:
        lines = "".join(f"<li>{html.escape(str(fault))}</li>" for fault in faults)
        self.ui.faultsLabel.text = (
            f"<b style='color: #c62828'>Please correct:</b><ul>{lines}</ul>" if faults else ""
        )
        self.ui.faultsLabel.visible = bool(faults)

    def _show_running(self, running: bool) -> None:
        self.ui.reconstructButton.enabled = not running
        self.ui.cancelButton.enabled = running
        self.ui.filmsSection.enabled = not running
        self.ui.computationSection.enabled = not running

    def _show_log(self) -> None:
        if self._log_changed:
            self._log_changed = False
            self.ui.logEdit.setPlainText(self._log.text)
            bar = self.ui.logEdit.verticalScrollBar()
            bar.value = bar.maximum

    def _on_scene_closing(self, *_event: object) -> None:
        self.logic.cancel("The scene was closed, so the reconstruction was ended.")
        self.forget_scene()

    def _on_scene_closed(self, *_event: object) -> None:
        self.follow_scene()
