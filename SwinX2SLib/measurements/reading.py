"""The bones to measure, from label maps, segmentations and meshes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.bone_masks import has_bone_masks, mask_files, read_bone_masks
from SwinX2SLib.io.header import refuse
from SwinX2SLib.io.label_volumes import LabelVolume, read_label_volume
from SwinX2SLib.io.volumes import VOLUME_SUFFIXES
from SwinX2SLib.label_maps import (
    OURS,
    LabelMapping,
    RecognisedMapping,
    label_mapping,
    numbering,
    settled,
    without_unnamed,
)
from SwinX2SLib.measurements.bones import Bone, bones_from_labels
from SwinX2SLib.measurements.reading_meshes import (
    BONE_SUFFIXES,
    mesh_files,
    read_mesh_archive,
    read_mesh_folder,
)

RESULT_LABELS, RESULT_UNCERTAINTY, RESULT_RECORD = "labels.nii.gz", "uncertainty.nii.gz", "provenance.json"
_HINT = "Use a NIfTI or .seg.nrrd segmentation, a mesh archive (.npz), or a folder of masks or meshes."
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class ReadOptions:
    """How to read.

    Attributes:
        mesh_frame: "RAS" or "LPS", of meshes that do not say it; None when they must.
        ignore_unknown: whether values and names that are no bone are left out instead of being a fault.
        scheme: numbering of a label volume: a name of `label_maps.SCHEME_NAMES`, the path of a map, "auto" to
            recognise it, or None for ours unless the places of the labels contradict it.
        allow_empty: whether a file without a bone is no fault.
        refuses: whether labels whose places contradict their names are a fault, and not a note, for a `scheme` of
            None.
        keep_unnamed: whether bone that the numbering does not name stays, marked by `label_maps.UNKNOWN`.
    """

    mesh_frame: str | None = None
    ignore_unknown: bool = False
    scheme: str | Path | None = None
    allow_empty: bool = False
    refuses: bool = True
    keep_unnamed: bool = False


@dataclass(frozen=True, eq=False)
class SubjectBones:
    """One person as read.

    Attributes:
        path: the file or folder.
        sha256: of the file, or of the folder's masks or mesh files one after the other.
        volume: the label volume, or None for meshes.
        meshes: bones by label name, or None for a label volume.
        notes: what a reader of the result must know, in sentences.
        scheme: numbering of the label volume, as stated or recognised; that of our names for meshes.
        is_reconstruction: whether `swinx2s reconstruct` made the bones from radiographs.
    """

    path: Path
    sha256: str
    volume: LabelVolume | None
    meshes: dict[str, Bone] | None
    notes: tuple[str, ...]
    scheme: LabelMapping = field(default_factory=lambda: label_mapping(OURS))
    is_reconstruction: bool = False

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
        path: a label volume (see `io.volumes.VOLUME_SUFFIXES`), `.npz`, a folder of meshes, a folder of masks, each
            named by its bone, or the folder of a result of `swinx2s reconstruct`.
        options: how.

    Raises:
        InputError: the path is no such thing, or what it holds cannot be used; all faults found are told.
    """
    path = Path(path)
    try:
        source = path / RESULT_LABELS if (path / RESULT_LABELS).is_file() else path
        is_result = _is_result(source)
        if options.scheme is None and is_result:
            options = replace(options, scheme=OURS)
        subject = replace(_read(source, options), is_reconstruction=is_result)
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
    if path.is_dir() and has_bone_masks(path):
        return _read_masks(path, options)
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
    volume, scheme = in_our_labels(partial(read_label_volume, path), options)
    return SubjectBones(path, _sha256([path]), volume, None, volume.notes, scheme)


def _read_masks(folder: Path, options: ReadOptions) -> SubjectBones:
    if meshes := mesh_files(folder):
        message = f"The folder has both masks and meshes ({meshes[0].name})."
        raise refuse("masks-and-meshes", message, "Keep either in a folder of its own.", folder)
    files = mask_files(folder)
    volume = read_bone_masks(files)
    return SubjectBones(folder, _sha256(files), volume, None, volume.notes)


def in_our_labels(
    read: Callable[[bool, LabelMapping | RecognisedMapping | None], LabelVolume], options: ReadOptions
) -> tuple[LabelVolume, LabelMapping]:
    """Read a label volume in the numbering that `options` state.

    Args:
        read: takes `ignore_unknown`, and what the values mean (None for our labels).
        options: how.

    Returns:
        The volume, and the numbering that it had.

    Raises:
        InputError: see `label_maps.numbering` and `io.label_volumes.read_label_volume`.
    """
    used = (
        None if options.scheme == OURS else numbering(options.scheme, options.ignore_unknown, options.refuses)
    )
    volume = read(options.ignore_unknown, used)
    scheme = settled(used)
    if options.keep_unnamed:
        return volume, scheme
    labels, notes = without_unnamed(volume.labels, scheme.title)
    return LabelVolume(labels, volume.affine, (*volume.notes, *notes)), scheme


def _is_result(path: Path) -> bool:
    """Whether a file of labels, or its folder, was written by `swinx2s reconstruct`: its numbering is ours."""
    return path.name == RESULT_LABELS and (path.parent / RESULT_RECORD).is_file()


def _sha256(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()
