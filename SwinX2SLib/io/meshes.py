"""Bones from triangle meshes: a folder of files named by bone, or arrays in an `.npz`."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import trimesh

from SwinX2SLib.anatomy import Label, label_named
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.io.header import reading, refuse
from SwinX2SLib.io.label_volumes import named
from SwinX2SLib.io.vtp import read_vtp
from SwinX2SLib.measurements.bones import Bone, bone_from_mesh

MESH_SUFFIXES = (".stl", ".ply", ".obj", ".vtp")
# What Slicer writes into the head of a mesh file.
_SPACE = re.compile(rb"SPACE=(RAS|LPS)")
_HEAD_BYTES = 2000
_VERTICES, _FACES = "_vertices", "_faces"


def read_mesh_folder(
    folder: Path, frame: str | None = None, ignore_unknown: bool = False
) -> tuple[dict[str, Bone], tuple[str, ...]]:
    """Read every mesh of a folder whose name is that of a bone.

    Args:
        folder: with `.stl`, `.ply`, `.obj` or `.vtp` files in mm.
        frame: "RAS" or "LPS", of files that do not say it themselves (Slicer's do).
        ignore_unknown: whether files that are named by no bone are left out instead of being a fault.

    Returns:
        Bones by label name, and notes.

    Raises:
        InputError: every file that is unreadable, named by no bone, or silent about its frame.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in MESH_SUFFIXES)
    labels, faults, notes = _labels_of({path.name: path for path in files}, ignore_unknown, folder)
    bones = {}
    for name, label in labels.items():
        try:
            bones[label.name] = _bone_of_file(folder / name, label, frame)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return bones, notes


def read_mesh_archive(
    path: Path, frame: str | None = None, ignore_unknown: bool = False
) -> tuple[dict[str, Bone], tuple[str, ...]]:
    """Read `NAME_vertices` (mm, RAS unless `frame` says else) and `NAME_faces` of every bone in an `.npz`.

    Raises:
        InputError: the file is unreadable, or arrays are missing, named by no bone, or no mesh.
    """
    with reading(path, "file of meshes"), np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files if name.endswith((_VERTICES, _FACES))}
    stems = {name.removesuffix(_VERTICES): name for name in arrays if name.endswith(_VERTICES)}
    labels, faults, notes = _labels_of(stems, ignore_unknown, path)
    bones = {}
    for stem, label in labels.items():
        faces = arrays.get(stem + _FACES)
        if faces is None:
            message = f"There is no array {stem}{_FACES}."
            faults.append(Fault("mesh-incomplete", message, "Store both arrays.", str(path)))
            continue
        try:
            bones[label.name] = _bone(label, _to_ras(arrays[stem + _VERTICES], frame or "RAS"), faces, path)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return bones, notes


def _labels_of(
    names: dict[str, object], ignore_unknown: bool, path: Path
) -> tuple[dict[str, Label], list[Fault], tuple[str, ...]]:
    """Return the bone of each name, faults of names that are none or say the same twice, and notes."""
    labels: dict[str, Label] = {}
    mismatched_views, faults = [], []
    for name in names:
        label = label_named(Path(name).stem if name.lower().endswith(MESH_SUFFIXES) else name)
        if label is None:
            mismatched_views.append(name)
        elif label in labels.values():
            message = f"Two meshes are {label.title}; one is {name}."
            faults.append(Fault("mesh-twice", message, "Keep one.", str(path)))
        else:
            labels[name] = label
    if not names:
        message = "There is no mesh in it."
        hint = "Give a folder of .stl, .ply, .obj or .vtp files, each named by its bone (femur_left.stl)."
        faults.append(Fault("no-meshes", message, hint, str(path)))
    if mismatched_views and not ignore_unknown:
        hint = "Name each mesh by its bone (femur_left.stl), or add --ignore-unknown to leave these out."
        message = f"These meshes are named by no bone: {named(mismatched_views)}."
        faults.append(Fault("unknown-labels", message, hint, str(path)))
    left_out = f"Meshes that are named by no bone were left out: {named(mismatched_views)}."
    return labels, faults, (left_out,) if mismatched_views else ()


def _bone_of_file(path: Path, label: Label, frame: str | None) -> Bone:
    read = _read_vtp if path.suffix.lower() == ".vtp" else _read_with_trimesh
    with reading(path, "mesh"):
        vertices, faces, stated = read(path)
    frame = stated or frame
    if frame is None:
        message = "The file does not say whether its places are in RAS or LPS."
        hint = "Add --mesh-frame RAS or LPS (Slicer and ITK write LPS)."
        raise refuse("mesh-frame-absent", message, hint, path)
    return _bone(label, _to_ras(vertices, frame), faces, path)


def _read_with_trimesh(path: Path) -> tuple[np.ndarray, np.ndarray, str | None]:
    with path.open("rb") as stream:
        stated = _SPACE.search(stream.read(_HEAD_BYTES))
    # STL repeats a vertex for each of its triangles: processing joins them.
    mesh = trimesh.load_mesh(path, process=True)
    return mesh.vertices, mesh.faces, stated[1].decode() if stated else None


def _read_vtp(path: Path) -> tuple[np.ndarray, np.ndarray, str | None]:
    vertices, faces, space = read_vtp(path)
    return vertices, faces, space if space in ("RAS", "LPS") else None


def _to_ras(vertices: np.ndarray, frame: str) -> np.ndarray:
    return vertices if frame == "RAS" else ras_to_lps(vertices)


def _bone(label: Label, vertices_ras_mm: np.ndarray, faces: np.ndarray, path: Path) -> Bone:
    try:
        return bone_from_mesh(label.name, vertices_ras_mm, faces)
    except ValueError as error:
        raise refuse("mesh-broken", str(error), "Export it again.", path) from None
