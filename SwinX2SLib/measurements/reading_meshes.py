"""Bones from triangle meshes: a folder of files named by bone, or arrays in an `.npz`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from SwinX2SLib.anatomy import Label, Structure, structure_named
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.io.header import reading, refuse
from SwinX2SLib.io.label_volumes import named
from SwinX2SLib.io.meshes import read_meshes
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
    structures, faults, notes = _structures_of(
        [path.name for path in mesh_files(folder)], ignore_unknown, folder
    )
    parts = []
    for name, structure in structures.items():
        try:
            parts.append(_bone_of_file(folder / name, structure.label, frame))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return _united(parts), notes


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
    structures, faults, notes = _structures_of(stems, ignore_unknown, path)
    parts = []
    for stem, structure in structures.items():
        faces = arrays.get(stem + _FACES)
        if faces is None:
            message = f"There is no array {stem}{_FACES}."
            faults.append(Fault("mesh-incomplete", message, "Store both arrays.", str(path)))
            continue
        vertices = arrays[stem + _VERTICES]
        try:
            vertices = ras_to_lps(vertices) if frame == "LPS" else vertices
            parts.append(_bone(structure.label, vertices, faces, path))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return _united(parts), notes


def _structures_of(
    names: Iterable[str], ignore_unknown: bool, path: Path
) -> tuple[dict[str, Structure], list[Fault], tuple[str, ...]]:
    """Return what each name means, faults of names that mean nothing or the same twice, and notes."""
    structures: dict[str, Structure] = {}
    unknown, faults = [], []
    for name in names:
        meant = structure_named(Path(name).stem if name.lower().endswith(BONE_SUFFIXES) else name)
        if meant is None:
            unknown.append(name)
        elif meant in structures.values():
            message = f"Two meshes are {meant.part or meant.label.title}; one is {name}."
            faults.append(Fault("mesh-twice", message, "Keep one.", str(path)))
        else:
            structures[name] = meant
    if not structures and not unknown:
        message = "There is no mesh and no mask of a bone in it."
        hint = (
            "Give a folder of meshes (.stl, .ply, .obj, .vtp) or of masks (.nii.gz, .nrrd), each named by its bone "
            "(femur_left.stl, hip_left.nii.gz)."
        )
        faults.append(Fault("no-meshes", message, hint, str(path)))
    if unknown and not ignore_unknown:
        hint = "Name each mesh by its bone (femur_left.stl), or add --ignore-unknown to leave these out."
        message = f"These meshes are named by no bone: {named(unknown)}."
        faults.append(Fault("unknown-labels", message, hint, str(path)))
    left_out = f"Meshes that are named by no bone were left out: {named(unknown)}."
    return structures, faults, (left_out,) if unknown else ()


def _bone_of_file(path: Path, label: Label, frame: str | None) -> Bone:
    found = read_meshes(path)
    if found.frame is None and frame is None:
        message = "The file does not say whether its places are in RAS or LPS."
        hint = "Add --mesh-frame RAS or LPS (Slicer and ITK write LPS)."
        raise refuse("mesh-frame-absent", message, hint, path)
    # The name of the file says that its objects are one bone.
    surface = _joined([mesh.surface for mesh in found.in_ras(frame)])
    return _bone(label, surface.vertices, surface.faces, path)


def _united(parts: Sequence[Bone]) -> dict[str, Bone]:
    """Return bones by label name; the parts of one bone (S1 of the sacrum) become one."""
    bones: dict[str, Bone] = {}
    for part in parts:
        earlier = bones.get(part.name)
        if earlier is None:
            bones[part.name] = part
        else:
            surface = _joined([earlier.surface, part.surface])
            bones[part.name] = bone_from_mesh(part.name, surface.vertices, surface.faces)
    return bones


def _joined(surfaces: Sequence[Surface]) -> Surface:
    """Return several surfaces as one."""
    starts = np.cumsum([0, *(len(surface.vertices) for surface in surfaces)])
    return Surface(
        np.concatenate([surface.vertices for surface in surfaces]),
        np.concatenate([surface.faces + start for surface, start in zip(surfaces, starts, strict=False)]),
    )


def _bone(label: Label, vertices_ras_mm: np.ndarray, faces: np.ndarray, path: Path) -> Bone:
    try:
        return bone_from_mesh(label.name, vertices_ras_mm, faces)
    except ValueError as error:
        raise refuse("mesh-broken", str(error), "Export it again.", path) from None
