"""Checks of the values of a table, which gather faults with their lines."""

from __future__ import annotations

import os
import re
from pathlib import Path

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.label_schemes import AUTOMATIC, scheme
from SwinX2SLib.parallel.tasks import key_fault

_MAP_SUFFIXES = (".json", ".csv")


class RowChecks:
    """Takes the texts of a table apart.

    Args:
        table: absolute path.
        skip_missing: whether missing files are no faults.
    """

    def __init__(self, table: Path, skip_missing: bool = False):
        self.faults: list[Fault] = []
        self._table, self._skip_missing = table, skip_missing
        self._lines: dict[str, int] = {}
        self._schemes: set[str] = set()

    def add(self, line: int, kind: str, message: str, hint: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, f"Line {line}: {message}", hint, str(self._table)))

    def text(self, line: int, column: str, value: str) -> str:
        """Return a value that must be there."""
        if not value:
            self.add(line, "value-missing", f"{column} is empty.", "Fill it in.")
        return value

    def path(self, line: int, column: str, value: str) -> tuple[Path, str]:
        """Return an absolute path and, when it is missing and that is allowed, why nothing can be done."""
        path = Path(os.path.abspath(self._table.parent / os.path.expanduser(value)))
        # Unlike `Path.exists`, this raises for no path at all.
        if not self.text(line, column, value) or os.path.exists(path):
            return path, ""
        message = f"the {column} {path} does not exist."
        if self._skip_missing:
            return path, f"The {column} {path} does not exist."
        hint = "Paths are relative to the table; --skip-missing leaves such cases out."
        self.add(line, "file-missing", message, hint)
        return path, ""

    def scheme(self, line: int, value: str) -> str:
        """Return the name of a numbering, or the absolute path of a map; each is tried once."""
        if Path(value).suffix.lower() in _MAP_SUFFIXES:
            value = os.path.abspath(self._table.parent / value)
        if value and value != AUTOMATIC and value not in self._schemes:
            self._schemes.add(value)
            try:
                scheme(value)
            except InputError as error:
                for fault in error.faults:
                    self.add(line, fault.kind, fault.message, fault.hint)
        return value

    def groups(self, line: int, value: str) -> tuple[str, ...]:
        """Return names of groups, which blanks or signs part."""
        names = tuple(name for name in re.split(r"[\s,;+|]+", value.lower()) if name)
        if unknown := [name for name in names if name not in GROUPS]:
            hint = f"Use {', '.join(GROUPS)}, with blanks between."
            self.add(line, "unknown-group", f"there is no group {', '.join(unknown)}.", hint)
        return tuple(group for group in GROUPS if group in names)

    def unique(self, line: int, key: str, case: str) -> None:
        """Check that no other line has the same case, and that it can name a file."""
        if not case:
            return
        if reason := key_fault(key):
            self.add(line, "key", f"{case!r} cannot name a file: {reason}.", "Choose another name.")
        other = self._lines.setdefault(key.casefold(), line)
        if other != line:
            message = f"the case {case} is there already, in line {other}."
            hint = "Give each case a name of its own; several models of one case need the column model."
            self.add(line, "case-twice", message, hint)
