"""What is shown of a result follows the edits of its bones: surfaces, colours, outlines, table and provenance."""

import numpy as np
import pytest
import slicer
import vtk
from block_bones import AFFINE
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.slicerui.bone_voxels import (
    VoxelsError,
    bone_digests,
    bone_layers,
    changed_bones,
    label_volume,
)
from SwinX2SLib.slicerui.result import confidence
from SwinX2SLib.slicerui.result.confidence_table import table_of
from SwinX2SLib.slicerui.result.edits import edited_bones, show_edits, take_edits
from SwinX2SLib.slicerui.result.links import COLOURED_BONES, OUTLINE, linked
from SwinX2SLib.slicerui.result.provenance_text import provenance_words

LABELS = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
BONE, OTHER = "femur_left", "femur_right"


def follow(result) -> bool:
    return show_edits(result, take_edits(result)())


def voxels(result, bone) -> tuple[slicer.vtkOrientedImageData, np.ndarray]:
    """A copy of a bone's own voxels, as the Segment Editor takes them."""
    image = slicer.vtkOrientedImageData()
    result.GetBinaryLabelmapRepresentation(bone, image)
    return image, vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])


def write(result, bone, image) -> None:
    """What the effects of the Segment Editor do in the end."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.SetBinaryLabelmapToSegment(image, result, bone, logic.MODE_REPLACE)


def cut(result, bone):
    """Take the lower half of a bone away; return how it was."""
    image, array = voxels(result, bone)
    before = slicer.vtkOrientedImageData()
    before.DeepCopy(image)
    heights = np.flatnonzero(array.any(axis=(1, 2)))
    # Indices along K run to the feet.
    array[(heights[0] + heights[-1] + 1) // 2 :] = 0
    write(result, bone, image)
    return before


SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()


def lowest(result, bone) -> float:
    """The lowest point of a bone's surface in 3D views."""
    bounds = np.zeros(6)
    result.GetSegmentation().GetSegment(bone).GetRepresentation(SURFACE).GetBounds(bounds)
    return float(bounds[4])


def coloured_points(result) -> np.ndarray:
    (model,) = linked(result, COLOURED_BONES)
    assert model.GetPolyData().GetPointData().HasArray(confidence.SCALARS)
    return vtk_to_numpy(model.GetPolyData().GetPoints().GetData())


def row_of(result, bone) -> dict[str, vtk.vtkVariant]:
    table = table_of(result).GetTable()
    row = next(
        r for r in range(table.GetNumberOfRows()) if table.GetValueByName(r, "Segment").ToString() == bone
    )
    names = [table.GetColumnName(column) for column in range(table.GetNumberOfColumns())]
    return {name: table.GetValueByName(row, name).ToString() for name in names}


def test_voxels_come_out_as_they_went_in(result, bones):
    labels, affine = label_volume(bone_layers(result))
    found, expected = np.argwhere(labels == 53), np.argwhere(bones == 53)
    places = [
        points @ frame[:3, :3].T + frame[:3, 3] for points, frame in ((found, affine), (expected, AFFINE))
    ]
    np.testing.assert_allclose(np.sort(places[0], axis=0), np.sort(places[1], axis=0), atol=1e-3)
    only, _ = label_volume(bone_layers(result), ["femur_left"])
    assert set(np.unique(only)) == {0, 53}


def test_a_digest_is_of_the_bone_and_not_of_the_volume_that_holds_it(result):
    before = bone_digests(bone_layers(result))
    assert len(before) == 54
    # A segment of its own volume, as the Segment Editor makes when segments may overlap.
    result.GetSegmentation().SeparateSegmentLabelmap(BONE)
    assert result.GetSegmentation().GetNumberOfLayers() == 2
    assert changed_bones(before, bone_digests(bone_layers(result))) == []
    labels, _ = label_volume(bone_layers(result))
    assert len(np.unique(labels)) == 55
    cut(result, BONE)
    assert changed_bones(before, bone_digests(bone_layers(result))) == [BONE]


def test_volumes_of_different_grids_are_told(result):
    first, *_ = bone_layers(result)
    turned = first.affine.copy()
    turned[:3, 3] += 0.4 * np.abs(turned[:3, 0])
    with pytest.raises(VoxelsError, match="same grid"):
        label_volume([first, type(first)(first.voxels, turned, first.bones)])


def test_without_an_edit_nothing_is_done(result):
    assert not follow(result)
    assert edited_bones(result) == []
    assert "Edited" not in dict(provenance_words(result))


def test_an_edit_reaches_surface_outlines_table_and_provenance(result):
    confidence.colour_by_confidence(result, True)
    outlines = {
        role: linked(result, OUTLINE, radiograph=role, region="femur")[0] for role in ("ap", "lateral")
    }
    untouched = linked(result, OUTLINE, radiograph="ap", region="spine")[0].GetPolyData()
    before = {"bone": lowest(result, BONE), "other": lowest(result, OTHER), "row": row_of(result, BONE)}
    coloured = len(coloured_points(result))
    points = {role: one.GetPolyData().GetNumberOfPoints() for role, one in outlines.items()}
    cut(result, BONE)
    assert follow(result)
    assert lowest(result, BONE) > before["bone"] + 20
    assert lowest(result, OTHER) == pytest.approx(before["other"])
    assert len(coloured_points(result)) < coloured
    assert {role: one.GetPolyData().GetNumberOfPoints() < points[role] for role, one in outlines.items()} == {
        "ap": True, "lateral": True,
    }  # fmt: skip
    assert outlines["ap"].GetPolyData().GetNumberOfLines() == 2
    assert linked(result, OUTLINE, radiograph="ap", region="spine")[0].GetPolyData() is untouched
    row = row_of(result, BONE)
    assert int(row["Voxels"]) == int(before["row"]["Voxels"]) // 2
    assert float(row["Volume"]) == pytest.approx(float(before["row"]["Volume"]) / 2, rel=0.05)
    assert (row["Confidence"], row["Verdict"]) == ("nan", "")
    assert float(row["On lateral radiograph"]) > 50
    assert "Edited manually" in row["Remarks"]
    assert "Edited" not in row_of(result, OTHER)["Remarks"]
    assert edited_bones(result) == [BONE]
    assert dict(provenance_words(result))["Edited"].endswith(": Left femur")
    assert not follow(result)


def test_an_edit_that_is_taken_back_is_none(result):
    before = row_of(result, BONE)
    image = cut(result, BONE)
    follow(result)
    write(result, BONE, image)
    assert follow(result)
    assert row_of(result, BONE) == before
    assert edited_bones(result) == []
    assert "Edited" not in dict(provenance_words(result))


def test_a_bone_that_is_removed_leaves_the_views_and_the_table_says_so(result):
    (outline,) = linked(result, OUTLINE, radiograph="ap", region="femur")
    segment = slicer.vtkSegment()
    segment.DeepCopy(result.GetSegmentation().GetSegment(BONE))
    result.GetSegmentation().RemoveSegment(BONE)
    assert follow(result)
    assert outline.GetPolyData().GetNumberOfLines() == 1
    row = row_of(result, BONE)
    assert (row["Voxels"], row["Remarks"]) == ("0", "Removed manually.")
    confidence.colour_by_confidence(result, True)
    without = len(coloured_points(result))
    result.GetSegmentation().AddSegment(segment, BONE)
    assert follow(result)
    assert len(coloured_points(result)) > without
    assert edited_bones(result) == []


def test_voxels_that_a_script_changed_get_their_surfaces_again(result):
    image = result.GetSegmentation().GetSegment(BONE).GetRepresentation(LABELS)
    array = vtk_to_numpy(image.GetPointData().GetScalars())
    array[array == 53] = 0
    image.Modified()
    assert result.GetSegmentation().GetSegment(OTHER).GetRepresentation(SURFACE) is None
    assert follow(result)
    assert result.GetSegmentation().GetSegment(OTHER).GetRepresentation(SURFACE).GetNumberOfPoints() > 0
    assert edited_bones(result) == [BONE]


def test_edits_that_were_made_elsewhere_are_found_after_a_reload(result, tmp_path):
    path = tmp_path / "result.mrb"
    cut(result, BONE)
    follow(result)
    assert slicer.mrmlScene.WriteToMRB(str(path), None)
    slicer.mrmlScene.Clear(1)
    assert slicer.mrmlScene.ReadFromMRB(str(path), True)
    again = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    # What was saved is what is shown; surfaces are not saved.
    assert not follow(again)
    assert edited_bones(again) == [BONE]
    result = again
    cut(result, OTHER)
    assert follow(result)
    assert edited_bones(result) == [BONE, OTHER]
    (outline,) = linked(result, OUTLINE, radiograph="ap", region="femur")
    assert outline.GetPolyData().GetNumberOfLines() == 2
