"""Decoded content of a file before any interpretation: the image as stored and the information of its header."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.radiographs.acquisition import StatedDistances

# JPEG's colour conversion moves the channels of a gray picture apart by a level or two of 255.
GRAY_TOLERANCE = 4 / 255
# Watermarks and mouse pointers of an image viewer colour a few pixels of a radiograph.
ANNOTATION_SHARE = 0.05
# A cast tints more than this share of the pixels, nearly all in one direction (1: exactly one).
CAST_SHARE, CAST_UNITY = 0.3, 0.9


class DecodeError(Exception):
    """The file has no usable image; carries the fault."""

    def __init__(self, kind: str, message: str, hint: str):
        self.fault = Fault(kind, message, hint)
        super().__init__(message)


@dataclass(frozen=True)
class HeaderSpacing:
    """Pixel size that a header states.

    Attributes:
        row_mm: height of a pixel [mm].
        col_mm: width of a pixel [mm].
        source: origin of the value, human-readable.
        detector_mm: size `(row, col)` at the detector, before any magnification, where the header states that, too.
        calibrated: the header states that the size holds at the patient.
    """

    row_mm: float
    col_mm: float
    source: str
    detector_mm: tuple[float, float] | None = None
    calibrated: bool = False


@dataclass
class DecodedImage:
    """A picture as stored.

    Attributes:
        values: float32 `(rows, cols)`.
        bone_bright: False if the header states that the smallest value is shown white.
        spacing: pixel size from the header, or None.
        spacing_remark: why the header gives no spacing, or "".
        orientation: patient directions in which columns and rows increase, letters of L R A P H F, or None.
        padding: True if the header states that a pixel is no part of the radiograph; None where it says nothing.
        distances: source distances from the header.
        stated_view: "AP", "PA" or "lateral" if the header states which view it is, else "".
        patient_sha256: hash of the Patient ID and its issuer in the header, or "" where it names nobody.
        notes: sentences for the user.
        faults: what is wrong with the picture (it may still be looked at, so that every problem is listed at once).
    """

    values: np.ndarray
    bone_bright: bool = True
    spacing: HeaderSpacing | None = None
    spacing_remark: str = ""
    orientation: tuple[str, str] | None = None
    padding: np.ndarray | None = None
    stated_view: str = ""
    distances: StatedDistances = field(default_factory=StatedDistances)
    patient_sha256: str = ""
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def gray_of_channels(channels: np.ndarray, white: float) -> tuple[np.ndarray, list[str], list[Fault]]:
    """Return the gray picture `(rows, cols)` of `(rows, cols, 3)`, notes, and a fault if it is in colour.

    Args:
        channels: red, green, blue.
        white: the value of white, which scales the tolerance.
    """
    channels = channels.astype(np.float32)
    gray = channels.mean(axis=-1)
    coloured = np.ptp(channels, axis=-1) > GRAY_TOLERANCE * white
    share = float(coloured.mean())
    if share > ANNOTATION_SHARE:
        return gray, [], [_colour_fault(channels[coloured], share)]
    notes = (
        [f"{share:.1%} of the pixels are in colour (an annotation?) and were converted to gray."]
        if share
        else []
    )
    return gray, notes, []


def _colour_fault(colours: np.ndarray, share: float) -> Fault:
    """Return the fault of a picture with a share of coloured pixels, `(pixels, 3)`."""
    tints = colours - colours.mean(axis=1, keepdims=True)
    tints /= np.linalg.norm(tints, axis=1, keepdims=True)
    if share > CAST_SHARE and np.linalg.norm(tints.mean(axis=0)) > CAST_UNITY:
        return Fault(
            "colour-picture",
            f"The image has a colour cast ({share:.0%} of its pixels have one tint), as a photograph of a light box "
            "or a screen.",
            "Use the DICOM file, or a grayscale scan: perspective, glare and reflections of a photograph distort "
            "shapes and sizes.",
        )
    return Fault(
        "colour-picture",
        f"The image is in colour ({share:.0%} of its pixels are not gray) and cannot be an unprocessed radiograph.",
        "Export the radiograph as DICOM or as a grayscale image.",
    )


@contextmanager
def decoding(what: str, hint: str = "Export or copy the file again.") -> Iterator[None]:
    """Turn whatever a library raises over a file's bytes into a `DecodeError`.

    Args:
        what: names the file, for example "DICOM file".
        hint: what to do when it cannot be decoded.
    """
    try:
        yield
    except DecodeError:
        raise
    except InputError as error:
        fault = error.faults[0]
        raise DecodeError(fault.kind, fault.message, fault.hint) from error
    except MemoryError:
        raise DecodeError(
            "too-large",
            f"The {what} does not fit into memory; the size in its header is wrong or very large.",
            "Export the radiograph again at its normal size.",
        ) from None
    except Exception as error:
        # Decoders raise whatever their plug-ins raise; all of it means that this file yields no picture.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DecodeError(
            "unreadable-file",
            f"The {what} cannot be decoded; it is damaged, truncated or of an unsupported type ({reason}).",
            hint,
        ) from error


def multi_frame_error(frames: int) -> DecodeError:
    """Return the error of a file that holds several pictures."""
    return DecodeError(
        "multi-frame",
        f"The file has {frames} frames or slices; a radiograph has one.",
        "Export a single radiograph, or choose a radiograph instead of a volume or sequence.",
    )
