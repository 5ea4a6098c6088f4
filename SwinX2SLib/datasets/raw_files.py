"""The files of a download, and the names by which they are known."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError

_NIFTI = re.compile(r"\.nii(\.gz)?$", re.IGNORECASE)
# What file names carry beside the name of the scan.
_SUFFIX = re.compile(
    r"([_-](image|img|ct|data|label|labels|seg|msk|mask|rib[_-]seg|mask_4label|seg[_-]vert[_-]msk))+$",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^((train|test|val)_)?(dataset\d+_)?", re.IGNORECASE)
_EXTENSION = re.compile(r"(\.nii)?\.(nii|gz|npy|npz|mha|nrrd)$", re.IGNORECASE)


def stem(path: Path | str) -> str:
    """Return a NIfTI file's name without its extension."""
    return _NIFTI.sub("", Path(path).name)


def scan_key(name: str) -> str:
    """Return what identifies a scan in a name: without extension, role ("_seg", "-image") and marks.

    `RibFrac7-rib-seg.nii.gz` and `RibFrac7_image.npy` have the same key, as have `dataset6_CLINIC_0001_data.nii.gz`
    and the `CLINIC0001_label.nii.gz` of the paper's own lists.
    """
    bare = _PREFIX.sub("", _EXTENSION.sub("", Path(name).name))
    before = None
    while bare != before:
        before, bare = bare, _SUFFIX.sub("", bare)
    return re.sub(r"[^a-z0-9]", "", bare.lower())


class RawFiles:
    """All files below some folders, sorted; hidden ones and those that archives of macOS leave are not seen.

    Args:
        root: the download.
        further: folders with more of it, say the CTs that another project distributes.

    Raises:
        InputError: folders are not there; all are told.
    """

    def __init__(self, root: Path, further: Sequence[Path] = ()):
        self.root = Path(root).absolute()
        self.folders = (self.root, *(Path(folder).absolute() for folder in further))
        absent = [folder for folder in self.folders if not folder.is_dir()]
        if absent:
            hint = "Give the folder into which the download was unpacked."
            raise InputError(
                [Fault("folder-missing", "There is no such folder.", hint, str(folder)) for folder in absent]
            )
        self.files = sorted({path for folder in self.folders for path in _files_below(folder)})

    @cached_property
    def volumes(self) -> list[Path]:
        """Every NIfTI file."""
        return [path for path in self.files if _NIFTI.search(path.name)]

    @cached_property
    def volumes_by_key(self) -> dict[str, list[Path]]:
        """Every NIfTI file by its `scan_key`."""
        found = defaultdict(list)
        for path in self.volumes:
            found[scan_key(path.name)].append(path)
        return dict(found)

    def named(self, *names: str) -> Path | None:
        """Return the file of one of these names that lies highest up, or None."""
        wanted = {name.lower() for name in names}
        found = [path for path in self.files if path.name.lower() in wanted]
        return min(found, key=lambda path: (len(path.parts), path), default=None)

    def beside(self, path: Path, *names: str) -> Path | None:
        """Return the file of one of these names in a folder, or None."""
        return next((path / name for name in names if (path / name).is_file()), None)

    def folder_of(self, path: Path) -> Path:
        """Return which of the folders holds a file."""
        return next(folder for folder in self.folders if path.is_relative_to(folder))

    def relative(self, path: Path) -> Path:
        """Return a file's path within its folder."""
        return path.relative_to(self.folder_of(path))


def _files_below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        yield from (Path(here, name) for name in names if not name.startswith("."))
