"""Pictures: PNG, JPEG and TIFF."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from SwinX2SLib.io.limits import PIXEL_BYTES, require_size
from SwinX2SLib.radiographs.checks import PHOTOGRAPH_ADVICE
from SwinX2SLib.radiographs.decoded_image import (
    DecodedImage,
    DecodeError,
    decoding,
    gray_of_channels,
    multi_frame_error,
)

_GRAY_MODES = ("L", "I;16", "I;16L", "I;16B", "I;16N", "I", "F")


_TIFF_PHOTOMETRIC = 262
_TIFF_WHITE_IS_ZERO = 0
_CAMERA_TAGS = (ExifTags.Base.ExposureTime, ExifTags.Base.FNumber, ExifTags.Base.FocalLength)


def decode_picture(path: Path) -> DecodedImage:
    """Decode a PNG, JPEG or TIFF; the stored picture is the one that a picture viewer shows.

    The resolution written in such a file (dots per inch) is that of a screen or printer: it is reported, but not
    used.

    Raises:
        DecodeError: broken, truncated, too large, or several frames.
    """
    with decoding("picture"):
        try:
            return _load(path)
        except Image.DecompressionBombError:
            raise DecodeError(
                "too-large",
                "The image has far more pixels than a radiograph.",
                "Resample it to at most 10000 pixels per side.",
            ) from None


def _load(path: Path) -> DecodedImage:
    with warnings.catch_warnings():
        # Pillow warns from half the size on that it refuses; long radiographs are that large.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(path)
    with image:
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            raise multi_frame_error(frames)
        require_size(image.width * image.height * len(image.getbands()) * PIXEL_BYTES, "picture", path)
        image.load()
        return _decode(image)


def _decode(image: Image.Image) -> DecodedImage:
    notes = []
    white_is_zero = _white_is_zero_left_alone(image)
    dpi = image.info.get("dpi")
    upright = ImageOps.exif_transpose(image)
    if image.getexif().get(ExifTags.Base.Orientation, 1) not in (0, 1):
        notes.append("The image was reoriented according to its EXIF orientation.")
    values, padding, colour_notes, faults = _gray(upright)
    notes += colour_notes + _camera_notes(image)
    remark = "image files of this type do not store a pixel spacing"
    if dpi and all(np.isfinite(float(value)) and value > 0 for value in dpi):
        remark = (
            f"the file states {float(dpi[0]):.0f} dots per inch; this is a screen or printer resolution, not "
            "a pixel size at the patient, and is not used"
        )
    return DecodedImage(
        values,
        bone_bright=not white_is_zero,
        spacing_remark=remark,
        padding=padding,
        notes=notes,
        faults=faults,
    )


def _camera_notes(image: Image.Image) -> list[str]:
    """Return a note where a camera's exposure is recorded, which neither a viewer nor a scanner writes."""
    exposure = image.getexif().get_ifd(ExifTags.IFD.Exif)
    if not any(tag in exposure for tag in _CAMERA_TAGS):
        return []
    names = (
        str(image.getexif().get(tag, "")).strip(" \0") for tag in (ExifTags.Base.Make, ExifTags.Base.Model)
    )
    camera = " ".join(filter(None, names)) or "a camera"
    return [f"The image was taken with {camera}: it is a photograph of a radiograph. {PHOTOGRAPH_ADVICE}"]


def _white_is_zero_left_alone(image: Image.Image) -> bool:
    """Return whether a TIFF's smallest value is white and Pillow kept it so (it inverts 8-bit ones automatically)."""
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
