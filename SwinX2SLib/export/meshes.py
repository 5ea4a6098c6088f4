"""The formats of an export: what they are called, which files they write, and in which frame and unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.measure import marching_cubes

from SwinX2SLib.anatomy import CLASS_COUNT, Label, labels
from SwinX2SLib.geometry.frames import ras_to_lps, transform_points
from SwinX2SLib.measurements.bones import smoothed


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: as the command takes it.
        title: as a person reads it.
        entry: the file, or folder of files, that it writes.
        frame: axes and unit of the coordinates in it.
    """

    name: str
    title: str
    entry: str
    frame: str


FORMATS = {
    entry.name: entry
    for entry in (
        Format("stl", "STL, one file per bone", "stl", "LPS (left, posterior, superior), mm"),
        Format("obj", "OBJ, one file with colours", "bones.obj", "LPS (left, posterior, superior), mm"),
        Format(
            "gltf",
            "glTF (.glb), one file with colours",
            "bones.glb",
            "x to the patient's left, y up (superior), z to the front (anterior), m",
        ),
        Format("nifti", "NIfTI label volume", "labels.nii.gz", "RAS (right, anterior, superior), mm"),
        Format(
            "nrrd",
            "Slicer segmentation (.seg.nrrd)",
            "segmentation.seg.nrrd",
            "LPS (left, posterior, superior), mm",
        ),
        Format(
            "dicomseg",
            "DICOM segmentation",
            "segmentation.dcm",
            "DICOM patient coordinates (LPS), mm, with a separate frame of reference",
        ),
    )
}
MATERIALS, DOCUMENT = "bones.mtl", "export.json"
# Whatever an export may write: what else lies in a folder is somebody else's.
ENTRIES = (*(entry.entry for entry in FORMATS.values()), MATERIALS, DOCUMENT)


@dataclass(frozen=True, eq=False)
class BoneMesh:
    """A closed surface.

    Attributes:
        label: which bone.
        vertices_ras_mm: `(V, 3)`.
        faces: `(F, 3)` vertex indices, counter-clockwise from outside.
    """

    label: Label
    vertices_ras_mm: np.ndarray
    faces: np.ndarray


def bone_meshes(volume: np.ndarray, affine: np.ndarray) -> Iterator[BoneMesh]:
    """Yield the surface of every bone that has voxels, loose pieces and all, in the order of the label ids.

    Args:
        volume: uint8 `(I, J, K)`, ids of `anatomy`.
        affine: 4x4, index -> RAS mm.
    """
    for label, box in zip(labels(), ndimage.find_objects(volume, max_label=CLASS_COUNT - 1), strict=True):
        if box is None:
            continue
        mask = np.pad(volume[box] == label.id, 1).astype(np.float32)
        vertices, faces, _, _ = marching_cubes(mask, 0.5)
        faces = faces.astype(np.int64)
        index = smoothed(vertices.astype(np.float64), faces) - 1 + [part.start for part in box]
        vertices = transform_points(affine, index)
        yield BoneMesh(label, vertices, faces if _volume(vertices, faces) > 0 else faces[:, ::-1])


def _volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Return the volume that a surface encloses, below zero where its faces look inwards."""
    first, second, third = np.moveaxis((vertices - vertices.mean(axis=0))[faces], 1, 0)
    return float(np.einsum("ij,ij->i", first, np.cross(second, third)).sum() / 6)


# The note by which 3D Slicer, and this project, tell the frame of a mesh file.
_SPACE = "SPACE=LPS"
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
# glTF 2.0, 3.4: metres; y up, z to the front, so that x is the patient's left.
_RAS_MM_TO_GLTF = np.array([[-1, 0, 0], [0, 0, 1], [0, 1, 0]]) / 1000.0
_ROUGHNESS = 0.8


def write_stl_folder(folder: Path, meshes: Sequence[BoneMesh], title: str) -> None:
    """Write a binary STL for each bone, named by the bone, LPS mm."""
    folder.mkdir()
    for mesh in meshes:
        corners = ras_to_lps(mesh.vertices_ras_mm)[mesh.faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        triangles = np.zeros(len(corners), _STL_TRIANGLE)
        triangles["corners"] = corners
        triangles["normal"] = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        # A header that begins with "solid" is taken for text.
        head = f"{_SPACE} mm {mesh.label.name} {title}".encode("ascii", "replace")[:80].ljust(80)
        with (folder / f"{mesh.label.name}.stl").open("wb") as stream:
            stream.write(head + np.uint32(len(triangles)).tobytes())
            stream.write(triangles.tobytes())


def write_obj(path: Path, meshes: Sequence[BoneMesh], title: str) -> None:
    """Write one OBJ with an object for each bone, grouped by region, and the colours beside it; LPS mm."""
    first = 1
    with path.open("w", encoding="ascii", errors="replace", newline="\n") as stream:
        stream.write(f"# {_SPACE}\n# millimetres; left, posterior, superior\n# {title}\nmtllib {MATERIALS}\n")
        for mesh in meshes:
            name = mesh.label.name
            stream.write(f"o {name}\ng {mesh.label.group} {name}\nusemtl {name}\n")
            np.savetxt(stream, ras_to_lps(mesh.vertices_ras_mm), "v %.4f %.4f %.4f")
            np.savetxt(stream, mesh.faces + first, "f %d %d %d")
            first += len(mesh.vertices_ras_mm)
    materials = []
    for mesh in meshes:
        red, green, blue = (channel / 255 for channel in mesh.label.colour)
        materials.append(
            f"newmtl {mesh.label.name}\nKd {red:.4f} {green:.4f} {blue:.4f}\nKa 0 0 0\nillum 1\n"
        )
    path.with_name(MATERIALS).write_text("\n".join(materials), encoding="ascii", newline="\n")


def write_gltf(path: Path, meshes: Sequence[BoneMesh], title: str) -> None:
    """Write one binary glTF with a node for each region and below it one for each bone, in its colour."""
    import trimesh
    from trimesh.visual import TextureVisuals
    from trimesh.visual.material import PBRMaterial

    scene = trimesh.Scene(base_frame="patient")
    scene.metadata.update({"title": title, "frame": FORMATS["gltf"].frame})
    for group in dict.fromkeys(mesh.label.group for mesh in meshes):
        scene.graph.update(frame_to=group, frame_from="patient", matrix=np.eye(4))
    for mesh in meshes:
        colour = [*(channel / 255 for channel in mesh.label.colour), 1.0]
        material = PBRMaterial(
            name=mesh.label.name, baseColorFactor=colour, metallicFactor=0.0, roughnessFactor=_ROUGHNESS
        )
        surface = trimesh.Trimesh(
            mesh.vertices_ras_mm @ _RAS_MM_TO_GLTF.T,
            mesh.faces,
            visual=TextureVisuals(material=material),
            process=False,
        )
        scene.add_geometry(
            surface, node_name=mesh.label.title, geom_name=mesh.label.name, parent_node_name=mesh.label.group
        )
    path.write_bytes(scene.export(file_type="glb", include_normals=True))
