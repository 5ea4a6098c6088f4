"""Pairs of radiographs in a folder, as people keep them and as PACS and CDs give them.

Rules, in this order:
1. Files of the folder itself whose names end in the name of a view (`smith_ap.png`, `smith-lateral.dcm`, `PA_smith`
   likewise) are a case of what is left of the name.
2. DICOM radiographs, however deep their folders lie, are a case of their study: one frontal and one lateral
   radiograph of one Study Instance UID. A pair within a sub-folder that holds no other one is named after it, others
   by Patient ID.
3. Two other radiographs in one sub-folder, at any depth, are a case of its name.
Which radiograph is the frontal one is decided by DICOM View Position or View Code, else the orientation in the
header, else the names; never by a guess. Files that are no radiographs (dose reports, presentation states, slices of
a CT, DICOMDIR, and on a medium with a DICOMDIR all that is not DICOM) and hidden ones are passed over. Whatever
cannot be read or paired is a fault and stops no other case.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.radiographs.decoded_image import DecodeError
from SwinX2SLib.radiographs.decoding import decoder_of
from SwinX2SLib.radiographs.dicom import RadiographHeader, decode_dicom, radiograph_header
from SwinX2SLib.radiographs.view_recognition import FRONTAL, LATERAL, RadiographHints, recognise, view_of
from SwinX2SLib.reconstruct.batch.cases import AS_THEY_ARE, BatchCase, RadiographDefaults, folder_fault

_Key = TypeVar("_Key")
_VIEW_WORDS = {
    FRONTAL: ("ap", "pa", "frontal", "coronal", "front"),
    LATERAL: ("lateral", "lat", "sagittal", "side"),
}
_ENDINGS = (".nii.gz", ".nrrd", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom", ".nii")
_HINT = "Name the radiographs NAME_ap and NAME_lateral, put each pair into its own folder, or use a table."


@dataclass(frozen=True, eq=False)
class _Radiograph:
    """A file that is a radiograph.

    Attributes:
        path: of the file.
        header: what a DICOM file states; empty for others.
    """

    path: Path
    header: RadiographHeader

    @property
    def hints(self) -> RadiographHints:
        names = (_stem(self.path), *self.header.names)
        return RadiographHints(self.header.view_position, self.header.orientation, names)

    @property
    def is_pa(self) -> bool:
        words = re.findall(r"[a-z]+", _stem(self.path).lower())
        return self.header.view_position == "PA" or "pa" in words


@dataclass(frozen=True)
class FolderContent:
    """What was found in a folder.

    Attributes:
        cases: the pairs, in the order of their names.
        faults: radiographs that cannot be read or paired.
        passed_over: names of files and folders that are no radiographs.
    """

    cases: list[BatchCase]
    faults: list[Fault]
    passed_over: list[str]


def read_folder(folder: Path, defaults: RadiographDefaults = AS_THEY_ARE) -> FolderContent:
    """Find the pairs of a folder (see above).

    Args:
        folder: that holds radiographs, or folders of radiographs.
        defaults: how all are to be read; a radiograph that states itself to be PA is read as such.

    Raises:
        InputError: it holds no pair; every problem is listed.
    """
    folder = Path(os.path.abspath(folder))
    found = _Found(folder, defaults)
    found.pair(list(found.radiographs()))
    if not found.cases and not found.faults:
        found.fault("no-pairs", "The folder has no radiographs.", folder)
    if not found.cases:
        raise InputError(found.faults)
    return FolderContent(sorted(found.cases, key=lambda case: case.name), found.faults, found.passed_over)


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

    def radiographs(self) -> Iterator[_Radiograph]:
        """Yield the radiographs of all folders; what is wrong with others is noted."""
        media: list[Path] = []
        visited: set[Path] = set()
        for place, folders, names in os.walk(self._folder, onerror=self._unreadable, followlinks=True):
            here = Path(place)
            if (real := here.resolve()) in visited:
                folders.clear()
                continue
            visited.add(real)
            folders[:] = sorted(name for name in folders if _is_visible(name))
            names = sorted(name for name in names if _is_visible(name))
            if any(name.upper() == "DICOMDIR" for name in names):
                media.append(here)
            only_dicom = any(here.is_relative_to(medium) for medium in media)
            radiographs = [found for name in names if (found := self._radiograph(here / name, only_dicom))]
            yield from radiographs
            if not radiographs and not folders and here != self._folder:
                self.passed_over.append(str(here.relative_to(self._folder)))

    def _unreadable(self, error: OSError) -> None:
        message = f"The folder cannot be read ({error.strerror or error})."
        path = error.filename or str(self._folder)
        self.faults.append(Fault("folder-unreadable", message, "Check the path.", str(path)))

    def _radiograph(self, path: Path, only_dicom: bool) -> _Radiograph | None:
        """Return a radiograph, or None for a file that is none or cannot be read, which is noted."""
        if not path.is_file():
            return None
        try:
            decoder = decoder_of(path)
            header = radiograph_header(path) if decoder is decode_dicom else RadiographHeader()
            if header is not None and not (only_dicom and decoder is not decode_dicom):
                return _Radiograph(path, header)
        except DecodeError as error:
            if error.fault.kind != "unsupported-format":
                self.faults.append(replace(error.fault, path=str(path)))
                return None
        self.passed_over.append(str(path.relative_to(self._folder)))
        return None

    def pair(self, radiographs: Iterable[_Radiograph]) -> None:
        """Make cases of radiographs; those that cannot be paired are noted."""
        named: dict[str, list[_Radiograph]] = {}
        others: list[_Radiograph] = []
        for each in radiographs:
            case, view = _case_and_view(each.path) if each.path.parent == self._folder else ("", "")
            (named.setdefault(case, []) if view else others).append(each)
        for case, group in named.items():
            if len(group) == 2:
                self._take_pair([case], group, f"named {case}_*")
            else:
                self._not_a_pair(f"Case {case}", group, self._folder)
        self._take_folders(self._take_studies(others))

    def _take_studies(self, radiographs: list[_Radiograph]) -> list[_Radiograph]:
        """Rule 2; returns those that are left."""
        pairs: list[list[_Radiograph]] = []
        rest = radiographs
        # Within a sub-folder first: files that somebody made anonymous may all have one study.
        for where in (self._top, lambda _: ""):
            studies = _grouped(rest, lambda each, where=where: (each.header.study, where(each)))  # type: ignore[misc]
            found = [group for (study, _), group in studies.items() if study and len(group) == 2]
            pairs += found
            rest = [each for group in studies.values() if group not in found for each in group]
        homes = Counter(self._home(group) for group in pairs)
        for group in pairs:
            home, patient, study = self._home(group), group[0].header.patient, group[0].header.study
            names = [home] if home and homes[home] == 1 else []
            names += [patient, f"{patient}_{study}"] if patient else [study]
            self._take_pair(names, group, "from the same DICOM study")
        return rest

    def _take_folders(self, radiographs: list[_Radiograph]) -> None:
        """Rule 3, and notes of what is left."""
        rest = []
        for place, group in _grouped(radiographs, lambda each: each.path.parent).items():
            if place != self._folder and len(group) == 2:
                longer = "_".join(place.relative_to(self._folder).parts)
                self._take_pair([place.name, longer], group, f"the two radiographs of {place.name}")
            else:
                rest += group
        for group in _grouped(rest, lambda each: each.header.study or each.path.parent).values():
            self._unpaired(group)

    def _unpaired(self, group: list[_Radiograph]) -> None:
        """Note what is left of a study, or of a folder."""
        header, place = group[0].header, group[0].path.parent
        if header.study:
            self._not_a_pair(f"Case {header.patient or header.study}", group, self._folder)
        elif place != self._folder:
            self._not_a_pair("The folder", group, place)
        else:
            for each in group:
                message = "The case and view of this radiograph cannot be identified."
                self.fault("view-unknown", message, each.path)

    def _top(self, radiograph: _Radiograph) -> str:
        """Return the sub-folder of the folder that holds a radiograph, or ""."""
        return next(iter(radiograph.path.parent.relative_to(self._folder).parts), "")

    def _home(self, group: list[_Radiograph]) -> str:
        """Return the sub-folder of the folder that holds all radiographs of a group, or ""."""
        places = {self._top(each) for each in group}
        return places.pop() if len(places) == 1 else ""

    def _not_a_pair(self, what: str, radiographs: list[_Radiograph], path: Path) -> None:
        names = ", ".join(str(each.path.relative_to(self._folder)) for each in radiographs)
        plural = "radiograph" if len(radiographs) == 1 else "radiographs"
        self.fault("not-a-pair", f"{what} has {len(radiographs)} {plural} ({names}), not a pair.", path)

    def _take_pair(self, names: list[str], radiographs: list[_Radiograph], how: str) -> None:
        """Make a case of two radiographs with the first of some names that no case has."""
        taken = {case.key.casefold() for case in self.cases}
        recognition = recognise(radiographs[0].hints, radiographs[1].hints)
        if not recognition.is_certain:
            message = f"The frontal radiograph of {names[0]} cannot be identified. {recognition.reason}"
            self.fault("view-unknown", message, radiographs[0].path)
            return
        ap, lateral = radiographs if recognition.frontal == 0 else radiographs[::-1]
        if view_of(lateral.hints)[0] == FRONTAL:
            self.fault("view-unknown", f"Both radiographs of {names[0]} are frontal views.", lateral.path)
            return
        settings = replace(self._defaults, ap_view="pa") if ap.is_pa else self._defaults
        cases = [
            BatchCase(name, ap.path, lateral.path, settings, how=f"{how}: {recognition.reason}")
            for name in names
        ]
        found = next((case for case in cases if case.key.casefold() not in taken), None)
        if found is None:
            self.fault("case-twice", f"Two cases are named {names[0]}.", ap.path)
        elif reason := folder_fault(found):
            self.fault("key", f"{found.name!r} is not a valid folder name: {reason}.", ap.path)
        else:
            self.cases.append(found)


def _grouped(
    radiographs: Iterable[_Radiograph], key: Callable[[_Radiograph], _Key]
) -> dict[_Key, list[_Radiograph]]:
    groups: dict[_Key, list[_Radiograph]] = {}
    for each in radiographs:
        groups.setdefault(key(each), []).append(each)
    return groups


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


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
