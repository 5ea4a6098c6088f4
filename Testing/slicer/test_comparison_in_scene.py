"""A comparison in the real MRML: files that leave it, nodes that come, and that they survive a reload."""

import argparse
import json
from collections import Counter

import nibabel
import numpy as np
import pytest
import slicer
import slicer.util
import vtk
from block_bones import AFFINE, write_labels
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.cli.evaluate import add_evaluate_parser
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.measurements.reading import read_subject
from SwinX2SLib.slicerui.compare import files, surfaces, tables
from SwinX2SLib.slicerui.compare import scene as comparing
from SwinX2SLib.slicerui.compare.choices import Distance
from SwinX2SLib.slicerui.segmentation_import import import_segmentation

KEPT = (20, 21, 50, 51, 52, 53)


@pytest.fixture(scope="session")
def compared_folder(bones, tmp_path_factory):
    """What the command writes: the truth is one voxel lower, lacks a hip and has a femur that nobody found."""
    folder = tmp_path_factory.mktemp("compared")
    prediction = np.where(np.isin(bones, KEPT), bones, 0)
    truth = np.where(np.isin(bones, [*KEPT, 54]) & (bones != 52), bones, 0)
    lower = AFFINE.copy()
    lower[2, 3] -= 2.5
    nibabel.save(nibabel.Nifti1Image(prediction, AFFINE), folder / "prediction.nii.gz")
    nibabel.save(nibabel.Nifti1Image(truth, lower), folder / "truth.nii.gz")
    parser = argparse.ArgumentParser()
    add_evaluate_parser(parser.add_subparsers())
    paths = [str(folder / name) for name in ("prediction.nii.gz", "truth.nii.gz")]
    arguments = parser.parse_args(
        ["evaluate", *paths, "--out", str(folder / "out"), "--surfaces", "--no-measurements"]
    )
    assert arguments.func(arguments) == 0
    return folder


@pytest.fixture
def result(scene, compared_folder):
    return import_segmentation(compared_folder / "prediction.nii.gz", "Person")


def test_a_segmentation_under_a_transform_is_written_where_it_lies(scene, bones, tmp_path):
    node = import_segmentation(write_labels(tmp_path / "labels.nii.gz", bones), "Person")
    moved = vtk.vtkTransform()
    moved.Translate(30, -20, 10)
    moved.RotateX(15)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(moved.GetMatrix())
    node.SetAndObserveTransformNodeID(transform.GetID())
    before = slicer.mrmlScene.GetNumberOfNodes()
    volume = read_subject(files.node_file(node, tmp_path, "written")).volume
    matrix = slicer.util.arrayFromVTKMatrix(moved.GetMatrix())
    places = [
        transform_points(affine, np.argwhere(labels == 53)).mean(axis=0)
        for labels, affine in ((volume.labels, volume.affine), (bones, matrix @ AFFINE))
    ]
    assert places[0] == pytest.approx(places[1], abs=1e-3)
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert node.GetParentTransformNode() is transform


def test_a_segmentation_of_surfaces_becomes_voxels_and_an_empty_one_is_refused(scene, bones, tmp_path):
    node = import_segmentation(write_labels(tmp_path / "labels.nii.gz", bones), "Person")
    segmentation = node.GetSegmentation()
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    segmentation.SetSourceRepresentationName(surface)
    segmentation.RemoveRepresentation(files._LABELS)
    volume = read_subject(files.node_file(node, tmp_path, "written")).volume
    assert set(np.unique(volume.labels)) >= {53, 54}
    assert segmentation.GetSourceRepresentationName() == surface
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Nothing")
    with pytest.raises(files.WritingError, match="Nothing has no segments"):
        files.node_file(empty, tmp_path, "empty")


def test_scores_come_as_tables_with_units(result, compared_folder):
    evaluation = comparing.add_comparison(result, compared_folder / "out", "CT")
    (table,) = comparing.parts(result, comparing.BONES)
    content = table.GetTable()
    rows = {content.GetValueByName(r, "Bone").ToString(): r for r in range(content.GetNumberOfRows())}
    assert set(rows) == {label_by_id(label).title for label in (*KEPT, 54)}
    remarks = [content.GetValueByName(r, "Remark").ToString() for r in range(content.GetNumberOfRows())]
    assert sorted(filter(None, remarks)) == ["invented", "missed"]
    assert table.GetColumnUnitLabel("ASSD") == "mm"
    names = [name for name, *_ in tables.BONES]
    assert [content.GetColumnName(i) for i in range(content.GetNumberOfColumns())] == names
    (means,) = comparing.parts(result, comparing.MEANS)
    last = means.GetTable().GetNumberOfRows() - 1
    assert means.GetTable().GetValueByName(last, "Dice").ToDouble() == pytest.approx(
        100 * evaluation.foreground.dice, abs=0.05
    )
    assert evaluation.labels["femur_right"].status == "missed"


def test_surfaces_are_coloured_by_their_distance_with_a_legend(result, compared_folder):
    comparing.add_comparison(result, compared_folder / "out", "CT")
    by_bone = {node.GetAttribute("SwinX2S.bone"): node for node in comparing.parts(result, comparing.SURFACE)}
    model = by_bone["femur_left"]
    data = model.GetPolyData().GetPointData()
    signed, absolute = (vtk_to_numpy(data.GetArray(name)) for name in (surfaces.SIGNED, surfaces.ABSOLUTE))
    assert np.abs(signed) == pytest.approx(absolute)
    points = vtk_to_numpy(model.GetPolyData().GetPoints().GetData())
    top, bottom = points[:, 2] > points[:, 2].max() - 0.5, points[:, 2] < points[:, 2].min() + 0.5
    # The truth lies lower: the prediction is above it at the top and does not reach its lower end.
    assert signed[top].mean() == pytest.approx(2.5, abs=0.7)
    assert signed[bottom].mean() == pytest.approx(-2.5, abs=0.7)
    display = model.GetDisplayNode()
    assert display.GetActiveScalarName() == surfaces.SIGNED
    assert display.GetScalarRange()[0] == -display.GetScalarRange()[1]
    comparing.show_distance(result, Distance.ABSOLUTE)
    assert display.GetActiveScalarName() == surfaces.ABSOLUTE
    assert display.GetScalarRange()[0] == 0
    (legend,) = comparing.parts(result, comparing.LEGEND)
    assert legend.GetTitleText() == "mm"
    invented = by_bone["hip_left"].GetDisplayNode()
    assert not invented.GetScalarVisibility()
    assert invented.GetColor() == pytest.approx(surfaces.INVENTED_COLOUR)
    missed = [node for node in comparing.parts(result, comparing.CT) if node.GetDisplayNode().GetVisibility()]
    assert [node.GetAttribute("SwinX2S.bone") for node in missed] == ["femur_right"]


def test_a_bar_for_every_bone(result, compared_folder):
    comparing.add_comparison(result, compared_folder / "out", "CT")
    (chart,) = comparing.parts(result, comparing.DICE_CHART)
    series = chart.GetNthPlotSeriesNode(0)
    assert series.GetPlotType() == slicer.vtkMRMLPlotSeriesNode.PlotTypeBar
    assert (series.GetYColumnName(), series.GetLabelColumnName()) == ("Dice", "Bone")
    assert series.GetTableNode() is comparing.parts(result, comparing.BONES)[0]


def node_classes() -> Counter:
    nodes = slicer.mrmlScene.GetNodes()
    return Counter(nodes.GetItemAsObject(index).GetClassName() for index in range(nodes.GetNumberOfItems()))


def test_a_second_comparison_takes_the_place_of_the_first(result, compared_folder):
    comparing.add_comparison(result, compared_folder / "out", "CT")
    before = node_classes()
    comparing.add_comparison(result, compared_folder / "out", "another CT")
    assert node_classes() == before
    assert len(comparing.parts(result, comparing.BONES)) == 1
    comparing.remove_comparison(result)
    assert comparing.evaluation_of(result) is None
    assert not slicer.util.getNodesByClass("vtkMRMLPlotChartNode")


def test_a_damaged_result_leaves_the_scene_as_it_was(result, compared_folder, tmp_path):
    for name in ("evaluation.json", "index.html"):
        (tmp_path / name).write_bytes((compared_folder / "out" / name).read_bytes())
    (tmp_path / "surfaces.npz").write_bytes(b"nothing")
    before = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(ValueError, match="surfaces cannot be read"):
        comparing.add_comparison(result, tmp_path, "CT")
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_a_comparison_survives_saving_and_loading(result, compared_folder, tmp_path):
    told = comparing.add_comparison(result, compared_folder / "out", "CT")
    slicer.mrmlScene.SetURL(str(tmp_path / "scene.mrb"))
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(1)
    slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    loaded = slicer.mrmlScene.GetFirstNodeByName("Person")
    assert comparing.evaluation_of(loaded) == told
    assert len(comparing.parts(loaded, comparing.SURFACE)) == len(KEPT)
    model = comparing.parts(loaded, comparing.SURFACE)[0]
    assert model.GetPolyData().GetPointData().HasArray(surfaces.SIGNED)
    comparing.show_distance(loaded, Distance.ABSOLUTE)
    assert model.GetDisplayNode().GetActiveScalarName() == surfaces.ABSOLUTE
    assert json.loads(comparing.parts(loaded, comparing.DOCUMENT)[0].GetText())["case"]
