"""Landmarks of `swinx2s measure` in the scene: at their places in RAS, under their names."""

import json

import numpy as np
import pytest
import slicer
from mrml_boot import module_logic

from SwinX2SLib.measurements.results import Axis, Curve, Landmark, Measurement
from SwinX2SLib.measurements.writing import markups_text

HEAD, FOOT = np.array([-91.5, 12.25, 803.0]), np.array([-60.0, 10.0, 780.0])


@pytest.fixture
def loaded(scene, tmp_path):
    axis = Axis("neck_axis_left", HEAD, FOOT - HEAD)
    line = np.linspace(HEAD, FOOT, 200)
    measured = {
        "femur": [
            Measurement(
                "femoral_offset", "femur_left", "left", 40.0, "mm",
                (Landmark("head_centre_left", HEAD), Landmark("offset_foot", FOOT)), (axis,),
            )
        ],
        "rib": [Measurement("rib_length", "rib_left_7", "left", 300.0, "mm", curves=(Curve("centreline", line),))],
    }  # fmt: skip
    path = tmp_path / "landmarks.mrk.json"
    path.write_text(markups_text(measured), encoding="utf-8")
    assert len(json.loads(path.read_text(encoding="utf-8"))["markups"]) == 3
    assert module_logic("Markups").LoadMarkups(str(path), "measured")
    nodes = [scene.GetNthNodeByClass(index, "vtkMRMLMarkupsNode") for index in range(3)]
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsNode") == 3
    return {node.GetClassName(): node for node in nodes}


def position(node, index):
    place = [0.0] * 3
    node.GetNthControlPointPositionWorld(index, place)
    return np.array(place)


def test_landmarks_axes_and_centrelines_are_where_they_were_measured(loaded):
    fiducials = loaded["vtkMRMLMarkupsFiducialNode"]
    assert fiducials.GetNumberOfControlPoints() == 2
    assert fiducials.GetNthControlPointLabel(0) == "head_centre_left"
    assert position(fiducials, 0) == pytest.approx(HEAD)
    assert position(fiducials, 1) == pytest.approx(FOOT)
    line = loaded["vtkMRMLMarkupsLineNode"]
    assert (position(line, 0) + position(line, 1)) / 2 == pytest.approx(HEAD)
    curve = loaded["vtkMRMLMarkupsCurveNode"]
    assert position(curve, 0) == pytest.approx(HEAD)
    assert position(curve, curve.GetNumberOfControlPoints() - 1) == pytest.approx(FOOT)
    assert curve.GetCurveLengthWorld() == pytest.approx(np.linalg.norm(HEAD - FOOT), rel=1e-3)
    assert isinstance(fiducials, slicer.vtkMRMLMarkupsNode)
