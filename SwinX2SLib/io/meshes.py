"""Files of triangle meshes, mm: STL, OBJ, PLY, glTF (by trimesh) and VTK's VTP (read by `io.vtp`, written by VTK).

3D Slicer, and this project, write in the head of a file whether its places are in RAS or LPS ("SPACE=LPS"); other
programs write nothing, and what they mean is the reader's to know. glTF has metres and an upward y axis.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from trimesh.exchange.ply import export_ply
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial
from vtkmodules.vtkCommonCore import vtkStringArray
from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.geometry.vtk_arrays import polydata_of
from SwinX2SLib.io.header import refuse
from SwinX2SLib.io.limits import require_size
from SwinX2SLib.io.packing import FileWithinItsEnd
from SwinX2SLib.io.vtp import read_vtp

MESH_SUFFIXES = (".stl", ".ply", ".obj", ".vtp", ".glb", ".gltf")
GLTF_FRAME = "x to the patient's left, y up (superior), z to the front (anterior), m"
_GLTF, _BINARY = (".glb", ".gltf"), (".glb", ".stl", ".ply")
_SPACE = re.compile(rb"SPACE=(RAS|LPS)")
_HEAD_BYTES = 2000
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
# glTF 2.0, 3.4: metres; y up, z to the front, so that x is the patient's left.
_RAS_MM_TO_GLTF = np.array([[-1, 0, 0], [0, 0, 1], [0, 1, 0]]) / 1000.0
_GLTF_TO_RAS_MM = np.linalg.inv(_RAS_MM_TO_GLTF)
_ROUGHNESS = 0.8


@dataclass(frozen=True, eq=False)
class Mesh:
    """A surface with what a file may say of it.

    Attributes:
        name: of the object in the file, `femur_left`; "" where the file names none.
        surface: mm, in the frame of the file when read, RAS when written.
        group: of objects that belong together, or "".
        colour: red, green, blue, 0..255, or None.
        title: as a person reads the name, for files that show one, or "".
    """

    name: str
    surface: Surface
    group: str = ""
    colour: tuple[int, int, int] | None = None
    title: str = ""


@dataclass(frozen=True, eq=False)
class MeshFile:
    """What a file holds.

    Attributes:
        meshes: one or several.
        frame: "RAS" or "LPS" as the file states it (glTF is brought into RAS), None when it says nothing.
    """

    meshes: tuple[Mesh, ...]
    frame: str | None

    def in_ras(self, otherwise: str | None = None) -> tuple[Mesh, ...]:
        """Return the meshes in RAS.

        Args:
            otherwise: "RAS" or "LPS", of a file that does not say its frame.

        Raises:
            ValueError: neither the file nor the caller says the frame.
        """
        frame = self.frame or otherwise
        if frame not in ("RAS", "LPS"):
            raise ValueError("Neither the file nor the caller says whether places are in RAS or LPS.")
        return self.meshes if frame == "RAS" else tuple(_mirrored(mesh) for mesh in self.meshes)


def read_meshes(path: Path) -> MeshFile:
    """Read a file of meshes; polygons are cut into triangles, and repeated vertices (STL) joined.

    Args:
        path: with one of `MESH_SUFFIXES`.

    Raises:
        InputError: the file is missing, of another kind, too large, damaged, or holds no triangles.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in MESH_SUFFIXES:
        hint = f"Give one of {', '.join(MESH_SUFFIXES)}."
        raise refuse("unsupported-format", f"Files of the kind {suffix!r} are no meshes.", hint, path)
    if not path.is_file():
        raise refuse("missing-file", "There is no such file.", "Check the path.", path)
    try:
        require_size(path.stat().st_size, "mesh file", path)
        found = _read_vtp(path) if suffix == ".vtp" else _read_with_trimesh(path)
    except (MemoryError, InputError):
        raise
    except Exception as error:  # decoders raise many types for damaged files
        message = (f"{type(error).__name__}: {error}".splitlines() or [type(error).__name__])[0].rstrip(".")
        hint = "Export or copy it again."
        raise refuse("mesh-unreadable", f"The mesh cannot be read ({message}).", hint, path) from error
    wrong = next((problem for mesh in found.meshes if (problem := _problem(mesh.surface))), None)
    wrong = wrong if found.meshes else "it holds no triangles"
    if wrong:
        raise refuse("mesh-broken", f"The file is no mesh of a bone: {wrong}.", "Export it again.", path)
    return found


def write_stl(path: Path, mesh: Mesh, title: str) -> None:
    """Write a binary STL, LPS mm, whose head states the frame, the name and the title."""
    surface = _mirrored(mesh).surface
    corners = surface.vertices[surface.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    triangles = np.zeros(len(corners), _STL_TRIANGLE)
    triangles["corners"] = corners
    triangles["normal"] = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    # A header that begins with "solid" is taken for text.
    head = f"SPACE=LPS mm {mesh.name} {title}".encode("ascii", "replace")[:80].ljust(80)
    path.write_bytes(head + np.uint32(len(triangles)).tobytes() + triangles.tobytes())


def write_obj(path: Path, meshes: Sequence[Mesh], title: str) -> None:
    """Write one OBJ with an object for each mesh, and beside it `NAME.mtl` with their colours; LPS mm."""
    materials, first = path.with_suffix(".mtl"), 1
    with path.open("w", encoding="ascii", errors="replace", newline="\n") as stream:
        stream.write("# SPACE=LPS\n# millimetres; left, posterior, superior\n")
        stream.write(f"# {title}\nmtllib {materials.name}\n")
        for mesh in meshes:
            stream.write(f"o {mesh.name}\ng {f'{mesh.group} {mesh.name}'.strip()}\nusemtl {mesh.name}\n")
            np.savetxt(stream, ras_to_lps(mesh.surface.vertices), "v %.4f %.4f %.4f")
            np.savetxt(stream, mesh.surface.faces + first, "f %d %d %d")
            first += len(mesh.surface.vertices)
    text = "\n".join(map(_material, meshes))
    materials.write_text(text, encoding="ascii", errors="replace", newline="\n")


def _material(mesh: Mesh) -> str:
    red, green, blue = (part / 255 for part in mesh.colour or (255, 255, 255))
    return f"newmtl {mesh.name}\nKd {red:.4f} {green:.4f} {blue:.4f}\nKa 0 0 0\nillum 1\n"


def write_ply(path: Path, mesh: Mesh, title: str) -> None:
    """Write a binary PLY, LPS mm, whose comments state the frame and the title."""
    surface = _mirrored(mesh).surface
    whole = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    stored = export_ply(whole, vertex_normal=False)
    head, body = stored.split(b"end_header\n", 1)
    first, rest = head.split(b"\n", 1)
    comments = f"comment SPACE=LPS\ncomment {mesh.name} {title}\n".encode("ascii", "replace")
    kind, rest = rest.split(b"\n", 1)
    path.write_bytes(b"\n".join([first, kind, comments + rest]) + b"end_header\n" + body)


def write_vtp(path: Path, mesh: Mesh, title: str) -> None:
    """Write VTK's XML file of a surface, LPS mm, with the fields SPACE, NAME and TITLE, packed by zlib."""
    data = polydata_of(_mirrored(mesh).surface)
    for name, text in (("SPACE", "LPS"), ("NAME", mesh.name), ("TITLE", title)):
        array = vtkStringArray()
        array.SetName(name)
        array.InsertNextValue(text)
        data.GetFieldData().AddArray(array)
    writer = vtkXMLPolyDataWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(data)
    if not writer.Write():
        raise OSError(f"{path} cannot be written.")


def write_gltf(path: Path, meshes: Sequence[Mesh], title: str) -> None:
    """Write one binary glTF with a node for each group and below it one for each mesh, in its colour."""
    scene = trimesh.Scene(base_frame="patient")
    scene.metadata.update({"title": title, "frame": GLTF_FRAME})
    for group in dict.fromkeys(mesh.group for mesh in meshes if mesh.group):
        scene.graph.update(frame_to=group, frame_from="patient", matrix=np.eye(4))
    for mesh in meshes:
        colour = [*(channel / 255 for channel in mesh.colour or (255, 255, 255)), 1.0]
        material = PBRMaterial(
            name=mesh.name, baseColorFactor=colour, metallicFactor=0.0, roughnessFactor=_ROUGHNESS
        )
        shown = trimesh.Trimesh(
            mesh.surface.vertices @ _RAS_MM_TO_GLTF.T,
            mesh.surface.faces,
            visual=TextureVisuals(material=material),
            process=False,
        )
        scene.add_geometry(
            shown,
            node_name=mesh.title or mesh.name,
            geom_name=mesh.name,
            parent_node_name=mesh.group or "patient",
        )
    path.write_bytes(scene.export(file_type="glb", include_normals=True))


def _mirrored(mesh: Mesh) -> Mesh:
    """Return a mesh between RAS and LPS, a half turn, which leaves the sense of its faces."""
    return replace(mesh, surface=Surface(ras_to_lps(mesh.surface.vertices), mesh.surface.faces))


def _read_with_trimesh(path: Path) -> MeshFile:
    with path.open("rb") as stream:
        stated = _SPACE.search(stream.read(_HEAD_BYTES))
    is_obj = path.suffix.lower() == ".obj"
    options: dict[str, Any] = {"split_objects": True, "group_material": False} if is_obj else {}
    # STL repeats a vertex for each of its triangles: processing joins them.
    if path.suffix.lower() in _BINARY:
        with FileWithinItsEnd(path) as stream:
            scene = trimesh.load_scene(stream, file_type=path.suffix.lower()[1:], process=True)
    else:
        # These may name other files beside them.
        scene = trimesh.load_scene(path, process=True, **options)
    meshes, order = [], list(scene.geometry)
    for node in sorted(scene.graph.nodes_geometry, key=lambda node: order.index(scene.graph[node][1])):
        matrix, name = scene.graph[node]
        name, solid = str(name), scene.geometry[name]
        if isinstance(solid, trimesh.Trimesh) and len(solid.faces):
            vertices = trimesh.transform_points(solid.vertices, matrix)
            if path.suffix.lower() in _GLTF:
                vertices = vertices @ _GLTF_TO_RAS_MM.T
            named = "" if name.startswith("geometry_") or name == path.name else name
            surface = Surface(np.array(vertices, np.float64), np.array(solid.faces, np.int64))
            meshes.append(Mesh(named, surface, colour=_colour(solid)))
    frame = "RAS" if path.suffix.lower() in _GLTF else stated and stated[1].decode()
    return MeshFile(tuple(meshes), frame)


def _colour(solid: trimesh.Trimesh) -> tuple[int, int, int] | None:
    material = getattr(solid.visual, "material", None)
    factor = getattr(material, "baseColorFactor", None)
    factor = getattr(material, "diffuse", None) if factor is None else factor
    return None if factor is None else shape3(np.asarray(factor)[:3])


def _read_vtp(path: Path) -> MeshFile:
    vertices, faces, fields = read_vtp(path)
    frame = fields.get("SPACE")
    mesh = Mesh(fields.get("NAME", ""), Surface(vertices, faces))
    return MeshFile((mesh,), frame if frame in ("RAS", "LPS") else None)


def _problem(surface: Surface) -> str | None:
    if not len(surface.faces):
        return "it holds no triangles"
    if not np.isfinite(surface.vertices).all():
        return "it has vertices that are not finite"
    if surface.faces.min() < 0 or surface.faces.max() >= len(surface.vertices):
        return "its faces name vertices that it has not"
    return None
