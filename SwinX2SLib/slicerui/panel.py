"""The module's panel: the sections one below the other, following the scene."""

from __future__ import annotations

from collections.abc import Callable

import ctk
import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from SwinX2SLib.resources import resource_path
from SwinX2SLib.slicerui.logic import ReconstructionLogic
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.registry import make_section, section_names, title_of
from SwinX2SLib.slicerui.section import Section
from SwinX2SLib.slicerui.services import Services


class ReconstructionPanel(VTKObservationMixin):
    """Makes the sections and tells them when the scene or the module comes and goes.

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
        # Whoever follows a node anew leaves observers on it, so not at every visit.
        if self.parameters is None or self.parameters.parameterNode is not self._parameter_node():
            self._follow_scene()
        for section in self.sections.values():
            section.enter()

    def close(self) -> None:
        """Let go of everything; the module goes away (closed, or loaded anew)."""
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
        self.parameters = ReconstructionParameters(node)
        for section in self.sections.values():
            section.follow(node)

    def _forget_scene(self) -> None:
        for section in self.sections.values():
            section.forget()
        self.parameters = None

    def _on_scene_closing(self, *_event: object) -> None:
        self.services.logic.cancel_all(_("The scene was closed, so the reconstruction was ended."))
        self._forget_scene()

    def _on_scene_replaced(self, *_event: object) -> None:
        """Begin anew: while a scene is read, its nodes come later than what refers to them."""
        self._follow_scene()
