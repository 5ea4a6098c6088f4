"""Bones come from every kind of file under their own names and at their own places, or a fault says why not."""

import nibabel
import numpy as np
import pytest
import trimesh
from nrrd_files import write_nrrd
from scipy.spatial.transform import Rotation

from SwinX2SLib.anatomy import label_named, label_of_term, labels, terminology_entry
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import ras_to_lps, reorient, transform_points
from SwinX2SLib.io.segmentations import write_segmentation
from SwinX2SLib.measurements.reading import ReadOptions, read_subject

ID = {label.name: label.id for label in labels()}
SHAPE = (24, 20, 28)
OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = Rotation.from_euler("xyz", (12, -20, 31), degrees=True).as_matrix() @ np.diag(
    (1.5, 2.0, 2.5)
)
OBLIQUE[:3, 3] = (-31.0, 12.0, 500.0)
# Two bones that cannot be taken for each other: centre in index space, and id.
CENTRES = {"femur_left": (6, 6, 8), "vertebrae_L3": (16, 12, 18)}


def volume(dtype=np.uint8):
    array = np.zeros(SHAPE, dtype=dtype)
    array[3:10, 3:10, 4:13] = ID["femur_left"]
    array[14:19, 10:15, 16:21] = ID["vertebrae_L3"]
    return array


def assert_bones_in_place(bones, names=tuple(CENTRES)):
    assert set(bones) == set(names)
    for name in names:
        middle = (bones[name].vertices_ras_mm.min(axis=0) + bones[name].vertices_ras_mm.max(axis=0)) / 2
        expected = transform_points(OBLIQUE, np.array(CENTRES[name]))
        assert np.linalg.norm(middle - expected) < 1.0, name


def write_nifti(path, array, affine):
    nibabel.Nifti1Image(array, affine).to_filename(path)
    return path


def faults_of(path, **options):
    with pytest.raises(InputError) as error:
        read_subject(path, ReadOptions(**options))
    return {fault.kind for fault in error.value.faults}


@pytest.mark.parametrize("order", ["RAS", "LPI", "SAR", "PIR"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_nifti_of_any_axes_and_type_puts_bones_where_they_are(tmp_path, order, dtype):
    array, affine = reorient(volume(dtype), OBLIQUE, order)
    subject = read_subject(write_nifti(tmp_path / "labels.nii.gz", np.ascontiguousarray(array), affine))
    assert_bones_in_place(subject.bones)
    assert len(subject.sha256) == 64


def test_a_volume_in_metres_is_read_in_millimetres(tmp_path):
    affine = OBLIQUE.copy()
    affine[:3] /= 1000
    image = nibabel.Nifti1Image(volume(), affine)
    image.header.set_xyzt_units("meter")
    image.to_filename(tmp_path / "labels.nii")
    assert_bones_in_place(read_subject(tmp_path / "labels.nii").bones)


def test_our_own_segmentation_file_and_its_nifti_agree(tmp_path):
    write_segmentation(tmp_path / "a.seg.nrrd", volume(), OBLIQUE)
    assert_bones_in_place(read_subject(tmp_path / "a.seg.nrrd").bones)


def slicer_header(segments, space="left-posterior-superior", layers=False):
    frame = ras_to_lps(OBLIQUE) if space.startswith("left") else OBLIQUE
    steps = frame[:3, :3].T
    header = {
        "space": space,
        "space directions": np.vstack([np.full(3, np.nan), steps]) if layers else steps,
        "space origin": frame[:3, 3],
        "kinds": ["list"] * layers + ["domain"] * 3,
    }
    for index, told in enumerate(segments):
        header.update({f"Segment{index}_{key}": str(value) for key, value in told.items()})
    return header


@pytest.mark.parametrize("space", ["left-posterior-superior", "right-anterior-superior"])
def test_segments_are_known_by_their_names_whatever_their_values(tmp_path, space):
    array = np.where(volume() == ID["femur_left"], 1, np.where(volume() > 0, 7, 0)).astype(np.uint8)
    array[0, 0, 0] = 3
    segments = [
        {"ID": "Segment_1", "Name": "left femur", "LabelValue": 1, "Layer": 0},
        {"ID": "Segment_2", "Name": "L3", "LabelValue": 7, "Layer": 0},
        {"ID": "Segment_3", "Name": "Liver", "LabelValue": 3, "Layer": 0},
    ]
    write_nrrd(tmp_path / "s.seg.nrrd", array, slicer_header(segments, space))
    subject = read_subject(tmp_path / "s.seg.nrrd")
    assert_bones_in_place(subject.bones)
    assert "Liver" in subject.notes[0]


def boxes(frame):
    """Two boxes named as bones, with vertices in RAS or LPS."""
    for name, centre in CENTRES.items():
        mesh = trimesh.creation.box((9.0, 12.0, 15.0))
        mesh = mesh.subdivide()
        place = transform_points(OBLIQUE, np.array(centre))
        mesh.apply_translation(place if frame == "RAS" else ras_to_lps(place))
        yield name, mesh


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj"])
@pytest.mark.parametrize("frame", ["RAS", "LPS"])
def test_meshes_named_by_their_bones_are_read(tmp_path, suffix, frame):
    for name, mesh in boxes(frame):
        mesh.export(tmp_path / f"{name}.{suffix}")
    assert_bones_in_place(read_subject(tmp_path, ReadOptions(mesh_frame=frame)).bones)
    assert faults_of(tmp_path) == {"mesh-frame-absent"}


def test_meshes_that_state_their_frame_need_no_option(tmp_path):
    for name, mesh in boxes("LPS"):
        text = trimesh.exchange.obj.export_obj(mesh)
        (tmp_path / f"{name}.obj").write_text(f"# 3D Slicer output. SPACE=LPS\n{text}")
    assert_bones_in_place(read_subject(tmp_path).bones)
    (tmp_path / "tooth.obj").write_text("v 0 0 0\n")
    assert faults_of(tmp_path) == {"unknown-labels"}
    assert_bones_in_place(read_subject(tmp_path, ReadOptions(ignore_unknown=True)).bones)


@pytest.mark.parametrize("mode", ["ascii", "binary", "appended raw", "appended base64"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_vtp_of_every_encoding_is_read(tmp_path, mode, packed, wide):
    vtk = pytest.importorskip("vtk", reason="VTK writes the files")
    from vtk.util.numpy_support import numpy_to_vtk

    for name, mesh in boxes("RAS"):
        points, cells, data = vtk.vtkPoints(), vtk.vtkCellArray(), vtk.vtkPolyData()
        points.SetData(numpy_to_vtk(mesh.vertices, deep=True))
        for face in mesh.faces:
            cells.InsertNextCell(3, [int(corner) for corner in face])
        data.SetPoints(points)
        data.SetPolys(cells)
        space = vtk.vtkStringArray()
        space.SetName("SPACE")
        space.InsertNextValue("RAS")
        data.GetFieldData().AddArray(space)
        writer = vtk.vtkXMLPolyDataWriter()
        getattr(writer, f"SetDataModeTo{mode.split()[0].capitalize()}")()
        writer.SetEncodeAppendedData(int(mode.endswith("base64")))
        writer.SetCompressorTypeToZLib() if packed else writer.SetCompressorTypeToNone()
        writer.SetHeaderTypeToUInt64() if wide else writer.SetHeaderTypeToUInt32()
        writer.SetFileName(str(tmp_path / f"{name}.vtp"))
        writer.SetInputData(data)
        assert writer.Write()
    assert_bones_in_place(read_subject(tmp_path).bones)


def test_arrays_of_meshes_are_read(tmp_path):
    arrays = {}
    for name, mesh in boxes("RAS"):
        arrays |= {f"{name}_vertices": mesh.vertices, f"{name}_faces": mesh.faces}
    np.savez(tmp_path / "bones.npz", **arrays)
    assert_bones_in_place(read_subject(tmp_path / "bones.npz").bones)
    del arrays["vertebrae_L3_faces"]
    arrays["femur_left_faces"] = arrays["femur_left_faces"] + 10_000
    np.savez(tmp_path / "broken.npz", **arrays)
    assert faults_of(tmp_path / "broken.npz") == {"mesh-incomplete", "mesh-broken"}


def test_meshes_of_the_sacrum_and_of_s1_are_one_bone(tmp_path):
    arrays, volume_mm3 = {}, 0.0
    for name, bottom in (("sacrum", 0.0), ("vertebrae_S1", 60.5)):
        box = trimesh.creation.box((60.0, 40.0, 60.0)).subdivide()
        box.apply_translation((0.0, 0.0, bottom))
        box.export(tmp_path / f"{name}.stl")
        arrays |= {f"{name}_vertices": box.vertices, f"{name}_faces": box.faces}
        volume_mm3 += box.volume
    np.savez(tmp_path / "bones.npz", **arrays)
    for path in (tmp_path, tmp_path / "bones.npz"):
        bones = read_subject(path, ReadOptions(mesh_frame="RAS")).bones
        assert list(bones) == ["sacrum"]
        assert bones["sacrum"].volume_mm3 == pytest.approx(volume_mm3, rel=1e-3)
        assert np.ptp(bones["sacrum"].vertices_ras_mm[:, 2]) == pytest.approx(120.5)
    (tmp_path / "S1.stl").write_bytes((tmp_path / "vertebrae_S1.stl").read_bytes())
    assert faults_of(tmp_path, mesh_frame="RAS") == {"mesh-twice"}


def test_values_that_are_no_bone_are_named_and_left_out_on_demand(tmp_path):
    array = volume(np.int16)
    array[0, 0, 0], array[1, 0, 0] = 117, -3
    path = write_nifti(tmp_path / "labels.nii.gz", array, OBLIQUE)
    with pytest.raises(InputError, match=r"-3, 117") as error:
        read_subject(path)
    assert [fault.kind for fault in error.value.faults] == ["unknown-labels"]
    subject = read_subject(path, ReadOptions(ignore_unknown=True))
    assert_bones_in_place(subject.bones)
    assert "117" in subject.notes[0]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("gone.nii.gz", None, "missing-file"),
        ("empty.nii.gz", b"", "unreadable-file"),
        ("text.nii", b"not a picture", "unreadable-file"),
        ("text.seg.nrrd", b"NRRD0004\ntype: uint8\n", "unreadable-file"),
        ("bones.npz", b"PK\x03\x04", "unreadable-file"),
        ("one.stl", b"solid", "unsupported-format"),
        ("radiograph.png", b"\x89PNG", "unsupported-format"),
    ],
)
def test_files_that_are_no_segmentation_are_refused_in_words(tmp_path, name, content, kind):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert faults_of(tmp_path / name) == {kind}


def test_volumes_without_a_place_a_bone_or_three_axes_are_refused(tmp_path):
    unplaced = nibabel.Nifti1Image(volume(), None)
    nibabel.save(unplaced, tmp_path / "unplaced.nii")
    assert faults_of(tmp_path / "unplaced.nii") == {"orientation-absent"}
    write_nrrd(tmp_path / "bare.nrrd", volume())
    assert faults_of(tmp_path / "bare.nrrd") == {"orientation-absent"}
    assert faults_of(write_nifti(tmp_path / "zero.nii", 0 * volume(), OBLIQUE)) == {"no-bones"}
    stack = np.stack([volume()] * 2, axis=-1)
    assert faults_of(write_nifti(tmp_path / "stack.nii", stack, OBLIQUE)) == {"not-a-volume"}
    image = volume(np.float32) + 0.25
    assert faults_of(write_nifti(tmp_path / "image.nii", image, OBLIQUE)) == {"not-labels"}
    (tmp_path / "folder").mkdir()
    assert faults_of(tmp_path / "folder") == {"no-meshes"}


def test_truncated_files_are_refused_in_words(tmp_path):
    for name in ("labels.nii.gz", "a.seg.nrrd"):
        if name.endswith("nrrd"):
            write_segmentation(tmp_path / name, volume(), OBLIQUE)
        else:
            write_nifti(tmp_path / name, volume(), OBLIQUE)
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: -len(content) // 3])
        assert faults_of(tmp_path / name) == {"unreadable-file"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hip_R", "hip_right"), ("LeftHip", "hip_left"), ("left hip bone", "hip_left"), ("Sacrum", "sacrum"),
        ("rib_left_07", "rib_left_7"), ("Left 7th rib", "rib_left_7"), ("L1 vertebra", "vertebrae_L1"),
        ("T12", "vertebrae_T12"), ("femur-left", "femur_left"), ("Femur_L", "femur_left"),
        ("proximal femur left", None), ("femur", None), ("L7", None), ("rib 7", None), ("", None),
        ("L5-S1 disc", None), ("S1", "sacrum"), ("vertebrae_S1", "sacrum"), ("S1 vertebra", "sacrum"),
        ("second sacral vertebra", "sacrum"),
    ],
)  # fmt: skip
def test_names_mean_one_bone_or_none(text, name):
    label = label_named(text)
    assert (label and label.name) == name


@pytest.mark.parametrize("label", labels(), ids=lambda label: label.name)
def test_every_bone_is_known_by_its_name_its_title_and_its_code(label):
    assert label_named(label.name) is label
    assert label_named(label.title) is label
    assert label_of_term(terminology_entry(label)) is (None if label.name == "vertebrae_L6" else label)
