"""A result in the scene survives saving and loading."""

import numpy as np
import pytest
import slicer
import slicer.util
from result_scene import folders_in_hierarchy, points_of, visible
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.slicerui.provenance import PREFIX
from SwinX2SLib.slicerui.result import confidence
from SwinX2SLib.slicerui.result.confidence_table import table_of
from SwinX2SLib.slicerui.result.links import OUTLINE, RADIOGRAPH_PLANE, SURFACE, linked, results_in_scene
from SwinX2SLib.slicerui.result.radiograph_views import set_radiograph_opacity
from SwinX2SLib.slicerui.result.regions import show_region


def test_all_of_it_comes_back_from_an_mrb(result, tmp_path):
    scene = slicer.mrmlScene
    confidence.colour_by_confidence(result, True)
    show_region(result, "ribs", False)
    set_radiograph_opacity(result, 0.5)
    before = {
        "table": slicer.util.arrayFromTableColumn(table_of(result), "Confidence").copy(),
        "radiograph": vtk_to_numpy(
            linked(result, RADIOGRAPH_PLANE, radiograph="ap")[0]
            .GetPolyData()
            .GetPointData()
            .GetArray("Radiograph")
        ).copy(),
        "outline": points_of(linked(result, OUTLINE, radiograph="lateral", region="spine")[0]).copy(),
        "confidence": vtk_to_numpy(
            linked(result, SURFACE, bone="femur_left")[0]
            .GetPolyData()
            .GetPointData()
            .GetArray(confidence.SCALARS)
        ).copy(),
        "folders": folders_in_hierarchy(),
        "visible": visible(result),
    }
    path = tmp_path / "result.mrb"
    assert scene.WriteToMRB(str(path), None)
    scene.Clear(1)
    assert scene.ReadFromMRB(str(path), True)
    (again,) = results_in_scene()
    radiograph = linked(again, RADIOGRAPH_PLANE, radiograph="ap")[0]
    np.testing.assert_array_equal(
        slicer.util.arrayFromTableColumn(table_of(again), "Confidence"), before["table"]
    )
    np.testing.assert_array_equal(
        vtk_to_numpy(radiograph.GetPolyData().GetPointData().GetArray("Radiograph")), before["radiograph"]
    )
    np.testing.assert_allclose(
        points_of(linked(again, OUTLINE, radiograph="lateral", region="spine")[0]),
        before["outline"],
        atol=1e-3,
    )
    (femur,) = linked(again, SURFACE, bone="femur_left")
    values = vtk_to_numpy(femur.GetPolyData().GetPointData().GetArray(confidence.SCALARS))
    np.testing.assert_allclose(np.sort(values), np.sort(before["confidence"]), atol=1e-3)
    assert folders_in_hierarchy() == before["folders"]
    assert visible(again) == before["visible"]
    assert radiograph.GetDisplayNode().GetOpacity() == pytest.approx(0.5)
    assert radiograph.GetDisplayNode().GetScalarVisibility()
    assert femur.GetDisplayNode().GetColorNode().GetNumberOfColors() == 256
    assert confidence.is_coloured_by_confidence(again)
    assert len([node for node in linked(again, "legend") if node.GetVisibility()]) == 1
    show_region(again, "ribs", True)
    assert len(visible(again)) == 54
    assert again.GetAttribute(PREFIX + "model") == "none"
