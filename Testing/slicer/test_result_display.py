"""What belongs to a result in the scene: regions, films, outlines, confidence; and that it survives a reload."""

import json
import shutil

import numpy as np
import pytest
import slicer
import slicer.util
import vtk
from block_bones import AFFINE
from vtk.util.numpy_support import vtk_to_numpy
from whole_result import SURE, UNSURE, UNSURE_BONE, write_whole_result

from SwinX2SLib.anatomy import GROUPS, label_by_id, label_ids, labels
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.inference.protocol import Result
from SwinX2SLib.slicerui.display import confidence
from SwinX2SLib.slicerui.display.confidence_table import COLUMNS, table_of
from SwinX2SLib.slicerui.display.eyes import EyeFollower
from SwinX2SLib.slicerui.display.film_planes import set_film_opacity, show_film
from SwinX2SLib.slicerui.display.film_slices import show_films_in_slices
from SwinX2SLib.slicerui.display.links import (
    FILM_PICTURE,
    FILM_PLANE,
    OUTLINE,
    SURFACE,
    linked,
    results_in_scene,
    told_of,
)
from SwinX2SLib.slicerui.display.outlines import show_outlines
from SwinX2SLib.slicerui.display.regions import TITLES, regions_of, show_region
from SwinX2SLib.slicerui.display.views import jump_to, scene_bounds
from SwinX2SLib.slicerui.provenance import PREFIX
from SwinX2SLib.slicerui.result import Film, add_result, load_result, notes_of
from SwinX2SLib.slicerui.segmentation_import import ResultError, segment_ids

FEMUR_LEFT = 53


@pytest.fixture(scope="session")
def folder(bones, tmp_path_factory):
    return write_whole_result(tmp_path_factory.mktemp("result") / "out", bones)


@pytest.fixture
def result(scene, folder):
    return load_result(folder)


def centre_of(bones, label_id) -> np.ndarray:
    voxels = np.argwhere(bones == label_id)
    return transform_points(AFFINE, (voxels.min(axis=0) + voxels.max(axis=0)) / 2)


def points_of(model) -> np.ndarray:
    return vtk_to_numpy(model.GetPolyData().GetPoints().GetData())


def middle(points) -> np.ndarray:
    return (points.min(axis=0) + points.max(axis=0)) / 2


def visible(result) -> set[str]:
    return {bone for bone in segment_ids(result) if result.GetDisplayNode().GetSegmentVisibility(bone)}


def folders_in_hierarchy() -> dict[str, list[str]]:
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    found = {}
    for index in range(items.GetNumberOfIds()):
        item = items.GetId(index)
        if hierarchy.GetItemLevel(item) == "Folder":
            children = vtk.vtkIdList()
            hierarchy.GetItemChildren(item, children, False)
            found[hierarchy.GetItemName(item)] = [
                hierarchy.GetItemName(children.GetId(child)) for child in range(children.GetNumberOfIds())
            ]
    return found


def test_every_region_is_a_folder_with_its_bones(result):
    folders = folders_in_hierarchy()
    for group in GROUPS:
        expected = {label_by_id(label_id).title for label_id in label_ids(group)}
        assert expected <= set(folders[TITLES[group]])
    pictures = {f"{result.GetName()}: {film} film" for film in ("frontal", "lateral")}
    assert set(folders["Films"]) == {"Frontal film", "Lateral film"} | pictures
    assert [*regions_of(result)] == [*GROUPS]
    assert notes_of(result) == []


@pytest.mark.parametrize("region", GROUPS)
def test_hiding_a_region_hides_its_segments_and_no_other(result, region):
    show_region(result, region, False)
    hidden = {label_by_id(label_id).name for label_id in label_ids(region)}
    assert visible(result) == {label.name for label in labels()} - hidden
    show_region(result, region, True)
    assert visible(result) == {label.name for label in labels()}


def test_the_eyes_of_the_hierarchy_reach_the_segments(result):
    follower = EyeFollower()
    follower.follow(result)
    regions_of(result)["ribs"].SetVisibility(False)
    assert visible(result) == {label.name for label in labels() if label.group != "ribs"}
    regions_of(result)["ribs"].SetVisibility(True)
    linked(result, SURFACE, bone="femur_left")[0].GetDisplayNode().SetVisibility(False)
    assert visible(result) == {label.name for label in labels()} - {"femur_left"}
    follower.follow(None)
    regions_of(result)["ribs"].SetVisibility(False)
    assert "rib_left_1" in visible(result)


def test_the_frontal_film_stands_behind_and_the_lateral_film_at_the_left(result, bones):
    low, high = (transform_points(AFFINE, edge) for edge in ([0, 0, 0], np.array(bones.shape) - 1))
    ap, lateral = (points_of(linked(result, FILM_PLANE, film=role)[0]) for role in ("ap", "lateral"))
    bones_back = min(centre_of(bones, label.id)[1] for label in labels())
    bones_left = min(centre_of(bones, label.id)[0] for label in labels())
    assert np.ptp(ap[:, 1]) < 1e-3
    assert ap[0, 1] < bones_back
    assert np.ptp(lateral[:, 0]) < 1e-3
    assert lateral[0, 0] < bones_left
    for film, axes in ((ap, (0, 2)), (lateral, (1, 2))):
        for axis in axes:
            edges = sorted((low[axis], high[axis]))
            np.testing.assert_allclose((film[:, axis].min(), film[:, axis].max()), edges, atol=1.5)


@pytest.mark.parametrize(("role", "across"), [("ap", 0), ("lateral", 1)])
def test_the_picture_on_a_film_is_bright_where_the_bones_throw_their_shadow(result, bones, role, across):
    model = linked(result, FILM_PLANE, film=role)[0]
    gray = vtk_to_numpy(model.GetPolyData().GetPointData().GetArray("Film"))
    points = points_of(model)[:, [across, 2]]

    def brightness(place) -> int:
        return int(gray[np.argmin(((points - place[[across, 2]]) ** 2).sum(axis=1))])

    femur = centre_of(bones, FEMUR_LEFT)
    mirrored = femur.copy()
    # Beside the femora, at the height of both: a flipped picture is bright here and dark there.
    mirrored[across] = 2 * middle(points)[0] - femur[across] + (60 if role == "lateral" else 35)
    assert brightness(femur) > brightness(mirrored) + 25, (brightness(femur), brightness(mirrored))


def test_films_are_seen_from_the_tubes_side_only(result):
    for role, inwards in (("ap", [0, 1, 0]), ("lateral", [1, 0, 0])):
        model = linked(result, FILM_PLANE, film=role)[0]
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
        (outline,) = linked(result, OUTLINE, film=role, region="femur")
        shadows = [centre_of(bones, label_id)[axes] for label_id in label_ids("femur")]
        found = points_of(outline)[:, axes]
        assert outline.GetPolyData().GetNumberOfLines() == 2
        expected = (np.min(shadows, axis=0) + np.max(shadows, axis=0)) / 2
        np.testing.assert_allclose(middle(found), expected, atol=2.0)
    colours = vtk_to_numpy(outline.GetPolyData().GetPointData().GetArray("Colour"))
    assert colours.shape == (len(points_of(outline)), 3)


def test_films_and_outlines_are_switched_one_by_one(result):
    show_film(result, "ap", False)
    show_outlines(result, "lateral", False)
    set_film_opacity(result, 0.4)
    ap, lateral = (linked(result, FILM_PLANE, film=role)[0].GetDisplayNode() for role in ("ap", "lateral"))
    assert (ap.GetVisibility(), lateral.GetVisibility()) == (0, 1)
    assert lateral.GetOpacity() == pytest.approx(0.4)
    assert {told_of(model, "film") for model in linked(result, OUTLINE) if model.GetDisplayVisibility()} == {
        "ap"
    }


def test_surfaces_carry_the_confidence_of_their_bone(result):
    for bone, expected in (("femur_left", SURE), (label_by_id(UNSURE_BONE).name, UNSURE)):
        (model,) = linked(result, SURFACE, bone=bone)
        values = vtk_to_numpy(model.GetPolyData().GetPointData().GetArray(confidence.SCALARS))
        # A surface lies between its voxels and those outside, of which the network is sure.
        assert abs(np.median(values) / 100 - expected) < 0.35
    assert confidence.has_confidence(result)


def test_confidence_colours_take_the_place_of_the_bones_own_and_have_one_legend(result):
    legends = lambda: [node for node in linked(result, "legend") if node.GetVisibility()]  # noqa: E731
    confidence.colour_by_confidence(result, True)
    assert confidence.is_coloured_by_confidence(result)
    assert not result.GetDisplayNode().GetVisibility3D()
    assert len(legends()) == 1
    first = legends()[0]
    show_region(result, told_of(first.GetDisplayableNode(), "region"), False)
    assert len(legends()) == 1
    assert legends()[0] is not first
    confidence.colour_by_confidence(result, False)
    assert result.GetDisplayNode().GetVisibility3D()
    assert not legends()


def test_the_table_says_what_is_known_of_each_bone(result, bones):
    table = table_of(result).GetTable()
    assert [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())] == list(COLUMNS)
    rows = {table.GetValueByName(row, "Segment").ToString(): row for row in range(table.GetNumberOfRows())}
    assert list(rows) == [label.name for label in labels()]
    unsure, femur = rows[label_by_id(UNSURE_BONE).name], rows["femur_left"]
    assert table.GetValueByName(unsure, "Confidence").ToDouble() == pytest.approx(100 * UNSURE, abs=0.2)
    assert "unsure" in table.GetValueByName(unsure, "Remarks").ToString()
    assert table.GetValueByName(femur, "Confidence").ToDouble() == pytest.approx(100 * SURE, abs=0.2)
    assert table.GetValueByName(femur, "Expected Dice").ToDouble() == pytest.approx(80)
    assert table.GetValueByName(femur, "Voxels").ToInt() == (bones == FEMUR_LEFT).sum()
    assert table.GetValueByName(femur, "On frontal film").ToDouble() > 90


def test_views_jump_to_a_bone(result, bones):
    slice_node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceNode")
    slice_node.SetOrientationToAxial()
    camera = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLCameraNode")
    jump_to(result, "femur_left")
    expected = centre_of(bones, FEMUR_LEFT)
    to_ras = slice_node.GetSliceToRAS()
    assert to_ras.GetElement(2, 3) == pytest.approx(expected[2], abs=3)
    np.testing.assert_allclose(camera.GetFocalPoint(), expected, atol=3)
    assert jump_to(result, "no_bone") is None


def test_the_box_to_look_at_holds_bones_and_films(result):
    low, high = scene_bounds(result)
    for model in linked(result, FILM_PLANE):
        assert (points_of(model) >= low - 1e-3).all()
        assert (points_of(model) <= high + 1e-3).all()


def test_a_film_that_is_gone_is_told_and_the_rest_is_shown(scene, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    text = (copy / "provenance.json").read_text().replace(str(folder / "ap.png"), str(tmp_path / "gone.png"))
    (copy / "provenance.json").write_text(text)
    node = load_result(copy)
    assert len(notes_of(node)) == 1
    assert "ap film is not shown" in notes_of(node)[0]
    assert [told_of(model, "film") for model in linked(node, FILM_PLANE)] == ["lateral"]
    assert np.isnan(table_of(node).GetTable().GetValueByName(0, "On frontal film").ToDouble())


def test_a_broken_map_of_uncertainty_leaves_the_bones(scene, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "uncertainty.nii.gz").write_bytes(b"broken")
    node = load_result(copy)
    assert len(segment_ids(node)) == 54
    assert "not shown" in notes_of(node)[0]


def test_a_folder_that_is_no_result_is_refused(scene, tmp_path):
    with pytest.raises(ResultError, match="is no result"):
        load_result(tmp_path)


def test_the_workers_result_gets_all_of_it(scene, folder):
    nodes = {
        role: slicer.util.addVolumeFromArray(np.zeros((1, 4, 4), np.uint8), name=role)
        for role in ("ap", "lateral")
    }
    films = {role: Film(node.GetID(), role, f"/{role}", "said so") for role, node in nodes.items()}
    names = {
        "segmentation": "segmentation.seg.nrrd",
        "labels": "labels.nii.gz",
        "uncertainty": "uncertainty.nii.gz",
    }
    files = {role: str(folder / name) for role, name in {**names, "provenance": "provenance.json"}.items()}
    node = add_result(Result(files), films)
    assert len(linked(node, FILM_PLANE)) == 2
    assert table_of(node) is not None


def test_all_of_it_comes_back_from_an_mrb(result, tmp_path):
    scene = slicer.mrmlScene
    confidence.colour_by_confidence(result, True)
    show_region(result, "ribs", False)
    set_film_opacity(result, 0.5)
    before = {
        "table": slicer.util.arrayFromTableColumn(table_of(result), "Confidence").copy(),
        "film": vtk_to_numpy(
            linked(result, FILM_PLANE, film="ap")[0].GetPolyData().GetPointData().GetArray("Film")
        ).copy(),
        "outline": points_of(linked(result, OUTLINE, film="lateral", region="spine")[0]).copy(),
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
    film = linked(again, FILM_PLANE, film="ap")[0]
    np.testing.assert_array_equal(
        slicer.util.arrayFromTableColumn(table_of(again), "Confidence"), before["table"]
    )
    np.testing.assert_array_equal(
        vtk_to_numpy(film.GetPolyData().GetPointData().GetArray("Film")), before["film"]
    )
    np.testing.assert_allclose(
        points_of(linked(again, OUTLINE, film="lateral", region="spine")[0]), before["outline"], atol=1e-3
    )
    (femur,) = linked(again, SURFACE, bone="femur_left")
    values = vtk_to_numpy(femur.GetPolyData().GetPointData().GetArray(confidence.SCALARS))
    np.testing.assert_allclose(np.sort(values), np.sort(before["confidence"]), atol=1e-3)
    assert folders_in_hierarchy() == before["folders"]
    assert visible(again) == before["visible"]
    assert film.GetDisplayNode().GetOpacity() == pytest.approx(0.5)
    assert film.GetDisplayNode().GetScalarVisibility()
    assert femur.GetDisplayNode().GetColorNode().GetNumberOfColors() == 256
    assert confidence.is_coloured_by_confidence(again)
    assert len([node for node in linked(again, "legend") if node.GetVisibility()]) == 1
    show_region(again, "ribs", True)
    assert len(visible(again)) == 54
    assert again.GetAttribute(PREFIX + "model") == "none"


@pytest.mark.parametrize(
    ("role", "name", "axis", "hanging"),
    [("ap", "Green", 1, ((-1, 0, 0), (0, 0, -1))), ("lateral", "Yellow", 0, ((0, -1, 0), (0, 0, -1)))],
)
def test_slice_views_show_the_films_in_their_planes_with_the_outlines(result, role, name, axis, hanging):
    scene = slicer.mrmlScene
    view, composite = slicer.vtkMRMLSliceNode(), slicer.vtkMRMLSliceCompositeNode()
    for node in (view, composite):
        node.SetLayoutName(name)
        node.SetSingletonTag(name)
        scene.AddNode(node)
    show_films_in_slices(result)
    show_films_in_slices(result)
    (picture,) = linked(result, FILM_PICTURE, film=role)
    assert composite.GetBackgroundVolumeID() == picture.GetID()
    (plane,) = linked(result, FILM_PLANE, film=role)
    assert view.GetSliceToRAS().GetElement(axis, 3) == pytest.approx(points_of(plane)[0, axis], abs=0.5)
    to_ras = vtk.vtkMatrix4x4()
    picture.GetIJKToRASDirectionMatrix(to_ras)
    for column, direction in enumerate(hanging):
        np.testing.assert_allclose([to_ras.GetElement(row, column) for row in range(3)], direction, atol=1e-5)
        # As Slicer hangs it: columns to the right, rows downwards.
        across = [view.GetSliceToRAS().GetElement(row, column) * (1, -1)[column] for row in range(3)]
        np.testing.assert_allclose(across, direction, atol=1e-5)
    for outline in linked(result, OUTLINE, film=role):
        assert outline.GetNumberOfDisplayNodes() == 2
        assert list(outline.GetNthDisplayNode(1).GetViewNodeIDs()) == [view.GetID()]
    show_region(result, "femur", False)
    (outline,) = linked(result, OUTLINE, film=role, region="femur")
    assert not outline.GetNthDisplayNode(1).GetVisibility2D()


def test_of_a_film_that_was_cut_to_the_heights_of_the_other_only_the_used_rows_are_shown(
    scene, folder, tmp_path
):
    copy = shutil.copytree(folder, tmp_path / "copy")
    provenance = json.loads((copy / "provenance.json").read_text())
    film = provenance["inputs"]["ap"]
    whole, spacing = film["pixels"]["rows"], film["spacing_mm"]["row"]
    # Forty rows were cut off at the feet, none at the head: the middle lies twenty rows higher.
    film["pixels"]["rows"], film["middle_mm"] = whole - 40, 20 * spacing
    (copy / "provenance.json").write_text(json.dumps(provenance))
    node = load_result(copy)
    assert notes_of(node) == []
    cut, lateral, uncut = (
        slicer.util.arrayFromVolume(linked(each, FILM_PICTURE, film=role)[0])[0]
        for each, role in ((node, "ap"), (node, "lateral"), (load_result(folder), "ap"))
    )
    assert (len(cut), len(lateral)) == (whole - 40, whole)
    np.testing.assert_array_equal(cut, uncut[: len(cut)])
