"""From a file to a film, or to the list of everything that is wrong with it."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.radiographs.checks import (
    check_pair,
    gray_level_faults,
    picture_faults,
    same_picture,
    spacing_faults,
)
from SwinX2SLib.radiographs.decoded import DecodedFilm, DecodeError
from SwinX2SLib.radiographs.formats import decoder_of
from SwinX2SLib.radiographs.normalise import normalise
from SwinX2SLib.radiographs.orientation import Turn, header_turn, stated_view_fault, user_turn
from SwinX2SLib.radiographs.radiograph import LATERAL, VIEWS, FilmOptions, Radiograph

_CONSTANT = Fault(
    "constant-image",
    "The film is empty: nearly all its pixels have the same value.",
    "Choose or export another file.",
)


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
) -> tuple[Radiograph, Radiograph]:
    """Read a frontal and a lateral film of one person.

    Raises:
        InputError: with all faults of both files and of the pair.
    """
    ap, lateral, faults = examine_pair(ap_path, lateral_path, ap_options, lateral_options, ap_view)
    if faults:
        raise InputError(faults)
    return ap, lateral


def examine_pair(
    ap_path: str | Path,
    lateral_path: str | Path,
    ap_options: FilmOptions | None = None,
    lateral_options: FilmOptions | None = None,
    ap_view: str = "ap",
) -> tuple[Radiograph | None, Radiograph | None, list[Fault]]:
    """Read both films as far as they can be read, and list all faults of both files and of the pair."""
    ap, faults = examine_film(ap_path, ap_view, ap_options)
    lateral, lateral_faults = examine_film(lateral_path, "lateral", lateral_options)
    faults += lateral_faults
    if ap is not None and lateral is not None:
        faults += check_pair(ap, lateral)
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
        film, faults = _hang(decoded, view, options, path, sha256)
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


def _hang(
    decoded: DecodedFilm, view: str, options: FilmOptions, path: Path, sha256: str
) -> tuple[Radiograph | None, list[Fault]]:
    faults, notes = list(decoded.faults), list(decoded.notes)
    turn, view_faults = _header_turn(decoded, view, options)
    faults += view_faults
    if turn.describe():
        stated = "\\".join(decoded.orientation)
        notes.append(f"The header's patient orientation ({stated}) was followed: {turn.describe()}.")
    spacing_mm, source, found_faults = _spacing(decoded, turn, options)
    faults += found_faults
    try:
        values, padding = (_place(part, turn, options) for part in (decoded.values, decoded.padding))
    except ValueError as error:
        return None, [*faults, Fault("crop-outside", str(error), "Give a crop inside the picture as stored.")]
    faults += picture_faults(values) + spacing_faults(values.shape, spacing_mm, source)
    if not np.isfinite(values).all():
        return None, faults
    normalised = normalise(values, decoded.bone_bright != options.invert, padding)
    if normalised is None:
        return None, [*faults, _CONSTANT]
    faults += gray_level_faults(values)
    notes += _view_notes(decoded, view) + _user_notes(options) + list(normalised.notes)
    film = Radiograph(normalised.pixels, spacing_mm, source, view, path, sha256, tuple(notes))
    return film, faults


def _header_turn(decoded: DecodedFilm, view: str, options: FilmOptions) -> tuple[Turn, list[Fault]]:
    """Return the turn that the header asks for, and a fault if the header is that of another view."""
    if not options.trust_orientation:
        return Turn(), []
    if decoded.orientation is not None:
        found = header_turn(decoded.orientation, view)
        return (Turn(), [found]) if isinstance(found, Fault) else (found, [])
    fault = stated_view_fault(decoded.stated_view, view)
    return Turn(), [fault] if fault else []


def _view_notes(decoded: DecodedFilm, view: str) -> list[str]:
    if decoded.stated_view.lower() in (view, "", LATERAL):
        return []
    return [f"The header calls the film {decoded.stated_view}; it was used as {view.upper()} (--ap-view)."]


def _spacing(
    decoded: DecodedFilm, turn: Turn, options: FilmOptions
) -> tuple[tuple[float, float], str, list[Fault]]:
    """Return `(row, col)` spacing after all turns, its source, and a fault if there is none."""
    if options.spacing_mm is not None:
        header = decoded.spacing
        said = (
            f"; the file says {header.row_mm:.4g} x {header.col_mm:.4g} mm, {header.source}" if header else ""
        )
        return (options.spacing_mm, options.spacing_mm), f"given by the user{said}", []
    if decoded.spacing is None:
        fault = Fault(
            "spacing-absent",
            f"The size of a pixel is unknown: {decoded.spacing_remark}.",
            "Give it with --spacing-mm (millimetres at the patient).",
        )
        return (np.nan, np.nan), "", [fault]
    spacing_mm = turn.turn_spacing((decoded.spacing.row_mm, decoded.spacing.col_mm))
    if options.rotate_deg in (90, 270):
        spacing_mm = spacing_mm[::-1]
    return spacing_mm, decoded.spacing.source, []


def _place(picture: np.ndarray | None, turn: Turn, options: FilmOptions) -> np.ndarray | None:
    """Crop the stored picture, then turn it: by the header, by the user's rotation, by the user's flip."""
    if picture is None:
        return None
    if options.crop is not None:
        picture = picture[options.crop.slices(picture.shape)]
    return np.ascontiguousarray(user_turn(turn.apply(picture), options))


def _user_notes(options: FilmOptions) -> list[str]:
    told = (
        (options.crop is not None, f"Cropped to {options.crop} as asked."),
        (options.rotate_deg, f"Turned clockwise by {options.rotate_deg} degrees as asked."),
        (options.flip, f"Flipped ({options.flip}) as asked."),
        (options.invert, "Dark and bright were swapped as asked."),
        (not options.trust_orientation, "The header's patient orientation was left aside as asked."),
    )
    return [words for wanted, words in told if wanted]
