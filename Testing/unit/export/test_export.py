"""Exports of an asymmetric person: every format says where left, front and head are, and is read back there."""

import json

import nibabel
import numpy as np
import trimesh
from exported_person import AFFINE, BOXES, ID, centre, middle, person

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.export.formats import FORMATS
from SwinX2SLib.export.run import run_export
from SwinX2SLib.geometry.frames import reorient
from SwinX2SLib.io.meshes import GLTF_FRAME
from SwinX2SLib.measurements.reading import read_subject


def test_every_bone_becomes_an_stl_in_lps_that_this_project_reads_back_in_ras(source, tmp_path):
    written = run_export(source, ["stl"], tmp_path / "out")
    assert {path.stem for path in written["stl"].iterdir()} == set(BOXES)
    for name in BOXES:
        path = written["stl"] / f"{name}.stl"
        assert path.read_bytes()[:80].startswith(b"SPACE=LPS")
        stored = middle(trimesh.load(path).vertices)
        np.testing.assert_allclose(stored, centre(name) * [-1, -1, 1], atol=0.3)
    read = read_subject(written["stl"])
    for name in BOXES:
        np.testing.assert_allclose(middle(read.bones[name].vertices_ras_mm), centre(name), atol=0.3)


def test_the_obj_has_an_object_and_a_colour_for_each_bone_in_lps(source, tmp_path):
    path = run_export(source, ["obj"], tmp_path / "out")["obj"]
    assert "SPACE=LPS" in path.read_text()[:100]
    scene = trimesh.load(path, split_objects=True, group_material=False)
    assert set(scene.geometry) == set(BOXES)
    for name, mesh in scene.geometry.items():
        np.testing.assert_allclose(middle(mesh.vertices), centre(name) * [-1, -1, 1], atol=0.3)
        assert tuple(mesh.visual.material.diffuse[:3]) == label_by_id(ID[name]).colour


def test_the_gltf_stands_upright_with_the_front_towards_the_viewer(source, tmp_path):
    path = run_export(source, ["gltf"], tmp_path / "out")["gltf"]
    scene = trimesh.load(path)
    for name in BOXES:
        right, front, up = centre(name) / 1000
        np.testing.assert_allclose(middle(scene.geometry[name].vertices), [-right, up, front], atol=0.0004)
    tree = json.loads(path.read_bytes()[20 : 20 + int.from_bytes(path.read_bytes()[12:16], "little")])
    nodes = {node.get("name"): node for node in tree["nodes"]}
    below = {tree["nodes"][child]["name"] for child in nodes["spine"]["children"]}
    assert below == {"L1 vertebra"}
    assert FORMATS["gltf"].frame == GLTF_FRAME


def test_label_volumes_are_read_back_voxel_for_voxel(source, tmp_path):
    written = run_export(source, ["nifti", "nrrd"], tmp_path / "out")
    for path in written.values():
        volume = read_subject(path).volume
        back, affine = reorient(volume.labels, volume.affine)
        np.testing.assert_array_equal(back, person())
        np.testing.assert_allclose(affine, AFFINE, atol=1e-4)
    assert nibabel.aff2axcodes(nibabel.load(written["nifti"]).affine) == ("R", "A", "S")
