"""Meshes come back from every kind of file with their names, frames and places, or a fault says why not."""

import struct
from contextlib import suppress

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.io import vtp
from SwinX2SLib.io.meshes import (
    MESH_SUFFIXES,
    Mesh,
    read_meshes,
    write_gltf,
    write_obj,
    write_ply,
    write_stl,
    write_vtp,
)
from SwinX2SLib.io.packing import FileWithinItsEnd

ONE = {".stl": write_stl, ".ply": write_ply, ".vtp": write_vtp}
SEVERAL = {".obj": write_obj, ".glb": write_gltf}


def mesh(name="femur_left", centre=(10.0, 20.0, -300.0), **more):
    box = trimesh.creation.box((9.0, 12.0, 15.0)).subdivide()
    return Mesh(name, Surface(np.asarray(box.vertices) + centre, np.asarray(box.faces)), **more)


PAIR = (
    mesh(group="femora", colour=(200, 100, 50)),
    mesh("vertebrae_L3", (-50.0, 7.0, 30.0), group="spine", colour=(10, 20, 250)),
)


def faults_of(path):
    with pytest.raises(InputError) as error:
        read_meshes(path)
    return {fault.kind for fault in error.value.faults}


def assert_same(found, expected):
    assert found.surface.volume_mm3 == pytest.approx(9 * 12 * 15, rel=1e-3)
    assert found.surface.vertices.shape == expected.surface.vertices.shape
    for end in (np.min, np.max):
        there = end(expected.surface.vertices, axis=0)
        assert end(found.surface.vertices, axis=0) == pytest.approx(there, abs=1e-3)


@pytest.mark.parametrize("suffix", ONE)
def test_one_mesh_comes_back_in_its_place(tmp_path, suffix):
    path = tmp_path / f"bone{suffix}"
    ONE[suffix](path, mesh(), "a title of ours")
    found = read_meshes(path)
    assert found.frame == "LPS"
    assert_same(found.in_ras()[0], mesh())


@pytest.mark.parametrize("suffix", SEVERAL)
def test_several_meshes_come_back_with_names_and_colours(tmp_path, suffix):
    path = tmp_path / f"bones{suffix}"
    SEVERAL[suffix](path, PAIR, "two bones")
    found = {one.name: one for one in read_meshes(path).in_ras()}
    assert set(found) == {one.name for one in PAIR}
    for one in PAIR:
        assert_same(found[one.name], one)
        assert found[one.name].colour == pytest.approx(one.colour, abs=1)


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj"])
def test_a_file_of_others_does_not_say_its_frame(tmp_path, suffix):
    surface = mesh().surface
    path = tmp_path / f"bone.{suffix}"
    trimesh.Trimesh(ras_to_lps(surface.vertices), surface.faces, process=False).export(path)
    found = read_meshes(path)
    assert found.frame is None
    assert_same(found.in_ras("LPS")[0], mesh())
    with pytest.raises(ValueError, match="RAS or LPS"):
        found.in_ras()


def test_vtk_and_slicer_read_the_frame_from_the_field(tmp_path):
    from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

    write_vtp(tmp_path / "bone.vtp", mesh(), "t")
    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "bone.vtp"))
    reader.Update()
    data = reader.GetOutput()
    assert data.GetFieldData().GetAbstractArray("SPACE").GetValue(0) == "LPS"
    assert data.GetBounds()[:2] == pytest.approx((-14.5, -5.5))


def test_what_is_no_mesh_is_refused_in_words(tmp_path):
    assert faults_of(tmp_path / "gone.stl") == {"missing-file"}
    assert faults_of(tmp_path / "bone.docx") == {"unsupported-format"}
    (tmp_path / "points.obj").write_text("v 0 0 0\nv 1 0 0\n")
    assert faults_of(tmp_path / "points.obj") <= {"mesh-broken", "mesh-unreadable"}
    for suffix in MESH_SUFFIXES:
        path = tmp_path / f"empty{suffix}"
        path.write_bytes(b"")
        assert faults_of(path) <= {"mesh-broken", "mesh-unreadable"}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from([*ONE, *SEVERAL]), part=st.floats(0, 0.97), at=st.floats(0, 1), cut=st.booleans()
)
def test_damaged_files_end_in_a_fault_or_in_a_mesh(tmp_path, suffix, part, at, cut):
    whole, path = tmp_path / f"whole{suffix}", tmp_path / f"damaged{suffix}"
    ONE[suffix](whole, mesh(), "t") if suffix in ONE else SEVERAL[suffix](whole, PAIR, "t")
    content = bytearray(whole.read_bytes())
    if cut:
        content = content[: int(part * len(content))]
    else:
        place = int(at * (len(content) - 8))
        content[place : place + 8] = b"\xff" * 8
    path.write_bytes(content)
    with suppress(InputError):
        assert all(len(one.surface.faces) for one in read_meshes(path).meshes)


def test_a_length_beyond_the_end_of_a_file_is_no_reason_to_ask_for_memory(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(100)))
    with FileWithinItsEnd(path) as stream:
        assert stream.read(90) == bytes(range(90))
        # Python's own file asks for the memory first.
        assert stream.read(1 << 62) == bytes(range(90, 100))
        assert stream.read(1) == b""
        stream.seek(50)
        assert stream.read() == bytes(range(50, 100))
    mesh = tmp_path / "a.glb"
    mesh.write_bytes(b"glTF" + struct.pack("<4I", 2, 20, 0xFFFFFFF0, 0x4E4F534A))
    with pytest.raises(InputError, match="cannot be read"):
        read_meshes(mesh)


def test_polygons_become_fans_in_their_order_and_lies_about_them_are_told():
    corners, ends = np.arange(9), np.array([3, 3, 5, 9])
    expected = [[0, 1, 2], [5, 6, 7], [5, 7, 8]]
    np.testing.assert_array_equal(vtp._triangles(corners, ends), expected)
    for lie in ([3, 2], [1 << 60], [-3, 3]):
        with pytest.raises(vtp.VtpError, match="other corners"):
            vtp._triangles(corners, np.array(lie))
