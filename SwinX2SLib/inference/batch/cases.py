"""One pair of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from SwinX2SLib.evaluation.cohort.naming import row_key
from SwinX2SLib.radiographs.radiograph import FilmOptions
from SwinX2SLib.radiographs.registration import Shift


@dataclass(frozen=True)
class FilmDefaults:
    """What the user says about all films.

    Attributes:
        ap, lateral: of each film.
        ap_view: "ap" or "pa".
        lateral_shift_mm: see `inference.Job`.
    """

    ap: FilmOptions = field(default_factory=FilmOptions)
    lateral: FilmOptions = field(default_factory=FilmOptions)
    ap_view: str = "ap"
    lateral_shift_mm: Shift = None


AS_THEY_ARE = FilmDefaults()


@dataclass(frozen=True)
class BatchCase:
    """A pair of films.

    Attributes:
        name: of the case.
        ap, lateral: files, absolute.
        films: how they are to be read.
        line: of the table, from 1; 0 for a pair of a folder.
        how: what made them a pair, in words.
    """

    name: str
    ap: Path
    lateral: Path
    films: FilmDefaults = field(default_factory=FilmDefaults)
    line: int = 0
    how: str = ""

    @property
    def key(self) -> str:
        """Name of its folder."""
        return row_key("", self.name, "")
