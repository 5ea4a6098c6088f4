"""A comparison in the scene: tables, charts, coloured surfaces and the page; the reconstruction knows them all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import slicer

from SwinX2SLib.slicerui.compare.charts import agreement_charts, bar_chart
from SwinX2SLib.slicerui.compare.choices import Distance
from SwinX2SLib.slicerui.compare.surfaces import (
    add_legend,
    colour_model,
    ct_model,
    distance_model,
    make_colours,
    range_mm,
    show_in_legend,
)
from SwinX2SLib.slicerui.compare.tables import bones_table, means_table, measurements_table
from SwinX2SLib.slicerui.event_loop import process_events, run_in_thread
from SwinX2SLib.slicerui.result.links import link, linked, provenance_value, remove_node
from SwinX2SLib.slicerui.result.regions import make_folder, place_in

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.case import CaseEvaluation
    from SwinX2SLib.evaluation.surfaces import ComparedSurfaces


COMPARISON = "comparison"
"""Role (`display.links`) of every node of a comparison; its attribute `part` says which one it is."""

BONES, MEANS, MEASURED = "bones", "means", "measurements"
DICE_CHART, DISTANCE_CHART, AGREEMENT = "dice_chart", "distance_chart", "agreement"
SURFACE, CT, LEGEND, DOCUMENT, PAGE, FOLDER = "surface", "ct", "legend", "document", "page", "folder"
_OTHER = "other"


@dataclass(frozen=True, eq=False)
class _Read:
    """What a comparison's folder holds."""

    document: str
    page: str
    evaluation: CaseEvaluation
    surfaces: ComparedSurfaces


def parts(result: slicer.vtkMRMLSegmentationNode, part: str) -> list[slicer.vtkMRMLNode]:
    """Return the nodes of a part of the comparison of a reconstruction."""
    return linked(result, COMPARISON, part=part)


def evaluation_of(result: slicer.vtkMRMLSegmentationNode) -> CaseEvaluation | None:
    """Return the result of the comparison of a reconstruction, or None where there is none (any more)."""
    found = parts(result, DOCUMENT)
    if not found:
        return None
    from SwinX2SLib.evaluation.case import CaseEvaluation

    return CaseEvaluation.from_dict(json.loads(found[0].GetText()))


def add_comparison(result: slicer.vtkMRMLSegmentationNode, folder: Path, truth_name: str) -> CaseEvaluation:
    """Add a comparison to the scene in place of an earlier one of this reconstruction.

    The reconstruction stays where it is; the coloured surfaces lie where they were compared, on the CT.

    Args:
        result: the reconstruction.
        folder: that `swinx2s evaluate --surfaces` wrote.
        truth_name: of what it was compared with.

    Raises:
        InputError, ValueError, OSError: the folder is not whole; the scene is then as it was.
    """
    read = run_in_thread(lambda: _read(folder))
    remove_comparison(result)
    name = f"{result.GetName()} and {truth_name}"
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    try:
        top, display = make_folder(name, _parent_of(result))
        _keep(result, FOLDER, [display])
        _add_tables(result, read.evaluation, top, name)
        _add_surfaces(result, read.surfaces, top)
        texts = {DOCUMENT: (f"{name} (data)", read.document), PAGE: (f"{name} (report)", read.page)}
        for part, (title, text) in texts.items():
            node = scene.AddNewNodeByClass("vtkMRMLTextNode", title)
            node.SetText(text)
            _keep(result, part, [node])
            place_in(top, node)
            process_events()
    finally:
        scene.EndState(scene.BatchProcessState)
    _add_legend(result)
    return read.evaluation


def _read(folder: Path) -> _Read:
    from SwinX2SLib.evaluation.case import CaseEvaluation
    from SwinX2SLib.evaluation.surfaces import read_surfaces
    from SwinX2SLib.report.evaluation.write import FILES, SURFACES_FILE

    document = (folder / FILES["evaluation"]).read_text(encoding="utf-8")
    page = (folder / FILES["page"]).read_text(encoding="utf-8")
    evaluation = CaseEvaluation.from_dict(json.loads(document))
    return _Read(document, page, evaluation, read_surfaces(folder / SURFACES_FILE))


def remove_comparison(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Take the comparison of a reconstruction out of the scene, with its folders."""
    # What stands in folders was added after them, and goes before them.
    for node in reversed(linked(result, COMPARISON)):
        remove_node(node)
        process_events()


def show_distance(result: slicer.vtkMRMLSegmentationNode, distance: Distance) -> None:
    """Let the colours of all surfaces show the signed or the absolute distance."""
    for model in parts(result, SURFACE):
        colour_model(model, distance)
    for legend in parts(result, LEGEND):
        show_in_legend(legend, distance)


def show_surfaces(result: slicer.vtkMRMLSegmentationNode, shown: bool) -> None:
    """Show the coloured surfaces instead of the reconstruction, or the other way round."""
    for folder in parts(result, FOLDER):
        folder.SetVisibility(shown)
    for legend in parts(result, LEGEND):
        legend.SetVisibility(shown)
    result.SetDisplayVisibility(not shown)


def show_ct(result: slicer.vtkMRMLSegmentationNode, shown: bool) -> None:
    """Show or hide the bones of the CT; those that are missed stay seen."""
    for model in parts(result, CT):
        if provenance_value(model, "missed") != "yes":
            model.GetDisplayNode().SetVisibility(shown)


def _parent_of(result: slicer.vtkMRMLSegmentationNode) -> int:
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(result)
    return hierarchy.GetItemParent(item) if item else hierarchy.GetSceneItemID()


def _keep(
    result: slicer.vtkMRMLSegmentationNode, part: str, nodes: Iterable[slicer.vtkMRMLNode], **attributes: str
) -> None:
    for node in nodes:
        link(result, COMPARISON, node, part=part, **attributes)


def _add_tables(
    result: slicer.vtkMRMLSegmentationNode, evaluation: CaseEvaluation, top: int, name: str
) -> None:
    tables = {
        BONES: bones_table(evaluation, f"{name}: bones"),
        MEANS: means_table(evaluation, f"{name}: means"),
    }
    if evaluation.measurements:
        tables[MEASURED] = measurements_table(evaluation, f"{name}: measurements")
    for part, table in tables.items():
        _keep(result, part, [table])
        place_in(top, table)
        process_events()
    _add_chart(result, DICE_CHART, list(bar_chart(tables[BONES], "Dice", "%", f"{name}: overlap")), top)
    _add_chart(
        result,
        DISTANCE_CHART,
        list(bar_chart(tables[BONES], "ASSD", "mm", f"{name}: mean surface distance")),
        top,
    )
    if MEASURED in tables:
        _add_chart(result, AGREEMENT, list(agreement_charts(tables[MEASURED], name)), top)


def _add_chart(
    result: slicer.vtkMRMLSegmentationNode, part: str, nodes: list[slicer.vtkMRMLNode], top: int
) -> None:
    """Keep charts under their part; their series and tables serve them."""
    for node in nodes:
        is_chart = node.IsA("vtkMRMLPlotChartNode")
        _keep(result, part if is_chart else _OTHER, [node])
        if is_chart or node.IsA("vtkMRMLTableNode"):
            place_in(top, node)
        process_events()


def _add_surfaces(result: slicer.vtkMRMLSegmentationNode, surfaces: ComparedSurfaces, top: int) -> None:
    reach = range_mm(list(surfaces.prediction.values()))
    colours = make_colours(reach)
    process_events()
    _keep(result, _OTHER, colours.values())
    coloured, coloured_display = make_folder("Distance from CT", top)
    true, true_display = make_folder("CT", top)
    _keep(result, FOLDER, [coloured_display, true_display])
    for bone, surface in surfaces.prediction.items():
        model = distance_model(_title(bone), surface, reach, colours)
        _keep(result, SURFACE, [model], bone=bone)
        place_in(coloured, model)
        process_events()
    for bone, surface in surfaces.truth.items():
        missed = bone not in surfaces.prediction
        model = ct_model(f"{_title(bone)} ({'missed' if missed else 'CT'})", surface, missed)
        _keep(result, CT, [model], bone=bone, missed="yes" if missed else "no")
        place_in(true, model)
        process_events()


def _add_legend(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Add the legend; views do not see one that comes while many nodes are added at once."""
    coloured = [model for model in parts(result, SURFACE) if model.GetDisplayNode().GetScalarVisibility()]
    if coloured:
        legend = add_legend(coloured[0])
        show_in_legend(legend, Distance.SIGNED)
        _keep(result, LEGEND, [legend])


def _title(bone: str) -> str:
    from SwinX2SLib.report.naming import structure_title

    return structure_title(bone)
