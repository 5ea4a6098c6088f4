"""Reading radiographs: from files and what the user said about them to checked radiographs."""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.radiographs.acquisition import (
    BY_USER,
    LARGEST_MAGNIFICATION,
    LARGEST_TO_DETECTOR_MM,
    SMALLEST_TO_PATIENT_MM,
    StatedDistances,
    XraySource,
)
from SwinX2SLib.radiographs.checks import (
    check_pair,
    clipping_notes,
    gray_level_faults,
    photograph_notes,
    picture_faults,
    same_picture,
    spacing_faults,
    two_patients_notes,
)
from SwinX2SLib.radiographs.decoded_image import DecodedImage, DecodeError, HeaderSpacing
from SwinX2SLib.radiographs.decoding import decoder_of
from SwinX2SLib.radiographs.normalise import normalise
from SwinX2SLib.radiographs.radiograph import LATERAL, VIEWS, Radiograph, RadiographOptions
from SwinX2SLib.radiographs.registration import Shift, match_heights
from SwinX2SLib.radiographs.transforms import (
    Reorientation,
    edited,
    header_turn,
    stated_view_fault,
    stored_of_edited,
)
from SwinX2SLib.radiographs.view_recognition import FRONTAL

RadiographSource = str | Path | Radiograph | ArrayLike
"""A file, numbers `(rows, columns)` with bone bright, or what was read before."""


_CONSTANT = Fault(
    "constant-image",
    "The radiograph is empty: almost all pixels have the same value.",
    "Choose or export another file.",
)


def interpret(
    decoded: DecodedImage, view: str, options: RadiographOptions
) -> tuple[Radiograph | None, list[Fault]]:
    """Bring a picture into the layout of this package, as its header and the user say.

    Args:
        decoded: the image as stored.
        view: "ap", "pa" or "lateral".
        options: user options.

    Returns:
        The radiograph, or None if there is no picture to look at, and all faults. An absent spacing is NaN.
    """
    faults, notes = list(decoded.faults), list(decoded.notes)
    turn, view_faults = turn_of_header(decoded, view, options)
    faults += view_faults
    if turn.describe():
        stated = "\\".join(decoded.orientation or ())
        notes.append(
            f"The radiograph was reoriented using the patient orientation in the header ({stated}): "
            f"{turn.describe()}."
        )
    xray_source, tube_faults, tube_notes = source_from_header(decoded.distances, options)
    spacing_mm, source, found_faults = _spacing(decoded, turn, options, xray_source)
    faults += tube_faults + found_faults
    try:
        values = edited(decoded.values, turn, options)
        padding = None if decoded.padding is None else edited(decoded.padding, turn, options)
    except ValueError as error:
        return None, [
            *faults,
            Fault("crop-outside", str(error), "Specify a crop inside the image as stored."),
        ]
    faults += picture_faults(values) + spacing_faults(values.shape, spacing_mm, source)
    if not np.isfinite(values).all():
        return None, faults
    normalised = normalise(values, decoded.bone_bright != options.invert, padding)
    if normalised is None:
        return None, [*faults, _CONSTANT]
    faults += gray_level_faults(values)
    bone_bright = decoded.bone_bright != options.invert
    notes += photograph_notes(values) + clipping_notes(values, normalised.pixels, bone_bright)
    notes += tube_notes + _view_notes(decoded, view, options) + _user_notes(options) + list(normalised.notes)
    ray = _central_ray(decoded.values.shape, turn, options) if xray_source is not None else None
    radiograph = Radiograph(
        normalised.pixels,
        spacing_mm,
        source,
        view,
        notes=tuple(notes),
        xray_source=xray_source,
        central_ray_px=ray,
        options=options,
        patient_sha256=decoded.patient_sha256,
    )
    return radiograph, faults


def turn_of_header(
    decoded: DecodedImage, view: str, options: RadiographOptions
) -> tuple[Reorientation, list[Fault]]:
    """Return the reorientation from the header, and a fault if the header is that of another view."""
    if not options.trust_orientation:
        return Reorientation(), []
    if decoded.orientation is not None:
        found = header_turn(decoded.orientation, view)
        return (Reorientation(), [found]) if isinstance(found, Fault) else (found, [])
    fault = stated_view_fault(decoded.stated_view, view)
    return Reorientation(), [fault] if fault else []


def _view_notes(decoded: DecodedImage, view: str, options: RadiographOptions) -> list[str]:
    if stated_view_fault(decoded.stated_view, view):
        # Without an orientation to decide, `turn_of_header` reports it as a fault.
        contradiction = decoded.orientation is not None and options.trust_orientation
        words = (
            f"The view in the header ({decoded.stated_view}) contradicts its patient orientation, which was used: "
            "check that the two radiographs are not swapped."
        )
        return [words] if contradiction else []
    if decoded.stated_view.lower() in (view, "", FRONTAL, LATERAL):
        return []
    return [
        f"The view in the header is {decoded.stated_view}; the radiograph was used as {view.upper()} "
        "(--ap-view)."
    ]


def _spacing(
    decoded: DecodedImage, turn: Reorientation, options: RadiographOptions, xray_source: XraySource | None
) -> tuple[tuple[float, float], str, list[Fault]]:
    """Return `(row, col)` spacing after all turns, its source, and a fault if there is none."""
    header, faults = header_spacing(decoded.spacing, options, xray_source)
    if options.spacing_mm is not None:
        stated = (
            f"; the file states {header.row_mm:.4g} x {header.col_mm:.4g} mm, {header.source}"
            if header
            else ""
        )
        return (options.spacing_mm, options.spacing_mm), f"specified by the user{stated}", []
    if header is None:
        fault = Fault(
            "spacing-absent",
            f"The pixel size is unknown: {decoded.spacing_remark}.",
            "Set it with --spacing-mm (millimetres at the patient).",
        )
        return (np.nan, np.nan), "", [fault]
    spacing_mm = turn.turn_spacing((header.row_mm, header.col_mm))
    if options.rotate_deg in (90, 270):
        spacing_mm = spacing_mm[::-1]
    return spacing_mm, header.source, faults


def header_spacing(
    header: HeaderSpacing | None, options: RadiographOptions, xray_source: XraySource | None
) -> tuple[HeaderSpacing | None, list[Fault]]:
    """Return what a header's spacing is at the user's magnification, and a fault if it has none to divide.

    The magnification is given as such, or by the distances of the X-ray source; the
    magnification of the header was applied before.
    """
    factor, source = options.magnification, "magnification specified by the user"
    by_user = options.source_to_detector_mm or options.source_to_patient_mm
    if xray_source is not None and by_user and options.spacing_mm is None:
        if header is not None and header.calibrated:
            # Sizes were measured at the patient, which is better than what the X-ray source's place implies.
            return header, []
        factor, source = xray_source.magnification, str(xray_source)
    if header is None or factor is None:
        return header, []
    if header.calibrated and header.detector_mm is None:
        fault = Fault(
            "magnification-calibrated",
            f"The pixel size already refers to the patient ({header.source}).",
            "Remove --magnification, or set the pixel size with --spacing-mm.",
        )
        return header, [fault]
    row_mm, col_mm = header.detector_mm or (header.row_mm, header.col_mm)
    stated = "DICOM ImagerPixelSpacing" if header.detector_mm else header.source
    words = f"{stated} / {factor:.4g} ({source})"
    return HeaderSpacing(row_mm / factor, col_mm / factor, words), []


def _central_ray(
    shape: tuple[int, int], turn: Reorientation, options: RadiographOptions
) -> tuple[float, float]:
    """Return where (row, column) of the radiograph in display orientation the middle of the stored picture is,
    outside a crop too."""
    rows, cols = shape
    to_edited = np.linalg.inv(stored_of_edited(shape, turn, options))
    column, row, _ = to_edited @ [(cols - 1) / 2, (rows - 1) / 2, 1.0]
    return float(row), float(column)


def _user_notes(options: RadiographOptions) -> list[str]:
    given = (
        (options.crop is not None, f"Cropped to {options.crop} as requested."),
        (options.rotate_deg, f"Rotated clockwise by {options.rotate_deg} degrees as requested."),
        (options.flip, f"Flipped ({options.flip}) as requested."),
        (options.invert, "Gray levels inverted as requested."),
        (not options.trust_orientation, "The patient orientation in the header was ignored as requested."),
    )
    return [words for wanted, words in given if wanted]


def read_radiograph(path: str | Path, view: str, options: RadiographOptions | None = None) -> Radiograph:
    """Read one radiograph and bring it into the layout of this package.

    Args:
        path: PNG, JPEG, TIFF, DICOM, NRRD or NIfTI.
        view: "ap", "pa" or "lateral".
        options: user options for the file.

    Raises:
        InputError: with all faults found in the file.
    """
    radiograph, faults = examine_radiograph(path, view, options)
    if radiograph is None or faults:
        raise InputError(faults)
    return radiograph


def read_pair(
    ap_path: str | Path,
    lateral_path: str | Path,
    ap_options: RadiographOptions | None = None,
    lateral_options: RadiographOptions | None = None,
    ap_view: str = "ap",
    lateral_offset_mm: Shift = None,
) -> tuple[Radiograph, Radiograph]:
    """Read a frontal and a lateral radiograph of one person; the arguments are those of `inference.Job`.

    Raises:
        InputError: with all faults of both files and of the pair.
    """
    ap, lateral, faults = examine_pair(
        ap_path, lateral_path, ap_options, lateral_options, ap_view, lateral_offset_mm
    )
    if ap is None or lateral is None or faults:
        raise InputError(faults)
    return ap, lateral


def examine_pair(
    ap_source: RadiographSource,
    lateral_source: RadiographSource,
    ap_options: RadiographOptions | None = None,
    lateral_options: RadiographOptions | None = None,
    ap_view: str = "ap",
    lateral_offset_mm: Shift = None,
) -> tuple[Radiograph | None, Radiograph | None, list[Fault]]:
    """Read both radiographs as far as they can be read, and list all faults of both and of the pair.

    Radiographs whose heights are to be matched are cut to what both show, see `registration.match_heights`.
    """
    ap, faults = examine_radiograph(ap_source, ap_view, ap_options)
    lateral, lateral_faults = examine_radiograph(lateral_source, LATERAL, lateral_options)
    faults += lateral_faults
    if ap is not None and lateral is not None:
        ap, lateral, pair_faults = match_heights(ap, lateral, lateral_offset_mm)
        faults += pair_faults + check_pair(ap, lateral)
        lateral = replace(lateral, notes=(*lateral.notes, *two_patients_notes(ap, lateral)))
    elif _is_same_file(ap_source, lateral_source):
        faults.append(same_picture(str(lateral_source)))
    return ap, lateral, faults


def examine_radiograph(
    source: RadiographSource, view: str, options: RadiographOptions | None = None
) -> tuple[Radiograph | None, list[Fault]]:
    """Read one radiograph as far as it can be read.

    Args:
        source: a file; numbers `(rows, columns)` with bone bright; or a radiograph, which is taken as it is.
        view: "ap", "pa" or "lateral".
        options: user options about it.

    Returns:
        The radiograph, or None if there is no picture to look at, and all faults. An absent spacing is NaN.
    """
    if view not in VIEWS:
        raise ValueError(f"The view must be one of {', '.join(VIEWS)}, not {view!r}.")
    options = options or RadiographOptions()
    if isinstance(source, Radiograph):
        return source, _ready_faults(source, view, options)
    if not isinstance(source, str | os.PathLike):
        return _of_numbers(source, view, options)
    path = Path(source)
    try:
        decoded = _decode(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        radiograph, faults = interpret(decoded, view, options)
        radiograph = radiograph and replace(radiograph, path=path, sha256=sha256)
    except DecodeError as error:
        radiograph, faults = None, [error.fault]
    return radiograph, [Fault(fault.kind, fault.message, fault.hint, str(path)) for fault in faults]


def _ready_faults(radiograph: Radiograph, view: str, options: RadiographOptions) -> list[Fault]:
    """List why a radiograph that was read before cannot be taken as it is."""
    faults = []
    if (radiograph.view == LATERAL) != (view == LATERAL):
        message = f"A {radiograph.view} radiograph is used as the {view} one."
        faults.append(Fault("view-contradicted", message, "Check the order: frontal, lateral."))
    if options != RadiographOptions():
        message = "The radiograph has been read already: its pixel size and options are known."
        faults.append(Fault("radiograph-ready", message, "Remove the options, or use the file."))
    path = str(radiograph.path) if radiograph.path is not None else None
    return [replace(fault, path=path) for fault in faults]


def _of_numbers(
    numbers: ArrayLike, view: str, options: RadiographOptions
) -> tuple[Radiograph | None, list[Fault]]:
    """Return the radiograph of numbers that a program holds, and all faults."""
    values = np.asarray(numbers)
    if values.ndim != 2 or values.dtype.kind not in "buif":
        what = f"{values.dtype} of {values.ndim} axes"
        hint = "Use real numbers (rows, columns)."
        return None, [Fault("not-a-picture", f"The {view} radiograph is {what}.", hint)]
    decoded = DecodedImage(values.astype(np.float32), spacing_remark="an array carries no spacing")
    radiograph, faults = interpret(decoded, view, options)
    return radiograph, [replace(fault, message=f"{view} array: {fault.message}") for fault in faults]


def _decode(path: Path) -> DecodedImage:
    """Decode a file; what its reader warns of becomes notes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        decoded = decoder_of(path)(path)
    remarks = dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught)
    decoded.notes += [f"Message of the file reader: {remark}" for remark in remarks]
    return decoded


def _is_same_file(ap: RadiographSource, lateral: RadiographSource) -> bool:
    """Return whether two paths lead to one file, of which nothing else may be known."""
    if not isinstance(ap, str | os.PathLike) or not isinstance(lateral, str | os.PathLike):
        return False
    try:
        return Path(ap).samefile(lateral)
    except OSError:
        return False


_OPTIONS = {"detector": "--source-to-detector-mm", "patient": "--source-to-patient-mm"}


def source_from_header(
    stated: StatedDistances, options: RadiographOptions
) -> tuple[XraySource | None, list[Fault], list[str]]:
    """Return the X-ray source of a radiograph, faults of the user options, and notes on the header.

    Either distance may be given by the user and the other one by the header.
    """
    given = {"detector": options.source_to_detector_mm, "patient": options.source_to_patient_mm}
    by_user = [end for end in given if given[end] is not None]
    detector = given["detector"] if given["detector"] is not None else stated.to_detector_mm
    patient = given["patient"] if given["patient"] is not None else stated.to_patient_mm
    if detector is None or patient is None:
        missing = "detector" if detector is None else "patient"
        return None, [_incomplete(by_user[0], missing)] if by_user else [], []
    source = stated.source if not by_user else BY_USER if len(by_user) == 2 else f"{by_user[0]} {BY_USER}"
    xray_source = XraySource(detector, patient, source)
    if _plausible(xray_source):
        return xray_source, [], []
    if by_user:
        return None, [_implausible(xray_source)], []
    return (
        None,
        [],
        [f"The source distances in the header ({xray_source}) are implausible and were ignored."],
    )


def _plausible(xray_source: XraySource) -> bool:
    near = xray_source.source_to_patient_mm >= SMALLEST_TO_PATIENT_MM
    return near and (
        xray_source.source_to_detector_mm <= LARGEST_TO_DETECTOR_MM
        and 1 <= xray_source.magnification <= LARGEST_MAGNIFICATION
    )


def _incomplete(given: str, missing: str) -> Fault:
    return Fault(
        "tube-incomplete",
        f"The distance from the source to the {given} is set, but the distance to the {missing} is not.",
        f"Set it with {_OPTIONS[missing]}, or remove {_OPTIONS[given]}.",
    )


def _implausible(xray_source: XraySource) -> Fault:
    return Fault(
        "tube-implausible",
        f"The source distances are implausible: {xray_source}.",
        f"Specify {_OPTIONS['detector']} and {_OPTIONS['patient']} in millimetres. The patient must be "
        f"between source and detector, at least {SMALLEST_TO_PATIENT_MM:g} mm from the source, and the "
        f"magnification (SID divided by source-to-patient distance) at most {LARGEST_MAGNIFICATION:g}.",
    )
