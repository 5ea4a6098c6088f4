"""The numbering that a user names, built in or in a file."""

from __future__ import annotations

from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.label_schemes.builtin import SCHEME_NAMES, builtin_schemes
from SwinX2SLib.label_schemes.files import read_scheme
from SwinX2SLib.label_schemes.scheme import LabelScheme

_SUFFIXES = (".json", ".csv")


def scheme(name: str | Path) -> LabelScheme:
    """Return a numbering.

    Args:
        name: one of `SCHEME_NAMES`, or the path of a JSON or CSV map (see `files.read_scheme`).

    Raises:
        InputError: there is no such numbering, or the file cannot be used.
    """
    known = builtin_schemes().get(str(name).lower().replace("-", "_"))
    if known is not None:
        return known
    if Path(name).suffix.lower() in _SUFFIXES:
        return read_scheme(Path(name))
    message = f"There is no label numbering {str(name)!r}."
    hint = (
        f"Use one of {', '.join(SCHEME_NAMES)}, or a .json or .csv file that maps its values to our labels."
    )
    raise InputError([Fault("unknown-scheme", message, hint)])
