"""One export from its checks to its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from SwinX2SLib.anatomy import label_by_id, labels
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.export.dicom_radiographs import dicom_faults
from SwinX2SLib.export.formats import DOCUMENT, ENTRIES, FORMATS
from SwinX2SLib.export.source import ExportSource, read_source
from SwinX2SLib.geometry.frames import reorient
from SwinX2SLib.geometry.label_surfaces import iterate_label_surfaces
from SwinX2SLib.io.atomic_output import atomic_result, atomic_write, output_faults, remove_stale
from SwinX2SLib.io.meshes import Mesh, write_gltf, write_obj, write_stl
from SwinX2SLib.io.segmentations import write_segmentation
from SwinX2SLib.io.volumes import write_volume
from SwinX2SLib.measurements.sources import BonesSource
from SwinX2SLib.reconstruct.verdict import KEY
from SwinX2SLib.version import __version__


def _write_stl_folder(folder: Path, meshes: Sequence[Mesh], title: str) -> None:
    """Write a file for each bone, named by the bone."""
    folder.mkdir()
    for mesh in meshes:
        write_stl(folder / f"{mesh.name}.stl", mesh, title)


_MESH_WRITERS = {"stl": _write_stl_folder, "obj": write_obj, "gltf": write_gltf}


def export_bones(
    source: BonesSource,
    folder: str | Path,
    formats: str | Sequence[str] = ("stl",),
    *,
    title: str = "",
    radiographs: Mapping[str, str | Path] | None = None,
    ignore_unknown: bool = False,
    scheme: str | Path | None = None,
    overwrite: bool = False,
) -> dict[str, Path]:
    """Write bones in formats of other programs, atomically.

    Args:
        source: a `Reconstruction` or anything else with `labels` and `affine`; the pair (labels, affine); or the
            path of a label volume or of a result.
        folder: new, empty, or with an earlier export if `overwrite`; made with its parents.
        formats: of "stl", "obj", "gltf", "nifti", "nrrd", "dicomseg" (see `export.formats.FORMATS`).
        title: name in the headers of the files; that of the source if empty.
        radiographs: DICOM files by role ("ap", "lateral") whose patient and study a DICOM segmentation takes;
            those that the result names if None.
        ignore_unknown: whether labels that are no bone are left out instead of being a fault.
        scheme: label numbering: a name of `label_maps.SCHEME_NAMES`, the path of a label map, or "auto" to recognise
            it; None for ours unless the places of the labels contradict it.
        overwrite: whether an earlier export may be replaced.

    Returns:
        The file (for STL, the folder) of each format.

    Raises:
        InputError: with all faults of the source; or of the formats, radiographs and folder.
        OutputError: the files could not be written.

    Examples:
        >>> import tempfile
        >>> from SwinX2SLib import build_phantom, export_bones
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = export_bones(build_phantom(spacing_mm=8.0), folder, "nifti")
        >>> written["nifti"].name
        'labels.nii.gz'
    """
    given = {role: Path(path) for role, path in (radiographs or {}).items()}
    wanted = (formats,) if isinstance(formats, str) else formats
    read = read_source(source, title, given or None, ignore_unknown, scheme)
    return run_export(read, wanted, Path(folder), overwrite)


def run_export(
    source: ExportSource,
    formats: Sequence[str],
    out: Path,
    overwrite: bool = False,
    report: Callable[[str], None] = lambda message: None,
) -> dict[str, Path]:
    """Write the bones in every format asked for, atomically.

    Args:
        source: what to export.
        formats: names of `FORMATS`.
        out: folder to write; new, empty, or an earlier export with `overwrite`.
        overwrite: whether an earlier export may be replaced.
        report: called with a description of the current phase, and at last with every note.

    Returns:
        The file (for STL, the folder) of each format.

    Raises:
        InputError: all faults of the formats, of the radiographs (for DICOM) and of the output folder.
        OutputError: the files could not be written.
    """
    wanted = list(dict.fromkeys(formats))
    remove_stale(out, ENTRIES)
    faults = _format_faults(wanted) + output_faults(out, ENTRIES, overwrite)
    if "dicomseg" in wanted:
        faults += dicom_faults(source)
    if faults:
        raise InputError(faults)
    with atomic_result(out, ENTRIES, overwrite, "export") as folder:
        notes = _write(folder, source, wanted, report)
    for note in notes:
        report(note)
    return {name: out.resolve() / FORMATS[name].entry for name in wanted}


def _format_faults(wanted: Sequence[str]) -> list[Fault]:
    hint = f"Available formats: {', '.join(FORMATS)}."
    if not wanted:
        return [Fault("no-format", "No format is selected.", hint)]
    return [
        Fault("unknown-format", f"Unknown format {name!r}.", hint) for name in wanted if name not in FORMATS
    ]


def _write(
    folder: Path, source: ExportSource, wanted: Sequence[str], report: Callable[[str], None]
) -> list[str]:
    """Write all files and return what a reader of them must know."""
    notes = list(source.notes)
    meshes = []
    if _MESH_WRITERS.keys() & wanted:
        report("Computing surfaces")
        meshes = list(_bone_meshes(source))
    for name in wanted:
        report(f"Writing {FORMATS[name].title}")
        path = folder / FORMATS[name].entry
        if name in _MESH_WRITERS:
            _MESH_WRITERS[name](path, meshes, source.title)
        elif name == "nifti":
            write_volume(path, source.labels, source.affine, "RAS")
        elif name == "nrrd":
            write_segmentation(path, *reorient(source.labels, source.affine))
        else:
            from SwinX2SLib.export.dicom_segmentation import write_dicom_segmentation

            notes += write_dicom_segmentation(path, source)
    document = json.dumps(_document(source, wanted, notes), indent=2, ensure_ascii=False)
    atomic_write(folder / DOCUMENT, document + "\n")
    return notes


def _bone_meshes(source: ExportSource) -> Iterator[Mesh]:
    """Yield the surface of every bone that has voxels, loose pieces and all, in the order of the label ids."""
    known = {label.id: label for label in labels()}
    for number, surface in iterate_label_surfaces(source.labels, source.affine, known):
        label = known[number]
        yield Mesh(label.name, surface, label.group, label.colour, label.title)


def _document(source: ExportSource, wanted: Sequence[str], notes: Sequence[str]) -> dict:
    """Return the record of an export that is written beside its files."""
    bones = [label_by_id(int(value)).name for value in np.unique(source.labels) if value]
    return {
        "schema": "swinx2s-export/1",
        "program": {"name": "SwinX2S", "version": __version__},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "title": source.title,
        "source_sha256": source.sha256,
        "bones": bones,
        "files": {name: {"path": FORMATS[name].entry, "frame": FORMATS[name].frame} for name in wanted},
        "notes": list(notes),
        KEY: None if source.verdict is None else source.verdict.to_json(),
        "intended_use": "research",
    }
