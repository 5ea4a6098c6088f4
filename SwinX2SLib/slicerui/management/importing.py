"""What the command that imports a model is told, and what is wrong before it is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.weights.cache import cache_folder
from SwinX2SLib.weights.manifest import FOLDER

_EDITS = ("importPathEdit", "importNameEdit", "importHashEdit", "importLicenceEdit")


@dataclass(frozen=True)
class ImportRequest:
    """A model that is to be imported.

    Attributes:
        path: the checkpoint.
        name: what it is to be called.
        digest: SHA-256 that it must have, "" for any.
        licence: "" where it is not known.
        half: whether it is stored in half precision.
    """

    path: str
    name: str
    digest: str = ""
    licence: str = ""
    half: bool = False

    def faults(self) -> list[Fault]:
        """List what needs no reading of the file."""
        path = Path(self.path)
        if path.is_dir():
            hint = "Choose the checkpoint in it (.pt, .pth, .safetensors)."
            return [Fault("model-is-folder", "This is a folder.", hint, self.path)]
        if not path.is_file():
            return [Fault("model-missing", "There is no such file.", "Choose it again.", self.path)]
        return []

    def arguments(self) -> list[str]:
        """Return the arguments of the interpreter."""
        given = ["-m", "SwinX2SLib", "weights", "import", self.path, "--name", self.name]
        given += ["--sha256", self.digest] if self.digest else []
        given += ["--licence", self.licence] if self.licence else []
        return given + ["--half"] * self.half


def request_of(ui: Any) -> ImportRequest:
    """Return what the form of the section Models asks for."""
    return ImportRequest(*(getattr(ui, edit).text.strip() for edit in _EDITS), ui.importHalfBox.checked)


def empty_form(ui: Any) -> None:
    """Make the form ready for the next model."""
    for edit in _EDITS:
        getattr(ui, edit).text = ""


def open_models_folder() -> str:
    """Show where imported models lie; return what went wrong, or ""."""
    folder = cache_folder() / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _("The folder of models cannot be made: {0}").format(error)
    shown = qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(folder)))
    return "" if shown else _("No program shows folders here; the folder is {0}").format(folder)
