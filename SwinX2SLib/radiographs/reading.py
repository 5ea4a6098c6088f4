"""From a file to a film, or to the list of everything that is wrong with it."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import replace
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.radiographs.checks import check_pair, same_picture
from SwinX2SLib.radiographs.decoded import DecodedFilm, DecodeError
from SwinX2SLib.radiographs.formats import decoder_of
from SwinX2SLib.radiographs.interpretation import interpret
from SwinX2SLib.radiographs.radiograph import VIEWS, FilmOptions, Radiograph
from SwinX2SLib.radiographs.registration import Shift, match_heights


def read_radiograph(path: str | Path, view: str, options: FilmOptions | None = None) -> Radiograph:
    """Read one film and bring it into the layout of this package.

    Args:
        path: PNG, JPEG, TIFF, DICOM, NRRD or NIfTI.
        view: "ap", "pa" or "lateral".
        options: what the user says about the file.

    Raises:
        InputError: with all faults found in the file.
    """
    film, faults = examine_film(path, view, options)
    if film is None or faults:
        raise InputError(faults)
    return film


def read_pair(
    ap_path: str | Path,
    lateral_path: str | Path,
    ap_options: FilmOptions | None = None,
    lateral_options: FilmOptions | None = None,
    ap_view: str = "ap",
    lateral_shift_mm: Shift = None,
) -> tuple[Radiograph, Radiograph]:
    """Read a frontal and a lateral film of one person; the arguments are those of `inference.Job`.

    Raises:
        InputError: with all faults of both files and of the pair.
    """
    ap, lateral, faults = examine_pair(
        ap_path, lateral_path, ap_options, lateral_options, ap_view, lateral_shift_mm
    )
    if faults:
        raise InputError(faults)
    return ap, lateral


def examine_pair(
    ap_path: str | Path,
    lateral_path: str | Path,
    ap_options: FilmOptions | None = None,
    lateral_options: FilmOptions | None = None,
    ap_view: str = "ap",
    lateral_shift_mm: Shift = None,
) -> tuple[Radiograph | None, Radiograph | None, list[Fault]]:
    """Read both films as far as they can be read, and list all faults of both files and of the pair.

    Films whose heights are to be matched are cut to what both show, see `registration.match_heights`.
    """
    ap, faults = examine_film(ap_path, ap_view, ap_options)
    lateral, lateral_faults = examine_film(lateral_path, "lateral", lateral_options)
    faults += lateral_faults
    if ap is not None and lateral is not None:
        ap, lateral, pair_faults = match_heights(ap, lateral, lateral_shift_mm)
        faults += pair_faults + check_pair(ap, lateral)
    elif _is_same_file(Path(ap_path), Path(lateral_path)):
        faults.append(same_picture(str(lateral_path)))
    return ap, lateral, faults


def examine_film(
    path: str | Path, view: str, options: FilmOptions | None = None
) -> tuple[Radiograph | None, list[Fault]]:
    """Read one film as far as it can be read.

    Returns:
        The film, or None if there is no picture to look at, and all faults. An absent spacing is NaN.
    """
    if view not in VIEWS:
        raise ValueError(f"A view is one of {', '.join(VIEWS)}, not {view!r}.")
    path, options = Path(path), options or FilmOptions()
    try:
        decoded = _decode(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        film, faults = interpret(decoded, view, options)
        film = film and replace(film, path=path, sha256=sha256)
    except DecodeError as error:
        film, faults = None, [error.fault]
    return film, [Fault(fault.kind, fault.message, fault.hint, str(path)) for fault in faults]


def _decode(path: Path) -> DecodedFilm:
    """Decode a file; what its reader warns of becomes notes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        decoded = decoder_of(path)(path)
    remarks = dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught)
    decoded.notes += [f"The file's reader remarks: {remark}" for remark in remarks]
    return decoded


def _is_same_file(ap: Path, lateral: Path) -> bool:
    """Tell whether two paths lead to one file, of which nothing else may be known."""
    try:
        return ap.samefile(lateral)
    except OSError:
        return False
