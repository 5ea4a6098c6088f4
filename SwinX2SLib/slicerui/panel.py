"""The module's panel: the sections one below the other, following the scene."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from importlib.util import find_spec

import ctk
import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from SwinX2SLib import slicerui
from SwinX2SLib.resources import resource_path
from SwinX2SLib.slicerui.logic import ReconstructionLogic
from SwinX2SLib.slicerui.parameters import ReconstructionParameters, rename_old_parameters
from SwinX2SLib.slicerui.section import Section, Services

# From the radiographs to what is done with the bones; a section that is not named here comes last.
ORDER = ("inputs", "reconstruct", "result", "measurements", "compare", "batch", "models")


def section_names() -> list[str]:
    """Return the names of all sections: the packages of `slicerui` with a module `section`, in the panel's order."""
    packages = [module.name for module in pkgutil.iter_modules(slicerui.__path__) if module.ispkg]
    found = [name for name in packages if find_spec(f"{slicerui.__name__}.{name}.section")]
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def make_section(name: str) -> Section:
    """Make a section, without its widgets yet.

    Args:
        name: of its package in `slicerui`, for example "inputs" for the class `InputsSection`.
    """
    module = importlib.import_module(f"{slicerui.__name__}.{name}.section")
    return getattr(module, f"{title_of(name)}Section")()


def title_of(name: str) -> str:
    """Return the first part of a section's class name and of its `.ui` file."""
    return "".join(word.capitalize() for word in name.split("_"))


class ReconstructionPanel(VTKObservationMixin):
    """Creates the sections and notifies them of changes of the scene and the module.

    Args:
        layout: where the sections are put.
        logic: starts and holds the runs.
        parameter_node: gives the module's parameter node of the present scene.

    Attributes:
        sections: by name, in the order of the panel.
        services: what they share.
    """

    def __init__(
        self,
        layout: qt.QLayout,
        logic: ReconstructionLogic,
        parameter_node: Callable[[], slicer.vtkMRMLScriptedModuleNode],
    ):
        super().__init__()
        self._parameter_node = parameter_node
        self._is_entered = False
        self.parameters: ReconstructionParameters | None = None
        self.services = Services(logic, lambda: self.parameters)
        self.sections: dict[str, Section] = {}
        for name in section_names():
            self.sections[name] = self._add(name, layout)
        layout.addStretch(1)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_closing)
        self.addObserver(scene, scene.EndCloseEvent, self._on_scene_replaced)
        self.addObserver(scene, scene.EndImportEvent, self._on_scene_replaced)
        self._follow_scene()

    def enter(self) -> None:
        """Show the present scene, which may have been replaced since the module was last seen."""
        self._is_entered = True
        # Whoever follows a node again leaves observers on it, so not at every visit.
        if self.parameters is None or self.parameters.parameterNode is not self._parameter_node():
            self._follow_scene()
        for section in self.sections.values():
            section.enter()

    def exit(self) -> None:
        """The user goes to another module: give the views back."""
        self._is_entered = False
        for section in self.sections.values():
            section.exit()

    def close(self) -> None:
        """Let go of everything; the module goes away (closed, or reloaded)."""
        self.removeObservers()
        for section in self.sections.values():
            section.close()
        self._forget_scene()

    def _add(self, name: str, layout: qt.QLayout) -> Section:
        section = make_section(name)
        widget = slicer.util.loadUI(str(resource_path("UI", f"{title_of(name)}.ui")))
        fold, remembered = ctk.ctkCollapsibleButton(), f"folded/{name}"
        fold.text = widget.windowTitle
        fold.setLayout(qt.QVBoxLayout())
        fold.layout().addWidget(widget)
        layout.addWidget(fold)
        fold.collapsed = self.services.settings.get(remembered, section.folded)
        fold.contentsCollapsed.connect(lambda folded: self.services.settings.set(remembered, bool(folded)))
        section.setup(slicer.util.childWidgetVariables(widget), self.services)
        return section

    def _follow_scene(self) -> None:
        self._forget_scene()
        node = self._parameter_node()
        rename_old_parameters(node)
        # VTK calls the first observer of an object after all others of its priority. It must not be one of the
        # wrapper's, which would then hold an old value while the sections look at it.
        self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._on_node_modified)
        self.parameters = ReconstructionParameters(node)
        for section in self.sections.values():
            section.follow(node)

    def _forget_scene(self) -> None:
        for section in self.sections.values():
            section.forget()
        self.parameters = None
        self.removeObservers(self._on_node_modified)

    def _on_node_modified(self, *_event: object) -> None:
        """Do nothing; see `_follow_scene`."""

    def _on_scene_closing(self, *_event: object) -> None:
        self.services.logic.cancel_all(_("The scene was closed; the reconstruction was cancelled."))
        self._forget_scene()

    def _on_scene_replaced(self, *_event: object) -> None:
        """Start again: while a scene is read, its nodes come later than what refers to them.

        While another module is shown, its layout and views stay as they are; `enter` follows the scene then.
        """
        if self._is_entered:
            self._follow_scene()
        else:
            self._forget_scene()
