"""One collapsible part of the panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from SwinX2SLib.slicerui.logic import ReconstructionLogic
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.settings import Settings
from SwinX2SLib.slicerui.signals import Signal
from SwinX2SLib.slicerui.slice_views import SliceViews


@dataclass(frozen=True)
class Services:
    """Everything that a section may use of the rest.

    Attributes:
        logic: starts, queues and cancels reconstructions.
        reconstruction: gives the radiographs and choices of the present scene; None while a scene is closed.
        settings: remembered beyond the scene.
        result_added: emitted with `(segmentation node)` when the bones of a run are in the scene.
        inputs_changed: emitted with `(inputs.examination.Examination)` when the radiographs, or what is wrong with
            them, changed.
        models_changed: emitted when a model was imported or removed.
        banner: emitted with one sentence, as plain text, that stands above all tabs; "" takes it away.
        slice_views: that show radiographs, lent to one section at a time.
        show_on_radiographs: emitted with a result `(segmentation node)` whose radiographs are to be in slice views.
    """

    logic: ReconstructionLogic
    reconstruction: Callable[[], ReconstructionParameters | None]
    settings: Settings = field(default_factory=Settings)
    result_added: Signal = field(default_factory=Signal)
    inputs_changed: Signal = field(default_factory=Signal)
    models_changed: Signal = field(default_factory=Signal)
    banner: Signal = field(default_factory=Signal)
    slice_views: SliceViews = field(default_factory=SliceViews)
    show_on_radiographs: Signal = field(default_factory=Signal)


class Section(VTKObservationMixin):
    """Base of the classes in `slicerui.sections`.

    A subclass says what it needs in `setup` and shows its state in `refresh`; the panel loads the widgets, folds
    them under the `windowTitle` of the `.ui` file, and follows the scene. Widgets whose `SlicerParameterName` names a
    field of `parameter_class` are kept in step with it. All sections write to the module's one parameter node, so a
    class of a section's own begins its fields with the section's name.

    Attributes:
        folded: whether the section is folded when it is shown for the first time; later the user's last choice holds.
        parameter_class: the `parameterNodeWrapper` class of the section's state.
        ui: the named widgets of the section.
        parameters: state in the present scene; None while a scene is closed.
        services: what sections share.
    """

    folded = True
    parameter_class: type = ReconstructionParameters

    def __init__(self):
        super().__init__()
        self.ui: Any = None
        self.services: Services | None = None
        self.parameters: Any = None
        self._bound: dict[str, Any] = {}
        self._gui_tag: int | None = None

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets, once; there are no parameters yet.

        Args:
            widgets: as `slicer.util.childWidgetVariables` gives them.
            services: what sections share.
        """
        self.ui, self.services = widgets, services
        for widget in vars(widgets).values():
            if hasattr(widget, "setMRMLScene"):
                widget.setMRMLScene(slicer.mrmlScene)
            if name := widget.property("SlicerParameterName"):
                self._bound[str(name)] = widget

    def enter(self) -> None:
        """The user came to the module."""

    def exit(self) -> None:
        """The user goes to another module; layout and views are given back."""

    def refresh(self) -> None:
        """Show the parameters; called whenever one changed, so it must be quick."""

    def close(self) -> None:
        """Let go of everything; the module goes away (closed, or reloaded)."""

    # For the panel

    def follow(self, parameter_node: slicer.vtkMRMLScriptedModuleNode) -> None:
        """Take over the state of a scene."""
        self.forget()
        # A wrapper does not see what another one writes while it writes itself, so there is one for all sections.
        shared = self.services.reconstruction()
        is_shared = isinstance(shared, self.parameter_class)
        self.parameters = shared if is_shared else self.parameter_class(parameter_node)
        # Slicer's `connectGui` keeps its tag for itself, so that nothing could be disconnected any more.
        self._gui_tag = self.parameters.connectParametersToGui(self._bound)
        self.addObserver(parameter_node, vtk.vtkCommand.ModifiedEvent, self._on_modified)
        self.refresh()

    def forget(self) -> None:
        """Let go of the state, so that a scene can be closed."""
        if self.parameters is not None:
            self.parameters.disconnectGui(self._gui_tag)
            self.removeObservers(self._on_modified)
        self.parameters = None

    def _on_modified(self, *_event: object) -> None:
        if self.parameters is not None:
            self.refresh()
