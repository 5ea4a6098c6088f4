"""Files of meshes: STL, OBJ and glTF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from SwinX2SLib.exporting.formats import FORMATS, MATERIALS
from SwinX2SLib.exporting.surfaces import BoneMesh
from SwinX2SLib.geometry.frames import ras_to_lps

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
