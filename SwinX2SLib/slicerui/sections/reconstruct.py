"""Section Reconstruct: model and device, the run and how it goes."""

from __future__ import annotations

import html
import logging
from collections.abc import Sequence

import qt
import slicer

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui.bounded_log import BoundedLog
from SwinX2SLib.slicerui.catalogue import catalogue
from SwinX2SLib.slicerui.installer import InstallError
from SwinX2SLib.slicerui.outcome import Outcome
from SwinX2SLib.slicerui.section import Section
from SwinX2SLib.slicerui.services import Services

# Text is shown in steps, so that a worker that writes a flood of lines does not keep Slicer from drawing.
_LOG_INTERVAL_MS = 200


class ReconstructSection(Section):
    """Starts runs and shows what they tell (`RunObserver`)."""

    folded = False

    def __init__(self):
        super().__init__()
        self._log, self._log_changed = BoundedLog(), False
        self._log_timer = qt.QTimer()
        self._log_timer.setInterval(_LOG_INTERVAL_MS)
        self._log_timer.timeout.connect(self._show_log)
        self._models = catalogue()

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        for entry in self._models:
            self.ui.modelBox.addItem(entry.name)
        self.ui.modelBox.currentIndexChanged.connect(self._on_model_chosen)
        self.ui.reconstructButton.clicked.connect(self.reconstruct)
        self.ui.cancelButton.clicked.connect(self.cancel)
        self._show_faults([])

    def refresh(self) -> None:
        """Show the chosen model."""
        names = [entry.name for entry in self._models]
        if self.parameters.model not in names:
            logging.warning("The scene asks for the model %s, which is not here.", self.parameters.model)
            self.parameters.model = names[0]
        index = names.index(self.parameters.model)
        self.ui.modelBox.setCurrentIndex(index)
        self.ui.modelInfoLabel.text = self._models[index].about

    def close(self) -> None:
        """End a run; the module goes away."""
        self.services.logic.cancel_and_wait("The module was closed.")
        self._log_timer.stop()

    def reconstruct(self) -> None:
        """Check everything and start a run, or show all that is wrong."""
        self._show_faults([])
        self.ui.progressBar.value = 0
        self.ui.statusLabel.text = "Checking the films..."
        self._log.clear()
        try:
            faults = self.services.logic.start(self.parameters, self)
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
        elif self.services.logic.is_running():
            self.ui.statusLabel.text = "Starting..."
            self._show_running(True)
            self._log_timer.start()

    def cancel(self) -> None:
        """End the run."""
        self.ui.statusLabel.text = "Cancelling..."
        self.services.logic.cancel("Cancelled.")

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
        self.ui.progressBar.value = 0 if outcome.node is None else 100
        if outcome.node is not None:
            self.ui.logSection.collapsed = self.ui.logSection.collapsed and not outcome.hint
            slicer.app.layoutManager().resetThreeDViews()
            self.services.result_added.tell(outcome.node)
        elif not outcome.cancelled:
            self.ui.logSection.collapsed = False
            logging.error("SwinX2S: %s", outcome.message)

    def _on_model_chosen(self, *_signal_arguments: object) -> None:
        if self.parameters is not None and self.ui.modelBox.currentIndex >= 0:
            self.parameters.model = self._models[self.ui.modelBox.currentIndex].name

    def _show_faults(self, faults: Sequence[Fault]) -> None:
        lines = "".join(f"<li>{html.escape(str(fault))}</li>" for fault in faults)
        self.ui.faultsLabel.text = (
            f"<b style='color: #c62828'>Please correct:</b><ul>{lines}</ul>" if faults else ""
        )
        self.ui.faultsLabel.visible = bool(faults)

    def _show_running(self, running: bool) -> None:
        self.ui.reconstructButton.enabled = not running
        self.ui.cancelButton.enabled = running

    def _show_log(self) -> None:
        if self._log_changed:
            self._log_changed = False
            self.ui.logEdit.setPlainText(self._log.text)
            bar = self.ui.logEdit.verticalScrollBar()
            bar.value = bar.maximum
