"""Section Reconstruct: model and device, the runs and how they go."""

from __future__ import annotations

import html
import logging
from collections.abc import Mapping, Sequence

import qt
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui.devices import CatalogueEntry, DeviceWatch, catalogue, has_ct_weights
from SwinX2SLib.slicerui.dialogs import BoundedLog
from SwinX2SLib.slicerui.inputs.examination import TOOL_OPEN, Examination
from SwinX2SLib.slicerui.installer import InstallError
from SwinX2SLib.slicerui.reconstruct.runtime_estimate import Expectations, TimeLeft, duration
from SwinX2SLib.slicerui.runs import Outcome
from SwinX2SLib.slicerui.section import Section, Services
from SwinX2SLib.slicerui.translation import translated

# Text is shown in steps, so that a worker that writes a flood of lines does not keep Slicer from drawing.
_SHOW_INTERVAL_MS = 200
# Nothing is wrong yet: the user has only just begun, or is at work on a radiograph.
_UNFINISHED = ("radiograph-missing", TOOL_OPEN)


class ReconstructSection(Section):
    """Starts runs and shows their progress and result (`RunObserver`)."""

    folded = False

    def __init__(self):
        super().__init__()
        self._log, self._log_changed = BoundedLog(), False
        self._timer = qt.QTimer()
        self._timer.setInterval(_SHOW_INTERVAL_MS)
        self._timer.timeout.connect(self._show_course)
        self._models = catalogue()
        self._watch = DeviceWatch(self._show_expectation)
        self._faults: tuple[Fault, ...] = ()
        self._name, self._phase, self._fraction = "", "", 0.0
        self._run_of = ("", "")
        self._time_left = TimeLeft(None)

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        self._expectations = Expectations(services.settings)
        self._fill_models()
        self.ui.modelBox.currentIndexChanged.connect(self._on_model_chosen)
        self.ui.reconstructButton.clicked.connect(lambda *_arguments: self.reconstruct())
        self.ui.cancelButton.clicked.connect(lambda *_arguments: self.cancel())
        services.inputs_changed.connect(self._on_inputs)
        services.models_changed.connect(self._on_models_changed)
        self._show_faults([])

    def enter(self) -> None:
        """Ask what this machine has free now."""
        self._watch.ask()

    def refresh(self) -> None:
        """Show the chosen model and what to expect of it."""
        names = [entry.name for entry in self._models]
        if self.parameters.model not in names:
            logging.warning(
                "The scene refers to the model %s, which is not available.", self.parameters.model
            )
            self.parameters.model = names[0]
        self.ui.modelBox.setCurrentIndex(names.index(self.parameters.model))
        self.ui.modelInfoLabel.text = html.escape(self._model().about)
        self._show_ct_choice()
        self._show_expectation()

    def close(self) -> None:
        """End all runs; the module goes away."""
        self.services.inputs_changed.disconnect(self._on_inputs)
        self.services.models_changed.disconnect(self._on_models_changed)
        self.services.logic.cancel_and_wait(_("The module was closed."))
        self._timer.stop()
        self._watch.close()

    def reconstruct(self) -> None:
        """Check everything and start a run, or show all that is wrong."""
        running = self.services.logic.is_running()
        if not running:
            self.ui.progressBar.value = 0
            self._log.clear()
        try:
            faults = list(self._faults) or self.services.logic.start(self.parameters, self)
        except InstallError as error:
            self.ui.statusLabel.text = f"{error} {error.hint}"
            return
        except (RuntimeError, OSError) as error:
            logging.exception("SwinX2S could not start")
            self.ui.statusLabel.text = str(error)
            return
        if faults:
            self._show_faults(faults)
            self.ui.statusLabel.text = _("The run was not started.")
        self._show_running()

    def cancel(self) -> None:
        """Cancel the active run; those that wait follow."""
        self.ui.statusLabel.text = _("Cancelling...")
        self.services.logic.cancel(_("Cancelled."))

    # Callbacks of the run (RunObserver)

    def on_started(self, name: str) -> None:
        """Show the position in the queue."""
        self._name, self._phase, self._fraction = name, _("Starting..."), 0.0
        self._run_of = (self._model().weights, self._watch.devices.chosen(self._device()))
        self._time_left = TimeLeft(self._expectation().seconds)
        self._show_faults(self._faults)
        self._show_running()
        self._timer.start()
        self._show_course()

    def on_progress(self, fraction: float, message: str) -> None:
        """Remember how far it is; shown a few times a second."""
        self._fraction, self._phase = fraction, message
        self.ui.progressBar.value = round(100 * fraction)

    def on_log(self, line: str) -> None:
        """Add a line to the log."""
        self._log.append(line)
        self._log_changed = True

    def on_seconds(self, seconds: Mapping[str, float]) -> None:
        """Remember how long it took, for the next time."""
        self._expectations.remember(*self._run_of, seconds)

    def on_finished(self, outcome: Outcome) -> None:
        """Show the outcome of the run and the bones."""
        self._timer.stop()
        self._show_log()
        self._show_faults((*self._faults, *outcome.faults))
        self.ui.statusLabel.text = f"{outcome.message} {outcome.hint}".strip()
        self.ui.progressBar.value = 0 if outcome.node is None else 100
        self._show_running()
        if outcome.node is not None:
            self.ui.logSection.collapsed = self.ui.logSection.collapsed and not outcome.hint
            self.services.result_added.emit(outcome.node)
            self._show_expectation()
        elif not outcome.cancelled:
            self.ui.logSection.collapsed = False
            logging.error("SwinX2S: %s", outcome.message)

    # What is shown

    def _on_inputs(self, examination: Examination) -> None:
        self._faults = examination.faults
        self._show_faults(self._faults)
        self._show_running()

    def _on_model_chosen(self, *_signal_arguments: object) -> None:
        if self.parameters is not None and self.ui.modelBox.currentIndex >= 0:
            self.parameters.model = self._models[self.ui.modelBox.currentIndex].name

    def _on_models_changed(self) -> None:
        self._models = catalogue()
        self._fill_models()
        if self.parameters is not None:
            self.refresh()

    def _fill_models(self) -> None:
        # While the list is filled its current row means nothing.
        blocked = self.ui.modelBox.blockSignals(True)
        self.ui.modelBox.clear()
        for entry in self._models:
            self.ui.modelBox.addItem(entry.name)
        self.ui.modelBox.blockSignals(blocked)

    def _show_ct_choice(self) -> None:
        """Let a CT be asked for where there are weights for it; a scene that asks for one may take it back."""
        available = has_ct_weights()
        self.ui.alsoCtBox.enabled = available or self.parameters.also_ct
        self.ui.alsoCtBox.toolTip = (
            _("CT numbers that a network suggests, as a volume: synthetic, not for diagnosis.")
            if available
            else _(
                "This version has no weights that reconstruct a CT. Import some in the section Models, or train "
                "them (Docs/ct.md)."
            )
        )

    def _model(self) -> CatalogueEntry:
        return self._models[max(self.ui.modelBox.currentIndex, 0)]

    def _device(self) -> str:
        return self.parameters.device.value if self.parameters is not None else "auto"

    def _expectation(self):
        model, device = self._model(), self._watch.devices.chosen(self._device())
        is_loaded = self._run_of == (model.weights, device) and self.services.logic.worker_is_ready()
        return self._expectations.expect(model.weights, model.variant, device, is_loaded)

    def _show_expectation(self) -> None:
        expected, devices, device = self._expectation(), self._watch.devices, self._device()
        words = html.escape(f"{devices.words(device)}; {expected.words()}")
        alarm = devices.chosen(device) == "cuda" and not devices.card
        if expected.is_slow and devices.chosen(device) == "cpu":
            words += _(". <b>This is slow:</b> use a smaller model or a GPU.")
            alarm = True
        self.ui.expectationLabel.text = f"<span style='color: #b25000'>{words}</span>" if alarm else words

    def _show_faults(self, faults: Sequence[Fault]) -> None:
        if faults and all(fault.kind in _UNFINISHED for fault in faults):
            shown = [translated(fault) for fault in faults]
            lines = "<br>".join(
                html.escape(str(fault) if fault.kind == TOOL_OPEN else fault.message) for fault in shown
            )
            self.ui.faultsLabel.text = f"<span style='color: gray'>{lines}</span>"
        else:
            lines = "".join(f"<li>{html.escape(str(translated(fault)))}</li>" for fault in faults)
            heading = _("Please correct:")
            self.ui.faultsLabel.text = (
                f"<b style='color: #c62828'>{heading}</b><ul style='margin: 2px 0 2px -24px'>{lines}</ul>"
                if faults
                else ""
            )
        self.ui.faultsLabel.visible = bool(faults)

    def _show_running(self) -> None:
        logic = self.services.logic
        running, waiting = logic.is_running(), logic.waiting()
        self.ui.reconstructButton.enabled = not self._faults
        self.ui.reconstructButton.text = _("Add to queue") if running else _("Reconstruct")
        self.ui.cancelButton.enabled = running
        self.ui.queueLabel.visible = bool(waiting)
        self.ui.queueLabel.text = _("{0} waiting").format(waiting) if waiting else ""

    def _show_course(self) -> None:
        self._show_log()
        left = self._time_left.seconds(self._fraction)
        words = f"{self._name}: {self._phase}, {self._fraction:.0%}"
        self.ui.statusLabel.text = (
            words if left is None else words + _(", about {0} left").format(duration(left))
        )

    def _show_log(self) -> None:
        if self._log_changed:
            self._log_changed = False
            self.ui.logEdit.setPlainText(self._log.text)
            bar = self.ui.logEdit.verticalScrollBar()
            bar.value = bar.maximum
