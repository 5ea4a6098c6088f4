"""Section Models and packages: which networks there are, and what they need to run."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import qt
from slicer.i18n import tr as _

from SwinX2SLib.slicerui.background_process import InterpreterError
from SwinX2SLib.slicerui.devices import DeviceWatch
from SwinX2SLib.slicerui.dialogs import BoundedLog, confirm
from SwinX2SLib.slicerui.inputs.dropping import FileDrop
from SwinX2SLib.slicerui.installer import (
    InstallError,
    SlicerInstaller,
    missing_requirements,
    torch_is_installed,
)
from SwinX2SLib.slicerui.models.versions import (
    filling_words,
    folder_faults,
    install_arguments,
    torch_misses_the_card,
    versions_html,
)
from SwinX2SLib.slicerui.models.weights import (
    BackgroundCommand,
    about,
    empty_form,
    fill_model_list,
    open_models_folder,
    origin,
    request_of,
)
from SwinX2SLib.slicerui.section import Section, Services
from SwinX2SLib.slicerui.translation import joined_messages
from SwinX2SLib.weights.manifest import (
    FOLDER,
    StoredWeights,
    cache_folder,
    default_name,
    remove_imported,
    usable_weights,
)
from SwinX2SLib.weights.record import WeightsError

_ALARM = "color: #c62828"
_COMMAND = ("-m", "SwinX2SLib", "weights")


class ModelsSection(Section):
    """Lists, imports, verifies and removes models; shows versions and installs packages.

    Attributes:
        confirm: asks the user before something is deleted.
        installer: installs packages from the internet.
    """

    def __init__(self):
        super().__init__()
        self.confirm: Callable[[str], bool] = confirm
        self.installer = SlicerInstaller()
        self._stored: list[StoredWeights] = []
        self._task: BackgroundCommand | None = None
        self._log = BoundedLog()
        self._misses = False
        self._watch = DeviceWatch(self._show_versions)

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        buttons = {
            "verifyButton": self.verify,
            "removeModelButton": self.remove,
            "modelsFolderButton": self._open_folder,
            "importChooseButton": self._choose_file,
            "importButton": self.import_model,
            "installButton": self.install,
            "installFolderButton": self._choose_wheels,
            "modelsCancelButton": self.cancel,
        }
        for name, action in buttons.items():
            getattr(self.ui, name).clicked.connect(lambda *_arguments, action=action: action())
        self.ui.modelsTable.itemSelectionChanged.connect(self._show_chosen)
        self.ui.importPathEdit.textChanged.connect(self._on_path)
        self.ui.importNameEdit.textChanged.connect(self._show_enabled)
        # Unfolding may show what was hidden while it was folded.
        self.ui.importSection.contentsCollapsed.connect(self._show_enabled)
        self._drop = FileDrop(self.ui.importPathEdit, lambda files: self.take_file(files[0]))
        self.ui.installFolderButton.toolTip = f"{self.ui.installFolderButton.toolTip} {filling_words()}"
        self._show_models()
        self._show_versions()

    def enter(self) -> None:
        """Look again: models and packages may have come by the command since."""
        self._watch.ask()
        self._show_models()
        self._show_versions()

    def close(self) -> None:
        """End what runs; the module goes away."""
        self._watch.close()
        if self._task is not None:
            self._task.cancel_and_wait()

    # What the user does

    def chosen(self) -> StoredWeights | None:
        """Return the model of the chosen row."""
        row = self.ui.modelsTable.currentRow()
        return self._stored[row] if 0 <= row < len(self._stored) else None

    def verify(self) -> None:
        """Compare the chosen model, or every one, with its record."""
        names = [self.chosen().record.name] if self.chosen() is not None else []
        # Reading tensors needs PyTorch; size and hash do not.
        options = [] if torch_is_installed() else ["--files-only"]
        self._start([*_COMMAND, "verify", *options, *names], _("Verifying..."), self._on_verified)

    def remove(self) -> None:
        """Delete the chosen model, if it was imported and the user agrees."""
        model = self.chosen()
        if model is None or model.bundled:
            return
        if self.services.logic.is_running():
            self._show_message(
                _("A reconstruction is running and may use this model. Wait until it has finished."),
                alarm=True,
            )
            return
        question = _("Delete the model {0} ({1})? To restore it, it must be imported again.")
        if not self.confirm(question.format(model.record.name, model.path)):
            return
        try:
            remove_imported(model.record.name)
        except (WeightsError, OSError) as error:
            self._show_message(str(error), alarm=True)
            return
        self._show_message(_("Removed {0}.").format(model.record.name))
        self._on_models_changed()

    def take_file(self, path: str | Path) -> None:
        """Choose a file for the import."""
        self.ui.importPathEdit.text = str(path)

    def import_model(self) -> None:
        """Import the chosen file, after comparing its hash where one is given."""
        asked = request_of(self.ui)
        if faults := asked.faults():
            self._show_message(joined_messages(faults), alarm=True)
            return
        # The name may be typed over while the import runs.
        self._start(
            asked.arguments(), _("Importing..."), lambda well, _words: self._on_imported(well, asked.name)
        )

    def install(self) -> None:
        """Ask for and install what is missing from the internet."""
        if self._runs_something():
            return
        try:
            self.installer.ensure()
        except InstallError as error:
            self._show_message(f"{error} {error.hint}", alarm=True)
        else:
            self._show_message(_("All packages are installed."))
        self._show_versions()

    def install_from(self, folder: Path) -> None:
        """Install what is missing from a folder of wheels, and from nowhere else."""
        missing = missing_requirements()
        if not missing:
            self._show_message(_("All packages are installed."))
        elif faults := folder_faults(folder, missing):
            self._show_message(joined_messages(faults), alarm=True)
        elif not self._runs_something():
            self._start(install_arguments(folder, missing), _("Installing..."), self._on_installed)

    def is_busy(self) -> bool:
        """Return whether an import, verification or installation runs."""
        return self._task is not None and self._task.is_running()

    def cancel(self) -> None:
        """End the import, verification or installation that runs."""
        if self._task is not None:
            self._task.cancel()

    def _choose_file(self) -> None:
        files = _("Checkpoints (*.pt *.pth *.safetensors)")
        chosen = qt.QFileDialog.getOpenFileName(self.ui.importChooseButton, _("Checkpoint"), "", files)
        # PySide also returns the selected filter.
        path = chosen if isinstance(chosen, str) else chosen[0]
        if path:
            self.take_file(path)

    def _choose_wheels(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(
            self.ui.installFolderButton, _("Folder with wheels"), self.services.settings.get("wheels", "")
        )
        if folder:
            self.services.settings.set("wheels", folder)
            self.install_from(Path(folder))

    def _open_folder(self) -> None:
        if problem := open_models_folder():
            self._show_message(problem, alarm=True)

    # Work in the background

    def _start(self, arguments: Sequence[str], words: str, finished: Callable[[bool, str], None]) -> None:
        if self.is_busy():
            return
        self._log.clear()
        self.ui.modelsLogEdit.setPlainText("")
        self._task = BackgroundCommand(
            self._on_line, lambda well, message: self._on_finished(well, message, finished)
        )
        self._show_message(words)
        try:
            self._task.start(arguments)
        except (InterpreterError, OSError) as error:
            self._show_message(str(error), alarm=True)
        self._show_enabled()

    def _runs_something(self) -> bool:
        """Show a message and return True while a worker or a task runs: packages must not change under it.

        A worker that only waits is ended: on Windows the files that it has loaded cannot be replaced.
        """
        self.services.logic.stop_idle_worker()
        busy = self.services.logic.is_running() or self.is_busy()
        if busy:
            self._show_message(_("A running task uses the packages. Wait until it has finished."), alarm=True)
        return busy

    def _on_line(self, line: str) -> None:
        self._log.append(line)
        self.ui.modelsLogEdit.setPlainText(self._log.text)

    def _on_finished(self, well: bool, words: str, finished: Callable[[bool, str], None]) -> None:
        self._show_message(words, alarm=not well)
        finished(well, words)
        self._show_enabled()

    def _on_verified(self, well: bool, _words: str) -> None:
        if well and self.chosen() is None:
            self._show_message(_("All models are valid."))

    def _on_imported(self, well: bool, name: str) -> None:
        if not well:
            return
        empty_form(self.ui)
        self._on_models_changed()
        rows = [row for row, weights in enumerate(self._stored) if weights.record.name == name]
        if rows:
            self.ui.modelsTable.selectRow(rows[0])
        self._show_message(_("{0} is now available for reconstruction.").format(name))

    def _on_installed(self, well: bool, _words: str) -> None:
        self._show_versions()
        if well:
            self._show_message(_("All packages are installed. Restart Slicer if one of them was in use."))

    def _on_models_changed(self) -> None:
        self._show_models()
        self.services.models_changed.emit()

    # What is shown

    def _show_models(self) -> None:
        chosen = self.chosen()
        stored, faults = usable_weights()
        # Helper networks are no choice of the user's; one that was imported can be removed again.
        self._stored = [each for each in stored if each.record.reconstructs or not each.bundled]
        fill_model_list(self.ui.modelsTable, self._stored, default_name())
        if chosen is None or chosen not in self._stored:
            self.ui.modelsTable.clearSelection()
            self.ui.modelsTable.setCurrentCell(-1, -1)
        places = _("Imported models are stored in {0}").format(cache_folder() / FOLDER)
        self.ui.modelsPlaceLabel.text = html.escape(places)
        if faults:
            self._show_message(joined_messages(faults), alarm=True)
        self._show_chosen()

    def _show_chosen(self) -> None:
        model = self.chosen()
        self.ui.modelDetailLabel.text = about(model) if model is not None else ""
        self.ui.modelProvenanceLabel.text = origin(model) if model is not None else ""
        self.ui.modelDetailLabel.visible = self.ui.modelDetailSection.visible = model is not None
        self._show_enabled()

    def _show_versions(self) -> None:
        # Looking takes a moment, so it is not done at every key that is pressed.
        self._misses = bool(missing_requirements())
        devices = self._watch.devices
        self.ui.versionsLabel.text = versions_html(devices)
        self.ui.cardLabel.visible = torch_misses_the_card(devices)
        self._show_enabled()

    def _show_enabled(self, *_signal_arguments: object) -> None:
        busy = self.is_busy()
        model = self.chosen()
        self.ui.verifyButton.enabled = not busy
        self.ui.verifyButton.text = _("Verify") if model is not None else _("Verify all")
        self.ui.removeModelButton.enabled = not busy and model is not None and not model.bundled
        named = bool(self.ui.importPathEdit.text.strip() and self._import_name())
        has_torch = torch_is_installed()
        self.ui.importButton.enabled = named and not busy and has_torch
        self.ui.importTorchLabel.visible = not has_torch
        self.ui.installButton.enabled = self.ui.installFolderButton.enabled = self._misses and not busy
        self.ui.modelsCancelButton.visible = self.ui.modelsProgressBar.visible = busy

    def _show_message(self, words: str, alarm: bool = False) -> None:
        text = html.escape(words, quote=False)
        self.ui.modelsStatusLabel.text = f"<span style='{_ALARM}'>{text}</span>" if alarm else text

    def _import_name(self) -> str:
        return self.ui.importNameEdit.text.strip()

    def _on_path(self, *_signal_arguments: object) -> None:
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(self.ui.importPathEdit.text.strip()).stem).strip("-._")
        self.ui.importNameEdit.text = stem
        self._show_enabled()
