"""PNG, JPEG and TIFF through Pillow, 8 or 16 bits a pixel or 32-bit float."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from SwinX2SLib.radiographs.decoded import (
    DecodedFilm,
    DecodeError,
    decoding,
    gray_of_channels,
    multi_frame_error,
)

_GRAY_MODES = ("L", "I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_TIFF_PHOTOMETRIC = 262
_TIFF_WHITE_IS_ZERO = 0


def decode_picture(path: Path) -> DecodedFilm:
    """Decode a PNG, JPEG or TIFF; the stored picture is the one that a picture viewer shows.

    The resolution written in such a file (dots per inch) is that of a screen or printer: it is told, never used.

    Raises:
        DecodeError: broken, truncated, too large, or several frames.
    """
    with decoding("picture"):
        try:
            return _load(path)
        except Image.DecompressionBombError:
            raise DecodeError(
                "too-large",
                "The picture has far more pixels than a radiograph.",
                "Reduce it to 10000 pixels a side.",
            ) from None


def _load(path: Path) -> DecodedFilm:
    with warnings.catch_warnings():
        # Pillow warns from half the size on that it refuses; long films are that large.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(path)
    with image:
        if getattr(image, "n_frames", 1) > 1:
            raise multi_frame_error(image.n_frames)
        image.load()
        return _decode(image)


def _decode(image: Image.Image) -> DecodedFilm:
    notes = []
    white_is_zero = _white_is_zero_left_alone(image)
    dpi = image.info.get("dpi")
    upright = ImageOps.exif_transpose(image)
    if image.getexif().get(ExifTags.Base.Orientation, 1) not in (0, 1):
        notes.append("The picture was turned as its EXIF orientation says.")
    values, padding, colour_notes, faults = _gray(upright)
    notes += colour_notes
    remark = "a picture file carries no spacing"
    if dpi and all(np.isfinite(float(value)) and value > 0 for value in dpi):
        remark = (
            f"the file states {float(dpi[0]):.0f} dots per inch, the resolution of a screen or printer and not of "
            "the patient, which is not used"
        )
    return DecodedFilm(
        values,
        bone_bright=not white_is_zero,
        spacing_remark=remark,
        padding=padding,
        notes=notes,
        faults=faults,
    )


def _white_is_zero_left_alone(image: Image.Image) -> bool:
    """Tell whether a TIFF's smallest value is white and Pillow kept it so (it inverts 8-bit ones by itself)."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO and image.mode not in ("1", "L")


def _gray(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None, list, list]:
    if image.mode in _GRAY_MODES:
        return np.asarray(image).astype(np.float32), None, [], []
    if image.mode == "1":
        return np.asarray(image.convert("L")).astype(np.float32), None, [], []
    transparent = None
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        transparent = rgba[..., 3] == 0
        channels = rgba[..., :3]
    else:
        channels = np.asarray(image.convert("RGB"))
    values, notes, faults = gray_of_channels(channels, white=255.0)
    return values, transparent if transparent is not None and transparent.any() else None, notes, faults
