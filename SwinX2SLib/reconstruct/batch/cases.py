"""One pair of a batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.cohort.table import row_key
from SwinX2SLib.io.csv_tables import read_records, shortened
from SwinX2SLib.parallel.tasks import key_fault
from SwinX2SLib.radiographs.radiograph import FLIPS, FRONTAL_VIEWS, ROTATIONS_DEG, Crop, RadiographOptions
from SwinX2SLib.radiographs.registration import AUTOMATIC, Shift


@dataclass(frozen=True)
class RadiographDefaults:
    """Options for all radiographs.

    Attributes:
        ap, lateral: of each radiograph.
        ap_view: "ap" or "pa".
        lateral_offset_mm: see `reconstruct.Job`.
    """

    ap: RadiographOptions = field(default_factory=RadiographOptions)
    lateral: RadiographOptions = field(default_factory=RadiographOptions)
    ap_view: str = "ap"
    lateral_offset_mm: Shift = None


AS_THEY_ARE = RadiographDefaults()


@dataclass(frozen=True)
class BatchCase:
    """A pair of radiographs.

    Attributes:
        name: of the case.
        ap, lateral: files, absolute.
        radiographs: how they are to be read.
        line: of the table, from 1; 0 for a pair of a folder.
        how: description of how they were paired.
    """

    name: str
    ap: Path
    lateral: Path
    radiographs: RadiographDefaults = field(default_factory=RadiographDefaults)
    line: int = 0
    how: str = ""

    @property
    def key(self) -> str:
        """Name of its folder."""
        return row_key("", self.name, "")


# What a run writes beside the folders of the cases.
TABLE, MEASURED_TABLE, STATE = "batch.csv", "measurements.csv", ".batch"


def folder_fault(case: BatchCase) -> str:
    """Return why a case cannot have the folder of its name in the output, or ""."""
    if case.key.casefold() in (TABLE, MEASURED_TABLE, STATE):
        return "the batch writes a file of this name itself"
    return key_fault(case.key)


REQUIRED = ("case", "ap", "lateral")
_TUBE = ("source_to_detector_mm", "source_to_patient_mm")
# Of both radiographs, or of one with its view in front.
_SHARED = ("spacing_mm", "magnification", *_TUBE)
_BOTH = (*_SHARED, "crop", "rotate", "flip", "invert", "ignore_orientation")
OPTIONAL = (
    *(*_SHARED, "ap_view", "lateral_offset_mm"),
    *(f"{view}_{name}" for view in ("ap", "lateral") for name in _BOTH),
)
_HINT = f"Required columns: {', '.join(REQUIRED)}. Optional columns: {', '.join(OPTIONAL)}."
# Columns of version 0.1.
_RENAMED = {"lateral_shift_mm": "lateral_offset_mm"}
_YES, _NO = ("yes", "true", "1", "x"), ("no", "false", "0", "")


def read_batch_table(
    path: Path, defaults: RadiographDefaults = AS_THEY_ARE
) -> tuple[list[BatchCase], list[str]]:
    """Read and check a table: CSV in UTF-8 with comma, semicolon or tab, paths relative to the table.

    Cells override the defaults, and a pixel size overrides a magnification.

    Returns:
        The cases, and the names of unused columns.

    Raises:
        InputError: with every fault of the table and its line.
    """
    path = Path(os.path.abspath(path))
    header, records = read_records(path, REQUIRED, _HINT)
    header = [_RENAMED.get(name, name) for name in header]
    rows = _Rows(path, header, defaults)
    cases = [rows.case(line, fields) for line, fields in records]
    if not cases:
        rows.add(1, "table-empty", "The table has no cases.", "Add one row per case.")
    if rows.faults:
        raise InputError(shortened(rows.faults, path))
    known = {*REQUIRED, *OPTIONAL, ""}
    return cases, [name for name in header if name not in known]


class _Rows:
    """Takes the rows apart and gathers what is wrong with them."""

    def __init__(self, path: Path, header: list[str], defaults: RadiographDefaults):
        self.faults: list[Fault] = []
        self._path, self._header, self._defaults = path, header, defaults
        self._lines: dict[str, int] = {}

    def add(self, line: int, kind: str, message: str, hint: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, f"Line {line}: {message}", hint, str(self._path)))

    def case(self, line: int, fields: list[str]) -> BatchCase:
        """Return the case of a row; what is wrong with it is noted."""
        if len(fields) != len(self._header):
            message = f"the row has {len(fields)} fields, but the table has {len(self._header)} columns."
            self.add(line, "fields", message, "Put quotes around values that contain the separator.")
        values = dict(zip(self._header, (field.strip() for field in fields), strict=False))
        case = BatchCase(
            values.get("case", ""),
            self._file(line, "ap", values),
            self._file(line, "lateral", values),
            self._radiographs(line, values),
            line,
            f"line {line} of {self._path.name}",
        )
        self._check_name(line, case)
        return case

    def _check_name(self, line: int, case: BatchCase) -> None:
        if not case.name:
            self.add(line, "value-missing", "case is empty.", "Give each pair a name.")
            return
        if reason := folder_fault(case):
            self.add(
                line, "key", f"{case.name!r} is not a valid folder name: {reason}.", "Choose another name."
            )
        other = self._lines.setdefault(case.key.casefold(), line)
        if other != line:
            message = f"the case {case.name} already exists in line {other}."
            self.add(line, "case-twice", message, "Give each pair a unique name.")

    def _file(self, line: int, column: str, values: Mapping[str, str]) -> Path:
        text = values.get(column, "")
        path = Path(os.path.abspath(self._path.parent / os.path.expanduser(text)))
        if not text:
            self.add(line, "value-missing", f"{column} is empty.", "Enter the file of the radiograph.")
        elif not path.exists():
            message = f"the radiograph {path} does not exist."
            self.add(line, "file-missing", message, "Paths are relative to the table.")
        return path

    def _radiographs(self, line: int, values: Mapping[str, str]) -> RadiographDefaults:
        shared = {
            "ap_view": self._value(line, values, "ap_view", _view),
            "lateral_offset_mm": self._value(line, values, "lateral_offset_mm", _shift),
        }
        radiographs = replace(
            self._defaults, **{name: value for name, value in shared.items() if value is not None}
        )
        return replace(
            radiographs,
            ap=self._options(line, values, "ap", radiographs.ap),
            lateral=self._options(line, values, "lateral", radiographs.lateral),
        )

    def _options(
        self, line: int, values: Mapping[str, str], view: str, defaults: RadiographOptions
    ) -> RadiographOptions:
        options: dict[str, Any] = {}
        for name, (option, read) in _READERS.items():
            columns = [f"{view}_{name}", *([name] if name in _SHARED else [])]
            column = next((each for each in columns if values.get(each)), None)
            if column is not None and (value := self._value(line, values, column, read)) is not None:
                options[option] = value
        if "spacing_mm" in options:
            options.setdefault("magnification", None)
        elif "magnification" in options:
            options["spacing_mm"] = None
        if any(name in options for name in _TUBE):
            options.setdefault("magnification", None)
        elif options.get("magnification") is not None:
            options |= dict.fromkeys(_TUBE)
        try:
            return replace(defaults, **options)
        except ValueError as error:
            self.add(line, "radiograph-option", f"{view}: {error}", "Correct the line.")
            return defaults

    def _value(self, line: int, values: Mapping[str, str], column: str, read: Callable[[str], Any]) -> Any:
        """Return the value of a cell, or None if it is empty or invalid."""
        text = values.get(column, "")
        if not text:
            return None
        try:
            return read(text)
        except ValueError as error:
            self.add(line, "radiograph-option", f"{column}: {error}", "Correct or clear the cell.")
            return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number; example: 0.2.") from None


def _view(text: str) -> str:
    return _one_of(text.lower(), FRONTAL_VIEWS)


def _shift(text: str) -> Shift:
    return AUTOMATIC if text.lower() == AUTOMATIC else _number(text)


def _rotation(text: str) -> int:
    return int(_one_of(text, [str(angle) for angle in ROTATIONS_DEG]))


def _flip(text: str) -> str:
    return _one_of(text.lower(), FLIPS[1:])


def _yes(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ValueError(f"{text!r} is not yes or no.")


def _one_of(text: str, known: tuple[str, ...] | list[str]) -> str:
    if text not in known:
        raise ValueError(f"{text!r} is not one of {', '.join(known)}.")
    return text


# Column -> field of `RadiographOptions`, and what reads it.
_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "spacing_mm": ("spacing_mm", _number),
    **{name: (name, _number) for name in ("magnification", *_TUBE)},
    "crop": ("crop", Crop.parse),
    "rotate": ("rotate_deg", _rotation),
    "flip": ("flip", _flip),
    "invert": ("invert", _yes),
    "ignore_orientation": ("trust_orientation", lambda text: not _yes(text)),
}
