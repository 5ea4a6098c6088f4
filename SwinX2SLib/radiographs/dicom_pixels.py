"""Pixels of a DICOM radiograph: stored bits, padding, shutter, modality and VOI transformations, photometry."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.decoded_image import gray_of_channels

if TYPE_CHECKING:
    from pydicom import Dataset


PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# Presentation LUT Shape that belongs to a photometric interpretation, PS3.3 C.8.11.1.
_LUT_SHAPES = {"MONOCHROME1": "INVERSE", "MONOCHROME2": "IDENTITY"}
# Repeating groups of overlays, PS3.3 C.9.2; Overlay Bit Position is retired but stands in older files.
_OVERLAY_GROUPS, _OVERLAY_BIT_POSITION = range(0x6000, 0x6020, 2), 0x0102


@dataclass
class GrayImage:
    """Gray values of a DICOM radiograph.

    Attributes:
        values: `(rows, cols)` after the modality and VOI transformations.
        outside: True where a pixel is padding or lies outside the display shutter; None if none does.
        notes: sentences for the user.
        faults: what is wrong with the picture.
    """

    values: np.ndarray
    outside: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def gray_image(dataset: Dataset) -> GrayImage:
    """Return the gray values of a dataset with a single frame.

    A linear window is not applied: it would cut off bone. A table that is not usable is left out, with a note.
    """
    from pydicom.pixels.processing import apply_color_lut
    from pydicom.pixels.utils import pixel_array

    whole = pixel_array(dataset, correct_unused_bits=False)
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        whole = apply_color_lut(whole, dataset)
    if whole.ndim == 3:
        values, notes, faults = gray_of_channels(whole[..., :3], white=float(np.max(whole, initial=1)))
        return GrayImage(values, _shutter(dataset, values, notes), notes, faults)
    notes = photometric_notes(dataset)
    stored = _stored_values(dataset, whole, notes)
    outside = [_padding(dataset, whole, stored), _shutter(dataset, stored, notes)]
    known = [mask for mask in outside if mask is not None]
    values = _voi(dataset, _modality(dataset, stored, notes), notes)
    return GrayImage(values, np.logical_or.reduce(known) if known else None, notes)


def photometric_notes(dataset: Dataset) -> list[str]:
    """Return a note where Presentation LUT Shape contradicts the photometric interpretation (PS3.3 C.8.11.1)."""
    photometric = str(dataset.get("PhotometricInterpretation") or "")
    shape, expected = str(dataset.get("PresentationLUTShape") or ""), _LUT_SHAPES.get(photometric)
    if expected is None or shape not in _LUT_SHAPES.values() or shape == expected:
        return []
    return [
        f"The header contradicts itself about dark and bright: {photometric} belongs to Presentation LUT Shape "
        f"{expected}, but it states {shape}. {photometric} was used: check that bone is bright, else use --invert."
    ]


def _stored_values(dataset: Dataset, whole: np.ndarray, notes: list[str]) -> np.ndarray:
    """Return the values of Bits Stored up to High Bit, without overlays in other bits (PS3.5 8.1.1).

    Args:
        dataset: the header.
        whole: the cells of Bits Allocated, integers or floating point numbers.
        notes: receives what the user should know.
    """
    bits, high = (_integer(dataset, keyword) for keyword in ("BitsStored", "HighBit"))
    allocated = 8 * whole.dtype.itemsize
    if whole.dtype.kind == "f" or bits is None or not 0 < bits < allocated:
        return whole
    lowest = 0 if high is None else high + 1 - bits
    if not 0 <= lowest <= allocated - bits or (lowest and _starts_at_bottom(whole, bits, lowest)):
        notes.append(
            f"HighBit {high} contradicts the pixels; their lowest {bits} bits were used: check the radiograph."
        )
        lowest = 0
    unsigned = whole.view(np.dtype(f"u{whole.dtype.itemsize}").newbyteorder(whole.dtype.byteorder))
    # The highest stored bit becomes the highest of the cell, so that a sign is kept on the way back.
    values = (unsigned << (allocated - bits - lowest)).view(whole.dtype) >> (allocated - bits)
    if lowest == 0 and not _has_overlay_bits(dataset) and not np.array_equal(values, whole):
        notes.append(
            f"The pixels use bits above HighBit {bits - 1}, which were left out: check the radiograph."
        )
    return values


def _starts_at_bottom(whole: np.ndarray, bits: int, lowest: int) -> bool:
    """Return whether pixels that should start at the bit `lowest` start at the bottom of their cells."""
    signed = whole.dtype.kind == "i"
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    fits = least <= int(whole.min()) and int(whole.max()) <= most
    return fits and bool(np.any(whole & ((1 << lowest) - 1)))


def _has_overlay_bits(dataset: Dataset) -> bool:
    positions = (dataset.get((group, _OVERLAY_BIT_POSITION)) for group in _OVERLAY_GROUPS)
    return any(position is not None and position.value for position in positions)


def _padding(dataset: Dataset, whole: np.ndarray, stored: np.ndarray) -> np.ndarray | None:
    """Return where pixels are padding (PS3.3 C.7.5.1.1.2), or None."""
    value, limit = (_integer(dataset, keyword) for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"))
    if value is None or whole.dtype.kind == "f":
        return None
    cell = np.iinfo(whole.dtype)
    # Many writers encode the value with the other sign than the pixels have.
    span = 1 << cell.bits
    low, high = sorted(
        each + span * ((each < cell.min) - (each > cell.max))
        for each in (value, value if limit is None else limit)
    )
    bits = _integer(dataset, "BitsStored") or cell.bits
    representable = (-(1 << bits - 1) <= low and high < 1 << bits - 1) if cell.min else high < 1 << bits
    # A value that Bits Stored cannot hold was written into the whole cell.
    pixels = stored if representable else whole
    padding = (pixels >= low) & (pixels <= high)
    return padding if padding.any() else None


def _modality(dataset: Dataset, stored: np.ndarray, notes: list[str]) -> np.ndarray:
    """Apply the modality table, or rescale slope and intercept (PS3.3 C.11.1)."""
    tables = dataset.get("ModalityLUTSequence")
    if tables:
        return _through_table(dataset, tables[0], stored, "modality LUT", notes)
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if slope is None and intercept is None:
        return stored
    try:
        factor, offset = float(1 if slope is None else slope), float(0 if intercept is None else intercept)
    except (TypeError, ValueError):
        factor = offset = math.nan
    if not factor or not math.isfinite(factor + offset):
        notes.append(
            f"RescaleSlope {slope} and RescaleIntercept {intercept} in the header are not usable and were ignored."
        )
        return stored
    return stored.astype(np.float64) * factor + offset


def _voi(dataset: Dataset, values: np.ndarray, notes: list[str]) -> np.ndarray:
    """Apply the first VOI table (PS3.3 C.11.2): it is part of the contrast (sigmoid curves of DX)."""
    tables = dataset.get("VOILUTSequence")
    return _through_table(dataset, tables[0], values, "VOI LUT", notes) if tables else values


def _through_table(
    dataset: Dataset, item: Dataset, values: np.ndarray, name: str, notes: list[str]
) -> np.ndarray:
    try:
        first, entries = _table(item, big_endian=dataset.original_encoding[1] is False)
        highest = float(values.max())
        if first > np.iinfo(np.int16).max and highest < first:
            # The first value has the sign of the values, but was written as an unsigned one.
            first -= 1 << 16
        index = np.clip(np.rint(values).astype(np.int64) - first, 0, len(entries) - 1)
        mapped = entries[index]
        if np.ptp(mapped) == 0 and np.ptp(values) > 0:
            raise ValueError("it maps all pixels to one value")
    except ValueError as error:
        notes.append(f"The {name} in the header is not usable ({error}); the radiograph was read without it.")
        return values
    return mapped


def _table(item: Dataset, big_endian: bool) -> tuple[int, np.ndarray]:
    """Return the first mapped value and the entries of a lookup table (PS3.3 C.11.1.1, C.11.2.1.1).

    pydicom applies tables itself, but wraps the index of tables with 8-bit entries, and takes packed entries for
    missing ones.

    Raises:
        ValueError: what is wrong with it.
    """
    descriptor, data = item.get("LUTDescriptor"), item.get("LUTData")
    try:
        count, first, bits = (int(value) for value in descriptor)
    except (TypeError, ValueError):
        raise ValueError("its descriptor is not three numbers") from None
    # The number of entries has 16 bits, also where the descriptor was read as signed; 0 stands for 2 to the 16th.
    count = count % (1 << 16) or 1 << 16
    if data is None:
        raise ValueError("it has no data")
    words = np.frombuffer(data, ">u2" if big_endian else "<u2") if isinstance(data, bytes) else _words(data)
    packed = bits <= 8 and len(words) == (count + 1) // 2 < count
    entries = words.astype("<u2").view(np.uint8) if packed else words
    if len(entries) < count:
        raise ValueError(f"it has {len(entries)} of {count} entries")
    return first, entries[:count].astype(np.float64)


def _words(data: Any) -> np.ndarray:
    values = np.atleast_1d(np.asarray(data))
    if values.dtype.kind not in "iu":
        raise ValueError("its entries are not integers")
    return values.astype(np.uint16)


def _shutter(dataset: Dataset, values: np.ndarray, notes: list[str]) -> np.ndarray | None:
    """Return True where the display shutter covers pixels (PS3.3 C.7.6.11, coordinates from 1), or None."""
    stated = dataset.get("ShutterShape")
    shapes = [stated] if isinstance(stated, str) else list(stated or ())
    names = ", ".join(str(each).lower() for each in shapes if each)
    if not names:
        return None
    rows, cols = values.shape
    visible = np.ones((rows, cols), dtype=bool)
    try:
        for each in filter(None, shapes):
            visible &= _OPENINGS[str(each)](dataset, (rows, cols))
    except (KeyError, TypeError, ValueError):
        visible[:] = False
    if not visible.any():
        notes.append(f"The display shutter in the header ({names}) is not usable and was ignored.")
        return None
    if visible.all():
        return None
    notes.append(
        f"{1 - visible.mean():.0%} of the pixels lie outside the display shutter of the header ({names}) and were "
        "set to black."
    )
    return ~visible


def _rectangle(dataset: Dataset, shape: tuple[int, int]) -> np.ndarray:
    upper, lower, left, right = (
        int(dataset[f"Shutter{edge}Edge"].value)
        for edge in ("UpperHorizontal", "LowerHorizontal", "LeftVertical", "RightVertical")
    )
    row, col = np.ogrid[1 : shape[0] + 1, 1 : shape[1] + 1]
    return (upper <= row) & (row <= lower) & (left <= col) & (col <= right)


def _circle(dataset: Dataset, shape: tuple[int, int]) -> np.ndarray:
    centre_row, centre_col = (int(value) for value in dataset["CenterOfCircularShutter"].value)
    radius = int(dataset["RadiusOfCircularShutter"].value)
    row, col = np.ogrid[1 : shape[0] + 1, 1 : shape[1] + 1]
    return (row - centre_row) ** 2 + (col - centre_col) ** 2 <= radius**2


def _polygon(dataset: Dataset, shape: tuple[int, int]) -> np.ndarray:
    from PIL import Image, ImageDraw

    numbers = [int(value) - 1 for value in dataset["VerticesOfThePolygonalShutter"].value]
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError("a polygon has three vertices or more")
    opening = Image.new("1", shape[::-1])
    ImageDraw.Draw(opening).polygon(list(zip(numbers[1::2], numbers[::2], strict=True)), fill=1)
    return np.asarray(opening, dtype=bool)


# Shutter Shape -> where it leaves a picture `(rows, cols)` open.
_OPENINGS = {"RECTANGULAR": _rectangle, "CIRCULAR": _circle, "POLYGONAL": _polygon}


def _integer(dataset: Dataset, keyword: str) -> int | None:
    try:
        return int(dataset.get(keyword))
    except (TypeError, ValueError):
        return None
