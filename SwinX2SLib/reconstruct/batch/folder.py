"""Pairs of radiographs in a folder.

Rules, in this order:
1. A sub-folder that holds two radiographs is a case of its name. Which radiograph is the frontal one is decided by
DICOM View
   Position, else the orientation in the header, else the names; never by a guess.
2. Files of the folder itself whose names end in the name of a view (`smith_ap.png`, `smith-lateral.dcm`, `PA_smith`
   likewise) are a case of what is left of the name.
3. Other DICOM files of the folder itself are a case of their study: one frontal and one lateral radiograph of one
Study
   Instance UID, named by the Patient ID.
Files that are no radiographs, and hidden ones, are passed over. Whatever cannot be paired is a fault.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.dicom_files import read_dicom
from SwinX2SLib.radiographs.decoded_image import DecodeError
from SwinX2SLib.radiographs.decoding import decoder_of
from SwinX2SLib.radiographs.dicom import patient_orientation
from SwinX2SLib.radiographs.view_recognition import FRONTAL, LATERAL, RadiographHints, recognise, view_of
from SwinX2SLib.reconstruct.batch.cases import AS_THEY_ARE, BatchCase, RadiographDefaults, folder_fault

if TYPE_CHECKING:
    from pydicom import Dataset


_VIEW_WORDS = {
    FRONTAL: ("ap", "pa", "frontal", "coronal", "front"),
    LATERAL: ("lateral", "lat", "sagittal", "side"),
}
_ENDINGS = (".nii.gz", ".nrrd", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom", ".nii")
_HINT = "Name the radiographs NAME_ap and NAME_lateral, put each pair into its own folder, or use a table."


@dataclass(frozen=True, eq=False)
class _Radiograph:
    """A file that is a radiograph, with the content of its header."""

    path: Path

    @cached_property
    def header(self) -> Dataset | None:
        from pydicom.errors import InvalidDicomError

        try:
            return read_dicom(self.path, stop_before_pixels=True)
        except (InvalidDicomError, InputError, OSError):
            return None

    @cached_property
    def hints(self) -> RadiographHints:
        names = [_stem(self.path)]
        if self.header is None:
            return RadiographHints(names=tuple(names))
        names += [str(self.header.get(key) or "") for key in ("SeriesDescription", "ProtocolName")]
        orientation, _ = patient_orientation(self.header)
        return RadiographHints(str(self.header.get("ViewPosition") or ""), orientation, tuple(names))

    @property
    def is_pa(self) -> bool:
        words = re.findall(r"[a-z]+", _stem(self.path).lower())
        return self.hints.view_position.strip().upper() == "PA" or "pa" in words


def read_folder(
    folder: Path, defaults: RadiographDefaults = AS_THEY_ARE
) -> tuple[list[BatchCase], list[str]]:
    """Find the pairs of a folder (see above).

    Args:
        folder: that holds radiographs, or folders of radiographs.
        defaults: how all are to be read; a radiograph that states itself to be PA is read as such.

    Returns:
        The cases in the order of their names, and the names of what was passed over.

    Raises:
        InputError: it holds no pair, or radiographs that cannot be paired; every problem is listed.
    """
    folder = Path(os.path.abspath(folder))
    found = _Found(folder, defaults)
    found.take_subfolders()
    found.take_files()
    if not found.cases and not found.faults:
        found.fault("no-pairs", "The folder has no radiographs.", folder)
    if found.faults:
        raise InputError(found.faults)
    return sorted(found.cases, key=lambda case: case.name), found.passed_over


def _study(radiograph: _Radiograph) -> str:
    """Return the identity of the DICOM study of a radiograph; "" where it has none."""
    header = radiograph.header
    return "" if header is None else str(header.get("StudyInstanceUID") or "")


class _Found:
    """What has been found so far."""

    def __init__(self, folder: Path, defaults: RadiographDefaults):
        self.cases: list[BatchCase] = []
        self.faults: list[Fault] = []
        self.passed_over: list[str] = []
        self._folder, self._defaults = folder, defaults

    def fault(self, kind: str, message: str, path: Path) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, message, _HINT, str(path)))

    def take_subfolders(self) -> None:
        """Rule 1."""
        for entry in self._entries():
            if not entry.is_dir():
                continue
            radiographs = list(
                self._radiographs(sorted(path for path in entry.iterdir() if _is_visible(path)))
            )
            if len(radiographs) == 2:
                self._take_pair(entry.name, radiographs, f"the two radiographs of {entry.name}")
            elif radiographs:
                self.fault("not-a-pair", f"The folder has {len(radiographs)} radiographs, not a pair.", entry)
            else:
                self.passed_over.append(entry.name)

    def take_files(self) -> None:
        """Rules 2 and 3."""
        radiographs = list(self._radiographs([entry for entry in self._entries() if not entry.is_dir()]))
        named: dict[str, list[_Radiograph]] = {}
        studies: dict[str, list[_Radiograph]] = {}
        for radiograph in radiographs:
            case, view = _case_and_view(radiograph.path)
            if view:
                named.setdefault(case, []).append(radiograph)
            elif study := _study(radiograph):
                studies.setdefault(study, []).append(radiograph)
            else:
                self.fault(
                    "view-unknown",
                    "The case and view of this radiograph cannot be identified.",
                    radiograph.path,
                )
        for case, pair in named.items():
            self._take_group(case, pair, f"named {case}_*")
        for study, pair in studies.items():
            self._take_group(self._patient(pair[0], study), pair, "from the same DICOM study")

    def _entries(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if _is_visible(path))
        except OSError as error:
            message = f"The folder cannot be read ({error.strerror or error})."
            raise InputError(
                [Fault("folder-unreadable", message, "Check the path.", str(self._folder))]
            ) from error

    def _radiographs(self, paths: Sequence[Path]) -> Iterator[_Radiograph]:
        for path in paths:
            if not path.is_file():
                continue
            try:
                decoder_of(path)
            except DecodeError as error:
                if error.fault.kind == "unsupported-format":
                    self.passed_over.append(str(path.relative_to(self._folder)))
                else:
                    self.faults.append(replace(error.fault, path=str(path)))
                continue
            yield _Radiograph(path)

    def _patient(self, radiograph: _Radiograph, study: str) -> str:
        header = radiograph.header
        name = str((header is not None and header.get("PatientID")) or study).strip()
        taken = {case.name for case in self.cases}
        return name if name not in taken else f"{name}_{study}"

    def _take_group(self, case: str, radiographs: list[_Radiograph], how: str) -> None:
        if len(radiographs) == 2:
            self._take_pair(case, radiographs, how)
            return
        names = ", ".join(radiograph.path.name for radiograph in radiographs)
        self.fault(
            "not-a-pair",
            f"Case {case} has {len(radiographs)} radiographs ({names}), not a pair.",
            self._folder,
        )

    def _take_pair(self, case: str, radiographs: list[_Radiograph], how: str) -> None:
        recognition = recognise(radiographs[0].hints, radiographs[1].hints)
        if not recognition.is_certain:
            message = f"The frontal radiograph of {case} cannot be identified. {recognition.reason}"
            self.fault("view-unknown", message, radiographs[0].path)
            return
        ap, lateral = radiographs if recognition.frontal == 0 else radiographs[::-1]
        if view_of(lateral.hints)[0] == FRONTAL:
            self.fault("view-unknown", f"Both radiographs of {case} are frontal views.", lateral.path)
            return
        settings = replace(self._defaults, ap_view="pa") if ap.is_pa else self._defaults
        found = BatchCase(case, ap.path, lateral.path, settings, how=f"{how}: {recognition.reason}")
        if reason := folder_fault(found):
            self.fault("key", f"{case!r} is not a valid folder name: {reason}.", ap.path)
        elif any(found.key.casefold() == other.key.casefold() for other in self.cases):
            self.fault("case-twice", f"Two cases are named {case}.", ap.path)
        else:
            self.cases.append(found)


def _is_visible(path: Path) -> bool:
    return not path.name.startswith(".") and path.name != "__MACOSX"


def _stem(path: Path) -> str:
    ending = next((ending for ending in _ENDINGS if path.name.lower().endswith(ending)), path.suffix)
    return path.name[: len(path.name) - len(ending)] if ending else path.name


def _case_and_view(path: Path) -> tuple[str, str]:
    """Return the rest of a name and the view that it begins or ends with, or "" and ""."""
    stem = _stem(path)
    for view, words in _VIEW_WORDS.items():
        for word in words:
            for pattern in (rf"^(?P<case>.+?)[\s_.-]+{word}$", rf"^{word}[\s_.-]+(?P<case>.+)$"):
                if match := re.match(pattern, stem, re.IGNORECASE):
                    return match["case"], view
    return "", ""
