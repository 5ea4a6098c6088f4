"""What may be dropped on the choosers of the radiographs: files, and items dragged from Slicer's subject
hierarchy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import parse_qs, urlsplit

import qt
import slicer

# Slicer's tree of the subject hierarchy gives an address of this kind for each dragged item.
_ITEM = ("mrml", "scene", "/subjecthierarchy/item")


def nodes_of_addresses(addresses: Sequence[str]) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """Return the volumes of items that were dragged from the subject hierarchy; of a folder, those inside.

    Args:
        addresses: `mrml://scene/subjecthierarchy/item?id=...`; others are left aside.
    """
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    found: dict[str, slicer.vtkMRMLScalarVolumeNode] = {}
    for item in (number for address in addresses if (number := _item_of(address)) is not None):
        for each in (item, *_items_below(hierarchy, item)):
            node = hierarchy.GetItemDataNode(each)
            if node is not None and node.IsA("vtkMRMLScalarVolumeNode"):
                found.setdefault(node.GetID(), node)
    return list(found.values())


class FileDrop(qt.QWidget):
    """Event filter that takes files dropped on a widget.

    Args:
        widget: on which things are dropped.
        on_files: called with paths of files and folders.
    """

    def __init__(self, widget: qt.QWidget, on_files: Callable[[list[str]], None]):
        super().__init__()
        self._on_files = on_files
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, _widget: qt.QObject, event: qt.QEvent) -> bool:
        """Take events of dragging what is wanted; leave all others alone."""
        if event.type() not in (qt.QEvent.DragEnter, qt.QEvent.Drop):
            return False
        take = self.importer_of(event.mimeData().urls())
        if take is None:
            return False
        event.acceptProposedAction()
        if event.type() == qt.QEvent.Drop:
            take()
        return True

    def importer_of(self, urls: Sequence[qt.QUrl]) -> Callable[[], None] | None:
        """Return what takes these addresses; None where nobody wants them."""
        files = [url.toLocalFile() for url in urls if url.toLocalFile()]
        return partial(self._on_files, files) if files else None


class RadiographDrop(FileDrop):
    """Takes volumes from the subject hierarchy, too.

    Args:
        widget, on_files: as of `FileDrop`.
        on_nodes: called with volumes of the scene.
    """

    def __init__(
        self,
        widget: qt.QWidget,
        on_files: Callable[[list[str]], None],
        on_nodes: Callable[[list[slicer.vtkMRMLScalarVolumeNode]], None],
    ):
        super().__init__(widget, on_files)
        self._on_nodes = on_nodes

    def importer_of(self, urls: Sequence[qt.QUrl]) -> Callable[[], None] | None:
        """Return what takes these addresses; None where nobody wants them."""
        nodes = nodes_of_addresses([url.toString() for url in urls])
        return partial(self._on_nodes, nodes) if nodes else super().importer_of(urls)


def _item_of(address: str) -> int | None:
    parts = urlsplit(address)
    number = parse_qs(parts.query).get("id", [""])[0]
    return int(number) if (parts.scheme, parts.netloc, parts.path) == _ITEM and number.isdigit() else None


def _items_below(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, item: int) -> list[int]:
    import vtk

    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(item, items, True)
    return [items.GetId(index) for index in range(items.GetNumberOfIds())]
