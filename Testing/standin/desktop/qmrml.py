"""Slicer's MRML widgets, as far as the module uses them."""

import qt
import slicer
from PySide6.QtCore import Property, Signal


def _widget(widget_class: type) -> type:
    setattr(slicer, widget_class.__name__, widget_class)
    return qt.custom_widget(widget_class)


@_widget
class qMRMLWidget(qt.QWidget):
    """A widget that knows the scene and tells it to the widgets that are connected to it."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    def setMRMLScene(self, scene):
        self._scene = scene
        for child in self.findChildren(qt.QWidget):
            if isinstance(child, qMRMLNodeComboBox):
                child.setMRMLScene(scene)
        self.mrmlSceneChanged.emit(scene)

    def mrmlScene(self):
        return self._scene


@_widget
class qMRMLNodeComboBox(qt.QComboBox):
    """A list of the scene's nodes of some types, kept in step with the scene."""

    currentNodeChanged = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None
        self._ids: list[str] = []
        self._told: str | None = None
        self._options = {
            "nodeTypes": [],
            "hideChildNodeTypes": [],
            "noneEnabled": False,
            "noneDisplay": "None",
        }
        self._options |= {
            "addEnabled": True,
            "removeEnabled": True,
            "renameEnabled": False,
            "showHidden": False,
        }
        self._options |= {"showChildNodeTypes": True, "editEnabled": False, "selectNodeUponCreation": True}
        self.currentIndexChanged.connect(lambda _index: self._tell())

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        self._scene = scene
        for event in (
            scene.NodeAddedEvent,
            scene.NodeRemovedEvent,
            scene.EndCloseEvent,
            scene.EndBatchProcessEvent,
        ):
            scene.AddObserver(event, lambda *_: self._refresh())
        self._refresh()

    def currentNode(self):
        chosen = self.currentIndex
        node_id = self._ids[chosen] if 0 <= chosen < len(self._ids) else ""
        return self._scene.GetNodeByID(node_id) if node_id else None

    def setCurrentNode(self, node):
        node_id = node.GetID() if node else ""
        self.setCurrentIndex(
            self._ids.index(node_id)
            if node_id in self._ids
            else self._ids.index("")
            if "" in self._ids
            else -1
        )

    def _refresh(self):
        if self._scene.IsClosing() or self._scene.IsBatchProcessing():
            return
        chosen = self.currentIndex
        kept = self._ids[chosen] if 0 <= chosen < len(self._ids) else ""
        nodes = [self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes())]
        nodes = [node for node in nodes if self._accepts(node)]
        self.blockSignals(True)
        self.clear()
        self._ids = []
        if self._options["noneEnabled"]:
            self._ids.append("")
            self.addItem(self._options["noneDisplay"])
        for node in nodes:
            self._ids.append(node.GetID())
            self.addItem(node.GetName())
        self.setCurrentIndex(self._ids.index(kept) if kept in self._ids else 0 if self._ids else -1)
        self.blockSignals(False)
        self._tell()

    def _accepts(self, node) -> bool:
        shown = any(node.IsA(name) for name in self._options["nodeTypes"])
        hidden = any(node.IsA(name) for name in self._options["hideChildNodeTypes"])
        return shown and not hidden and not node.GetHideFromEditors()

    def _tell(self):
        node = self.currentNode()
        node_id = node.GetID() if node else ""
        if node_id != self._told:
            self._told = node_id
            self.currentNodeChanged.emit(node)

    def _option(name, kind):
        def write(self, value):
            self._options[name] = value
            if self._scene is not None:
                self._refresh()

        return Property(kind, lambda self: self._options[name], write)

    nodeTypes = _option("nodeTypes", "QStringList")
    hideChildNodeTypes = _option("hideChildNodeTypes", "QStringList")
    noneDisplay = _option("noneDisplay", str)
    noneEnabled = _option("noneEnabled", bool)
    addEnabled = _option("addEnabled", bool)
    removeEnabled = _option("removeEnabled", bool)
    renameEnabled = _option("renameEnabled", bool)
    editEnabled = _option("editEnabled", bool)
    showHidden = _option("showHidden", bool)
    showChildNodeTypes = _option("showChildNodeTypes", bool)
    selectNodeUponCreation = _option("selectNodeUponCreation", bool)
