"""The Slicer application without its window: `slicer.app`, module loading, and the names that modules import."""

import importlib.util
import logging
import sys
import types
from pathlib import Path

import ctk  # noqa: F401 - registers its widgets
import i18n_stand_in
import mrml_boot
import packaging_stand_in
import qmrml  # noqa: F401 - registers its widgets
import qt
import slicer
import slicer.util
import slicer_source
from PySide6.QtCore import Signal


class _ModuleManager(qt.QObject):
    moduleAboutToBeUnloaded = Signal(str)

    def connect(self, signal, slot):
        self._signal(signal).connect(slot)

    def disconnect(self, signal, slot):
        self._signal(signal).disconnect(slot)

    def _signal(self, signature):
        """PythonQt names a signal by its signature."""
        return getattr(self, signature.removesuffix("(QString)"))


class _LayoutManager:
    """Knows which layout is asked for; there are no windows, and no slice views unless a test adds their nodes."""

    def __init__(self):
        self.three_d_resets = 0
        self._node = slicer.vtkMRMLLayoutNode()

    def layoutLogic(self):
        return types.SimpleNamespace(GetLayoutNode=lambda: self._node)

    def setLayout(self, layout):
        self._node.SetViewArrangement(layout)

    def resetThreeDViews(self):
        self.three_d_resets += 1


class _Application:
    applicationName = "Slicer"
    applicationVersion = "5.12.4 (stand-in)"

    def __init__(self, temporary_folder: str):
        self.temporaryPath = temporary_folder
        self._modules, self._layout = _ModuleManager(), _LayoutManager()
        self._at_startup = []
        self._settings = qt.QSettings(str(Path(temporary_folder) / "Slicer.ini"), qt.QSettings.IniFormat)

    def connect(self, signal, slot):
        if signal != "startupCompleted()":
            raise ValueError(f"the stand-in has no signal {signal}")
        self._at_startup.append(slot)

    def complete_startup(self):
        """What Slicer does when all modules are loaded."""
        for slot in self._at_startup:
            slot()
        self._at_startup.clear()

    def testingEnabled(self):
        return True

    def userSettings(self):
        return self._settings

    def moduleManager(self):
        return self._modules

    def layoutManager(self):
        return self._layout

    def applicationLogic(self):
        return mrml_boot.application_logic()

    def topLevelWidgets(self):
        """Slicer's main window is not among them: there is none."""
        return qt.QApplication.topLevelWidgets()

    def translate(self, context, text):
        return qt.QCoreApplication.translate(context, text)

    def processEvents(self, *flags):
        qt.QApplication.processEvents(*flags)


class _LoadedModule:
    """What `slicer.modules.<name>` is: the description of a module and, once shown, its widget."""

    def __init__(self, name: str, path: str):
        self.name, self.path = name, path
        self.parent = types.SimpleNamespace(path=path, icon=None)
        self._representation = None

    def widgetRepresentation(self):
        if self._representation is None:
            self._representation = slicer.qMRMLWidget()
            self._representation.setLayout(qt.QVBoxLayout())
            self._representation.setMRMLScene(slicer.mrmlScene)
            self._representation.__dict__["reload"] = self._make
            self._make()
        return self._representation

    def unload(self):
        """What Slicer does with a module at its end: clean up, then take the widget away."""
        slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(self.name)
        self._representation.hide()
        self._representation.deleteLater()
        self._representation = None
        delattr(slicer.modules, self.name + "Widget")

    def _make(self):
        widget = getattr(sys.modules[self.name], self.name + "Widget")(self._representation)
        setattr(slicer.modules, self.name + "Widget", widget)
        widget.setup()


def _provide_modules() -> None:
    """Put the modules of Slicer's Python that slicer-core lacks where modules import them from."""
    sys.modules["slicer.packaging"] = slicer.packaging = packaging_stand_in
    if folder := slicer_source.checkout():
        slicer_source.load(folder)
        return
    import parameter_node
    import scripted_module

    sys.modules["slicer.ScriptedLoadableModule"] = slicer.ScriptedLoadableModule = scripted_module
    sys.modules["slicer.parameterNodeWrapper"] = slicer.parameterNodeWrapper = parameter_node


def boot(temporary_folder: str) -> None:
    """Make the application: scene, `slicer.app` and `slicer.modules`."""
    mrml_boot.boot_scene(temporary_folder)
    slicer.app = _Application(temporary_folder)
    slicer.modules = types.ModuleType("slicer.modules")
    slicer.selfTests = {}
    i18n_stand_in.look_up = qt.QCoreApplication.translate
    logging.getLogger().setLevel(logging.INFO)


def load_module(path: Path) -> _LoadedModule:
    """Load a scripted module as `qSlicerScriptedLoadableModuleFactory` does."""
    name = path.stem
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    loaded = _LoadedModule(name, str(path))
    setattr(slicer.modules, name.lower(), loaded)
    getattr(module, name)(loaded.parent)
    return loaded


_provide_modules()
