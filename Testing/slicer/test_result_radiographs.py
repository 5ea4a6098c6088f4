"""The radiographs of a result in the scene: planes in space, outlines on them, slice views."""

import json
import shutil

import numpy as np
import pytest
import slicer
import slicer.util
import vtk
from block_bones import AFFINE
from result_scene import centre_of, middle, points_of
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.anatomy import label_ids, labels
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.slicerui.result.links import (
    OUTLINE,
    RADIOGRAPH_PICTURE,
    RADIOGRAPH_PLANE,
    linked,
    provenance_value,
)
from SwinX2SLib.slicerui.result.outlines import show_outlines
from SwinX2SLib.slicerui.result.radiograph_slices import RadiographsInSlices
from SwinX2SLib.slicerui.result.radiograph_views import set_radiograph_opacity, show_radiograph
from SwinX2SLib.slicerui.result.regions import show_region
from SwinX2SLib.slicerui.result.views import scene_bounds
from SwinX2SLib.slicerui.result_loading import load_result, notes_of
from SwinX2SLib.slicerui.slice_views import SliceViews

FEMUR_LEFT = 53


def test_the_frontal_radiograph_stands_behind_and_the_lateral_radiograph_at_the_left(result, bones):
    low, high = (transform_points(AFFINE, edge) for edge in ([0, 0, 0], np.array(bones.shape) - 1))
    ap, lateral = (
        points_of(linked(result, RADIOGRAPH_PLANE, radiograph=role)[0]) for role in ("ap", "lateral")
    )
    bones_back = min(centre_of(bones, label.id)[1] for label in labels())
    bones_left = min(centre_of(bones, label.id)[0] for label in labels())
    assert np.ptp(ap[:, 1]) < 1e-3
    assert ap[0, 1] < bones_back
    assert np.ptp(lateral[:, 0]) < 1e-3
    assert lateral[0, 0] < bones_left
    for radiograph, axes in ((ap, (0, 2)), (lateral, (1, 2))):
        for axis in axes:
            edges = sorted((low[axis], high[axis]))
            np.testing.assert_allclose(
                (radiograph[:, axis].min(), radiograph[:, axis].max()), edges, atol=1.5
            )


@pytest.mark.parametrize(("role", "across"), [("ap", 0), ("lateral", 1)])
def test_the_picture_on_a_radiograph_is_bright_where_the_bones_throw_their_shadow(
    result, bones, role, across
):
    model = linked(result, RADIOGRAPH_PLANE, radiograph=role)[0]
    gray = vtk_to_numpy(model.GetPolyData().GetPointData().GetArray("Radiograph"))
    points = points_of(model)[:, [across, 2]]

    def brightness(place) -> int:
        return int(gray[np.argmin(((points - place[[across, 2]]) ** 2).sum(axis=1))])

    femur = centre_of(bones, FEMUR_LEFT)
    mirrored = femur.copy()
    # Beside the femora, at the height of both: a flipped picture is bright here and dark there.
    mirrored[across] = 2 * middle(points)[0] - femur[across] + (60 if role == "lateral" else 35)
    assert brightness(femur) > brightness(mirrored) + 25, (brightness(femur), brightness(mirrored))


def test_radiographs_are_seen_from_the_tubes_side_only(result):
    for role, inwards in (("ap", [0, 1, 0]), ("lateral", [1, 0, 0])):
        model = linked(result, RADIOGRAPH_PLANE, radiograph=role)[0]
        triangles = vtk.vtkTriangleFilter()
        triangles.SetInputData(model.GetPolyData())
        triangles.Update()
        corners = vtk_to_numpy(triangles.GetOutput().GetPolys().GetConnectivityArray()).reshape(-1, 3)
        first, second, third = (points_of(model)[corners[:, place]].astype(float) for place in range(3))
        normals = np.cross(second - first, third - first)
        assert (normals @ inwards > 0).all()
        assert model.GetDisplayNode().GetBackfaceCulling()


def test_outlines_lie_on_the_shadows_of_their_bones(result, bones):
    for role, axes in (("ap", [0, 2]), ("lateral", [1, 2])):
        (outline,) = linked(result, OUTLINE, radiograph=role, region="femur")
        projections = [centre_of(bones, label_id)[axes] for label_id in label_ids("femur")]
        found = points_of(outline)[:, axes]
        assert outline.GetPolyData().GetNumberOfLines() == 2
        expected = (np.min(projections, axis=0) + np.max(projections, axis=0)) / 2
        np.testing.assert_allclose(middle(found), expected, atol=2.0)
    colours = vtk_to_numpy(outline.GetPolyData().GetPointData().GetArray("Colour"))
    assert colours.shape == (len(points_of(outline)), 3)


def test_radiographs_and_outlines_are_switched_one_by_one(result):
    show_radiograph(result, "ap", False)
    show_outlines(result, "lateral", False)
    set_radiograph_opacity(result, 0.4)
    ap, lateral = (
        linked(result, RADIOGRAPH_PLANE, radiograph=role)[0].GetDisplayNode() for role in ("ap", "lateral")
    )
    assert (ap.GetVisibility(), lateral.GetVisibility()) == (0, 1)
    assert lateral.GetOpacity() == pytest.approx(0.4)
    assert {
        provenance_value(model, "radiograph")
        for model in linked(result, OUTLINE)
        if model.GetDisplayVisibility()
    } == {"ap"}


def test_the_box_to_look_at_holds_bones_and_radiographs(result):
    low, high = scene_bounds(result)
    for model in linked(result, RADIOGRAPH_PLANE):
        assert (points_of(model) >= low - 1e-3).all()
        assert (points_of(model) <= high + 1e-3).all()


@pytest.mark.parametrize(
    ("role", "name", "axis", "orientation_check"),
    [("ap", "Green", 1, ((-1, 0, 0), (0, 0, -1))), ("lateral", "Yellow", 0, ((0, -1, 0), (0, 0, -1)))],
)
def test_slice_views_show_the_radiographs_in_their_planes_with_the_outlines(
    result, role, name, axis, orientation_check
):
    scene = slicer.mrmlScene
    view, composite = slicer.vtkMRMLSliceNode(), slicer.vtkMRMLSliceCompositeNode()
    for node in (view, composite):
        node.SetLayoutName(name)
        node.SetSingletonTag(name)
        scene.AddNode(node)
    before = view.GetFieldOfView()
    in_slices = RadiographsInSlices(SliceViews())
    in_slices.show(result)
    in_slices.show(result)
    (picture,) = linked(result, RADIOGRAPH_PICTURE, radiograph=role)
    assert composite.GetBackgroundVolumeID() == picture.GetID()
    (plane,) = linked(result, RADIOGRAPH_PLANE, radiograph=role)
    assert view.GetSliceToRAS().GetElement(axis, 3) == pytest.approx(points_of(plane)[0, axis], abs=0.5)
    to_ras = vtk.vtkMatrix4x4()
    picture.GetIJKToRASDirectionMatrix(to_ras)
    for column, direction in enumerate(orientation_check):
        np.testing.assert_allclose([to_ras.GetElement(row, column) for row in range(3)], direction, atol=1e-5)
        # As Slicer hangs it: columns to the right, rows downwards.
        across = [view.GetSliceToRAS().GetElement(row, column) * (1, -1)[column] for row in range(3)]
        np.testing.assert_allclose(across, direction, atol=1e-5)
    for outline in linked(result, OUTLINE, radiograph=role):
        assert outline.GetNumberOfDisplayNodes() == 2
        assert list(outline.GetNthDisplayNode(1).GetViewNodeIDs()) == [view.GetID()]
    show_region(result, "femur", False)
    (outline,) = linked(result, OUTLINE, radiograph=role, region="femur")
    assert not outline.GetNthDisplayNode(1).GetVisibility2D()
    in_slices.hide()
    assert composite.GetBackgroundVolumeID() is None
    assert view.GetFieldOfView() == before
    assert {one.GetNumberOfDisplayNodes() for one in linked(result, OUTLINE)} == {1}
    assert all(one.GetDisplayNode() is not None for one in linked(result, OUTLINE))


def test_of_a_radiograph_that_was_cut_to_the_heights_of_the_other_only_the_used_rows_are_shown(
    scene, result_folder, tmp_path
):
    copy = shutil.copytree(result_folder, tmp_path / "copy")
    provenance = json.loads((copy / "provenance.json").read_text())
    radiograph = provenance["inputs"]["ap"]
    whole, spacing = radiograph["pixels"]["rows"], radiograph["spacing_mm"]["row"]
    # Forty rows were cut off at the feet, none at the head: the middle lies twenty rows higher.
    radiograph["pixels"]["rows"], radiograph["middle_mm"] = whole - 40, 20 * spacing
    (copy / "provenance.json").write_text(json.dumps(provenance))
    node = load_result(copy)
    assert notes_of(node) == []
    cut, lateral, uncut = (
        slicer.util.arrayFromVolume(linked(each, RADIOGRAPH_PICTURE, radiograph=role)[0])[0]
        for each, role in ((node, "ap"), (node, "lateral"), (load_result(result_folder), "ap"))
    )
    assert (len(cut), len(lateral)) == (whole - 40, whole)
    np.testing.assert_array_equal(cut, uncut[: len(cut)])
