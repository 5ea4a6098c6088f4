"""Slicer's own Python, from a checkout of its sources, in the place of this folder's stand-ins.

`SLICER_SOURCE` names the checkout. `slicer.util` needs nothing: slicer-core brings Slicer's own. What lies below
Python (Qt, CTK, PythonQt and MRML's widgets) stays the stand-in's, and so does `slicer.packaging`: no test installs
anything.
"""

import importlib.util
import os
import re
import sys
import types
from pathlib import Path

import ctk
import qt
import slicer

_PYTHON = Path("Base", "Python", "slicer")
_MODULES = Path("Modules", "Scripted")
_WIDGETS = re.compile(r"\b(ctk|qt|slicer)\.((?:ctk|qMRML|qSlicer|Q)[A-Z]\w+)")
# In the order in which they import each other.
_FILES = {
    "slicer.i18n": _PYTHON / "i18n.py",
    "slicer.ScriptedLoadableModule": _PYTHON / "ScriptedLoadableModule.py",
    "slicer.parameterNodeWrapper": _PYTHON / "parameterNodeWrapper" / "__init__.py",
    "SampleData": _MODULES / "SampleData" / "SampleData.py",
}


def checkout() -> Path | None:
    """The checkout that `SLICER_SOURCE` names, or None where the stand-ins are wanted.

    Raises:
        FileNotFoundError: the folder lacks some of Slicer's files.
    """
    if not (named := os.environ.get("SLICER_SOURCE")):
        return None
    folder = Path(named)
    if absent := [str(path) for path in _FILES.values() if not (folder / path).is_file()]:
        raise FileNotFoundError(f"SLICER_SOURCE={folder} is no checkout of Slicer: no {', '.join(absent)}")
    return folder


def load(folder: Path) -> dict[str, types.ModuleType]:
    """Import Slicer's files under their names, by which modules import them."""
    for path in (folder / _PYTHON / "parameterNodeWrapper").glob("*.py"):
        _name_widgets(path.read_text(encoding="utf-8"))
    return {name: _load(name, folder / path) for name, path in _FILES.items()}


class _Widget:
    """A widget of Slicer that this desktop lacks: it has a name, since Slicer's files compare with it."""

    def __init__(self, *_arguments):
        raise NotImplementedError(f"the stand-in has no {type(self).__name__}")


def _name_widgets(text: str) -> None:
    for module, name in _WIDGETS.findall(text):
        module = {"ctk": ctk, "qt": qt, "slicer": slicer}[module]
        if not hasattr(module, name):
            setattr(module, name, type(name, (_Widget,), {}))


def _load(name: str, path: Path) -> types.ModuleType:
    folders = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if name.startswith("slicer."):
        setattr(slicer, name.removeprefix("slicer."), module)
    return module
