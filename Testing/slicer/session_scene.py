"""What tests do with the measurements of a scene, and look for in it."""

import numpy as np
import slicer
import vtk

from SwinX2SLib.slicerui.measurements import nodes
from SwinX2SLib.slicerui.measurements.markups import places_of, positions
from SwinX2SLib.slicerui.result.links import linked


def markups(session, place):
    """All nodes that hold a place, or a plane."""
    return [node for node in linked(session.segmentation, nodes.MARKUP) if place in places_of(node)]


def drag(node, place, target, steps=3):
    """What Slicer's views do with a control point."""
    index = places_of(node).index(place)
    start = positions(node)[index]
    node.InvokeEvent(node.PointStartInteractionEvent)
    for part in np.linspace(0, 1, steps + 1)[1:]:
        node.SetNthControlPointPosition(index, *(start + part * (np.array(target) - start)))
    node.InvokeEvent(node.PointEndInteractionEvent)


def value(session, key):
    return session.edited.reviewed(key).present.value


def cells(session):
    table = nodes.table_of(session.segmentation).GetTable()
    names = [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())]
    return [
        {name: table.GetValueByName(row, name).ToString() for name in names}
        for row in range(table.GetNumberOfRows())
    ]


def line(session, structure, measurement):
    return next(
        row for row in cells(session) if (row["Structure"], row["Measurement"]) == (structure, measurement)
    )


def folders(item=None):
    """The subject hierarchy as nested names."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID() if item is None else item, children, False)
    ids = [children.GetId(index) for index in range(children.GetNumberOfIds())]
    return {hierarchy.GetItemName(child): folders(child) for child in ids}
