"""From a picture as stored to a film as it hangs on a light box, or to all that is wrong with it."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.checks import gray_level_faults, picture_faults, spacing_faults
from SwinX2SLib.radiographs.decoded import DecodedFilm, HeaderSpacing
from SwinX2SLib.radiographs.edits import edited, stored_of_edited
from SwinX2SLib.radiographs.normalise import normalise
from SwinX2SLib.radiographs.orientation import Turn, header_turn, stated_view_fault
from SwinX2SLib.radiographs.radiograph import LATERAL, FilmOptions, Radiograph
from SwinX2SLib.radiographs.tube import Tube, tube_of

_CONSTANT = Fault(
    "constant-image",
    "The film is empty: nearly all its pixels have the same value.",
    "Choose or export another file.",
)


def interpret(decoded: DecodedFilm, view: str, options: FilmOptions) -> tuple[Radiograph | None, list[Fault]]:
    """Bring a picture into the layout of this package, as its header and the user say.

    Args:
        decoded: the picture as stored.
        view: "ap", "pa" or "lateral".
        options: what the user says.

    Returns:
        The film, or None if there is no picture to look at, and all faults. An absent spacing is NaN.
    """
    faults, notes = list(decoded.faults), list(decoded.notes)
    turn, view_faults = turn_of_header(decoded, view, options)
    faults += view_faults
    if turn.describe():
        stated = "\\".join(decoded.orientation)
        notes.append(f"The header's patient orientation ({stated}) was followed: {turn.describe()}.")
    tube, tube_faults, tube_notes = tube_of(decoded.distances, options)
    spacing_mm, source, found_faults = _spacing(decoded, turn, options, tube)
    faults += tube_faults + found_faults
    try:
        values, padding = (_edited(part, turn, options) for part in (decoded.values, decoded.padding))
    except ValueError as error:
        return None, [*faults, Fault("crop-outside", str(error), "Give a crop inside the picture as stored.")]
    faults += picture_faults(values) + spacing_faults(values.shape, spacing_mm, source)
    if not np.isfinite(values).all():
        return None, faults
    normalised = normalise(values, decoded.bone_bright != options.invert, padding)
    if normalised is None:
        return None, [*faults, _CONSTANT]
    faults += gray_level_faults(values)
    notes += tube_notes + _view_notes(decoded, view) + _user_notes(options) + list(normalised.notes)
    ray = _central_ray(decoded.values.shape, turn, options) if tube is not None else None
    film = Radiograph(
        normalised.pixels, spacing_mm, source, view, notes=tuple(notes), tube=tube, central_ray_px=ray
    )
    return film, faults


def turn_of_header(decoded: DecodedFilm, view: str, options: FilmOptions) -> tuple[Turn, list[Fault]]:
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
    decoded: DecodedFilm, turn: Turn, options: FilmOptions, tube: Tube | None
) -> tuple[tuple[float, float], str, list[Fault]]:
    """Return `(row, col)` spacing after all turns, its source, and a fault if there is none."""
    header, faults = header_spacing(decoded.spacing, options, tube)
    if options.spacing_mm is not None:
        said = (
            f"; the file says {header.row_mm:.4g} x {header.col_mm:.4g} mm, {header.source}" if header else ""
        )
        return (options.spacing_mm, options.spacing_mm), f"given by the user{said}", []
    if header is None:
        fault = Fault(
            "spacing-absent",
            f"The size of a pixel is unknown: {decoded.spacing_remark}.",
            "Give it with --spacing-mm (millimetres at the patient).",
        )
        return (np.nan, np.nan), "", [fault]
    spacing_mm = turn.turn_spacing((header.row_mm, header.col_mm))
    if options.rotate_deg in (90, 270):
        spacing_mm = spacing_mm[::-1]
    return spacing_mm, header.source, faults


def header_spacing(
    header: HeaderSpacing | None, options: FilmOptions, tube: Tube | None
) -> tuple[HeaderSpacing | None, list[Fault]]:
    """Return what a header's spacing is at the user's magnification, and a fault if it has none to divide.

    The magnification is given as such, or by the distances of the tube; the header's own have been heeded already.
    """
    factor, source = options.magnification, "magnification given by the user"
    by_user = options.source_to_detector_mm or options.source_to_patient_mm
    if tube is not None and by_user and options.spacing_mm is None:
        if header is not None and header.calibrated:
            # Sizes were measured at the patient, which is better than what the tube's place implies.
            return header, []
        factor, source = tube.magnification, str(tube)
    if header is None or factor is None:
        return header, []
    if header.calibrated and header.detector_mm is None:
        fault = Fault(
            "magnification-calibrated",
            f"The size of a pixel holds at the patient already ({header.source}).",
            "Leave out --magnification, or give the size with --spacing-mm.",
        )
        return header, [fault]
    row_mm, col_mm = header.detector_mm or (header.row_mm, header.col_mm)
    stated = "DICOM ImagerPixelSpacing" if header.detector_mm else header.source
    words = f"{stated} / {factor:.4g} ({source})"
    return HeaderSpacing(row_mm / factor, col_mm / factor, words), []


def _central_ray(shape: tuple[int, int], turn: Turn, options: FilmOptions) -> tuple[float, float]:
    """Return where (row, column) of the film as it hangs the middle of the stored picture is, outside a crop too."""
    rows, cols = shape
    to_edited = np.linalg.inv(stored_of_edited(shape, turn, options))
    column, row, _ = to_edited @ [(cols - 1) / 2, (rows - 1) / 2, 1.0]
    return float(row), float(column)


def _edited(picture: np.ndarray | None, turn: Turn, options: FilmOptions) -> np.ndarray | None:
    return None if picture is None else edited(picture, turn, options)


def _user_notes(options: FilmOptions) -> list[str]:
    told = (
        (options.crop is not None, f"Cropped to {options.crop} as asked."),
        (options.rotate_deg, f"Turned clockwise by {options.rotate_deg} degrees as asked."),
        (options.flip, f"Flipped ({options.flip}) as asked."),
        (options.invert, "Dark and bright were swapped as asked."),
        (not options.trust_orientation, "The header's patient orientation was left aside as asked."),
    )
    return [words for wanted, words in told if wanted]
