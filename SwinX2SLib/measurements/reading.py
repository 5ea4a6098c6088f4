"""The bones to measure, from label maps, segmentations and meshes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.header import refuse
from SwinX2SLib.io.label_volumes import LabelVolume, NumberedLabels, read_label_volume
from SwinX2SLib.io.volumes import VOLUME_SUFFIXES
from SwinX2SLib.measurements.bones import Bone, bones_from_labels
from SwinX2SLib.measurements.reading_meshes import (
    BONE_SUFFIXES,
    mesh_files,
    read_mesh_archive,
    read_mesh_folder,
)

RESULT_LABELS, RESULT_UNCERTAINTY = "labels.nii.gz", "uncertainty.nii.gz"
_HINT = "Use a NIfTI or .seg.nrrd segmentation, a mesh archive (.npz), or a folder of meshes."
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class ReadOptions:
    """How to read.

    Attributes:
        mesh_frame: "RAS" or "LPS", of meshes that do not say it; None when they must.
        ignore_unknown: whether values and names that are no bone are left out instead of being a fault.
        mapping: what the values of a label volume mean, when not our labels.
        allow_empty: whether a file without a bone is no fault.
    """

    mesh_frame: str | None = None
    ignore_unknown: bool = False
    mapping: NumberedLabels | None = None
    allow_empty: bool = False


@dataclass(frozen=True, eq=False)
class SubjectBones:
    """One person as read.

    Attributes:
        path: the file or folder.
        sha256: of the file, or of the folder's mesh files one after the other.
        volume: the label volume, or None for meshes.
        meshes: bones by label name, or None for a label volume.
        notes: what a reader of the result must know, in sentences.
    """

    path: Path
    sha256: str
    volume: LabelVolume | None
    meshes: dict[str, Bone] | None
    notes: tuple[str, ...]

    @cached_property
    def bones(self) -> dict[str, Bone]:
        """Bones by label name; surfaces of a label volume are made when first asked for."""
        if self.volume is None:
            return dict(self.meshes or {})
        return bones_from_labels(self.volume.labels, self.volume.affine)

    @property
    def is_empty(self) -> bool:
        """Whether there is no bone at all."""
        return not (self.meshes if self.volume is None else self.volume.labels.any())


def read_subject(path: Path, options: ReadOptions = ReadOptions()) -> SubjectBones:
    """Read the bones of one person.

    Args:
        path: a label volume (see `io.volumes.VOLUME_SUFFIXES`), `.npz`, a folder of meshes, or the folder of a
            result of `swinx2s reconstruct`.
        options: how.

    Raises:
        InputError: the path is no such thing, or what it holds cannot be used; all faults found are told.
    """
    path = Path(path)
    try:
        source = path / RESULT_LABELS if (path / RESULT_LABELS).is_file() else path
        subject = _read(source, options)
    except OSError as error:
        message = f"The file cannot be read ({error.strerror or error})."
        raise refuse("unreadable-file", message, "Check the path and its permissions.", path) from error
    if subject.is_empty and not options.allow_empty:
        message = "The file has no bones."
        raise InputError([Fault("no-bones", message, "Check that it is the right file.", str(source))])
    return subject


def _read(path: Path, options: ReadOptions) -> SubjectBones:
    name = path.name.lower()
    if not path.exists():
        raise refuse("missing-file", "The file or folder does not exist.", "Check the path.", path)
    if path.is_dir():
        bones, notes = read_mesh_folder(path, options.mesh_frame, options.ignore_unknown)
        return SubjectBones(path, _sha256(mesh_files(path)), None, bones, notes)
    if not path.is_file():
        raise refuse("unsupported-format", "This is a pipe or a device, not a file.", _HINT, path)
    if name.endswith(".npz"):
        bones, notes = read_mesh_archive(path, options.mesh_frame, options.ignore_unknown)
        return SubjectBones(path, _sha256([path]), None, bones, notes)
    if name.endswith(BONE_SUFFIXES):
        hint = f"Use its folder, with every mesh named by its bone. {_HINT}"
        raise refuse("unsupported-format", "This is a single mesh.", hint, path)
    if not name.endswith(VOLUME_SUFFIXES):
        raise refuse("unsupported-format", "Unknown file type.", _HINT, path)
    volume = read_label_volume(path, options.ignore_unknown, options.mapping)
    return SubjectBones(path, _sha256([path]), volume, None, volume.notes)


def _sha256(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()
