"""Bones from triangle meshes: a folder of files named by bone, or arrays in an `.npz`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from SwinX2SLib.anatomy import Label, label_named
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.io.header import reading, refuse
from SwinX2SLib.io.label_volumes import named
from SwinX2SLib.io.meshes import Mesh, read_meshes
from SwinX2SLib.io.packing import open_arrays
from SwinX2SLib.measurements.bones import Bone, bone_from_mesh

BONE_SUFFIXES = (".stl", ".ply", ".obj", ".vtp")
"""Of files that hold one bone; glTF files hold many."""
_VERTICES, _FACES = "_vertices", "_faces"


def mesh_files(folder: Path) -> list[Path]:
    """Return the files of a folder that may hold a bone, in order."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in BONE_SUFFIXES)


def read_mesh_folder(
    folder: Path, frame: str | None = None, ignore_unknown: bool = False
) -> tuple[dict[str, Bone], tuple[str, ...]]:
    """Read every mesh of a folder whose name is that of a bone.

    Args:
        folder: with files in mm that end in one of `BONE_SUFFIXES`.
        frame: "RAS" or "LPS", of files that do not say it themselves (Slicer's do).
        ignore_unknown: whether files that are named by no bone are left out instead of being a fault.

    Returns:
        Bones by label name, and notes.

    Raises:
        InputError: every file that is unreadable, named by no bone, or silent about its frame.
    """
    labels, faults, notes = _labels_of([path.name for path in mesh_files(folder)], ignore_unknown, folder)
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
    with reading(path, "file of meshes"), open_arrays(path, "file of meshes") as archive:
        arrays = {name: archive[name] for name in archive.files if name.endswith((_VERTICES, _FACES))}
    stems = [name.removesuffix(_VERTICES) for name in arrays if name.endswith(_VERTICES)]
    labels, faults, notes = _labels_of(stems, ignore_unknown, path)
    bones = {}
    for stem, label in labels.items():
        faces = arrays.get(stem + _FACES)
        if faces is None:
            message = f"There is no array {stem}{_FACES}."
            faults.append(Fault("mesh-incomplete", message, "Store both arrays.", str(path)))
            continue
        vertices = arrays[stem + _VERTICES]
        try:
            vertices = ras_to_lps(vertices) if frame == "LPS" else vertices
            bones[label.name] = _bone(label, vertices, faces, path)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return bones, notes


def _labels_of(
    names: Iterable[str], ignore_unknown: bool, path: Path
) -> tuple[dict[str, Label], list[Fault], tuple[str, ...]]:
    """Return the bone of each name, faults of names that are none or say the same twice, and notes."""
    labels: dict[str, Label] = {}
    unknown, faults = [], []
    for name in names:
        label = label_named(Path(name).stem if name.lower().endswith(BONE_SUFFIXES) else name)
        if label is None:
            unknown.append(name)
        elif label in labels.values():
            message = f"Two meshes are {label.title}; one is {name}."
            faults.append(Fault("mesh-twice", message, "Keep one.", str(path)))
        else:
            labels[name] = label
    if not labels and not unknown:
        message = "There is no mesh in it."
        hint = "Give a folder of .stl, .ply, .obj or .vtp files, each named by its bone (femur_left.stl)."
        faults.append(Fault("no-meshes", message, hint, str(path)))
    if unknown and not ignore_unknown:
        hint = "Name each mesh by its bone (femur_left.stl), or add --ignore-unknown to leave these out."
        message = f"These meshes are named by no bone: {named(unknown)}."
        faults.append(Fault("unknown-labels", message, hint, str(path)))
    left_out = f"Meshes that are named by no bone were left out: {named(unknown)}."
    return labels, faults, (left_out,) if unknown else ()


def _bone_of_file(path: Path, label: Label, frame: str | None) -> Bone:
    found = read_meshes(path)
    if found.frame is None and frame is None:
        message = "The file does not say whether its places are in RAS or LPS."
        hint = "Add --mesh-frame RAS or LPS (Slicer and ITK write LPS)."
        raise refuse("mesh-frame-absent", message, hint, path)
    surface = _joined(found.in_ras(frame))
    return _bone(label, surface.vertices, surface.faces, path)


def _joined(meshes: tuple[Mesh, ...]) -> Surface:
    """Return the objects of a file as one surface: its name says that they are one bone."""
    starts = np.cumsum([0, *(len(mesh.surface.vertices) for mesh in meshes)])
    return Surface(
        np.concatenate([mesh.surface.vertices for mesh in meshes]),
        np.concatenate([mesh.surface.faces + start for mesh, start in zip(meshes, starts, strict=False)]),
    )


def _bone(label: Label, vertices_ras_mm: np.ndarray, faces: np.ndarray, path: Path) -> Bone:
    try:
        return bone_from_mesh(label.name, vertices_ras_mm, faces)
    except ValueError as error:
        raise refuse("mesh-broken", str(error), "Export it again.", path) from None
