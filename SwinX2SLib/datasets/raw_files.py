"""The files of a download, and the names by which they are known."""

from __future__ import annotations

import json
import os
import pickle
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.csv_tables import records_of

_NIFTI = re.compile(r"\.nii(\.gz)?$", re.IGNORECASE)
# What file names carry next to the name of the scan.
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
        InputError: folders are not there; every problem is listed.
    """

    def __init__(self, root: Path, further: Sequence[Path] = ()):
        self.root = Path(root).absolute()
        self.folders = (self.root, *(Path(folder).absolute() for folder in further))
        absent = [folder for folder in self.folders if not folder.is_dir()]
        if absent:
            hint = "Specify the folder of the unpacked download."
            raise InputError(
                [
                    Fault("folder-missing", "The folder does not exist.", hint, str(folder))
                    for folder in absent
                ]
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


_HINT = (
    "Use a CSV file with columns for case and split, a text file with sections (trainset:, test_public:, "
    "test_private:), a JSON file ({split: [cases]}), or the splits_final.pkl of nnU-Net."
)
_SPLIT_WORDS = {
    "train": ("train", "training", "trainset", "tr"),
    "val": ("val", "valid", "validation", "dev", "test_public"),
    "test": ("test", "testing", "ts", "test_private"),
}
_SPLIT_OF = {word: split for split, words in _SPLIT_WORDS.items() for word in words}
_CASE_COLUMNS = ("image_id", "case", "case_id", "id", "name", "subject", "file", "public_id")
# What a pickled list of names consists of; anything else in a pickle could run code.
_HARMLESS = {
    ("collections", "OrderedDict"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("_codecs", "encode"),
}


def read_split(path: Path) -> dict[str, str]:
    """Read which scan belongs to which part.

    The published code of CTSpine1K and of the paper take `test_public` as validation; so do we.

    Args:
        path: CSV, text with sections, JSON, or nnU-Net's pickle (its first fold), chosen by the file name.

    Returns:
        `scan_key` of each scan -> "train", "val" or "test".

    Raises:
        InputError: the file cannot be read, names no split, or puts a scan into two.
    """
    readers = {".csv": _csv_pairs, ".txt": _text_pairs, ".json": _json_pairs, ".pkl": _pickle_pairs}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _fault(f"A split cannot be read from a {path.suffix or 'nameless'} file.", path)
    try:
        pairs = list(reader(path))
    except InputError:
        raise
    except OSError as error:
        raise _fault(f"The split cannot be read ({error.strerror or error}).", path) from error
    except Exception as error:  # damaged files of four formats raise many types
        raise _fault(f"The split cannot be read ({type(error).__name__}: {error}).", path) from error
    return _checked(pairs, path)


def _checked(pairs: Iterable[tuple[str, str]], path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    twice = set()
    for name, word in pairs:
        split = _SPLIT_OF.get(str(word).strip().lower())
        key = scan_key(str(name).strip())
        if split is None or not key:
            continue
        if found.setdefault(key, split) != split:
            twice.add(str(name))
    if not found:
        raise _fault("The file lists no scans for training, validation or test.", path)
    if twice:
        raise _fault(f"Scans are listed in two splits: {', '.join(sorted(twice)[:8])}.", path)
    return found


def _csv_pairs(path: Path) -> list[tuple[str, str]]:
    rows = [fields for _, fields in records_of(path.read_bytes())]
    columns = [name.strip().lower() for name in rows[0]] if rows else []
    case = next((name for name in _CASE_COLUMNS if name in columns), None)
    if case is None or "split" not in columns:
        named = ", ".join(columns)
        raise _fault(f"The table has no column for the case or for the split: {named!r}.", path)
    named_rows = [dict(zip(columns, fields, strict=False)) for fields in rows[1:]]
    return [(row.get(case, ""), row.get("split", "")) for row in named_rows]


def _text_pairs(path: Path) -> Iterable[tuple[str, str]]:
    section = ""
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        line = line.strip()
        if line.endswith(":"):
            section = line[:-1]
        elif line:
            # The list of CTSpine1K ends in a name written twice on one line.
            yield re.split(r"(?<=\.nii\.gz)(?=\S)", line)[0], section


def _json_pairs(path: Path) -> Iterable[tuple[str, str]]:
    return _pairs(json.loads(path.read_text(encoding="utf-8-sig")))


def _pickle_pairs(path: Path) -> Iterable[tuple[str, str]]:
    with path.open("rb") as stream:
        return _pairs(_NamesOnly(stream).load())


def _pairs(content: Any) -> Iterable[tuple[str, str]]:
    if isinstance(content, list):  # nnU-Net: one entry for each fold
        content = content[0] if content else {}
    if not isinstance(content, Mapping):
        return
    for key, value in content.items():
        if isinstance(value, str):
            yield str(key), value
        else:
            yield from ((_entry_name(entry), str(key)) for entry in value)


def _entry_name(entry: Any) -> str:
    """Return the name in an entry of a list: a text, or the image's file of an object."""
    if isinstance(entry, Mapping):
        return str(next((entry[key] for key in ("img", "image", "seg", "label") if key in entry), ""))
    return str(entry)


class _NamesOnly(pickle.Unpickler):
    """Reads a pickle that holds nothing but lists of names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"it contains {module}.{name}, which is not a list of names")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _fault(message: str, path: Path) -> InputError:
    return InputError([Fault("split-unreadable", message, _HINT, str(path))])
