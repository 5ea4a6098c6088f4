"""`slicer.parameterNodeWrapper`: typed access to a parameter node, and widgets kept in step with it.

As in Slicer, every wrapper remembers the values and looks again when the node was modified, but not while it writes
itself: what another wrapper corrects then stays unseen. `connectGui` keeps its tag for itself: only
`connectParametersToGui` gives what `disconnectGui` wants.
"""

import types
import typing
from dataclasses import dataclass
from enum import Enum

import ctk  # noqa: F401 - registers its widgets
import qt
import slicer
import vtk


@dataclass
class WithinRange:
    minimum: float
    maximum: float


class _Parameter:
    """One typed parameter, stored as Slicer stores it: text in the node, or a node reference."""

    def __init__(self, name: str, hint: object, default: object):
        self.name = name
        annotated = typing.get_origin(hint) is typing.Annotated
        base, *self.annotations = typing.get_args(hint) if annotated else (hint,)
        self.kind = base
        self.is_node = _require_node_classes(base)
        self.is_enum = isinstance(base, type) and issubclass(base, Enum)
        if not self.is_node and not self.is_enum and base not in (str, float, int, bool):
            raise TypeError(f"the stand-in stores no parameter of type {base}")
        self.default = default if default is not None or self.is_node else base()

    def choices(self) -> list[tuple[str, object]] | None:
        """Words and values of a drop-down list, where the parameter is an enumeration."""
        return [(value.label(), value) for value in self.kind] if self.is_enum else None

    def read(self, node):
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if not node.HasParameter(self.name):
            return self.default
        if self.is_enum:
            return self.kind[text]
        return text == "True" if self.kind is bool else self.kind(text)

    def write(self, node, value):
        if self.is_node:
            node.SetNodeReferenceID(self.name, value.GetID() if value else None)
            return
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name} takes {self.kind.__name__}, not {value!r}")
        self._validate(value)
        node.SetParameter(self.name, value.name if self.is_enum else str(value))

    def _validate(self, value):
        for rule in self.annotations:
            if isinstance(rule, WithinRange) and not rule.minimum <= value <= rule.maximum:
                raise ValueError(f"{value} is not within {rule.minimum} and {rule.maximum}")


def _require_node_classes(hint: object) -> bool:
    """Return whether a hint is a class of nodes, or a union of them; as in Slicer, each of them is instantiated."""
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    classes = [option for option in options if option is not type(None)]
    if not all(isinstance(each, type) and issubclass(each, slicer.vtkMRMLNode) for each in classes):
        return False
    for each in classes:
        each().GetClassName()  # TypeError where the class is abstract
    return True


def parameterNodeWrapper(described: type) -> type:
    hints = typing.get_type_hints(described, include_extras=True)
    parameters = {
        name: _Parameter(name, hint, getattr(described, name, None)) for name, hint in hints.items()
    }
    for name in parameters:
        setattr(described, name, _property(name))
    described.allParameters = parameters
    described.__init__ = _initialise
    for method in (connectGui, connectParametersToGui, disconnectGui, AddObserver, RemoveObserver):
        setattr(described, method.__name__, method)
    return described


def _property(name: str) -> property:
    def write(self, value):
        self._writing.add(name)
        try:
            with slicer.util.NodeModify(self.parameterNode):
                self.allParameters[name].write(self.parameterNode, value)
                self._values[name] = self.allParameters[name].read(self.parameterNode)
        finally:
            self._writing.discard(name)

    return property(lambda self: self._values[name], write)


def _initialise(self, parameterNode):
    self.parameterNode = parameterNode
    self._guis = {}
    for parameter in self.allParameters.values():
        stored = parameterNode.HasParameter(parameter.name) or parameterNode.GetNodeReference(parameter.name)
        if not stored:
            parameter.write(parameterNode, parameter.default)
    self._values, self._writing = {}, set()
    _look_again(self)
    parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: _look_again(self))


def _look_again(self):
    for name, parameter in self.allParameters.items():
        if name not in self._writing:
            self._values[name] = parameter.read(self.parameterNode)


def AddObserver(self, event, callback, priority=0.0):
    return self.parameterNode.AddObserver(event, callback, priority)


def RemoveObserver(self, tag):
    self.parameterNode.RemoveObserver(tag)


def connectGui(self, ui) -> None:
    named = {each.property("SlicerParameterName"): each for each in vars(ui).values()}
    connectParametersToGui(self, {name: widget for name, widget in named.items() if name})


def connectParametersToGui(self, widgets) -> int:
    tag = len(self._guis)
    gui = self._guis[tag] = [
        _Binding(self, self.allParameters[name], widget) for name, widget in widgets.items()
    ]
    refresh = lambda *_: [binding.show() for binding in gui if binding.connected]  # noqa: E731
    self.parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, refresh)
    return tag


def disconnectGui(self, tag: int | None) -> None:
    for binding in self._guis.pop(tag, []):
        binding.connected = False


class _Binding:
    """A widget that shows and sets one parameter."""

    def __init__(self, wrapper, parameter: _Parameter, widget):
        self.wrapper, self.parameter, self.widget, self.connected = wrapper, parameter, widget, True
        self.choices = parameter.choices()
        self._prepare()
        self.show()
        self._signal().connect(lambda *_: self._take())

    def _prepare(self):
        for rule in self.parameter.annotations:
            if isinstance(rule, WithinRange):
                self.widget.setRange(rule.minimum, rule.maximum)
        if self.choices is not None:
            self.widget.clear()
            for words, _ in self.choices:
                self.widget.addItem(words)

    def _signal(self):
        if isinstance(self.widget, slicer.qMRMLNodeComboBox):
            return self.widget.currentNodeChanged
        if isinstance(self.widget, qt.QComboBox) and self.choices is not None:
            return self.widget.currentIndexChanged
        if isinstance(self.widget, qt.QCheckBox):
            return self.widget.stateChanged
        if isinstance(self.widget, qt.QDoubleSpinBox):
            return self.widget.valueChanged
        raise RuntimeError(f"no way to connect {self.parameter.kind} to a {type(self.widget).__name__}")

    def _take(self):
        if not self.connected:
            return
        widget = self.widget
        if self.parameter.is_node:
            value = widget.currentNode()
        elif self.choices is not None:
            value = self.choices[widget.currentIndex][1]
        else:
            value = widget.checked if self.parameter.kind is bool else widget.value
        if value != self.parameter.read(self.wrapper.parameterNode):
            setattr(self.wrapper, self.parameter.name, value)

    def show(self):
        value = self.parameter.read(self.wrapper.parameterNode)
        if self.parameter.is_node:
            self.widget.setCurrentNode(value)
        elif self.choices is not None:
            self.widget.currentIndex = [each for _, each in self.choices].index(value)
        elif self.parameter.kind is bool:
            self.widget.checked = value
        else:
            self.widget.value = value
