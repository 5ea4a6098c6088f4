"""Reading and checking a pair of radiographs from files, arrays or `Radiograph` objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.radiographs.radiograph import FRONTAL_VIEWS, Radiograph, RadiographOptions
from SwinX2SLib.radiographs.reading import RadiographSource, examine_pair
from SwinX2SLib.radiographs.registration import AUTOMATIC, Shift


def read_radiographs(
    ap: RadiographSource,
    lateral: RadiographSource,
    *,
    spacing_mm: float | Sequence[float | None] | None = None,
    ap_view: str = "ap",
    ap_options: RadiographOptions | None = None,
    lateral_options: RadiographOptions | None = None,
    lateral_offset_mm: Shift = None,
) -> tuple[Radiograph, Radiograph]:
    """Read a frontal and a lateral radiograph of one person, and check them and the pair.

    Args:
        ap: frontal radiograph in display orientation (head up, the patient's right on the left): a file (PNG, JPEG,
            TIFF, DICOM, NRRD, NIfTI), numbers `(rows, columns)` with bone bright, or a `Radiograph`.
        lateral: lateral radiograph, likewise (head up, anterior on the left).
        spacing_mm: size of a square pixel at the patient [mm], of both or `(frontal, lateral)`; None takes it from
            the header of the file. PNG, JPEG, TIFF and arrays have none.
        ap_view: "ap" or "pa".
        ap_options: further options of the frontal radiograph: crop, flip, rotation, source distances...
        lateral_options: further options of the lateral radiograph.
        lateral_offset_mm: upward shift of the lateral radiograph for vertical alignment [mm]; "auto" estimates it;
            None assumes that their centres are at the same height.

    Returns:
        The frontal and the lateral radiograph.

    Raises:
        InputError: lists every problem of both radiographs, the pair and the options.

    Examples:
        >>> from SwinX2SLib import read_radiographs
        >>> from SwinX2SLib.resources import resource_path
        >>> files = [resource_path("Demo", f"phantom_{view}.png") for view in ("ap", "lateral")]
        >>> ap, lateral = read_radiographs(*files, spacing_mm=1.0)
        >>> ap.pixels.shape, ap.spacing_mm, ap.view
        ((640, 370), (1.0, 1.0), 'ap')
    """
    faults = [
        Fault("radiograph-option", sentence, "Correct the argument.")
        for sentence in pair_option_faults(ap_view, lateral_offset_mm)
    ]
    (of_ap, of_lateral), wrong = _options(spacing_mm, (ap_options, lateral_options))
    if faults or wrong:
        # Faults of the files are reported together with it, if they can be determined.
        known_view = ap_view if ap_view in FRONTAL_VIEWS else FRONTAL_VIEWS[0]
        _, _, found = examine_pair(ap, lateral, of_ap, of_lateral, known_view)
        others = [fault for fault in found if not (wrong and fault.kind == "spacing-absent")]
        raise InputError([*faults, *wrong, *others])
    return _checked(*examine_pair(ap, lateral, of_ap, of_lateral, ap_view, lateral_offset_mm))


def pair_option_faults(ap_view: str, lateral_offset_mm: Shift) -> list[str]:
    """Return what is wrong with options of a pair, in sentences."""
    wrong = []
    if ap_view not in FRONTAL_VIEWS:
        wrong.append(f"The frontal view must be ap or pa, not {ap_view!r}.")
    shift = lateral_offset_mm
    is_number = isinstance(shift, (int, float)) and math.isfinite(shift)
    if shift is not None and shift != AUTOMATIC and not is_number:
        wrong.append(f"The lateral offset must be a number of millimetres or {AUTOMATIC}, not {shift!r}.")
    return wrong


def _options(
    spacing_mm: float | Sequence[float | None] | None, given: Sequence[RadiographOptions | None]
) -> tuple[list[RadiographOptions], list[Fault]]:
    """Return the options of both radiographs with their spacing, and what is wrong with it."""
    spacings = list(spacing_mm) if isinstance(spacing_mm, Sequence) else [spacing_mm, spacing_mm]
    options = [each or RadiographOptions() for each in given]
    if isinstance(spacing_mm, str) or len(spacings) != len(options):
        message = f"The pixel size must be one number or (frontal, lateral), not {spacing_mm!r}."
        return options, [Fault("radiograph-option", message, "Correct spacing_mm.")]
    wrong = []
    for place, spacing in enumerate(spacings):
        try:
            if spacing is not None:
                options[place] = replace(options[place], spacing_mm=float(spacing))
        except (TypeError, ValueError) as error:
            wrong.append(Fault("radiograph-option", str(error), "Correct spacing_mm."))
    # One number for both is wrong once.
    return options, list(dict.fromkeys(wrong))


def _checked(
    ap: Radiograph | None, lateral: Radiograph | None, faults: Sequence[Fault]
) -> tuple[Radiograph, Radiograph]:
    if faults or ap is None or lateral is None:
        raise InputError(faults)
    return ap, lateral
