"""The radiographs in 3D as textured planes: right way round, where the detector stood, and back after a scene was
read."""

import json
import shutil

import mrml_boot
import numpy as np
import pytest
import slicer
import slicer.util
from PIL import Image
from rendering import needs_rendering
from three_d_view import ThreeDView
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.drr.overlay import result_cameras
from SwinX2SLib.geometry.cameras import view_axes
from SwinX2SLib.slicerui.result import radiograph_views
from SwinX2SLib.slicerui.result.links import (
    RADIOGRAPH_PICTURE,
    RADIOGRAPH_PLANE,
    linked,
    provenance_value,
    results_in_scene,
)
from SwinX2SLib.slicerui.result.outlines import show_outlines
from SwinX2SLib.slicerui.result.provenance_text import provenance_words
from SwinX2SLib.slicerui.result.radiograph_views import show_radiograph
from SwinX2SLib.slicerui.result.reopening import follow_scene, restore_result
from SwinX2SLib.slicerui.result_loading import load_result, notes_of

TOWARDS_TUBE = {"ap": slicer.vtkMRMLCameraNode.Anterior, "lateral": slicer.vtkMRMLCameraNode.Right}
# Brightness of the quarters of a radiograph in display orientation: upper left, upper right, lower left, lower right.
QUARTERS = (230, 160, 90, 30)


@pytest.fixture
def quartered(result_folder, tmp_path):
    """A result whose radiographs are bright at the upper left and darker from quarter to quarter."""
    folder = shutil.copytree(result_folder, tmp_path / "result")
    text = (folder / "provenance.json").read_text().replace(str(result_folder), str(folder))
    provenance = json.loads(text)
    for view in ("ap", "lateral"):
        path = folder / f"{view}.png"
        rows, columns = np.indices(np.asarray(Image.open(path)).shape)
        size = rows.shape
        pixels = np.choose(2 * (rows >= size[0] // 2) + (columns >= size[1] // 2), QUARTERS)
        # A radiograph of four gray levels is none.
        Image.fromarray((pixels + rows % 20).astype(np.uint8)).save(path)
        provenance["inputs"][view]["sha256"] = slicer.util.computeChecksum("SHA256", str(path))
    (folder / "provenance.json").write_text(json.dumps(provenance))
    return folder


@pytest.fixture
def view(scene):
    mrml_boot.application_logic().GetColorLogic().AddDefaultColorNodes()
    view = ThreeDView(400, 400)
    view.window.Render()
    yield view
    view.close()


def show_only(result, role: str) -> None:
    result.SetDisplayVisibility(False)
    for each in ("ap", "lateral"):
        show_radiograph(result, each, each == role)
        show_outlines(result, each, False)


def quarters_seen(view, role: str) -> list[float]:
    """Brightness in the middle of each quarter of the radiograph in the picture."""
    view.look_from(TOWARDS_TUBE[role])
    image = view.pixels().astype(int)
    gray = np.argwhere(np.ptp(image, axis=2) < 6)
    (top, left), (bottom, right) = gray.min(axis=0), gray.max(axis=0)
    rows, columns = (np.array([0.25, 0.75]) * size for size in (bottom - top, right - left))
    return [float(image[int(top + r), int(left + c), 0]) for r in rows for c in columns]


@needs_rendering
@pytest.mark.parametrize("role", ["ap", "lateral"])
def test_a_textured_radiograph_is_seen_right_way_up_and_round_from_the_tubes_side(view, quartered, role):
    result = load_result(quartered)
    show_only(result, role)
    (plane,) = linked(result, RADIOGRAPH_PLANE, radiograph=role)
    assert plane.GetDisplayNode().GetTextureImageDataConnection() is not None
    seen = quarters_seen(view, role)
    if role == "lateral":
        # A lateral radiograph hangs with the front on the left; the X-ray source at the patient's right has it on its
        # right.
        seen = [seen[1], seen[0], seen[3], seen[2]]
    assert seen == sorted(seen, reverse=True)
    assert seen[0] - seen[3] > 150
    # Window and level of the radiograph's volume reach the texture: what is above the window is white.
    (picture,) = linked(result, RADIOGRAPH_PICTURE, radiograph=role)
    picture.GetDisplayNode().SetWindowLevel(20, 60)
    plane.GetDisplayNode().Modified()
    assert sorted(quarters_seen(view, role))[1:] == pytest.approx([255] * 3, abs=3)


@needs_rendering
def test_a_scene_shows_its_radiographs_again_with_this_module_and_without_it(view, quartered, tmp_path):
    scene = slicer.mrmlScene
    result = load_result(quartered)
    show_only(result, "ap")
    textured = quarters_seen(view, "ap")
    view.close()
    # Whoever opens the scene has views of his own.
    for kind in ("vtkMRMLViewNode", "vtkMRMLCameraNode"):
        for node in slicer.util.getNodesByClass(kind):
            scene.RemoveNode(node)
    # ... and not this module, which may follow the scene of this process already.
    scene.RemoveObservers(scene.EndImportEvent)
    path = str(tmp_path / "scene.mrb")
    assert scene.WriteToMRB(path, None)
    scene.Clear(1)
    mrml_boot.application_logic().GetColorLogic().AddDefaultColorNodes()
    assert scene.ReadFromMRB(path, True)
    again = ThreeDView(400, 400)
    try:
        (result,) = results_in_scene()
        (plane,) = linked(result, RADIOGRAPH_PLANE, radiograph="ap")
        assert plane.GetDisplayNode().GetTextureImageDataConnection() is None
        assert quarters_seen(again, "ap") == pytest.approx(textured, abs=12)
        restore_result(result)
        assert plane.GetDisplayNode().GetTextureImageDataConnection() is not None
        assert quarters_seen(again, "ap") == pytest.approx(textured, abs=4)
    finally:
        again.close()


def test_the_texture_comes_back_by_itself_when_a_scene_is_read(scene, result_folder, tmp_path):
    load_result(result_folder)
    path = str(tmp_path / "scene.mrb")
    assert scene.WriteToMRB(path, None)
    scene.Clear(1)
    tag = follow_scene(scene)
    try:
        assert scene.ReadFromMRB(path, True)
    finally:
        scene.RemoveObserver(tag)
    (result,) = results_in_scene()
    for plane in linked(result, RADIOGRAPH_PLANE):
        assert plane.GetDisplayNode().GetTextureImageDataConnection() is not None


def test_a_plane_whose_picture_was_taken_away_stays_gray(scene, result_folder, tmp_path):
    result = load_result(result_folder)
    for picture in linked(result, RADIOGRAPH_PICTURE):
        scene.RemoveNode(picture)
    (plane,) = linked(result, RADIOGRAPH_PLANE, radiograph="ap")
    assert not radiograph_views.connect_picture(plane)


def test_picture_and_plane_stand_at_the_same_place(scene, result_folder):
    result = load_result(result_folder)
    for role in ("ap", "lateral"):
        (plane,), (picture,) = (
            linked(result, kind, radiograph=role) for kind in (RADIOGRAPH_PLANE, RADIOGRAPH_PICTURE)
        )
        bounds, drawn = np.zeros(6), np.zeros(6)
        picture.GetRASBounds(bounds)
        plane.GetRASBounds(drawn)
        across = {"ap": [0, 1, 4, 5], "lateral": [2, 3, 4, 5]}[role]
        np.testing.assert_allclose(drawn[across], bounds[across], atol=1e-3)
        through = {"ap": [2, 3], "lateral": [0, 1]}[role]
        assert drawn[through].mean() == pytest.approx(bounds[through].mean(), abs=1e-3)


def test_a_picture_is_seen_in_every_slice_of_the_patient(scene, result_folder):
    result = load_result(result_folder)
    for role, through in (("ap", 1), ("lateral", 0)):
        (picture,) = linked(result, RADIOGRAPH_PICTURE, radiograph=role)
        bounds, bones = np.zeros(6), np.zeros(6)
        picture.GetRASBounds(bounds)
        result.GetRASBounds(bones)
        assert bounds[2 * through] < bones[2 * through] - 100
        assert bounds[2 * through + 1] > bones[2 * through + 1] + 100


def test_radiographs_of_a_tube_stand_at_the_detector_and_are_larger(scene, result_folder, tmp_path):
    folder = shutil.copytree(result_folder, tmp_path / "result")
    provenance = json.loads((folder / "provenance.json").read_text())
    for told in provenance["inputs"].values():
        told |= {"source_to_detector_mm": 1500.0, "source_to_isocentre_mm": 1250.0}
    (folder / "provenance.json").write_text(json.dumps(provenance))
    parallel, cone = load_result(result_folder), load_result(folder)
    camera = result_cameras(provenance)["ap"]
    points = [
        vtk_to_numpy(linked(result, RADIOGRAPH_PLANE, radiograph="ap")[0].GetPolyData().GetPoints().GetData())
        for result in (parallel, cone)
    ]
    along = (points[1] - np.asarray(camera.isocentre_ras_mm)) @ view_axes("ap")[2]
    np.testing.assert_allclose(along, 250.0, atol=1e-2)
    np.testing.assert_allclose(
        np.ptp(points[1], axis=0)[[0, 2]], 1.2 * np.ptp(points[0], axis=0)[[0, 2]], rtol=1e-5
    )


def test_a_tube_that_would_have_stood_inside_the_patient_is_told_and_the_bones_stay(
    scene, result_folder, tmp_path
):
    folder = shutil.copytree(result_folder, tmp_path / "result")
    provenance = json.loads((folder / "provenance.json").read_text())
    provenance["inputs"]["ap"] |= {"source_to_detector_mm": 20.0, "source_to_isocentre_mm": 10.0}
    (folder / "provenance.json").write_text(json.dumps(provenance))
    result = load_result(folder)
    assert any("source is inside" in note for note in notes_of(result))
    assert [provenance_value(plane, "radiograph") for plane in linked(result, RADIOGRAPH_PLANE)] == [
        "lateral"
    ]


def test_what_is_known_of_the_tube_is_told_with_the_result(scene, result_folder, tmp_path):
    folder = shutil.copytree(result_folder, tmp_path / "result")
    provenance = json.loads((folder / "provenance.json").read_text())
    told = {
        "source_to_detector_mm": 1500.0,
        "source_to_isocentre_mm": 1250.0,
        "tube_source": "specified by the user",
    }
    provenance["inputs"]["ap"] |= told
    (folder / "provenance.json").write_text(json.dumps(provenance))
    words = dict(provenance_words(load_result(folder)))
    assert (
        "SID 1500 mm, source-to-patient distance 1250 mm (specified by the user)"
        in words["Frontal radiograph"]
    )
    assert "X-ray source" not in words["Lateral radiograph"]


def test_a_very_large_radiograph_becomes_a_texture_that_every_card_takes_and_keeps_its_place():
    pixels = np.zeros((5003, 4001), np.float32)
    pixels[3000:3300, 1000:1300] = 1.0
    picture = radiograph_views.Picture.of(pixels)
    assert max(picture.gray.shape) <= radiograph_views.LONG_SIDE
    middle = (np.argwhere(picture.gray > 127).mean(axis=0) + 0.5) / picture.gray.shape
    np.testing.assert_allclose(picture.places(middle), (3149.5, 1149.5), atol=1.5)
    coarse = picture.coarse(256)
    assert max(coarse.shape) == 256
    middle = (np.argwhere(coarse > 127).mean(axis=0) + 0.5) / coarse.shape
    np.testing.assert_allclose(picture.places(middle), (3149.5, 1149.5), atol=12)
